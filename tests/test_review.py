"""The review service: what a person sees of a record, what each way to change it does, what stays with its values."""

from __future__ import annotations

import random

import pytest

from extractor import validation
from extractor.errors import OutputError
from extractor.review import QueueQuery, ReviewError, ReviewService
from extractor.review.value_parsing import check_text, format_value, parse_value
from extractor.schemas import load_schema
from extractor.store import Conflict, RecordFilter, Store, Version

SCHEMA = load_schema(
    {
        "title": "Bill",
        "type": "object",
        "required": ["number"],
        "properties": {
            "number": {"type": ["string", "null"], "title": "Number"},
            "day": {"type": ["string", "null"], "format": "date"},
            "paid": {"type": ["boolean", "null"]},
            "kind": {"type": ["string", "null"], "enum": ["order", "invoice", None]},
            "note": {"type": "string"},
            "seller": {
                "title": "Seller",
                "type": "object",
                "properties": {"name": {"type": ["string", "null"]}, "debt": {"type": ["integer", "null"]}},
            },
            "items": {
                "type": "array",
                "title": "Items",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": ["string", "null"]}, "amount": {"type": ["number", "null"]}},
                },
            },
            "tags": {"type": "array", "items": {"type": ["string", "null"]}},
            "total": {"type": ["number", "null"]},
        },
        "x-checks": [{"expr": "sum(this.items.map(i, i.amount)) == this.total", "message": "the items make the total"}],
    }
)
SURE, UNSURE = 0.95, 0.4


def value(path: list, given: object, confidence: float = SURE, evidence: bool = True, *problems: str) -> dict:
    """A value as `extract` prints it."""
    text = str(given)
    place = {"text": text, "start": 10, "end": 10 + len(text), "boxes": None}
    return {
        "path": path,
        "value": given,
        "evidence": place if evidence and given is not None else None,
        "confidence": confidence,
        "method": "model",
        "problems": [{"path": "", "kind": kind, "message": f"it is {kind}"} for kind in problems],
    }


def result(*amounts: float, total: float | None = None, more: tuple = (), document: str = "a" * 64) -> dict:
    """An extraction of a bill with so many items, which are sure but for what `more` says."""
    names = [f"thing {n}" for n in range(len(amounts))]
    values = {("number",): value(["number"], "B-7"), ("total",): value(["total"], total or sum(amounts))}
    values["tags", 0] = value(["tags", 0], "paper")
    for n, (name, amount) in enumerate(zip(names, amounts, strict=True)):
        values["items", n, "name"] = value(["items", n, "name"], name)
        values["items", n, "amount"] = value(["items", n, "amount"], amount, 0.9 - n / 100)
    values |= {tuple(v["path"]): v for v in more}
    plain = {path: v["value"] for path, v in values.items()}
    return {
        "document": {"id": document, "source": f"/in/bill {document[:2]}.txt", "pages": None},
        "data": {
            "number": plain["number",],
            "day": plain.get(("day",)),
            "paid": plain.get(("paid",)),
            "kind": plain.get(("kind",)),
            "seller": {"name": plain.get(("seller", "name")), "debt": None},
            "items": [{"name": n, "amount": plain["items", i, "amount"]} for i, n in enumerate(names)],
            "tags": ["paper"],
            "total": plain["total",],
        },
        "values": list(values.values()),
        "problems": [],
        "run": {"schema": SCHEMA.id, "confidence": "uncalibrated"},
    }


@pytest.fixture
def service(tmp_path):
    with Store(tmp_path / "store.db") as store, ReviewService(store) as opened:
        store.add_schema(SCHEMA)
        yield opened


def keep(service: ReviewService, *args: object, **more: object) -> int:
    return service.store.records.add(result(*args, **more), Version("t", "0"), who="m").id


def field(view: dict, *path: object) -> dict:
    return next(f for f in view["fields"].values() if f["path"] == list(path))


