"""Hand-ins: followed, cancelled, retried, deleted and restored, and extracted again without losing what was entered."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

import pytest
from waiting import wait_until

import extractor
from extractor.errors import InputError
from extractor.jobs import runner
from extractor.review import QueueQuery, ReviewService, uploads
from extractor.review.uploads import summarise
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.store.replacement import replace_extraction
from extractor.ui.language import LANGUAGES, words

PACKAGE = Path(extractor.__file__).parent

OPTIONAL = {"type": ["string", "null"]}
AMOUNT = {"type": ["number", "null"]}
NOTE = load_schema(
    {
        "title": "Note",
        "type": "object",
        "properties": {
            "number": OPTIONAL | {"x-labels": ["Number"]},
            "total": AMOUNT | {"x-labels": ["Total"]},
        },
    }
)
BILL = load_schema(
    {
        "title": "Bill",
        "type": "object",
        "properties": {
            "number": OPTIONAL | {"x-labels": ["Number"]},
            "total": OPTIONAL | {"x-labels": ["Total"]},
            "fee": AMOUNT | {"x-labels": ["Fee"]},
        },
    }
)
TEXT = "Number: A-{n}\nTotal: {n}.50\nFee: {n}.25\n"


@pytest.fixture
def opened(tmp_path):
    with Store(tmp_path / "store.db") as store, ReviewService(store, folder=tmp_path / "web", model="none") as own:
        yield own


def hand_in(own: ReviewService, tmp_path, *numbers: int, schema=NOTE, text: str = TEXT, model: str = "none") -> list:
    files = []
    for n in numbers:
        file = tmp_path / f"sent-{n}"
        file.write_text(text.format(n=n))
        files.append((f"note {n}.txt", file))
    return own.upload(who="ann", files=files, schema=schema, model=model)["handins"]


def stop_working(own: ReviewService) -> None:
    """Have nothing be worked on, as where the server is busy with something else for a long time."""
    for worker in own._uploads._workers.values():
        worker._stop.set()


def rows(own: ReviewService, **more: object) -> dict[int, dict]:
    return {row["id"]: row for row in own.uploads(who="ann", **more)["rows"]}


def settled(own: ReviewService) -> dict[int, dict]:
    wait_until(lambda: not own.uploads(who="ann")["working"])
    return rows(own)


def edit(own: ReviewService, record: int, how: str, *path: object, **given: object) -> dict:
    revision = own.view(record, who="ann")["revision"]
    return own.edit(record, who="ann", revision=revision, how=how, path=path, **given)


# Following.


def test_there_is_one_row_for_each_hand_in_with_its_place_in_line(opened, tmp_path):
    stop_working(opened)
    first, second = hand_in(opened, tmp_path, 1, 2)
    (third,) = hand_in(opened, tmp_path, 3, schema=BILL)
    assert [rows(opened)[n]["place"] for n in (first, second, third)] == [1, 2, 3]
    assert {row["state"] for row in rows(opened).values()} == {"waiting"}
    assert hand_in(opened, tmp_path, 1) == [first]  # the same file as the same kind is the same hand-in
    assert len(rows(opened)) == 3


def test_stages_are_told_as_they_are(opened, tmp_path):
    stop_working(opened)
    (handin,) = hand_in(opened, tmp_path, 1)
    (task,) = opened.store.hand_ins.tasks([handin])[handin]
    job = opened._uploads.jobs()[0]
    opened.store.jobs.claim(job, "somebody", 1)
    assert rows(opened)[handin]["state"] == "waiting"  # it was taken, and nothing has begun with it

    class Busy:
        current_stages = staticmethod(lambda: {task.id: "reading"})

    opened._uploads._workers["quick"]._runner = (job.name, Busy)
    assert rows(opened)[handin]["state"] == "reading"
    opened._uploads._workers["quick"]._runner = None


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["done", "done"], "done"),
        (["done", "failed"], "failed"),
        (["failed", "waiting"], "waiting"),
        (["waiting", "extracting"], "extracting"),
        (["cancelled", "done"], "cancelled"),
    ],
)
def test_a_hand_in_of_several_documents_has_one_state(states, expected):
    documents = [{"state": state, "kind": None, "place": None, "record": None, "left": 1} for state in states]
    assert summarise(documents)["state"] == expected and summarise(documents)["count"] == 2


def test_what_needs_no_model_does_not_wait_for_what_does(opened, tmp_path):
    slow = opened._uploads._workers["slow"]
    slow._stop.set()  # as if it were busy with a model
    (waiting,) = hand_in(opened, tmp_path, 1, model="some/model")
    (quick,) = hand_in(opened, tmp_path, 2)
    wait_until(lambda: rows(opened)[quick]["state"] == "done")
    assert rows(opened)[waiting]["state"] == "waiting" and rows(opened)[waiting]["place"] == 1


def test_jobs_take_turns(opened, tmp_path, monkeypatch):
    stop_working(opened)
    hand_in(opened, tmp_path, *range(1, 4))
    hand_in(opened, tmp_path, 9, schema=BILL)
    worker = opened._uploads._workers["quick"]
    first, second = worker.line()
    worker._served[first.name] = time.monotonic()
    assert [job.name for job in worker.line()] == [second.name, first.name]
    monkeypatch.setattr("extractor.review.upload_worker.TURN_SECONDS", 0.0)
    assert worker._turn_is_over(first, time.monotonic() - 2)()
    opened.store.jobs.cancel(second.name, who="ann")
    assert not worker._turn_is_over(first, time.monotonic() - 2)()  # nobody else waits


def test_failures_are_told_by_their_kind_without_paths_or_options(opened, tmp_path):
    file = tmp_path / "broken"
    file.write_bytes(b"%PDF-1.7 nothing of the kind")
    (handin,) = opened.upload(who="ann", files=[("broken.pdf", file)], schema=NOTE)["handins"]
    row = settled(opened)[handin]
    assert (row["state"], row["kind"]) == ("failed", "unreadable")
    assert "message" not in row and str(tmp_path) not in str(row)


def test_every_kind_of_failure_has_a_sentence_that_a_clerk_understands():
    rooms = ("jobs", "review")
    sources = [file.read_text("utf-8") for room in rooms for file in (PACKAGE / room).rglob("*.py")]
    made = r'(?:UnusableFile|TaskFailure)\(\s*"(\w+)"|TaskOutcome\(\s*task,\s*[^,]+,\s*"(\w+)"'
    kinds = {kind for text in sources for found in re.findall(made, text) for kind in found if kind}
    assert {"unreadable", "time_limit", "crashed", "never_finished", "protected", "model", "error"} <= kinds
    for language in LANGUAGES:
        texts = words(language, "screen")
        for kind in kinds:
            assert not re.search(r"--|`|/|\\|\bextractor\b|OCR|JSON", texts[f"failed.{kind}"]), kind


# Cancelling, retrying, deleting.


def test_a_hand_in_is_cancelled_and_taken_up_again(tmp_path):
    with Store(tmp_path / "store.db") as store:
        own = ReviewService(store, folder=tmp_path / "web", model="none")
        stop_working(own)
        first, second = hand_in(own, tmp_path, 1, 2)
        own.cancel(first, who="ann")
        assert [rows(own)[n]["state"] for n in (first, second)] == ["cancelled", "waiting"]
        own.close()
        with ReviewService(store, folder=tmp_path / "web", model="none") as again:
            again.retry(first, who="ann")
            assert [settled(again)[n]["state"] for n in (first, second)] == ["done", "done"]


def test_nobody_manages_hand_ins_of_others(opened, tmp_path):
    stop_working(opened)
    (handin,) = hand_in(opened, tmp_path, 1)
    for act in (opened.cancel, opened.retry, opened.delete_handin, opened.restore_handin, opened.extract_handin_again):
        with pytest.raises(InputError, match="no hand-in"):
            act(handin, who="bob")
    assert opened.uploads(who="bob")["rows"] == []


def test_a_deleted_hand_in_can_be_restored_for_a_day_and_is_then_gone(opened, tmp_path):
    one, two = hand_in(opened, tmp_path, 1, 2)
    records = {n: row["record"] for n, row in settled(opened).items()}
    edit(opened, records[one], "typed", "number", text="secret")
    files = {file.name: file for file in (opened.folder / "uploads").glob("*/*/*")}
    opened.delete_handin(one, who="ann")
    assert set(rows(opened)) == {two} and set(rows(opened, deleted=True)) == {one}
    assert [row["id"] for row in opened.queue(QueueQuery(status="all"), who="ann")["rows"]] == [records[two]]
    assert list(opened.store.records.select()) == [opened.store.records.get(records[two])]
    opened.restore_handin(one, who="ann")
    assert set(rows(opened)) == {one, two} and opened.queue(who="ann")["total"] == 2
    opened.delete_handin(one, who="ann")
    assert opened._uploads.empty_bin() == 0  # it has not been there for a day
    time.sleep(0.01)
    assert opened._uploads.empty_bin(older_than=0) == 1
    assert set(rows(opened)) == {two} and rows(opened, deleted=True) == {}
    assert not files["note 1.txt"].exists() and files["note 2.txt"].exists()
    with pytest.raises(InputError):
        opened.view(records[one], who="ann")
    assert len(opened.store.sources()) == 1 and len(opened.store.records.extractions(records[two])) == 1
    assert opened.store.audit.verify() == []


def test_rows_of_records_that_were_not_deleted_stay_protected(opened, tmp_path):
    (handin,) = hand_in(opened, tmp_path, 1)
    record = settled(opened)[handin]["record"]
    edit(opened, record, "typed", "number", text="B")
    for table in ("corrections", "extractions"):
        with pytest.raises(Exception, match="never changed or deleted"), opened.store._database.writing() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")


# Extracting again.


def test_as_another_kind_the_record_gives_way_and_entries_are_kept(opened, tmp_path):
    (handin,) = hand_in(opened, tmp_path, 7)
    old = settled(opened)[handin]["record"]
    edit(opened, old, "typed", "number", text="B-7")
    edit(opened, old, "typed", "total", text="8.25")
    assert opened.extract_again(old, who="ann", schema=BILL) == {"queued": 1, "refused": []}
    row = settled(opened)[handin]
    assert row["schema"] == "Bill" and len(rows(opened)) == 1
    view = opened.view(row["record"], who="ann")
    values = {name: view["fields"][f'["{name}"]']["value"] for name in ("number", "total")}
    assert values == {"number": "B-7", "total": "8.25"}  # the amount has become a text
    assert '["fee"]' in view["fields"]
    assert view["fields"]['["number"]']["by"] == "ann"
    assert [r["id"] for r in opened.queue(QueueQuery(status="all"), who="ann")["rows"]] == [row["record"]]
    opened.extract_again(row["record"], who="ann", schema=NOTE)
    back = settled(opened)[handin]
    assert back["record"] == old and back["schema"] == "Note"
    assert opened.view(old, who="ann")["fields"]['["number"]']["value"] == "B-7"
    assert opened.store.audit.verify() == []


def test_a_hand_in_that_failed_is_extracted_again_as_another_kind(opened, tmp_path):
    (handin,) = hand_in(opened, tmp_path, 3, model="no-such/model")
    assert settled(opened)[handin]["state"] == "failed"
    opened.extract_handin_again(handin, who="ann", schema=BILL, model="none")
    row = settled(opened)[handin]
    assert (row["state"], row["schema"], row["model"]) == ("done", "Bill", "none")


def test_by_a_newer_version_a_corrected_record_is_extracted_again(opened, tmp_path, monkeypatch):
    (handin,) = hand_in(opened, tmp_path, 5)
    record = settled(opened)[handin]["record"]
    edit(opened, record, "typed", "number", text="B-5")
    before = opened.store.records.get(record)
    monkeypatch.setattr(uploads, "__version__", "99")
    monkeypatch.setattr(runner, "__version__", "99")
    opened.extract_again([record], who="ann")
    wait_until(lambda: opened.store.records.get(record).extraction != before.extraction)
    after = opened.store.records.get(record)
    assert after.data == {"number": "B-5", "total": 5.5} and after.revision > before.revision
    assert [c.how for c in after.earlier] == ["typed"] and [c.how for c in after.corrections] == ["kept"]
    assert [line["what"] for line in opened.history(record)].count("extracted") == 2


def test_a_document_that_is_gone_is_not_extracted_again(opened, tmp_path):
    (handin,) = hand_in(opened, tmp_path, 1)
    record = settled(opened)[handin]["record"]
    for file in (opened.folder / "uploads").glob("*/*/*"):
        file.unlink()
    told = opened.extract_again(record, who="ann")
    assert told["queued"] == 0 and [each["kind"] for each in told["refused"]] == ["gone"]


LIST = load_schema(
    {
        "title": "List",
        "type": "object",
        "properties": {
            "day": OPTIONAL,
            "items": {"type": "array", "items": {"type": "object", "properties": {"name": OPTIONAL, "size": AMOUNT}}},
        },
    }
)
DOCUMENT = hashlib.sha256(b"list").hexdigest()


def said(day: str | None, *items: tuple[str, float | None]) -> dict:
    """An extraction of a list."""
    cells = [("day", day)] if day else []
    values = [{"path": [name], "value": value} for name, value in cells]
    for n, (name, size) in enumerate(items):
        values += [{"path": ["items", n, "name"], "value": name}, {"path": ["items", n, "size"], "value": size}]
    about = {"evidence": {"text": "x", "start": 0, "end": 1, "boxes": None}, "confidence": 0.9, "method": "model"}
    return {
        "document": {"id": DOCUMENT, "source": "/in/list.txt", "pages": None},
        "data": {"day": day, "items": [{"name": name, "size": size} for name, size in items]},
        "values": [value | about | {"problems": []} for value in values],
        "problems": [],
        "run": {"schema": LIST.id, "confidence": "uncalibrated"},
    }


def read_again(own: ReviewService, record: int, result: dict) -> list[tuple]:
    """Store another extraction, have the record show it, and return the rows of the list."""
    store = own.store
    store.records.add(result, Version("t", "2"), who="machine")
    newest = store.records.extractions(record)[-1]
    with store._database.writing() as connection:
        assert replace_extraction(connection, record, LIST.id, newest.id) == record
    return [(row["name"], row["size"]) for row in store.records.get(record).data["items"]]


@pytest.fixture
def listed(opened):
    opened.store.add_schema(LIST)
    first = said("1 May", ("crate", 1), ("drum", 2), ("keg", 3))
    return opened.store.records.add(first, Version("t", "1"), who="machine").id


def test_a_corrected_cell_is_kept_on_its_row_wherever_that_is_now(opened, listed):
    edit(opened, listed, "typed", "items", 2, "size", text="30")
    found = read_again(opened, listed, said("1 May", ("box", 9), ("crate", 1), ("drum", 2), ("keg", 3)))
    assert found == [("box", 9), ("crate", 1), ("drum", 2), ("keg", 30)]
    fields = opened.view(listed, who="ann")["fields"]
    assert (fields['["items",3,"size"]']["state"], fields['["items",0,"size"]']["state"]) == ("edited", "machine")


def test_rows_that_a_person_added_or_deleted_stay_so(opened, listed):
    edit(opened, listed, "row_deleted", "items", at=1)
    edit(opened, listed, "row_added", "items", at=2)
    edit(opened, listed, "typed", "items", 2, "name", text="vat")
    found = read_again(opened, listed, said("1 May", ("crate", 1), ("drum", 2), ("keg", 3.5)))
    assert found == [("crate", 1), ("keg", 3.5), ("vat", None)]


def test_what_nobody_touched_is_what_the_machine_says_now(opened, listed):
    edit(opened, listed, "typed", "day", text="2 May")
    found = read_again(opened, listed, said("3 May", ("crate", 10), ("drum", 2)))
    assert found == [("crate", 10), ("drum", 2)] and opened.store.records.get(listed).data["day"] == "2 May"


def test_a_confirmed_value_outlives_another_reading(opened, listed):
    edit(opened, listed, "accepted", "day")
    edit(opened, listed, "accepted", "items", 0, "size")
    read_again(opened, listed, said("7 May", ("crate", 1), ("drum", 2), ("keg", 3)))
    fields = opened.view(listed, who="ann")["fields"]
    assert (fields['["day"]']["value"], fields['["day"]']["by"]) == ("1 May", "ann")
    assert fields['["items",0,"size"]']["state"] == "accepted"


def test_a_decided_record_is_open_again_once_it_was_extracted_again(opened, listed):
    opened.approve(listed, who="ann", revision=1, force=True)
    read_again(opened, listed, said("7 May", ("crate", 1)))
    view = opened.view(listed, who="ann")
    assert view["status"] == "needs_review" and view["approvals"] == []


# Several records at a time.


def test_several_records_are_decided_at_once_and_refusals_have_reasons(opened, tmp_path):
    schema = load_schema(
        {"title": "Form", "type": "object", "required": ["total"], "properties": NOTE.document["properties"]}
    )
    hand_in(opened, tmp_path, 1, 2, schema=schema)
    (other,) = opened.upload(who="ann", files=[_file(tmp_path, "Number: A-4\n")], schema=schema)["handins"]
    found = settled(opened)
    numbers = [row["record"] for row in found.values()]
    for record in numbers:
        edit(opened, record, "accepted", "number")
    told = opened.decide_selected(numbers, "approve", who="bob")
    assert sorted(told["done"]) == sorted(n for n in numbers if n != found[other]["record"])
    (refusal,) = told["refused"]
    assert refusal["record"] == found[other]["record"] and refusal["required"] == [["total"]]
    assert opened.view(told["done"][0], who="ann")["state"]["kind"] == "approved"
    opened.decide_selected([refusal["record"]], "assign", who="bob", assignee="ann")
    assert [r["id"] for r in opened.queue(QueueQuery(assigned="ann"), who="bob")["rows"]] == [refusal["record"]]
    opened.decide_selected([refusal["record"]], "flag", who="bob", note="which?")
    assert opened.queue(QueueQuery(status="flagged"), who="ann")["total"] == 1
    opened.decide_selected([refusal["record"]], "delete", who="bob")
    assert opened.queue(QueueQuery(status="all"), who="ann")["total"] == 2
    assert opened.queue(QueueQuery(status="bin"), who="ann")["total"] == 1
    opened.decide_selected([refusal["record"]], "restore", who="bob")
    assert opened.queue(QueueQuery(status="all"), who="ann")["total"] == 3


def test_a_record_that_somebody_works_on_is_not_decided_from_the_list(opened, listed):
    opened.claim(listed, who="bob")
    (refusal,) = opened.decide_selected([listed], "approve", who="ann")["refused"]
    assert refusal["kind"] == "held"


def test_the_search_looks_into_values_of_every_status(opened, listed):
    edit(opened, listed, "typed", "items", 1, "name", text="Ölfass")
    opened.approve(listed, who="ann", revision=2, force=True)
    assert opened.queue(QueueQuery(status="all", search="ölfass"), who="ann")["total"] == 1
    assert opened.queue(QueueQuery(status="all", search="drum"), who="ann")["total"] == 0
    assert opened.queue(QueueQuery(status="all", search="list.txt"), who="ann")["total"] == 1


def _file(tmp_path, text):
    file = tmp_path / "form"
    file.write_text(text)
    return "form.txt", file
