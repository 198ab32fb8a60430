"""The routes of hand-ins, of several records at a time, of review rules, and of figures."""

from __future__ import annotations

import io

import openpyxl
import pytest
from waiting import wait_until
from web_app import client, fill, hosted, post


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with hosted(tmp_path_factory.mktemp("handins"), screens=False) as (made, store):
        numbers = fill(store, {f"{n}.txt": (f"Customer {n}", f"{n}.00") for n in range(1, 6)})
        with client(made, "ann") as ann, client(made, "bob") as bob:
            yield ann, bob, store, numbers


def test_the_sample_is_handed_in_and_managed_by_its_owner_alone(served):
    ann, bob, store, _ = served
    (handin,) = post(ann, "sample").json()["handins"]
    wait_until(lambda: not ann.get("/api/uploads").json()["working"])
    (row,) = ann.get("/api/uploads").json()["rows"]
    assert row["state"] == "done" and row["schema"] == "order-or-invoice"
    data = store.records.get(row["record"]).data
    assert data["gross_amount"] == 205 and len(data["line_items"]) == 3
    assert post(bob, f"uploads/{handin}/delete").status_code == 404
    assert post(ann, f"uploads/{handin}/delete").status_code == 200
    assert ann.get("/api/uploads").json()["rows"] == []
    assert [each["id"] for each in ann.get("/api/uploads?deleted=true").json()["rows"]] == [handin]
    assert post(ann, f"uploads/{handin}/restore").status_code == 200
    assert post(ann, f"uploads/{handin}/extract-again", {"schema": "nothing"}).status_code == 404
    assert post(ann, f"uploads/{handin}/extract-again", {"schema": "receipt", "model": "none"}).status_code == 200
    wait_until(lambda: not ann.get("/api/uploads").json()["working"])
    assert ann.get("/api/uploads").json()["rows"][0]["schema"] == "receipt"


def test_several_records_are_changed_and_exported_at_once(served):
    ann, _, store, numbers = served
    body = {"records": numbers[:2], "action": "assign", "assignee": "bob"}
    assert post(ann, "records/selected", body).json() == {"done": numbers[:2], "refused": []}
    mine = ann.get("/api/queue?assigned=bob").json()["rows"]
    assert sorted(row["id"] for row in mine) == numbers[:2] and {row["assigned"] for row in mine} == {"bob"}
    assert ann.get("/api/queue?assigned=-").json()["total"] >= 3
    told = post(ann, "records/selected", {"records": [numbers[2]], "action": "approve"}).json()
    assert told == {"done": [numbers[2]], "refused": []}
    assert ann.get(f"/api/records/{numbers[2]}").json()["state"]["kind"] == "approved"
    post(ann, "records/selected", {"records": [numbers[3]], "action": "delete"})
    assert store.records.get(numbers[3]).deleted and ann.get("/api/queue?status=bin").json()["total"] == 1
    exported = post(ann, "records/export", {"records": numbers[:3]}).json()
    assert exported["records"] == 3
    sheet = openpyxl.load_workbook(io.BytesIO(ann.get(exported["href"]).content)).worksheets[0]
    assert sheet.max_row == 4
    assert post(ann, "records/selected", {"records": [], "action": "approve"}).status_code == 422
    assert post(ann, "records/selected", {"records": [1], "action": "burn"}).status_code == 422


def test_the_search_finds_values_in_every_status(served):
    ann, _, _, numbers = served
    found = ann.get("/api/queue?status=all&search=5.txt").json()["rows"]
    assert [row["id"] for row in found] == [numbers[4]]
    assert [row["id"] for row in ann.get("/api/queue?status=all&search=paper").json()["rows"]] != []


def test_rules_are_read_and_set(served):
    ann, _, store, _ = served
    rules = ann.get("/api/rules/letter").json()
    assert not rules["automatic"] and "items[].count" in [field["name"] for field in rules["fields"]]
    titles = {field["name"]: field["title"] for field in rules["fields"]}
    assert titles["total"] == "Total due" and titles["items[].count"].endswith(" › Quantity")
    body = {"thresholds": {"total": 0.99}, "automatic": True, "sampled_one_in": 10}
    assert post(ann, "rules/letter", body).json()["thresholds"] == {"total": 0.99}
    assert store.review_rules("letter").automatic
    assert post(ann, "rules/letter", body | {"thresholds": {"nothing": 0.5}}).status_code == 422
    assert post(ann, "rules/letter", body | {"thresholds": {"total": 2}}).status_code == 422
    assert ann.get("/api/rules/nothing").status_code == 404


def test_figures_tell_what_each_person_did(served):
    ann, bob, _, numbers = served
    revision = bob.get(f"/api/records/{numbers[0]}").json()["revision"]
    edit = {"revision": revision, "how": "typed", "path": ["total"], "text": "7"}
    assert post(bob, f"records/{numbers[0]}/edit", edit).status_code == 200
    rows = {row["who"]: row for row in ann.get("/api/figures").json()["rows"]}
    assert rows["bob"]["corrected"] == 1 and rows["bob"]["approved"] == 0


def test_what_can_be_chosen_is_listed(served):
    ann, *_ = served
    options = ann.get("/api/options").json()
    assert options["people"] == ["ann", "bob"] and "none" in options["models"]
    assert {"letter", "receipt"} <= {kind["name"] for kind in options["kinds"]}
