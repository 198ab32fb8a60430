"""Jobs: every file is found once, and ends as a result or a named error, whatever it does to its process."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from eval import endurance
from extractor import cli, jobs
from extractor.errors import ModelError, UsageError
from extractor.jobs import archives, lease_owner, runner, sources, worker_tasks, workers
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.store import Store

SCHEMA = load_schema(endurance.SCHEMA)
ODD = [
    "two\nlines.txt",
    "back\\slash\\x41.txt",
    "a!",
    "非.txt",
    b"\xff\xfe.txt".decode("utf-8", "surrogateescape"),
    "é" * 100,
]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.db") as opened:
        yield opened


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)


def drained(store, *paths, make=None, name="j", stop=None, **limits):
    """The report of a job on those paths, worked on to the end."""
    model = "none" if make is None else "scripted"
    job = jobs.start_job(store, SCHEMA, name, model=model, who="ann")
    store.jobs.add(job, jobs.find_files([str(p) for p in paths], store.files()))
    own = jobs.JobLimits(**{"workers": 2, "timeout": 60} | limits)
    with jobs.JobRunner(store, job, SCHEMA, make, who="ann", limits=own, stop=stop) as at:
        report = at.drain()
    store.jobs.end(job, report.state, who="ann")
    return report


def failures(store, name="j"):
    """What became of the files that failed: the end of the name -> kind."""
    tasks = store.jobs.tasks(store.jobs.get(name), "failed", "set_aside")
    return {task.name.rpartition("/")[2]: task.kind for task in tasks}


# What is found.


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_name_prints_on_a_line_and_leads_back_to_its_file(name, folder):
    path = folder / name
    path.write_text("x")
    (found,) = jobs.find_files([str(folder)])
    assert found.name.isprintable() and found.name.encode() and sources.split_name(found.name) == (str(path), None)
    member = sources.member_name(found.name, "in/" + name)
    assert sources.split_name(member) == (str(path), "in/" + name)


def test_a_folder_that_ends_in_an_exclamation_mark_is_no_archive(folder):
    (folder / "wow!").mkdir()
    (folder / "wow!" / "a.txt").write_text("x")
    (found,) = jobs.find_files([str(folder)])
    assert sources.split_name(found.name) == (str(folder / "wow!" / "a.txt"), None)


def test_special_files_are_each_named_once_and_none_is_waited_for(folder, tmp_path):
    write(folder, good="Total: 1\n", empty="")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "outside.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "inside.txt").symlink_to(folder / "good.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "device").symlink_to("/dev/zero")
    (folder / ".hidden").write_text("x")
    start = time.monotonic()
    found = list(jobs.find_files([str(folder)]))
    assert time.monotonic() - start < 1
    assert len({f.name for f in found}) == len(found)
    assert {f.name.rpartition("/")[2]: f.kind for f in found} == {
        "good.txt": None,
        "empty.txt": None,
        "inside.txt": None,
        "pipe.txt": "not_a_file",
        "socket": "not_a_file",
        "outside.txt": "link",
        "loop": "link",
        "self": "unreadable",
        "device": "link",
    }


def test_the_store_may_lie_in_the_folder_it_is_about(folder):
    write(folder, good="Total: 1\n")
    with Store(folder / "store.db") as store:
        assert drained(store, folder).counts.found == 1
        assert drained(store, folder).counts.found == 1


def test_patterns_and_files_that_are_missing(folder):
    write(folder, a="x", b="y")
    found = list(jobs.find_files([str(folder / "*.txt"), str(folder / "*.pdf"), str(folder / "no.txt")]))
    assert [f.kind for f in found] == [None, None, "missing", "missing"]


def test_a_file_that_became_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(sources.UnusableFile, match="no regular file"):
        sources.fingerprint(str(folder / "pipe"))
    with pytest.raises(sources.UnusableFile, match="gone"):
        sources.fingerprint(str(folder / "gone"))


def test_files_that_vanish_or_cannot_be_used_are_named(store, folder):
    write(folder, good="Total: 1\n", gone="Total: 2\n", empty="")
    (folder / "program").write_bytes(b"\x7fELF\x00\x01")
    with open(folder / "huge.txt", "wb") as huge:
        huge.truncate(101 * 2**20)
    job = jobs.start_job(store, SCHEMA, "j", model="none", who="ann")
    store.jobs.add(job, jobs.find_files([str(folder)]))
    (folder / "gone.txt").unlink()
    report = drained(store, folder / "good.txt")
    assert failures(store) == {
        "gone.txt": "missing",
        "empty.txt": "unreadable",
        "program": "unreadable",
        "huge.txt": "too_large",
    }
    assert report.counts.done == 1 and report.counts.found == 5


# Archives.


def packed(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_documents_in_an_archive_are_documents(end, store, folder):
    files = {
        "a.txt": b"Total: 1\n",
        "sub/b.txt": b"Total: 2\n",
        "sub/.c": b"x",
        "d.zip": b"PK",
        "../up.txt": b"Total: 3\n",
    }
    packed(folder / f"all.{end}", files)
    report = drained(store, folder)
    assert report.counts.done == 3 and failures(store) == {"d.zip": "archive_in_archive"}
    names = [source.name.partition("all.")[2] for source in store.sources()]
    assert sorted(names) == [f"{end}!/../up.txt", f"{end}!/a.txt", f"{end}!/sub/b.txt"]
    assert list(folder.iterdir()) == [folder / f"all.{end}"]
    assert drained(store, folder).counts == report.counts


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_a_bomb_goes_off_nowhere(end, folder, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TOTAL", 3 * 2**20)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    bomb = packed(folder / f"bomb.{end}", {"a.txt": bytes(4 * 2**20)})
    if end == "zip":
        (found,) = archives.list_members(str(bomb), "bomb", "s")
        assert found.kind == "too_large"
        with pytest.raises(sources.UnusableFile, match="100 times"):
            archives.read_member(str(bomb), "a.txt")
    else:
        with pytest.raises(sources.UnusableFile, match="unpacks to more"):
            archives.list_members(str(bomb), "bomb", "s")
    crowd = packed(folder / f"crowd.{end}", {f"{n}.txt": b"x" for n in range(6)})
    with pytest.raises(sources.UnusableFile, match="more than 5 files"):
        archives.list_members(str(crowd), "crowd", "s")


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_a_broken_archive_is_named(end, store, folder):
    whole = packed(folder / f"a.{end}", {"a.txt": os.urandom(5000)}).read_bytes()
    (folder / f"a.{end}").write_bytes(whole[:2000])
    assert drained(store, folder).counts.failed == 1
    assert failures(store) == {f"a.{end}": "broken_archive"}


# Identity.


def test_nothing_is_done_twice(store, folder):
    for n in range(6):
        write(folder, **{f"f{n}": f"Total: {n}\n"})
    assert drained(store, folder).counts.done == 6
    assert drained(store, folder).seconds < 5 and len(list(store.audit.entries())) == 6 + 4  # nothing but begin and end
    for n in range(6):
        (folder / f"f{n}.txt").rename(folder / f"g{n}.txt")
    write(folder, g0="Total: 9\n")
    for n in range(5):
        (folder / f"copy{n}.txt").write_bytes((folder / "g1.txt").read_bytes())
    counts = drained(store, folder, name="again").counts
    assert (counts.done, counts.reused, counts.found) == (1, 10, 11)
    same = store.sources(store.records.get(2).document) + store.sources(store.records.get(1).document)
    assert len(list(store.records)) == 7 and len(same) >= 2


def test_a_changed_byte_redoes_one(store, folder):
    write(folder, a="Total: 1\n", b="Total: 2\n")
    drained(store, folder)
    write(folder, b="Total: 3\n")
    assert drained(store, folder).counts.done == 2
    assert len(list(store.records)) == 3


# What files can do to the process that reads them.


def chaos(name, sha, schema):
    """Read as ever, but do what the file says first."""
    text = Path(name).read_text()
    if "crash" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "leave" in text:
        os._exit(7)
    if "hang" in text:
        time.sleep(1000)
    if "memory" in text:
        worker_tasks.read_bytes = lambda data, source: bytearray(1 << 40)
    if "loud" in text and not os.path.samestat(os.fstat(2), os.stat(os.devnull)):
        os._exit(8)  # what parsers print would be seen
    try:
        return worker_tasks.read_and_extract(name, sha, schema)
    finally:
        worker_tasks.read_bytes = read_bytes


def raising(text, source):
    if "deep" in text.decode():
        return raising(text, source)
    if "wrong" in text.decode():
        raise ValueError(f"the document says {text!r}")
    return None


def test_what_a_file_does_to_its_process_is_that_files_own_error(store, folder, monkeypatch):
    plain = {f"ok{n}": f"Total: {n}\n" for n in range(6)}
    write(folder, **plain, crash="crash", leave="leave", hang="hang", memory="memory", loud="Total: 7, loud")
    real = worker_tasks.read_and_extract
    monkeypatch.setattr(runner.worker_tasks, "read_and_extract", chaos)
    report = drained(store, folder, timeout=6)
    monkeypatch.setattr(runner.worker_tasks, "read_and_extract", real)
    assert failures(store) == {
        "crash.txt": "crashed",
        "leave.txt": "crashed",
        "hang.txt": "time_limit",
        "memory.txt": "out_of_memory",
    }
    counts = report.counts
    assert (counts.done, counts.set_aside, counts.failed, counts.left) == (7, 2, 2, 0)
    deaths = {task.name.rpartition("/")[2]: task.deaths for task in store.jobs.tasks(store.jobs.get("j"), "set_aside")}
    assert deaths == {"crash.txt": 3, "leave.txt": 3}
    with Store(folder.parent / "other.db") as other:
        drained(other, *(folder / f"{name}.txt" for name in (*plain, "loud")))
        assert sorted(r.data["total"] for r in other.records) == sorted(r.data["total"] for r in store.records)


def test_reading_stands_behind_a_model_that_answers():
    readers = workers.Workers(1, worker_tasks.begin_reading, (4096, os.getpid(), worker_tasks.BEHIND))
    readers.give(workers.Call(None, os.nice, (0,)))
    while readers.busy:
        workers.wait_for([readers], 0.1)
        [found] = [result for _, result, _ in readers.results()] or [None]
    readers.stop()
    assert found == min(19, os.nice(0) + worker_tasks.BEHIND)


def test_an_unforeseen_error_says_where_and_nothing_of_the_document(monkeypatch, folder):
    write(folder, a="wrong 4111 1111 1111 1111", b="deep")
    monkeypatch.setattr(worker_tasks, "read_bytes", raising)
    for name, kind in (("a", "error"), ("b", "too_deep")):
        failure = worker_tasks.read(str(folder / f"{name}.txt"), "0" * 64)
        assert failure.kind == kind and "4111" not in failure.message
    assert "ValueError" in worker_tasks.read(str(folder / "a.txt"), "0").message


def test_a_file_that_changes_while_it_is_read_is_told(folder):
    write(folder, a="Total: 1\n")
    assert worker_tasks.read(str(folder / "a.txt"), "0" * 64).kind == "changed"


# Models.


def echo():
    """A model that dies at one document, fails at another, and knows the remark of the rest."""

    def answer(row, request):
        if "poison" in request.prompt:
            os._exit(3)
        if "too long" in request.prompt:
            raise ModelError("The prompt is too long.", "Cut it.")
        keys = re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE)
        return json.dumps(dict.fromkeys(keys, "fine"))

    return ScriptedModel(answer)


def no_model():
    raise ModelError("there is no model called x", "Give another name.")


def no_good():
    def answer(row, request):
        raise ModelError("The server is gone.", "Start it.")

    return ScriptedModel(answer)


def in_pairs():
    """A model that answers only where two documents are put to it at a time."""
    both = threading.Barrier(2)

    def answer(row, request):
        both.wait(30)
        return json.dumps(dict.fromkeys(re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE), "fine"))

    return ScriptedModel(answer)


def slow():
    """A model that takes two seconds for a document, and for one of them for ever."""

    def answer(row, request):
        time.sleep(1000 if "for ever" in request.prompt else 2)
        return json.dumps(dict.fromkeys(re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE), "fine"))

    return ScriptedModel(answer)


def test_documents_are_put_to_the_model_side_by_side(store, folder):
    write(folder, **{f"d{n}": f"Total: {n}\n" for n in range(4)})
    assert drained(store, folder, make=in_pairs).counts.done == 4


def test_who_was_beside_a_document_that_took_too_long_is_answered_all_the_same(store, folder):
    write(folder, a="Take for ever.", **{f"d{n}": f"Total: {n}\n" for n in range(3)})
    report = drained(store, folder, make=slow, batch=2, model_timeout=3)
    assert failures(store) == {"a.txt": "time_limit"} and report.counts.done == 3
    assert all(task.deaths == 0 for task in store.jobs.tasks(store.jobs.get("j")))


def test_a_model_answers_in_a_process_of_its_own(store, folder):
    write(folder, a="Total: 1\nIt was fine.\n", b="poison\nTotal: 2\n", c="too long\nTotal: 3\n")
    report = drained(store, folder, make=echo)
    assert failures(store) == {"b.txt": "crashed", "c.txt": "model"}
    (record,) = store.records
    assert record.data["remark"] == "fine" and record.result["run"]["model"] == "scripted"
    assert store.jobs.get("j").version.weights == "0" * 64
    assert "load" in report.stages


def test_a_model_that_cannot_be_had_ends_the_job_and_loses_nothing(store, folder):
    write(folder, **{f"f{n}": f"Total: {n}\n" for n in range(12)})
    with pytest.raises(ModelError, match="no model called x"):
        drained(store, folder, make=no_model)
    with pytest.raises(ModelError, match="fails at every document"):
        drained(store, folder, make=no_good)
    with pytest.raises(UsageError, match="other settings"):
        drained(store, folder)
    assert drained(store, folder, make=echo).counts.done + len(failures(store)) == 12


# Stopping.


def test_a_killed_job_goes_on_with_nothing_lost_or_twice():
    assert endurance.kill(60, 2, seed=3, longest=4.0)["kills"] == 2


def test_a_full_disk_loses_nothing_that_was_told_to_be_done():
    assert endurance.full(60, 300_000)["there"] < 60


def test_two_processes_share_one_job(tmp_path):
    endurance.make_documents(tmp_path / "in", 40)
    both = [endurance.start_work(tmp_path / "store.db", tmp_path / "in") for _ in range(2)]
    assert [p.wait(120) for p in both] == [0, 0]
    endurance.verify(tmp_path / "store.db", 40)
    for process in both:
        process.communicate()


@pytest.mark.parametrize(
    ("number", "engine"), [(signal.SIGTERM, "local"), (signal.SIGINT, "local"), (signal.SIGTERM, "ray")]
)
def test_a_signal_stops_a_job_soon_and_leaves_no_process(number, engine, tmp_path):
    endurance.make_documents(tmp_path / "in", 3000)
    place = tmp_path / "store.db"
    command = [sys.executable, "-m", "extractor.cli", "run", str(tmp_path / "in"), "--schema", "receipt"]
    command += ["--model", "none", "--job", "j", "--store", str(place), "--engine", engine]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: place.exists() and done(place))
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    start = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 130 and time.monotonic() - start < 10
    assert re.search(r"job j stopped: 3,000 found = [\d,]+ done \+ .* \+ [\d,]+ left", out)
    wait_until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family))
    with Store(place) as store:
        assert store.jobs.lease_owners() == [] and store.jobs.get("j").state == "stopped"


def done(place: Path) -> int:
    with Store(place) as store:
        return sum(store.jobs.counts(job).done for job in store.jobs.all())


def wait_until(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_process_that_is_gone_is_known_to_be():
    me = lease_owner.me()
    assert not lease_owner.is_dead(me)
    machine, _, started, nonce = me.split("|")
    assert lease_owner.is_dead("|".join((machine, "999999999", started, nonce)))
    assert lease_owner.is_dead("|".join((machine, str(os.getpid()), "1.00", nonce)))
    assert not lease_owner.is_dead("|".join(("elsewhere", "999999999", started, nonce)))


# Memory.


def test_the_main_process_stays_small():
    found = endurance.many(300)
    assert found["memory_growth_mb"] < 20 and found["main_process_cpu_ms"] < 20


# Watching.


def test_a_file_is_taken_when_it_has_stopped_growing(folder):
    write(folder, there="x")
    stop, seen = threading.Event(), []

    def look():
        for found in jobs.watch_folder(str(folder), 1.0, stop):
            seen.extend((f.name.rpartition("/")[2], time.monotonic()) for f in found)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        wait_until(lambda: seen)
        with open(folder / "new.txt", "w") as growing:
            for _ in range(8):
                growing.write("more\n")
                growing.flush()
                written = time.monotonic()
                time.sleep(0.3)
        os.mkfifo(folder / "pipe")
        wait_until(lambda: len(seen) == 3)
        write(folder, there="changed")
        wait_until(lambda: len(seen) == 4)
    finally:
        stop.set()
        watching.join(10)
    assert not watching.is_alive()
    assert sorted(name for name, _ in seen) == ["new.txt", "pipe", "there.txt", "there.txt"]
    assert next(at for name, at in seen if name == "new.txt") - written >= 1.0


# The command line.


def test_a_job_from_the_command_line(folder, tmp_path, capsys):
    write(folder, a="Total: 1\n", b="")
    where = ["--store", str(tmp_path / "own.db")]
    run = ["run", str(folder), "--schema", "receipt", "--model", "none", "--job", "j", *where]
    assert cli.main(run) == 3
    told = capsys.readouterr()
    assert told.out.startswith("job j finished: 2 found = 1 done + 0 reused + 1 failed + 0 set aside + 0 left\n")
    assert cli.main(["status", *where]) == 0 and "unreadable 1" in capsys.readouterr().out
    assert cli.main(["status", "j", *where]) == 0 and "b.txt: unreadable: " in capsys.readouterr().out
    assert cli.main(["status", "j", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == {"unreadable": 1}
    write(folder, b="Total: 2\n")
    assert cli.main(["retry", "j", "--kind", "time_limit", *where]) == 3
    assert cli.main(["retry", "j", *where]) == 0
    assert "2 done" in capsys.readouterr().out
    assert cli.main(["cancel", "j", *where]) == 0
    assert cli.main(["store", "verify", *where]) == 0 and "as it was written" in capsys.readouterr().out
    assert cli.main(["store", "head", *where]) == 0
    head = capsys.readouterr().out.strip()
    assert cli.main(["store", "verify", head, *where]) == 0
    assert cli.main(["store", "backup", str(tmp_path / "copy.db"), *where]) == 0
    assert cli.main(["store", "verify", "--store", str(tmp_path / "copy.db")]) == 0
    assert cli.main(["store", "verify", head[:-1] + ("0" if head[-1] != "0" else "1"), *where]) == 6
    assert cli.main(["status", "no", *where]) == 3
    assert cli.main(["watch", str(folder / "no"), "--schema", "receipt", *where]) == 3


def test_an_empty_folder_is_said_to_be_one(folder, tmp_path, capsys):
    run = ["run", str(folder), "--schema", "receipt", "--model", "none", "--store", str(tmp_path / "own.db")]
    assert cli.main(run) == 3
    assert "no documents" in capsys.readouterr().err


def test_a_job_that_an_error_ended_is_not_said_to_run(folder, tmp_path, capsys):
    write(folder, a="Total: 1\n")
    place = str(tmp_path / "store.db")
    run = ["run", str(folder), "-s", "receipt", "--model", "/no/such.gguf", "--store", place, "--job", "j"]
    assert cli.main(run) == 5
    assert cli.main(["status", "--store", place]) == 0
    assert "job j stopped: 1 found = 0 done" in capsys.readouterr().out