class Person:
    """Somebody who works on one record and sees what they have changed."""

    def __init__(self, service: ReviewService, record: int, who: str = "ann") -> None:
        self.service, self.record, self.who = service, record, who

    @property
    def view(self) -> dict:
        return self.service.view(self.record, who=self.who)

    def edit(self, how: str, *path: object, **given: object) -> dict:
        return self.service.edit(self.record, who=self.who, revision=self.view["revision"], how=how, path=path, **given)

    def undo(self) -> dict:
        return self.service.undo(self.record, who=self.who, revision=self.view["revision"])

    def redo(self) -> dict:
        return self.service.redo(self.record, who=self.who, revision=self.view["revision"])

    def field(self, *path: object) -> dict:
        return field(self.view, *path)


@pytest.fixture
def ann(service):
    more = (value(["day"], "2020-01-01", UNSURE), value(["seller", "name"], "ACME", SURE, False))
    return Person(service, keep(service, 1, 2, 3, 4, more=more))


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with Store(tmp_path / "store.db") as store, pytest.raises(OutputError, match="Cannot keep uploads"):
        ReviewService(store, folder=tmp_path / "file")


# Typed text.


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (("seller", "debt"), "减114", -114),
        (("seller", "debt"), "-114", -114),
        (("seller", "debt"), "１,２３４", 1234),
        (("seller", "debt"), "3.0", 3),
        (("total",), "1.234", 1.234),
        (("total",), "1,234.50", 1234.5),
        (("day",), "2020年1月1日", "2020-01-01"),
        (("day",), "2020-02-29", "2020-02-29"),
        (("paid",), "true", True),
        (("paid",), "是", True),
        (("kind",), "Invoice", "invoice"),
        (("note",), "  as  it is ", "  as  it is "),
        (("tags",), "a；b; c", ["a", "b", "c"]),
        (("tags",), '["a;b"]', ["a;b"]),
        (("total",), "  ", None),
    ],
)
def test_typed_text_becomes_a_value_of_its_field(path, text, expected):
    found = parse_value(SCHEMA.field(path), text)
    assert found == expected and type(found) is type(expected)
    assert parse_value(SCHEMA.field(path), format_value(found)) == expected


def test_an_amount_is_converted_into_the_unit_of_its_field():
    unit = load_schema({"type": "object", "properties": {"sum": {"type": "number", "x-unit": "元"}}}).fields[0]
    assert parse_value(unit, "75647.67万元") == 756476700


def test_check_text_returns_the_value_with_its_problems():
    assert check_text(SCHEMA.field(("total",)), "1,234.50") == {
        "value": 1234.5,
        "text": "1234.5",
        "problems": [],
        "hint": "",
    }
    assert check_text(SCHEMA.field(("day",)), "2020年1月1日")["text"] == "2020-01-01"
    ambiguous = check_text(SCHEMA.field(("day",)), "03/04/2020")
    assert ambiguous["value"] is None and ambiguous["problems"][0]["kind"] == "ambiguous_date"
    wrong = check_text(SCHEMA.field(("day",)), "soon")
    assert (wrong["value"], wrong["text"]) == (None, "") and wrong["problems"] and "2020-01-31" in wrong["hint"]
    assert check_text(SCHEMA.field(("day",)), " ") == {"value": None, "text": "", "problems": [], "hint": ""}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("seller", "debt"), "3.5"),
        (("total",), "about"),
        (("total",), "1e999"),
        (("day",), "2020-02-30"),
        (("day",), "May"),
        (("paid",), "perhaps"),
        (("kind",), "letter"),
    ],
)
def test_text_that_is_no_value_is_refused_and_changes_nothing(ann, path, text):
    before = ann.view
    with pytest.raises(ReviewError) as told:
        ann.edit("typed", *path, text=text)
    assert told.value.kind == "unusable" and len(told.value.message) > 10
    assert ann.view == before


# The view.


