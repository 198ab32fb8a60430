"""A watched folder with an out-folder: a file of JSON for each document."""

import json

import pytest
from test_classification import DELIVERY, KINDS, POEM

from extractor.cli import main, parser
from extractor.cli.watch import ResultFolder
from extractor.errors import UsageError
from extractor.jobs import JobRunner, find_files, start_job
from extractor.store import Store


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "monday").mkdir(parents=True)
    (tmp_path / "in" / "monday" / "note.txt").write_text(DELIVERY)
    (tmp_path / "in" / "poem.txt").write_text(POEM)
    return tmp_path


def work(store, job, schema, folder):
    store.jobs.add(job, find_files([str(folder / "in")]))
    with JobRunner(store, job, schema, None, who="ann") as runner:
        runner.drain()


def test_results_are_written_under_the_names_of_the_documents_and_once(folder):
    from extractor.classification import make_kind_set

    kinds = make_kind_set(KINDS)
    with Store(folder / "store.db") as store:
        job = start_job(store, kinds, "pile", model="none", who="ann")
        work(store, job, kinds, folder)
        out = ResultFolder(str(folder / "out"), str(folder / "in"), KINDS)
        out.write(store, job)
        note = folder / "out" / "monday" / "note.txt.json"
        result = json.loads(note.read_text("utf-8"))
        assert (result["state"], result["kind"]) == ("done", "delivery") and result["record"] == 1
        assert set(result["data"]) == {"f0", "f1", "f2", "f3", "f4"} and result["values"]
        failed = json.loads((folder / "out" / "poem.txt.json").read_text("utf-8"))
        assert failed["failure"] == "unknown_kind" and "record" not in failed
        note.unlink()
        out.write(store, job)
        assert not note.exists(), "what was written is not written again"
        (folder / "in" / "monday" / "note.txt").write_text(DELIVERY.replace("812", "913"))
        work(store, job, kinds, folder)
        out.write(store, job)
        assert note.exists(), "a document that was changed is"


def test_results_do_not_go_into_the_folder_that_is_watched(folder):
    with pytest.raises(UsageError, match="is watched"):
        ResultFolder(str(folder / "in" / "out"), str(folder / "in"), KINDS)


def test_the_command_takes_an_out_folder(folder, monkeypatch):
    arguments = parser().parse_args(["watch", "in", "out", "--schema", "receipt"])
    assert (arguments.folder, arguments.out) == ("in", "out")
    from extractor import jobs

    def watch_once(watched, settle, stop, exclude=()):
        yield list(find_files([watched]))
        stop.set()
        yield []

    monkeypatch.setattr(jobs, "watch_folder", watch_once)
    words = ["watch", str(folder / "in"), str(folder / "out"), "--schema", "receipt", "--model", "none"]
    assert main([*words, "--store", str(folder / "store.db")]) == 0
    assert (folder / "out" / "poem.txt.json").exists() and (folder / "out" / "monday" / "note.txt.json").exists()
