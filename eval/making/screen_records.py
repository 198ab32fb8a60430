"""Records for the browser: a long report with many fields, and small records with given doubts, put into a store."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.problems import ProblemKind
from extractor.readers import read
from extractor.schemas import Schema, load_schema
from extractor.store import Store, Version
from extractor.types import Document

PAGES, LINES_PER_PAGE = 60, 44
PAGE_SIZE = (595, 842)
"""Width and height in points."""
GROUPS, FIELDS_PER_GROUP, ROWS, COLUMNS = 40, 5, 20, 4
"""280 fields: 200 in groups, and a list of 20 rows of 4."""
FIELDS = GROUPS * FIELDS_PER_GROUP + ROWS * COLUMNS
DOUBTED_EVERY = 4
"""Which fields of a long report are in doubt: the first of so many."""
LOW_CONFIDENCE, HIGH_CONFIDENCE = 0.45, 0.97
Modify = Callable[[dict[str, Any]], None]
"""Changes an extraction, given as JSON data, before it is stored."""


def add_extraction(store: Path, source: Path, schema: Schema, modify: Modify = lambda result: None) -> int:
    """Extract a document by its structure alone, modify the result and store it; returns the record's number."""
    result = extract_as_data(source, schema)
    modify(result)
    return add_result(store, result, schema)


def extract_as_data(source: Path, schema: Schema) -> dict[str, Any]:
    """Extract a document by its structure alone; returns the result as JSON data."""
    return json.loads(json.dumps(as_dict(extract(read(source), schema, None))))


def add_result(store: Path, result: Mapping[str, Any], schema: Schema) -> int:
    """Store a result in the form that `extractor extract` prints; returns the record's number."""
    with Store(str(store)) as opened:
        opened.add_schema(schema)
        return opened.records.add(result, record_version(), who="machine").id


def record_version() -> Version:
    """Return the version that these records name as the one that made them."""
    return Version("made for the screen", "none")


def lower_confidence(*fields: str, confidence: float = 0.4) -> Modify:
    """Return a modification that sets the confidence of some fields, named as `order.total`."""

    def modify(result: dict[str, Any]) -> None:
        for value in result["values"]:
            if ".".join(str(step) for step in value["path"]) in fields:
                value["confidence"] = confidence

    return modify


def as_if_asked(modify: Modify = lambda result: None) -> Modify:
    """Return a modification after which nothing was left unasked, as where a model has looked for every field."""

    def answer(result: dict[str, Any]) -> None:
        for value in result["values"]:
            if any(problem["kind"] == ProblemKind.NOT_ASKED for problem in value["problems"]):
                value |= {"problems": [], "confidence": HIGH_CONFIDENCE}
        modify(result)

    return answer


def named_schema(document: Mapping[str, Any], name: str) -> Schema:
    """Return a schema under a name."""
    return replace(load_schema(document), name=name)


def make_long_report(folder: Path, name: str = "long", pages: int = PAGES) -> tuple[Path, Schema, dict[str, Any]]:
    """Write a PDF of so many pages; returns it with its schema and a result of 280 fields with a box each."""
    source = folder / f"{name}.pdf"
    _draw_report(source, pages)
    schema = named_schema(_report_schema(), "long-report")
    return source, schema, _report_result(source, read(source), schema)


def copy_report(result: Mapping[str, Any], source: Path, folder: Path) -> dict[str, Any]:
    """Copy a file with another last line, which makes it another document; returns the result for the copy."""
    copy = folder / f"{source.stem}-{uuid.uuid4().hex[:6]}{source.suffix}"
    data = source.read_bytes() + f"\n% {copy.name}\n".encode()
    copy.write_bytes(data)
    copied = json.loads(json.dumps(result))
    copied["document"] |= {"id": hashlib.sha256(data).hexdigest(), "source": str(copy)}
    return copied


def _field_path(number: int) -> list[str | int]:
    if number < GROUPS * FIELDS_PER_GROUP:
        return [f"part_{number // FIELDS_PER_GROUP + 1}", f"value_{number % FIELDS_PER_GROUP + 1}"]
    row, column = divmod(number - GROUPS * FIELDS_PER_GROUP, COLUMNS)
    return ["items", row, f"column_{column + 1}"]


def _report_schema() -> dict[str, Any]:
    number = {"type": ["number", "null"]}
    parts = {
        f"part_{part}": {
            "type": "object",
            "title": f"Part {part}",
            "properties": {
                f"value_{n}": {**number, "title": f"Value {part}.{n}"} for n in range(1, FIELDS_PER_GROUP + 1)
            },
        }
        for part in range(1, GROUPS + 1)
    }
    columns = {f"column_{n}": {**number, "title": f"Column {n}"} for n in range(1, COLUMNS + 1)}
    items = {"type": "array", "title": "Items", "items": {"type": "object", "properties": columns}}
    return {"type": "object", "title": "Long report", "properties": {**parts, "items": items}}


def _value_text(number: int) -> str:
    """Return the text of a field's value, which no other field has."""
    return f"{7000 + number * 13}.5"


def _draw_report(source: Path, pages: int) -> None:
    from reportlab.pdfgen import canvas

    by_page: dict[int, list[int]] = {}
    for number in range(FIELDS):
        by_page.setdefault(number * pages // FIELDS, []).append(number)
    apart = min(119, 680 // max(map(len, by_page.values())))
    drawing = canvas.Canvas(str(source), pagesize=PAGE_SIZE)
    for page in range(pages):
        drawing.setFont("Helvetica", 9)
        for line in range(LINES_PER_PAGE):
            text = f"{page + 1}.{line + 1} this line of the report has no value that is asked for"
            drawing.drawString(50, 800 - line * 17, text)
        for place, number in enumerate(by_page.get(page, [])):
            drawing.drawString(400, 740 - place * apart, f"No. {number}: {_value_text(number)}")
        drawing.showPage()
    drawing.save()


def _report_result(source: Path, document: Document, schema: Schema) -> dict[str, Any]:
    words = {word.text: word for page in document.pages for word in page.words if word.text.endswith(".5")}
    empty = extract(replace(document, pages=document.pages[:1], text=""), schema, None)
    result = json.loads(json.dumps(as_dict(empty)))
    result["document"] |= {"id": document.id, "source": str(source), "pages": len(document.pages)}
    result["problems"] = []
    result["data"] = {"items": [{} for _ in range(ROWS)]}
    result["values"] = []
    for number in range(FIELDS):
        path, word = _field_path(number), words[_value_text(number)]
        box = word.box
        assert box is not None
        placed_box = {"page": box.page, "x0": box.x0, "top": box.top, "x1": box.x1, "bottom": box.bottom}
        parent = result["data"]
        for step in path[:-1]:
            parent = parent[step] if isinstance(step, int) else parent.setdefault(step, {})
        parent[path[-1]] = float(word.text)
        confidence = LOW_CONFIDENCE if number % DOUBTED_EVERY == 0 else HIGH_CONFIDENCE
        result["values"].append(
            {
                "path": path,
                "value": float(word.text),
                "evidence": {"text": word.text, "start": word.start, "end": word.end, "boxes": [placed_box]},
                "confidence": confidence,
                "score": confidence,
                "method": "structure",
                "problems": [],
            }
        )
    return result