def test_the_form_follows_the_schema(ann):
    form = ann.view["form"]
    kinds = [(node["kind"], node["path"]) for node in form["children"]]
    assert form["title"] == "Bill" and kinds[0] == ("field", ["number"]) and ("grid", ["items"]) in kinds
    seller = next(node for node in form["children"] if node["path"] == ["seller"])
    assert seller["title"] == "Seller" and [c["path"] for c in seller["children"]] == [
        ["seller", "name"],
        ["seller", "debt"],
    ]
    items = next(node for node in form["children"] if node["path"] == ["items"])
    assert items["rows"] == 4 and [c["path"] for c in items["columns"]] == [["name"], ["amount"]]
    assert items["sums"] == {"1": "10"}
    number = form["children"][0]
    assert number["required"] and number["title"] == "Number" and number["type"] == "string"


def test_fields_that_need_review_have_reasons(ann):
    view = ann.view
    assert {tuple(f["path"]) for f in view["fields"].values() if f["needs"]} == {("day",), ("seller", "name")}
    assert view["left"] == 2
    assert [r["kind"] for r in field(view, "day")["reasons"]] == ["unsure"] and field(view, "day")[
        "level"
    ] == "doubtful"
    assert [r["kind"] for r in field(view, "seller", "name")["reasons"]] == ["no_evidence"]
    assert field(view, "number")["level"] == "sure" and field(view, "paid")["level"] == "empty"


def test_calibrated_confidences_have_a_higher_threshold(service):
    said = result(1)
    said["run"]["confidence"] = "calibrated (x)"
    record = service.store.records.add(said, Version("t", "0"), who="m").id
    assert field(service.view(record, who="ann"), "items", 0, "amount")["needs"]


def test_a_null_needs_review_where_required_not_asked_or_answered_with_doubt(service):
    more = (
        value(["number"], None, 0.0, False, "not_asked"),
        value(["day"], None, 0.0, False, "not_asked"),
        value(["kind"], None, 0.3, False),
        value(["paid"], None, 0.6, False),
    )
    view = service.view(keep(service, 1, more=more), who="ann")
    assert [f["path"] for f in view["fields"].values() if f["needs"]] == [["number"], ["day"], ["kind"]]


def test_required_fields_of_an_optional_object_count_once_it_holds_something(service):
    inner = {"name": {"type": ["string", "null"]}, "town": {"type": ["string", "null"]}}
    party = {"type": "object", "required": ["name"], "properties": inner}
    schema = load_schema({"title": "p", "type": "object", "properties": {"seller": party, "buyer": party}})
    service.store.add_schema(schema)
    said = result() | {"run": {"schema": schema.id}, "values": [value(["buyer", "town"], "Bonn")]}
    said["data"] = {"seller": {"name": None, "town": None}, "buyer": {"name": None, "town": "Bonn"}}
    view = service.view(service.store.records.add(said, Version("t", "0"), who="m").id, who="ann")
    assert [f["path"] for f in view["fields"].values() if f["needs"]] == [["buyer", "name"]]


def test_a_failed_check_names_its_fields_and_goes_when_it_holds(service):
    person = Person(service, keep(service, 1, 2, total=4))
    view = person.view
    (problem,) = view["problems"]
    assert problem["kind"] == "check" and ["total"] in problem["paths"] and ["items", 1, "amount"] in problem["paths"]
    assert field(view, "total")["level"] == "wrong" and field(view, "total")["needs"]
    assert field(view, "items", 0, "amount")["reasons"] and not field(view, "items", 0, "amount")["needs"]
    told = person.edit("typed", "items", 1, "amount", text="3")
    assert told["problems"] == [] and told["left"] == 0
    assert {tuple(f["path"]) for f in told["fields"].values()} >= {
        ("total",),
        ("items", 0, "amount"),
        ("items", 1, "amount"),
    }
    assert told["form"]["children"][6]["sums"] == {"1": "4"}


def test_an_accepted_value_is_settled_but_its_failed_check_remains(service):
    person = Person(service, keep(service, 1, 2, total=4))
    person.edit("accepted", "total")
    total = person.field("total")
    assert (total["state"], total["needs"], total["level"], total["by"]) == ("accepted", False, "wrong", "ann")
    with pytest.raises(ReviewError) as told:
        service.approve(person.record, who="ann", revision=2)
    assert told.value.kind == "open" and told.value.details == {
        "left": 0,
        "failed": 1,
        "first": ["total"],
        "required": [],
    }
    assert service.approve(person.record, who="ann", revision=2, force=True)["status"] == "approved"


