"""The JSON routes of the Kinds of report page: samples, drafts, previews, versions."""

import json

import pytest
from test_schema_design import FIRST, OTHER, VISIT
from waiting import wait_until
from web_app import ADDRESS, hosted, post

HEADERS = {"X-Extractor": "1", "Origin": ADDRESS}


def send(browser, text, name="visit.txt"):
    answer = browser.post(f"/api/samples?name={name}", content=text.encode(), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()["sample"]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with hosted(tmp_path_factory.mktemp("kinds"), screens=False) as (made, _):
        yield made


@pytest.fixture(scope="module")
def sample(ann):
    return send(ann, VISIT.format(**FIRST))


@pytest.fixture
def draft(ann, sample):
    return post(ann, "kind-drafts", {"source": "sample", "sample": sample}).json()["draft"]


def test_a_sample_is_shown_and_suggests_fields(ann, sample, draft):
    wait_until(lambda: ann.get(f"/api/samples/{sample}/document").json()["state"] == "ready")
    assert "Oil pressure" in ann.get(f"/api/samples/{sample}/text").json()["text"]
    assert [field["name"] for field in draft["fields"]][:3] == ["Visit no.", "Date", "Customer"]
    named = post(ann, "kind-drafts", {"source": "sample", "sample": sample, "text": "Status\nRemarks"}).json()["draft"]
    assert [(f["name"], bool(f["sample"])) for f in named["fields"]] == [("Status", True), ("Remarks", False)]


def test_a_preview_has_the_values_of_the_sample_by_their_places(ann, sample, draft):
    draft["fields"].append({"name": "Remarks", "type": "text"})
    items = next(n for n, field in enumerate(draft["fields"]) if field["name"] == "Items")
    net = next(n for n, field in enumerate(draft["fields"]) if field["name"] == "Net")
    draft["checks"] = [
        {"type": "sum", "parts": [f"#{items}.3"], "target": f"#{net}"},
        {"type": "sum", "parts": [f"#{net}", f"#{net + 1}"], "target": f"#{net}"},
    ]
    found = post(ann, "kind-drafts/preview", {"draft": draft, "sample": sample}).json()
    assert found["error"] is None and found["schema"]["properties"]["oil_pressure"]["x-unit"] == "bar"
    values = found["values"]
    assert values["2"]["text"] == "Alpha Works" and values["2"]["found"] and values["2"]["evidence"]["start"] > 0
    assert values[str(items)]["rows"] == 2 and values[f"{items}.0"]["text"] == "Filter; Gasket"
    assert str(len(draft["fields"]) - 1) not in values
    assert found["failed"] == [1], "29.80 is the sum of the lines, and 29.80 + 5.96 is not 29.80"


def test_what_is_wrong_with_a_draft_is_said(ann, sample, draft):
    draft["fields"][1]["name"] = ""
    found = post(ann, "kind-drafts/preview", {"draft": draft, "sample": sample}).json()
    assert found["schema"] is None and "no name" in found["error"]["message"]
    for wrong in ({"fields": [{"type": "text"}]}, {"fields": [{"name": "a", "type": "planet"}]}, {"fields": 3}):
        assert post(ann, "kind-drafts/preview", {"draft": wrong}).status_code == 422
    deep = {"name": "a", "type": "group"}
    for _ in range(300):
        deep = {"name": "a", "type": "group", "columns": [deep]}
    answer = post(ann, "kind-drafts/preview", {"draft": {"fields": [deep]}})
    assert answer.status_code == 422 or answer.json()["error"]


def test_a_clicked_stretch_is_a_field(ann, sample):
    at = VISIT.format(**FIRST).index("4.2 bar")
    field = post(ann, "kind-drafts/field", {"sample": sample, "start": at, "end": at + 7}).json()["field"]
    assert (field["name"], field["type"], field["unit"]) == ("Oil pressure", "number", "bar")
    assert post(ann, "kind-drafts/field", {"sample": sample, "start": 5, "end": 5}).status_code == 422


def test_other_sources_of_drafts(ann, sample):
    names = post(ann, "kind-drafts", {"source": "names", "text": "Datum\nBetrag"}).json()["draft"]
    assert [(f["name"], f["type"]) for f in names["fields"]] == [("Datum", "date"), ("Betrag", "money")]
    sheet = send(ann, "Order no.,Ordered on\nA-1,3 May 2024\n", "orders.csv")
    header = post(ann, "kind-drafts", {"source": "header", "sample": sheet}).json()["draft"]
    assert [f["name"] for f in header["fields"]] == ["Order no.", "Ordered on"]
    schema = json.dumps({"type": "object", "properties": {"total": {"type": "number"}}})
    assert post(ann, "kind-drafts", {"source": "schema", "text": schema}).json()["draft"]["fields"][0]["key"] == "total"
    assert ann.get("/api/kinds/receipt").json()["draft"]["title"] == "Shop receipt"
    for source, text in (("schema", "{"), ("schema", "[]"), ("schema", '{"type": 3}'), ("names", "--")):
        assert post(ann, "kind-drafts", {"source": source, "text": text}).status_code == 422
    assert post(ann, "kind-drafts", {"source": "sample"}).status_code == 422


def test_a_kind_is_saved_changed_and_removed(ann, bob, sample, draft):
    first = post(ann, "kinds", {"draft": draft, "sample": sample}).json()
    assert (first["name"], first["version"]) == ("harbour-crane-yearly-visit", 1)
    assert post(ann, "kinds", {"draft": draft}).status_code == 409, "the name is taken"
    opened = bob.get(f"/api/kinds/{first['name']}").json()
    assert opened["version"] == 1 and opened["sample"] == sample and opened["versions"][0]["who"] == "ann"
    opened["draft"]["fields"][0]["name"] = "Visit"
    change = {"draft": opened["draft"], "name": first["name"], "base": 1, "sample": sample}
    assert post(bob, "kinds", change).json()["version"] == 2
    late = post(ann, "kinds", change | {"draft": draft}).json()
    assert late["error"] == "kind_changed" and "bob" in late["message"]
    assert ann.get(f"/api/kinds/{first['name']}?version=1").json()["draft"]["fields"][0]["name"] == "Visit no."
    listed = ann.get("/api/kinds").json()["kinds"]
    assert listed[0]["name"] == first["name"] and any(kind["shipped"] for kind in listed)
    assert post(ann, f"kinds/{first['name']}/remove").status_code == 200
    assert ann.get(f"/api/kinds/{first['name']}").status_code == 404


def test_samples_are_asked_for_by_their_hash_alone(ann, bob, sample):
    wait_until(lambda: bob.get(f"/api/samples/{sample}/document").json()["state"] == "ready")
    other = send(bob, VISIT.format(**OTHER))
    assert other != sample
    for wrong in ("0" * 64, "../" * 3, "x"):
        answer = ann.get(f"/api/samples/{wrong}/document")
        assert answer.status_code in (404, 422) or answer.json()["state"] == "gone"
    assert ann.post("/api/samples?name=x.txt", content=b"x").status_code == 403, "not from our own page"
    assert ann.post("/api/samples?name=x.txt", content=b"", headers=HEADERS).status_code == 422


def test_nobody_makes_kinds_without_a_login(nobody):
    assert nobody.get("/api/kinds").status_code == 401
    assert nobody.post("/api/samples?name=x.txt", content=b"x", headers=HEADERS).status_code == 401
