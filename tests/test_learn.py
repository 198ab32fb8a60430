"""Learning from records, on the command line, in jobs and in the review."""

import json
import stat

import pytest
from test_lessons import SCHEMA, permit, read_text
from waiting import wait_until

from extractor.cli import main
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.learning import approved_values, learn_record
from extractor.review import ReviewService
from extractor.store import Store, Version

WHO = "ann"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_STORE", str(tmp_path / "store.db"))
    return tmp_path / "store.db"


@pytest.fixture
def schema_file(tmp_path):
    file = tmp_path / "mooring.json"
    file.write_text(json.dumps(SCHEMA.document))
    return file


def write_forms(folder, numbers):
    folder.mkdir(exist_ok=True)
    for n in numbers:
        (folder / f"permit-{n}.txt").write_text(permit(n)[0])
    return folder


def write_set(folder, numbers):
    write_forms(folder, numbers)
    lines = [json.dumps({"document": f"permit-{n}.txt", "gold": permit(n)[1]}) for n in numbers]
    (folder / "gold.jsonl").write_text("\n".join(lines))
    (folder / "schema.json").write_text(json.dumps(SCHEMA.document))
    return folder


def keep_record(store, file):
    result = as_dict(extract(read_text(file.read_text()), SCHEMA, None))
    result["document"]["source"] = str(file)
    return store.records.add(result, Version("extractor", "p"), who=WHO)


def enter(store, record, name, value, text=None, span=None):
    evidence = {"start": span[0], "end": span[1], "text": text, "boxes": None} if span else None
    how = "selected" if span else "typed"
    return store.records.correct(
        record.id, (name,), value, who=WHO, revision=record.revision, how=how, evidence=evidence
    )


def test_only_what_a_person_looked_at_teaches(tmp_path):
    folder = write_forms(tmp_path / "forms", [0])
    text = (folder / "permit-0.txt").read_text()
    with Store(tmp_path / "store.db") as store:
        store.add_schema(SCHEMA)
        record = keep_record(store, folder / "permit-0.txt")
        assert approved_values(SCHEMA, record) == []
        start = text.index("Ada Brook")
        record = enter(store, record, "keeper", "Ada Brook", "Ada Brook", (start, start + 9))
        record = enter(store, record, "code", "WM-410")
        record = store.records.correct(record.id, ("witness",), None, who=WHO, revision=record.revision, how="accepted")
        found = {each.path[0]: each for each in approved_values(SCHEMA, record)}
        assert found.keys() == {"keeper", "code", "witness"}
        assert found["keeper"].span == (start, start + 9)
        assert found["keeper"].corrected and found["code"].span is None and not found["witness"].corrected
        assert learn_record(store, SCHEMA, record, read_text(text), who=WHO) is None  # nobody has approved it
        record = store.records.approve(record.id, who=WHO, revision=record.revision)
        lesson = learn_record(store, SCHEMA, record, read_text(text), who=WHO).lesson
        assert {each.path[0]: each.present for each in lesson.fields} == {
            "keeper": True,
            "code": True,
            "witness": False,
        }
        assert store.lessons.count(SCHEMA.id) == 1