# Changes.


def test_each_way_to_change_a_value(ann):
    told = ann.edit("typed", "day", text="2020年2月3日")
    (changed,) = told["fields"].values()
    assert (changed["value"], changed["state"]) == ("2020-02-03", "edited")
    assert (changed["evidence"], changed["by"]) == (None, "ann")
    assert told["left"] == 1 and told["revision"] == 2
    box = {"page": 1, "x0": 1.0, "top": 2.0, "x1": 3.0, "bottom": 4.0}
    ann.edit("word", "total", text="￥10.00", evidence={"start": 5, "end": 11, "boxes": [box]})
    assert ann.field("total")["value"] == 10 and ann.field("total")["state"] == "accepted"
    assert ann.field("total")["evidence"] == {"start": 5, "end": 11, "text": "￥10.00", "boxes": [box]}
    ann.edit("region", "note", text="read again", evidence={"start": None, "end": None, "boxes": [box]})
    assert ann.field("note")["evidence"]["boxes"] == [box]
    ann.edit("accepted", "seller", "name")
    assert (ann.field("seller", "name")["state"], ann.view["left"]) == ("accepted", 0)
    ann.edit("absent", "kind")
    assert (ann.field("kind")["state"], ann.field("kind")["level"]) == ("absent", "done")
    ann.edit("absent", "number")
    assert (ann.field("number")["value"], ann.field("number")["state"]) == (None, "absent")
    ann.edit("absent", "note")
    assert "note" not in ann.service.store.records.get(ann.record).data  # what may not be null is left out
    assert list(validation.find_problems(SCHEMA, ann.service.store.records.get(ann.record).data)) == []
    assert ann.service.store.audit.verify() == []


def test_accepting_a_value_is_recorded_although_nothing_changes(ann):
    assert ann.edit("accepted", "day")["revision"] == 2
    (made,) = ann.service.store.records.get(ann.record).corrections
    assert (made.how, made.old, made.new) == ("accepted", "2020-01-01", "2020-01-01")


@pytest.mark.parametrize("path", [("nothing",), ("items", 9, "name"), ("seller",), (), ("items", "0", "name")])
def test_a_path_that_the_record_does_not_have_is_refused(ann, path):
    with pytest.raises(ReviewError, match="no field"):
        ann.edit("typed", *path, text="x")


def test_rows_keep_their_evidence_and_confidence_when_others_move(ann):
    before = [ann.field("items", n, "amount") for n in range(4)]
    told = ann.edit("row_deleted", "items", at=1)
    assert told["gone"] == ['["items",3,"name"]', '["items",3,"amount"]'] and told["focus"] == ["items", 1, "name"]
    after = [ann.field("items", n, "amount") for n in range(3)]
    for old, new in zip([before[0], *before[2:]], after, strict=True):
        assert {key: new[key] for key in new if key not in ("path", "reasons")} == {
            key: old[key] for key in old if key not in ("path", "reasons")
        }
    ann.edit("row_added", "items", at=0)
    assert ann.field("items", 0, "amount")["value"] is None and ann.field("items", 0, "amount")["state"] == "edited"
    assert ann.field("items", 1, "amount")["evidence"] == before[0]["evidence"]
    ann.edit("typed", "items", 0, "amount", text="2")
    assert ann.field("items", 3, "amount")["confidence"] == before[3]["confidence"]


def test_equal_rows_are_distinguished_by_their_positions(service):
    person = Person(service, keep(service, 5, 5, 5, more=(value(["items", 2, "amount"], 5, UNSURE),)))
    data = result(5, 5, 5)["data"]["items"]
    for n in range(3):
        person.edit("typed", "items", n, "name", text="same")
    assert len(data) == 3
    person.edit("row_deleted", "items", at=0)
    assert [person.field("items", n, "amount")["confidence"] for n in range(2)] == [0.89, UNSURE]


