"""A hundred script injections wherever untrusted text reaches the screens: none runs, and all are shown as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from screen_steps import READ_TIMEOUT, banner, field, open_record, replace_text, wait_until_saved

from eval.making import screen_records
from extractor.store import Store

pytest_plugins = ["browser"]
SHELL = Path(__file__).parent.parent / "extractor" / "ui" / "words" / "shell.zh.json"
RUN = "window.__ran=1"
TEMPLATES = (
    "<script>{run}</script>",
    "<img src=x onerror={run}>",
    "<svg onload={run}>",
    "<svg><script>{run}</script></svg>",
    "<iframe srcdoc='<script>parent.__ran=1</script>'></iframe>",
    "<iframe src=javascript:parent.__ran=1></iframe>",
    "<a href=javascript:{run}>a</a>",
    "<details open ontoggle={run}>d</details>",
    "<input autofocus onfocus={run}>",
    "<video><source onerror={run}></video>",
    "<audio src=x onerror={run}>",
    "<object data=javascript:{run}></object>",
    "<body onload={run}>",
    "<style>*{{background:url(javascript:{run})}}</style>",
    "<marquee onstart={run}>m</marquee>",
    "<template><script>{run}</script></template>",
    "${{{run}}}",
    "{{{{constructor.constructor('{run}')()}}}}",
    "javascript:{run}//",
    "`-({run})-`",
)
WRAPPINGS = ("{}", '"> {}', "' {} '", "</td></script> {}", "<!-- --> {} &lt;img src=x onerror=1&gt;")
PAYLOADS = [wrapping.format(template.format(run=RUN)) for wrapping in WRAPPINGS for template in TEMPLATES]
KEYS = 20
"""Fields of the hostile schema; their titles, descriptions and options are payloads."""


def schema_document() -> dict:
    fields = {}
    for n in range(KEYS):
        title, description, choice = PAYLOADS[n * 3 : n * 3 + 3]
        fields[f"{title}{n}"] = {"type": ["string", "null"], "title": title, "description": description}
        if n % 4 == 0:
            fields[f"{title}{n}"]["enum"] = [choice, None]
    items = {"type": "object", "properties": {PAYLOADS[61]: {"type": ["string", "null"], "title": PAYLOADS[62]}}}
    list_field = {"type": "array", "title": PAYLOADS[60], "items": items}
    return {"type": "object", "title": PAYLOADS[1], "properties": {**fields, "list": list_field}}


def document() -> dict:
    """Return a document of payloads in paragraphs and table cells; readers would parse some of them as markup."""
    text, blocks, cells = "", [], []
    for payload in PAYLOADS:
        start = len(text)
        text += payload + "\n\n"
        blocks.append({"kind": "paragraph", "start": start, "end": start + len(payload), "level": 0})
    start = len(text)
    for row, payload in enumerate(PAYLOADS[:10]):
        at = len(text)
        text += payload + "\n"
        cell = {"row": row, "column": 0, "row_span": 1, "column_span": 1, "header": row == 0}
        cells.append({"start": at, "end": at + len(payload), **cell})
    blocks.append({"kind": "table", "start": start, "end": len(text), "level": 0})
    table = {"start": start, "end": len(text), "rows": 10, "columns": 1, "cells": cells}
    return {"text": text, "blocks": blocks, "tables": [table]}


@pytest.fixture(scope="module")
def hostile(server, tmp_path_factory):
    """Add a record whose text, name, schema, values, problems and history are payloads; returns its number."""
    folder = tmp_path_factory.mktemp("hostile")
    source = folder / f"{PAYLOADS[2].replace('/', '∕')}.txt"
    source.write_text("\n\n".join(PAYLOADS) + "\n\n" + "".join(f"{p}\t{p[:9]}\n" for p in PAYLOADS[:8]))
    schema = screen_records.named_schema(schema_document(), "hostile")

    def modify(result):
        names = list(schema.document["properties"])
        at = source.read_text().index(PAYLOADS[9])
        for n, name in enumerate(names[:KEYS]):
            if "enum" in schema.document["properties"][name]:
                continue
            payload = PAYLOADS[40 + n]
            start = source.read_text().index(payload)
            value = {
                "path": [name],
                "value": payload,
                "evidence": {"text": payload, "start": start, "end": start + len(payload), "boxes": None},
                "confidence": 0.3,
                "score": 0.3,
                "method": PAYLOADS[n],
                "problems": [{"path": name, "kind": PAYLOADS[n + 1], "message": PAYLOADS[n + 2]}],
            }
            result["values"] = [v for v in result["values"] if v["path"] != [name]] + [value]
            result["data"][name] = payload
        assert at > 0
        result["problems"].append({"path": "", "kind": "not_read", "message": PAYLOADS[3]})

    record = screen_records.add_extraction(server.store, source, schema, modify)
    with Store(str(server.store)) as store:
        revision = store.records.get(record).revision
        store.records.flag(record, who=PAYLOADS[4], revision=revision, note=PAYLOADS[5])
    return record


def refuse_with(payload: str):
    """Return a route handler that refuses every change with an error."""
    answer = {"error": payload, "message": payload, "hint": payload}
    return lambda route: route.fulfill(status=422, json=answer)


def assert_nothing_ran(page) -> None:
    assert page.evaluate("window.__ran") is None
    foreign = "script[src^='data:'], iframe, object, embed, marquee, svg script, .screen script"
    assert page.locator(f"{foreign}, .screen img:not(.page img)").count() == 0


def test_payloads_in_documents_names_schemas_and_history_are_text(page, hostile):
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 100
    page.route("**/text", lambda route: route.fulfill(json=document()))
    open_record(page, hostile)
    shown = page.locator(".text-pane").evaluate("e => e.textContent")
    assert [p for p in PAYLOADS if p not in shown] == []
    assert PAYLOADS[5] in page.locator(".review .remaining").inner_text()
    assert PAYLOADS[3] in banner(page, "problems").inner_text()
    for n in range(KEYS):
        page.locator(".review .form [data-key]").nth(n).focus()
        assert page.evaluate("document.querySelector('.field-details .field-title').textContent") in PAYLOADS
    page.keyboard.press("Alt+h")
    page.locator(".history-panel .history-entry").first.wait_for()
    assert_nothing_ran(page)
    page.locator("#queue-button").click()
    page.locator(".queue-filters select").first.select_option("flagged")
    row = page.locator(f"tr[data-record='{hostile}']")
    expect(row.locator(".kind")).to_have_text(PAYLOADS[1])
    page.locator(".queue-filters select").first.select_option("open")
    assert_nothing_ran(page)


def test_payloads_in_typed_text_and_error_messages_are_text(page, hostile):
    open_record(page, hostile)
    name = [n for n, s in schema_document()["properties"].items() if "enum" not in s][3]
    for payload in PAYLOADS[:10]:
        field(page, name).focus()
        replace_text(page, payload)
        page.keyboard.press("Enter")
    wait_until_saved(page)
    expect(field(page, name)).to_have_value(PAYLOADS[9])
    for payload in PAYLOADS[10:20]:
        page.route("**/edit", refuse_with(payload))
        field(page, name).focus()
        replace_text(page, payload + "!")
        page.keyboard.press("Enter")
        expect(banner(page, "error")).to_contain_text(payload)
        page.unroute("**/edit")
    field(page, name).focus()
    page.keyboard.press("Escape")
    assert_nothing_ran(page)


def test_payloads_in_uploads_and_user_schemas_are_text(server, page, tmp_path):
    ended = {"state": "failed", "record": None, "at": "2026-01-01T00:00:00", "count": 1, "documents": [], "done": 0}
    ended |= {"deleted": None, "left": 0, "failed": 1, "place": None}
    rows = [{**ended, "id": n, "name": p, "kind": p, "schema": p, "schema_title": p} for n, p in enumerate(PAYLOADS)]
    page.route("**/api/uploads", lambda route: route.fulfill(json={"rows": rows, "working": False}))
    page.evaluate("location.hash = ''")
    page.locator("#upload-button").click()
    page.evaluate("document.dispatchEvent(new Event('extractor:uploaded'))")
    expect(page.locator(".uploads tbody tr")).to_have_count(len(rows))
    shown = page.locator(".uploads").evaluate("e => e.textContent")
    assert [p for p in PAYLOADS if p not in shown] == []
    assert_nothing_ran(page)
    page.unroute("**/api/uploads")
    schema = tmp_path / "own.json"
    schema.write_text(json.dumps(schema_document()))
    page.locator("button", has_text=json.loads(SHELL.read_text())["upload.own"]).click()
    page.locator("#upload-own input[type=file]").set_input_files(schema)
    page.wait_for_function("t => document.querySelector('#upload-preview')?.textContent.includes(t)", arg=PAYLOADS[3])
    report = tmp_path / f"{PAYLOADS[1]}.txt"
    report.write_text(PAYLOADS[0])
    page.locator("#upload-files input[type=file]").set_input_files(report)
    page.wait_for_function("t => document.querySelector('#upload-files').textContent.includes(t)", arg="onerror")
    page.locator("#upload-start").click()
    page.locator(".uploads tr[data-state=done]", has_text="onerror").wait_for(timeout=READ_TIMEOUT)
    assert_nothing_ran(page)
    page.locator("#export-button").click()
    page.locator("#export-schema input").click()
    page.locator("#export-schema [role=option]", has_text="hostile").first.wait_for()
    page.keyboard.press("Escape")
    page.locator("#results-button").click()
    page.wait_for_timeout(300)
    assert_nothing_ran(page)
