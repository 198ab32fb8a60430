"""The JSON routes of the What was learnt page, and why a value is as it is."""

import pytest
from test_learn import WHO, keep_record, write_forms
from test_lessons import SCHEMA, permit, read_text
from waiting import wait_until
from web_app import client, hosted, post

from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.lessons import correction_curve
from extractor.review.documents import Documents
from extractor.review.lesson_overview import LessonOverview, LessonOverviewSettings
from extractor.settings import replaced
from extractor.store import Version

FORMS = 3


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Yield a browser, the store and the first records of three permits, corrected and approved."""
    folder = tmp_path_factory.mktemp("lessons")
    files = write_forms(folder / "forms", range(FORMS))
    with hosted(folder, screens=False) as (app, store), client(app, "ann") as browser:
        store.add_schema(SCHEMA)
        records = []
        for n in range(FORMS):
            record = keep_record(store, files / f"permit-{n}.txt")
            for name, value in permit(n)[1].items():
                how = "absent" if value is None else "typed"
                record = store.records.correct(record.id, (name,), value, who=WHO, revision=record.revision, how=how)
            records.append(record.id)
            answer = post(browser, f"records/{record.id}/approve", {"revision": record.revision, "force": True})
            assert answer.json()["learnt"] == ["Keeper", "Identifier", "First day", "Charge", "Second signature"]
            wait_until(lambda number=record.id: lesson(browser, number)["state"] != "learning")
        yield browser, store, records


def lesson(browser, record):
    return browser.get(f"/api/records/{record}/lesson").json()


def overview(browser):
    return browser.get(f"/api/lessons/{SCHEMA.id}").json()


def test_an_approval_says_what_it_taught(taught):
    browser, _, records = taught
    said = lesson(browser, records[-1])
    assert said["state"] == "learnt" and said["name"] == "permit-2.txt" and said["schema"] == SCHEMA.id
    assert said["records"] == FORMS, "the layout is that of the two before"
    assert said["fields"] == 5 and 1 <= said["labels"] <= 4
    assert lesson(browser, 999)["state"] == "nothing"


def test_what_was_learnt_is_listed(taught):
    browser, _, records = taught
    [schema] = browser.get("/api/lessons").json()["schemas"]
    assert schema["id"] == SCHEMA.id and schema["title"] == "Mooring permit"
    assert (schema["lessons"], schema["approved"]) == (FORMS, FORMS)
    found = overview(browser)
    [layout] = found["layouts"]
    assert layout["lessons"] == layout["enabled"] == FORMS and layout["picture"] == records[-1]
    assert [each["name"] for each in layout["documents"]] == ["permit-2.txt", "permit-1.txt", "permit-0.txt"]
    assert {each["corrected"] for each in layout["documents"]} == {4}
    fields = {each["field"]: each for each in found["fields"]}
    assert fields["keeper"]["title"] == "Keeper"
    assert fields["keeper"]["labels"][0] == {"text": "Person who may moor", "count": FORMS}
    assert fields["witness"]["never"] and not fields["keeper"]["never"]
    assert [(each["first"], each["last"], each["mean"]) for each in found["curve"]] == [
        (n, n, 4.0) for n in range(1, FORMS + 1)
    ]


def test_a_value_that_lessons_made_says_so_until_it_is_changed(taught):
    browser, store, _ = taught
    document = read_text(permit(5)[0])
    lessons = store.lessons.find(document, SCHEMA.id)
    result = as_dict(extract(document, SCHEMA, None, lessons=lessons))
    record = store.records.add(result, Version("extractor", "p"), who=WHO).id
    fields = browser.get(f"/api/records/{record}").json()["fields"]
    assert fields['["keeper"]']["learnt"] == {"absent": False, "records": FORMS}
    assert fields['["witness"]']["learnt"] == {"absent": True, "records": FORMS}
    revision = post(browser, f"records/{record}/claim").json()["revision"]
    edit = {"revision": revision, "how": "typed", "path": ["keeper"], "text": "Nan Ash"}
    changed = post(browser, f"records/{record}/edit", edit).json()["fields"]
    assert changed['["keeper"]']["learnt"] is None
    store.records.delete([record], who=WHO)


def test_lessons_are_switched_off_and_on(taught):
    browser, store, _ = taught
    first = overview(browser)["layouts"][0]
    one = first["documents"][0]["id"]
    change = {"lesson": one, "enabled": False}
    assert post(browser, f"lessons/{SCHEMA.id}/enable", change).json() == {"changed": 1}
    [layout] = overview(browser)["layouts"]
    assert layout["enabled"] == FORMS - 1 and not layout["documents"][0]["enabled"]
    assert post(browser, f"lessons/{SCHEMA.id}/learn").json() == {"records": FORMS - 1}, "it stays switched off"
    wait_until(lambda: not overview(browser)["learning"])
    assert overview(browser)["layouts"][0]["enabled"] == FORMS - 1
    whole = {"layout": first["id"], "enabled": False}
    assert post(browser, f"lessons/{SCHEMA.id}/enable", whole).json() == {"changed": FORMS - 1}
    assert not store.lessons.has_any(SCHEMA.id)
    assert post(browser, f"lessons/{SCHEMA.id}/enable", {"enabled": True}).json() == {"changed": FORMS}


def test_only_the_newest_are_listed_and_the_rest_counted(taught, tmp_path):
    _, store, _ = taught
    stored = list(store.lessons.select(SCHEMA.id))
    assert list(store.lessons.select(SCHEMA.id, newest=2)) == stored[1:]
    assert list(store.lessons.select(SCHEMA.id, newest=9)) == stored and list(store.lessons.select("x", newest=9)) == []
    learnt = LessonOverview(store, Documents(store, tmp_path))
    with replaced(LessonOverviewSettings(documents=1)):
        [layout] = learnt.show(SCHEMA.id)["layouts"]
    assert layout["lessons"] == FORMS and len(layout["documents"]) == 1
    with replaced(LessonOverviewSettings(layouts=0)):
        found = learnt.show(SCHEMA.id)
    assert found["layouts"] == [] and found["more"] == 1 and found["lessons"] == FORMS


def test_the_curve_of_corrections_has_few_groups():
    found = correction_curve([4] * 30 + [1] * 11)
    assert [(group.first, group.last) for group in found[:2]] == [(1, 3), (4, 6)] and len(found) <= 20
    assert found[0].mean == 4 and found[-1].mean == 1 and found[-1].last == 41
    assert correction_curve([]) == []


def test_lessons_are_deleted_and_learnt_anew(taught):
    browser, store, records = taught
    [layout] = overview(browser)["layouts"]
    one = layout["documents"][0]["id"]
    assert post(browser, f"lessons/{SCHEMA.id}/delete", {"lesson": one}).json() == {"deleted": 1}
    assert post(browser, f"lessons/{SCHEMA.id}/delete", {"layout": layout["id"]}).json() == {"deleted": FORMS - 1}
    assert lesson(browser, records[0])["state"] == "nothing"
    found = overview(browser)
    assert found["lessons"] == 0 and found["layouts"] == found["fields"] == [] and len(found["curve"]) == FORMS
    assert post(browser, f"lessons/{SCHEMA.id}/learn").json() == {"records": FORMS}
    wait_until(lambda: not overview(browser)["learning"])
    assert {each.record for each in store.lessons.select(SCHEMA.id)} == set(records)
    assert post(browser, f"lessons/{SCHEMA.id}/delete").json() == {"deleted": FORMS}


def test_what_is_not_there_is_refused(taught):
    browser, _, _ = taught
    for path in ("lessons/nothing", f"lessons/{'x' * 300}"):
        assert browser.get(f"/api/{path}").status_code in (404, 422)
    assert post(browser, "lessons/nothing/learn").status_code == 404
    assert post(browser, f"lessons/{SCHEMA.id}/enable", {"enabled": "yes"}).status_code == 422
    assert post(browser, f"lessons/{SCHEMA.id}/delete", {"lesson": -1}).status_code == 422
    assert browser.post(f"/api/lessons/{SCHEMA.id}/delete", json={}).status_code == 403