def test_a_replaced_list_keeps_the_state_of_equal_rows(ann):
    rows = ann.service.store.records.get(ann.record).data["items"]
    ann.service.store.records.correct(ann.record, ("items",), [rows[3], rows[0]], who="bob", revision=1)
    assert ann.field("items", 1, "amount")["state"] in ("machine", "edited")
    assert {ann.field("items", n, "amount")["state"] for n in range(2)} == {"machine", "edited"}


def test_a_pasted_block_fills_cells_and_adds_rows(ann):
    told = ann.edit("pasted", "items", at=3, column=0, cells=[["four", "4"], ["five", "1,005.5"], ["six", ""]])
    view = ann.view
    assert [field(view, "items", n, "name")["value"] for n in range(6)][3:] == ["four", "five", "six"]
    assert field(view, "items", 4, "amount")["value"] == 1005.5 and field(view, "items", 5, "amount")["value"] is None
    assert field(view, "items", 3, "amount")["state"] == "machine"  # the same as it was
    assert field(view, "items", 3, "name")["state"] == "edited" and told["form"]
    before = ann.view
    same = ann.edit("pasted", "items", at=3, column=0, cells=[["four", "4"]])
    assert (same["fields"], same["gone"], same["revision"]) == ({}, [], 2) and ann.view == before
    for bad in ([["a", "b", "c"]], [["a", "x"]], []):
        with pytest.raises(ReviewError):
            ann.edit("pasted", "items", at=0, column=0, cells=bad)
    assert ann.undo()["gone"] == [f'["items",{n},"{c}"]' for n in (4, 5) for c in ("name", "amount")]


def test_a_list_of_plain_values_is_a_grid_of_one_column(ann):
    ann.edit("row_added", "tags", at=0)
    ann.edit("typed", "tags", 0, text="urgent")
    assert ann.field("tags", 0)["value"] == "urgent"
    grid = next(node for node in ann.view["form"]["children"] if node["path"] == ["tags"])
    assert grid["columns"][0]["path"] == [] and grid["rows"] == 2
    ann.edit("row_deleted", "tags", at=0)
    assert ann.service.store.records.get(ann.record).data["tags"] == ["paper"]


# Undo.


def test_changes_are_undone_one_by_one_and_redone(ann):
    before = ann.view
    ann.edit("typed", "day", text="2021-01-01")
    ann.edit("accepted", "seller", "name")
    ann.edit("row_deleted", "items", at=0)
    after = ann.view
    told = ann.undo()
    assert ann.field("items", 0, "name")["value"] == "thing 0" and told["revision"] == 5
    ann.undo()
    assert ann.field("seller", "name")["needs"]
    ann.undo()
    assert ann.view | {"revision": 1} == before
    with pytest.raises(ReviewError) as none:
        ann.undo()
    assert none.value.kind == "nothing_to_undo"
    for _ in range(3):
        ann.redo()
    assert ann.view | {"revision": 4} == after
    with pytest.raises(ReviewError):
        ann.redo()
    ann.undo()
    ann.edit("typed", "number", text="new")
    with pytest.raises(ReviewError):
        ann.redo()  # something else was done since
    log = ann.service.store.records.get(ann.record).corrections
    assert len(log) == 11 and ann.service.store.audit.verify() == []


def test_nobody_undoes_changes_of_others_or_below_others(service, ann):
    bob = Person(service, ann.record, "bob")
    ann.edit("typed", "items", 2, "amount", text="30")
    ann.edit("typed", "number", text="A")
    bob.edit("row_deleted", "items", at=0)
    with pytest.raises(ReviewError):
        Person(service, ann.record, "cat").undo()
    ann.undo()
    assert ann.field("number")["value"] == "B-7"
    with pytest.raises(ReviewError, match="bob has changed"):
        ann.undo()
    bob.undo()
    ann.undo()
    assert ann.field("items", 2, "amount")["value"] == 3


