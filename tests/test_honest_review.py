"""What counts as checked: one rule for the header, the queue, the results and the exported gold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from extractor.evaluation.reviewed_records import measure_reviewed_records
from extractor.exports import export
from extractor.review import ReviewError, ReviewService
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.store.review_rule import AUTOMATIC, ReviewRules
from extractor.ui.language import words

OPTIONAL = {"type": ["string", "null"]}
SCHEMA = load_schema(
    {
        "title": "Delivery",
        "type": "object",
        "required": ["number"],
        "properties": {
            "number": OPTIONAL,
            "carrier": OPTIONAL,
            "remark": OPTIONAL,
            "items": {
                "type": "array",
                "items": {"type": "object", "required": ["name"], "properties": {"name": OPTIONAL, "size": OPTIONAL}},
            },
        },
    }
)
PLACE = {"text": "x", "start": 0, "end": 1, "boxes": None}


def entry(path: list, value: object, confidence: float = 0.97, problem: str | None = None) -> dict:
    problems = [{"path": "", "kind": problem, "message": problem}] if problem else []
    evidence = PLACE if value is not None else None
    about = {"path": path, "value": value, "evidence": evidence, "confidence": confidence, "method": "model"}
    return about | {"problems": problems}


@pytest.fixture
def service(tmp_path):
    with Store(tmp_path / "store.db") as store, ReviewService(store) as opened:
        store.add_schema(SCHEMA)
        yield opened


def add(service: ReviewService, *entries: dict, text: str = "a delivery", items: list | None = None) -> int:
    """Store an extraction of a document with these values; the others were looked for and not found."""
    folder = Path(service.folder).parent
    document = hashlib.sha256(text.encode()).hexdigest()
    source = folder / f"{document[:8]}.txt"
    source.write_text(text)
    given = {tuple(each["path"]): each for each in entries}
    for name in ("number", "carrier", "remark"):
        given.setdefault((name,), entry([name], None))
    data = {name: given[name,]["value"] for name in ("number", "carrier", "remark")}
    said = {
        "document": {"id": document, "source": str(source), "pages": None},
        "data": data | {"items": items or []},
        "values": list(given.values()),
        "problems": [],
        "run": {"schema": SCHEMA.id, "confidence": "uncalibrated"},
    }
    return service.store.records.add(said, Version("t", "0"), who="machine").id


def complete(service: ReviewService, text: str = "a delivery") -> int:
    """A record without anything to check."""
    items = [{"name": "crate", "size": "L"}]
    cells = [entry(["items", 0, key], value) for key, value in items[0].items()]
    return add(service, entry(["number"], "D-1"), entry(["carrier"], "Ek"), *cells, text=text, items=items)


def edit(service: ReviewService, record: int, how: str, *path: object, **given: object) -> dict:
    revision = service.view(record, who="ann")["revision"]
    return service.edit(record, who="ann", revision=revision, how=how, path=path, **given)


def needs(service: ReviewService, record: int) -> list[list]:
    return [f["path"] for f in service.view(record, who="ann")["fields"].values() if f["needs"]]


def gold_of(service: ReviewService, tmp_path: Path) -> dict:
    folder = tmp_path / "gold"
    export(service.store, str(folder), format="gold", schema=SCHEMA.id)
    return json.loads((folder / "gold.jsonl").read_text())


def test_an_empty_required_field_cannot_be_accepted_but_marked_as_absent(service):
    record = add(service, items=[])
    for how, given in (("accepted", {}), ("typed", {"text": "  "})):
        with pytest.raises(ReviewError) as told:
            edit(service, record, how, "number", **given)
        assert told.value.kind == "needs_value" and "Alt+N" in told.value.hint
    assert ["number"] in needs(service, record)
    edit(service, record, "absent", "number")
    assert ["number"] not in needs(service, record)


def test_a_required_value_cannot_be_emptied_without_saying_that_there_is_none(service):
    record = complete(service)
    with pytest.raises(ReviewError) as told:
        edit(service, record, "typed", "number", text="")
    assert (
        told.value.kind == "needs_value" and service.view(record, who="ann")["fields"]['["number"]']["value"] == "D-1"
    )


def test_an_optional_field_that_is_empty_is_accepted_as_it_is(service):
    record = add(service, entry(["remark"], None, 0.0, "not_asked"))
    edit(service, record, "accepted", "remark")
    assert ["remark"] not in needs(service, record)


def test_fields_that_nobody_looked_for_and_empty_lists_are_to_be_checked(service):
    record = add(service, entry(["number"], "D-1"), entry(["remark"], None, 0.0, "not_asked"))
    assert needs(service, record) == [["remark"], ["items"]]
    (row,) = service.queue(who="ann")["rows"]
    assert row["left"] == 2 and row["status"] == "needs_review"
    assert [reason["kind"] for reason in row["reasons"]] == ["not_asked", "empty_list"]
    edit(service, record, "absent", "items")
    edit(service, record, "absent", "remark")
    assert needs(service, record) == []


def test_a_list_with_rows_cannot_be_marked_as_absent(service):
    record = complete(service)
    with pytest.raises(ReviewError, match="is a list"):
        edit(service, record, "absent", "items")


def test_a_required_cell_of_a_row_that_a_person_added_is_to_be_checked(service):
    record = complete(service)
    edit(service, record, "row_added", "items", at=1)
    assert needs(service, record) == [["items", 1, "name"]]
    edit(service, record, "typed", "items", 1, "name", text="drum")
    assert needs(service, record) == []


def test_approval_names_the_required_fields_that_are_empty(service):
    record = add(service, items=[])
    with pytest.raises(ReviewError, match="number") as told:
        service.approve(record, who="ann", revision=1)
    assert told.value.kind == "open" and told.value.details["required"] == [["number"]]
    assert told.value.details["left"] == 2 and told.value.details["first"] == ["number"]
    done = service.approve(record, who="ann", revision=1, force=True)
    assert done["state"]["kind"] == "approved_open" and done["state"]["n"] == 2


def test_what_nobody_has_seen_counts_neither_as_right_nor_as_gold(service, tmp_path):
    record = add(service, entry(["carrier"], "Ek"), entry(["remark"], None, 0.0, "not_asked"))
    service.approve(record, who="ann", revision=1, force=True)
    measured = measure_reviewed_records(service.store)
    assert (measured.bands[0].values, measured.bands[0].right, measured.unseen) == (1, 1, 3)
    line = gold_of(service, tmp_path)
    assert line["gold"] == {"carrier": "Ek"} and line["unseen"] == 3


def test_a_required_field_that_was_settled_counts(service, tmp_path):
    record = add(service, entry(["carrier"], "Ek"))
    edit(service, record, "absent", "number")
    edit(service, record, "accepted", "items")
    service.approve(record, who="ann", revision=3)
    assert measure_reviewed_records(service.store).unseen == 0
    assert gold_of(service, tmp_path)["gold"] == {"number": None, "carrier": "Ek", "remark": None, "items": []}


def test_a_record_approved_from_a_list_counts_only_for_what_was_settled_in_it(service, tmp_path):
    record = complete(service)
    edit(service, record, "accepted", "carrier")
    service.approve(record, who="ann", revision=2, how="selected")
    assert gold_of(service, tmp_path)["gold"] == {"carrier": "Ek"}
    assert measure_reviewed_records(service.store).bands[0].values == 1


def test_header_queue_results_and_gold_count_the_same(service, tmp_path):
    record = add(service, entry(["carrier"], "Ek"), entry(["remark"], None, 0.0, "not_asked"))
    view, (row,) = service.view(record, who="ann"), service.queue(who="ann")["rows"]
    open_fields = needs(service, record)
    assert view["left"] == view["state"]["left"] == row["left"] == len(open_fields) == 3
    assert view["total"] == view["state"]["total"] == len(view["fields"])
    service.approve(record, who="ann", revision=1, force=True)
    assert service.view(record, who="ann")["state"]["n"] == 3
    assert measure_reviewed_records(service.store).unseen == gold_of(service, tmp_path)["unseen"] == 3


def test_the_state_follows_every_change_and_is_one_of_those_with_a_sentence(service):
    record, seen = complete(service), []
    state = lambda: service.view(record, who="ann")["state"]["kind"]  # noqa: E731
    seen.append(state())
    seen.append(edit(service, record, "row_added", "items", at=0)["state"]["kind"])
    seen.append(edit(service, record, "typed", "items", 0, "name", text="drum")["state"]["kind"])
    seen.append(service.flag(record, who="bob", revision=3, note="?")["state"]["kind"])
    seen.append(service.reject(record, who="bob", revision=4)["state"]["kind"])
    seen.append(service.reopen(record, who="bob", revision=5)["state"]["kind"])
    seen.append(service.approve(record, who="ann", revision=6)["state"]["kind"])
    assert seen == ["ready", "required", "ready", "flagged", "rejected", "ready", "approved"]
    for language in ("en", "zh"):
        texts = words(language, "screen")
        kinds = (*seen, "left", "failed", "approved_open", "approved_once", "automatic", "unsaved")
        assert all(f"record.state.{kind}" in texts for kind in kinds)


def test_with_a_second_review_one_approval_is_not_the_end(tmp_path):
    with Store(tmp_path / "store.db") as store, ReviewService(store, second_review=True) as service:
        store.add_schema(SCHEMA)
        record = complete(service)
        assert service.approve(record, who="ann", revision=1)["state"]["kind"] == "approved_once"
        assert service.approve(record, who="bob", revision=2)["state"]["kind"] == "approved"


# Rules of a kind: thresholds of fields, and approval without a person.


def test_a_field_has_its_own_threshold(service):
    record = add(service, entry(["number"], "D-1", 0.9), entry(["carrier"], "Ek", 0.9))
    edit(service, record, "accepted", "items")
    assert needs(service, record) == []
    service.store.set_review_rules("Delivery", ReviewRules({"number": 0.95}), who="ann")
    assert needs(service, record) == [["number"]]
    assert service.queue(who="ann")["rows"][0]["left"] == 1


def test_nothing_is_approved_without_a_person_unless_the_rules_say_so(service):
    assert service.store.records.get(complete(service)).status == "new"


def test_records_without_doubts_are_approved_automatically_but_for_a_sample(service, tmp_path):
    service.store.set_review_rules("Delivery", ReviewRules(automatic=True, sampled_one_in=4), who="ann")
    records = [service.store.records.get(complete(service, f"delivery {n}")) for n in range(40)]
    approved = [record for record in records if record.status == "approved"]
    sampled = [record for record in records if record.status != "approved"]
    assert 2 <= len(sampled) <= 20 and all(record.doubts == {"sample": 1} for record in sampled)
    assert service.view(approved[0].id, who="ann")["state"]["kind"] == "automatic"
    assert [action.who for action in service.store.records.review_actions(approved[0].id)] == [AUTOMATIC]
    doubtful = service.store.records.get(add(service, entry(["number"], "D-1", 0.2), text="doubtful"))
    assert doubtful.status == "needs_review"
    edit(service, sampled[0].id, "typed", "carrier", text="Ohm")
    service.approve(sampled[0].id, who="ann", revision=2)
    measured = measure_reviewed_records(service.store)
    assert measured.automatic == len(approved) and (measured.sampled, measured.sampled_wrong) == (1, 1)
    assert measured.bands[0].values == 5  # of the one record that somebody has seen
    assert service.store.audit.verify() == []


@pytest.mark.parametrize("wrong", [{"thresholds": {"number": 1.5}}, {"sampled_one_in": 0}])
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(Exception, match=r"threshold|share"):
        ReviewRules.from_json(wrong)