def test_a_set_teaches_what_jobs_and_extract_then_know(place, tmp_path, schema_file, capsys):
    learnt = write_set(tmp_path / "set", range(3))
    assert main(["learn", str(learnt), "--schema", str(schema_file)]) == 0
    assert "[3/3] permit-2.txt: layout 1, 4 of 4 values found" in capsys.readouterr().err
    new = write_forms(tmp_path / "new", [5])
    document = str(new / "permit-5.txt")
    common = ["--schema", str(schema_file), "--model", "none"]
    assert main(["extract", document, *common]) == 0
    assert set(json.loads(capsys.readouterr().out)["data"].values()) == {None}
    assert main(["extract", document, *common, "--store", str(place)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["data"] == permit(5)[1]
    assert result["run"]["lessons"]["layout"] == 3
    assert main(["run", str(new), *common, "--job", "with", "--workers", "1"]) == 0
    with Store(place) as store:
        [record] = store.records
        assert record.data == permit(5)[1]
        assert record.result["run"]["lessons"]["values"]["keeper"]["records"] == 3
    other = write_forms(tmp_path / "other", [6])
    assert main(["run", str(other), *common, "--job", "without", "--workers", "1", "--no-lessons"]) == 0
    with Store(place) as store:
        assert set(store.records.get(2).data.values()) == {None}
    capsys.readouterr()


def test_lessons_are_shown_exported_imported_and_deleted(place, tmp_path, schema_file, capsys):
    learnt = write_set(tmp_path / "set", range(3))
    assert main(["learn", "--show"]) == 0
    assert "nothing was learnt yet" in capsys.readouterr().out
    assert main(["learn", str(learnt), "--schema", str(schema_file)]) == 0
    capsys.readouterr()
    assert main(["learn", "--show", "--schema", "mooring"]) == 0
    shown = capsys.readouterr().out
    assert "3 documents, 1 layouts" in shown
    assert "'Person who may moor' (3)" in shown
    assert "witness: never there in 3 documents" in shown
    file = tmp_path / "lessons.json"
    assert main(["learn", "--export", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    new = write_forms(tmp_path / "new", [5]) / "permit-5.txt"
    command = ["extract", str(new), "--schema", str(schema_file), "--model", "none", "--lessons", str(file)]
    capsys.readouterr()
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["data"] == permit(5)[1]
    other = ["--store", str(tmp_path / "other.db")]
    assert main(["learn", "--import", str(file), *other]) == 0
    with Store(tmp_path / "other.db") as store:
        assert store.lessons.count() == 3
        document = next(store.lessons.select()).lesson.document
    assert main(["learn", "--delete", f"document={document}", *other]) == 0
    assert main(["learn", "--delete", "schema=mooring", *other]) == 0
    assert "2 lessons were deleted" in capsys.readouterr().err
    assert main(["learn", "--delete", "everything"]) == 2
    assert main(["learn", "--import", str(new)]) == 3
    assert main(["learn", "--show", "--export", str(file)]) == 2
    assert main(["learn", "--show", "--schema", "unknown"]) == 3


def test_approved_records_of_a_store_teach(place, tmp_path, capsys):
    folder = write_forms(tmp_path / "forms", range(3))
    with Store(place) as store:
        store.add_schema(SCHEMA)
        for n in range(3):
            record = keep_record(store, folder / f"permit-{n}.txt")
            for name, value in permit(n)[1].items():
                if value is not None:
                    record = enter(store, record, name, value)
            store.records.approve(record.id, who=WHO, revision=record.revision)
    (folder / "permit-2.txt").write_text("another text")
    assert main(["learn"]) == 3
    printed = capsys.readouterr().err
    assert "permit-2.txt" in printed
    assert "2 approved records taught" in printed
    with Store(place) as store:
        assert [layout.lessons for layout in store.lessons.layouts()] == [2]
    assert main(["learn", "--show"]) == 0
    assert "fields changed in a document, over time: 4 4 4\n" in capsys.readouterr().out


def test_an_approval_teaches_and_opening_the_record_again_takes_it_back(tmp_path):
    folder = write_forms(tmp_path / "forms", [0])
    with Store(tmp_path / "store.db") as store, ReviewService(store, folder=tmp_path / "files") as service:
        store.add_schema(SCHEMA)
        record = keep_record(store, folder / "permit-0.txt")
        view = service.edit(record.id, who=WHO, revision=1, how="typed", path=("keeper",), text="Ada Brook")
        decided = service.approve(record.id, who=WHO, revision=view["revision"], force=True)
        assert decided["learnt"] == ["Keeper"]
        wait_until(lambda: store.lessons.count() == 1)
        [kept] = store.lessons.select(SCHEMA.id)
        assert kept.record == record.id
        assert kept.lesson.fields[0].place.beside == ""
        assert kept.lesson.fields[0].place.over == "Person who may moor"
        service.reopen(record.id, who=WHO, revision=decided["revision"])
        assert store.lessons.count() == 0