@pytest.mark.parametrize("seed", range(4))
def test_differences_add_up_to_what_a_fresh_view_shows(service, seed):
    draw = random.Random(seed)
    more = (value(["day"], "2020-01-01", UNSURE), value(["items", 2, "amount"], 9, UNSURE))
    person = Person(service, keep(service, 1, 2, 9, 4, more=more), draw.choice(["ann", "bob"]))
    screen = dict(person.view["fields"])
    for n in range(60):
        rows = person.view["form"]["children"][6]["rows"]
        act = draw.choice(["typed", "cell", "accepted", "absent", "row_added", "row_deleted", "pasted", "undo", "redo"])
        path = draw.choice([("number",), ("note",), ("seller", "debt"), ("total",)])
        person.who = draw.choice(["ann", "bob"])
        try:
            if act in ("undo", "redo"):
                told = getattr(person, act)()
            elif act == "cell":
                told = person.edit("typed", "items", draw.randrange(max(1, rows)), "amount", text=str(n))
            elif act in ("row_added", "row_deleted"):
                told = person.edit(act, "items", at=draw.randrange(rows + (act == "row_added")) if rows else 0)
            elif act == "pasted":
                told = person.edit(act, "items", at=draw.randrange(rows + 1), column=1, cells=[[str(n)], [""]])
            else:
                told = person.edit(act, *path, **({"text": str(n)} if act == "typed" else {}))
        except ReviewError:
            continue
        screen = {key: field for key, field in screen.items() if key not in told["gone"]} | told["fields"]
        assert screen == person.view["fields"]
        with ReviewService(service.store) as other:
            fresh = other.view(person.record, who=person.who)
        assert fresh == person.view and fresh["left"] == told["left"]
        assert next(iter(service.store.records.list_summaries(RecordFilter())[0])).to_check == told["left"]
    assert service.store.audit.verify() == []


# Several people.


def test_a_change_to_an_old_revision_is_a_conflict(service, ann):
    revision = ann.view["revision"]
    ann.edit("typed", "number", text="mine")
    with pytest.raises(Conflict):
        service.edit(ann.record, who="bob", revision=revision, how="typed", path=("number",), text="yours")
    assert ann.field("number")["value"] == "mine"


def test_a_claimed_record_is_held_until_it_is_taken_over(service, ann):
    assert service.claim(ann.record, who="ann")["mine"]
    with pytest.raises(ReviewError) as held:
        service.claim(ann.record, who="bob")
    assert held.value.kind == "held" and held.value.details["claimed_by"] == "ann"
    view = service.claim(ann.record, who="bob", take=True)
    assert view["mine"] and view["claimed_by"] == "bob"
    assert ("taken", "bob", "from ann") in [
        (r.action, r.who, r.note) for r in service.store.records.review_actions(ann.record)
    ]
    assert service.next(99, who="ann") == {"id": None}
    service.release(ann.record, who="bob")
    assert service.next(99, who="ann") == {"id": ann.record} and service.next(ann.record, who="ann") == {"id": None}


# Decisions.


def test_a_record_is_approved_once_everything_is_checked(service, ann):
    with pytest.raises(ReviewError) as told:
        service.approve(ann.record, who="ann", revision=1)
    assert told.value.details == {"left": 2, "failed": 0, "first": ["day"], "required": []}
    ann.edit("accepted", "day")
    ann.edit("accepted", "seller", "name")
    done = service.approve(ann.record, who="ann", revision=3)
    assert done["status"] == "approved" and [a["who"] for a in done["approvals"]] == ["ann"]
    assert ann.edit("typed", "number", text="late")["status"] == "needs_review"  # a change opens it again
    assert ann.view["approvals"] == []


