"""Corrections teach, in a browser: three documents of a layout are corrected, and the fourth comes right."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from screen_steps import READ_TIMEOUT, field, focused_path, open_record, replace_text, stored_record
from test_learn import keep_record, write_forms
from test_lessons import SCHEMA, permit

from extractor.cli import main
from extractor.store import Store

pytest_plugins = ["browser"]
CORRECTED = 3


@pytest.fixture(scope="module")
def permits(server, tmp_path_factory):
    """Add the records of three permits, in which structure alone finds nothing; return their numbers and the folder."""
    folder = tmp_path_factory.mktemp("permits")
    write_forms(folder, range(CORRECTED))
    with Store(str(server.store)) as store:
        store.add_schema(SCHEMA)
        numbers = [keep_record(store, folder / f"permit-{n}.txt").id for n in range(CORRECTED)]
    return numbers, folder


def correct_by_keyboard(page, record, values):
    """Enter the values of an open record, whose fields are all open, and approve it."""
    for name, value in values.items():
        assert focused_path(page) == (name,)
        if value is None:
            page.keyboard.press("Alt+n")
            continue
        replace_text(page, str(value))
        page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")


def test_the_fourth_document_of_a_layout_comes_right_and_the_page_says_why(server, open_page, permits):
    records, folder = permits
    page = open_page(records[0])
    toast = page.locator(".learnt-toast")
    for n, record in enumerate(records):
        open_record(page, record)
        correct_by_keyboard(page, record, permit(n)[1])
        expect(toast).to_contain_text(f"permit-{n}.txt", timeout=READ_TIMEOUT)
        expect(toast).to_contain_text(f"与 {n + 1} 条记录相同" if n else "1 种新版式")
        assert stored_record(server, record).data == permit(n)[1]

    # The page on what was learnt, by keyboard.
    toast.get_by_role("button", name="学到的内容").press("Enter")
    lessons = page.locator(".lessons")
    expect(lessons.locator(".layout")).to_have_count(1)
    expect(lessons.locator(".layout strong")).to_contain_text("permit-0.txt")
    expect(lessons.locator(".thumbnail")).to_contain_text("Permit to moor", timeout=READ_TIMEOUT)
    expect(lessons.locator(".lesson-fields tr[data-field=keeper]")).to_contain_text("Person who may moor ×3")
    expect(lessons.locator(".lesson-fields tr[data-field=witness]")).to_contain_text("3 份中都没有")
    expect(lessons.locator(".curve .mean")).to_have_text(["4"] * CORRECTED)
    off = lessons.get_by_role("button", name="停用: permit-0.txt").first
    off.press("Enter")
    expect(lessons.locator(".layout").first).to_contain_text("其中 3 条已停用")
    on = lessons.get_by_role("button", name="启用: permit-0.txt").first
    expect(on).to_be_focused()
    on.press("Enter")
    expect(lessons.locator(".layout").first).not_to_contain_text("已停用")

    write_forms(folder / "new", [5])
    with Store(str(server.store)) as store:
        schema = folder / "mooring.json"
        schema.write_text(json.dumps(SCHEMA.document))
        run = ["run", str(folder / "new"), "--schema", str(schema), "--store", str(server.store)]
        assert main([*run, "--model", "none", "--job", "the fourth", "--workers", "1"]) == 0
        [fourth] = [record for record in store.records.select(schema=SCHEMA.id) if record.id not in records]
    assert fourth.data == permit(5)[1]
    open_record(page, fourth.id)
    field(page, "keeper").focus()
    expect(field(page, "keeper")).to_have_value(permit(5)[1]["keeper"])
    expect(page.locator(".field-details .learnt")).to_have_text("与此版式的 3 条记录相同")
    expect(field(page, "keeper")).to_have_attribute("aria-description", re.compile("与此版式的 3 条记录相同"))
    field(page, "witness").focus()
    expect(page.locator(".field-details .learnt")).to_have_text("文档中没有，与此版式的 3 条记录相同")

    # Deleted after a question, and learnt anew.
    page.locator("#lessons-button").click()
    lessons.get_by_role("button", name="全部删除").press("Enter")
    page.locator("dialog").get_by_role("button", name=re.compile("确定|OK")).press("Enter")
    expect(lessons.locator(".layout")).to_have_count(0)
    lessons.get_by_role("button", name="重新学习").press("Enter")
    expect(lessons.locator(".layout")).to_contain_text("3 条记录", timeout=READ_TIMEOUT)
