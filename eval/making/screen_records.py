"""Records to look at on screen: a long report with many fields, and records made to measure, put right into a store."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.readers import read
from extractor.schemas import Schema, load_schema
from extractor.store import Store, Version
from extractor.types import Document

PAGES = 60
GROUPS, IN_GROUP, ROWS, COLUMNS = 40, 5, 20, 4
"""280 fields: 200 in groups, and a list of 20 rows of 4."""
DOUBTED = 4
"""Of the fields of a long report every fourth is doubted."""
MADE_BY = "made for the screen"
Bend = Callable[[dict[str, Any]], None]
"""Changes an extraction, as JSON data, before it is kept."""


def keep(store: Path, source: Path, schema: Schema, bend: Bend = lambda result: None) -> int:
    """The number of the record that structure alone makes of a document, bent as is wanted; it is in the store then."""
    result = json.loads(json.dumps(as_dict(extract(read(source), schema, None))))
    bend(result)
    return put(store, result, schema)


def put(store: Path, result: Mapping[str, Any], schema: Schema) -> int:
    """The number of the record of a result as `extractor extract` prints it."""
    with Store(str(store)) as opened:
        opened.add_schema(schema)
        return opened.records.add(result, version(), who="machine").id


def version() -> Version:
    """What made these records."""
    return Version(MADE_BY, "none")


def doubted(*fields: str, confidence: float = 0.4) -> Bend:
    """Has the machine be unsure of these fields, named as `order.total`."""

    def bend(result: dict[str, Any]) -> None:
        for value in result["values"]:
            if ".".join(str(step) for step in value["path"]) in fields:
                value["confidence"] = confidence

    return bend


def named(document: Mapping[str, Any], name: str) -> Schema:
    """A schema that goes by that name."""
    return replace(load_schema(document), name=name)


def long_report(folder: Path, name: str = "long") -> tuple[Path, Schema, dict[str, Any]]:
    """A PDF of 60 pages, its schema, and an extraction of 280 fields with a box for each."""
    source = folder / f"{name}.pdf"
    _draw(source)
    schema = named(_schema(), "long-report")
    return source, schema, _result(source, read(source), schema)


def another(result: Mapping[str, Any], source: Path, folder: Path) -> dict[str, Any]:
    """The same extraction of a file that differs in a comment at its end, and so is another document."""
    import hashlib

    copy = folder / f"{source.stem}-{uuid.uuid4().hex[:6]}{source.suffix}"
    data = source.read_bytes() + f"\n% {copy.name}\n".encode()
    copy.write_bytes(data)
    changed = json.loads(json.dumps(result))
    changed["document"] |= {"id": hashlib.sha256(data).hexdigest(), "source": str(copy)}
    return changed


def _path(number: int) -> list[str | int]:
    if number < GROUPS * IN_GROUP:
        return [f"part_{number // IN_GROUP + 1}", f"value_{number % IN_GROUP + 1}"]
    row, column = divmod(number - GROUPS * IN_GROUP, COLUMNS)
    return ["items", row, f"column_{column + 1}"]


def _schema() -> dict[str, Any]:
    number = {"type": ["number", "null"]}
    parts = {
        f"part_{part}": {
            "type": "object",
            "title": f"Part {part}",
            "properties": {f"value_{n}": {**number, "title": f"Value {part}.{n}"} for n in range(1, IN_GROUP + 1)},
        }
        for part in range(1, GROUPS + 1)
    }
    columns = {f"column_{n}": {**number, "title": f"Column {n}"} for n in range(1, COLUMNS + 1)}
    items = {"type": "array", "title": "Items", "items": {"type": "object", "properties": columns}}
    return {"type": "object", "title": "Long report", "properties": {**parts, "items": items}}


def _text(number: int) -> str:
    return f"{7000 + number * 13}.5"


def _draw(source: Path) -> None:
    from reportlab.pdfgen import canvas

    total = GROUPS * IN_GROUP + ROWS * COLUMNS
    by_page: dict[int, list[int]] = {}
    for number in range(total):
        by_page.setdefault(number * PAGES // total, []).append(number)
    drawing = canvas.Canvas(str(source), pagesize=(595, 842))
    for page in range(PAGES):
        drawing.setFont("Helvetica", 9)
        for line in range(44):
            drawing.drawString(
                50, 800 - line * 17, f"{page + 1}.{line + 1} what the report says here is of no weight at all"
            )
        for place, number in enumerate(by_page.get(page, [])):
            drawing.drawString(400, 740 - place * 119, f"No. {number}: {_text(number)}")
        drawing.showPage()
    drawing.save()


def _result(source: Path, document: Document, schema: Schema) -> dict[str, Any]:
    words = {word.text: word for page in document.pages for word in page.words if word.text.endswith(".5")}
    result = json.loads(
        json.dumps(as_dict(extract(replace(document, pages=document.pages[:1], text=""), schema, None)))
    )
    result["document"] |= {"id": document.id, "source": str(source), "pages": len(document.pages)}
    result["problems"] = []
    result["data"] = {"items": [{} for _ in range(ROWS)]}
    result["values"] = []
    for number in range(GROUPS * IN_GROUP + ROWS * COLUMNS):
        path, word = _path(number), words[_text(number)]
        box = word.box
        assert box is not None
        place = {"page": box.page, "x0": box.x0, "top": box.top, "x1": box.x1, "bottom": box.bottom}
        within = result["data"]
        for step in path[:-1]:
            within = within[step] if isinstance(step, int) else within.setdefault(step, {})
        within[path[-1]] = float(word.text)
        result["values"].append(
            {
                "path": path,
                "value": float(word.text),
                "evidence": {"text": word.text, "start": word.start, "end": word.end, "boxes": [place]},
                "confidence": 0.45 if number % DOUBTED == 0 else 0.97,
                "score": 0.45 if number % DOUBTED == 0 else 0.97,
                "method": "structure",
                "problems": [],
            }
        )
    return result