def test_a_second_person_approves_too(service, ann):
    service.approve(ann.record, who="ann", revision=1, force=True)
    assert (
        service.queue(QueueQuery(status="second"), who="bob")["total"] == 1
        and service.queue(QueueQuery(status="second"), who="ann")["total"] == 0
    )
    assert service.approve(ann.record, who="ann", revision=2)["revision"] == 2  # twice the same person is once
    done = service.approve(ann.record, who="bob", revision=2)
    assert [a["who"] for a in done["approvals"]] == ["ann", "bob"]
    assert service.queue(QueueQuery(status="second"), who="cat")["total"] == 0
    again = service.reopen(ann.record, who="cat", revision=3, note="wrong year")
    assert again["status"] == "needs_review" and again["approvals"] == []


def test_a_flag_stands_until_somebody_decides(service, ann):
    flagged = service.flag(ann.record, who="ann", revision=1, note="which currency?")
    assert flagged["flag"] == {"who": "ann", "note": "which currency?"}
    assert service.queue(QueueQuery(status="flagged"), who="bob")["rows"][0]["flag"]["note"] == "which currency?"
    rejected = service.reject(ann.record, who="bob", revision=2, note="not ours")
    assert rejected["flag"] is None and service.queue(QueueQuery(status="rejected"), who="bob")["total"] == 1


def test_the_history_of_a_value_follows_its_row(service, ann):
    ann.edit("typed", "items", 2, "amount", text="30")
    ann.edit("row_deleted", "items", at=0)
    ann.edit("typed", "items", 1, "amount", text="31")
    told = service.history(ann.record, ("items", 1, "amount"))
    assert [(line["what"], line["old"], line["new"]) for line in told] == [
        ("typed", 30, 31),
        ("typed", 3, 30),
        ("extracted", None, 3),
    ]
    ann.edit("row_added", "items", at=0)
    assert [line["what"] for line in service.history(ann.record, ("items", 0, "name"))] == ["row_added"]
    service.flag(ann.record, who="bob", revision=5, note="?")
    whole = service.history(ann.record)
    assert [line["what"] for line in whole][:3] == ["flagged", "row_added", "typed"] and whole[-1][
        "what"
    ] == "extracted"
    assert whole[1]["path"] == ["items"]


# The queue.


def test_the_queue_lists_the_riskiest_records_first(service):
    calm = keep(service, 1, document="1" * 64)
    wrong = keep(service, 1, total=9, document="2" * 64)
    unsure = keep(service, 1, more=(value(["day"], "2020-01-01", UNSURE),), document="3" * 64)
    told = service.queue(who="ann")
    assert [row["id"] for row in told["rows"]] == [wrong, unsure, calm] and told["total"] == 3
    assert told["counts"] == {"new": 1, "needs_review": 2, "approved": 0, "rejected": 0, "second": 0, "flagged": 0}
    first = told["rows"][0]
    assert first["reasons"] == [{"kind": "failed_check", "count": 1}] and first["left"] == 1
    assert (first["name"], first["schema"], first["schema_title"]) == ("bill 22.txt", "Bill", "Bill")
    assert [r["id"] for r in service.queue(QueueQuery(reason="low_confidence"), who="ann")["rows"]] == [unsure]
    assert [r["id"] for r in service.queue(QueueQuery(search="BILL 1"), who="ann")["rows"]] == [calm]
    assert [r["id"] for r in service.queue(QueueQuery(sort="name"), who="ann")["rows"]] == [calm, wrong, unsure]
    assert [r["id"] for r in service.queue(who="ann", after=1, limit=1)["rows"]] == [unsure]
    assert service.next(wrong, who="ann") == {"id": unsure}
    Person(service, unsure).edit("accepted", "day")
    assert service.queue(QueueQuery(reason="low_confidence"), who="ann")["total"] == 0


def test_a_share_of_records_without_doubts_is_sampled(service):
    for n in range(200):
        keep(service, 1, document=f"{n:064x}")
    sampled = service.queue(QueueQuery(reason="sample"), who="ann")
    assert 2 <= sampled["total"] <= 25 and all(row["left"] == 0 for row in sampled["rows"])
    assert service.queue(who="ann", limit=1)["rows"][0]["reasons"] == [{"kind": "sample", "count": 1}]
