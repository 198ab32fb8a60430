"""The frozen dataclasses that all packages exchange: document, schema field, model request, extraction.

Standard library only.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
"""The place of a value in a record: property names and list positions, as in `jsonschema`'s error paths."""


def path_text(path: Path) -> str:
    """Return the path as people read it, such as `applications.new[0].total`; the empty path is `(record)`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(record)"


def field_name(path: Path) -> str:
    """Return the path without list positions, equal for all elements of a list: `items[].amount`."""
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(record)"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person should know about a value or a document.

    `path` is where in the record, `kind` a `ProblemKind`, `message` what was found and what to do about it.
    """

    path: Path
    kind: str
    message: str


# The document side.


@dataclass(frozen=True, slots=True)
class BBox:
    """A rectangle on page number `page` (from 1), in points, with the origin at the page's top left."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space; `document.text[start:end] == text` always holds.

    `confidence` is that of the OCR engine, 0 to 1, None for text that was not recognised.
    """

    text: str
    start: int
    end: int
    box: BBox | None = None
    confidence: float | None = None
    from_ocr: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    `text` is the cell's text on one line: a line break inside it is removed between CJK characters and becomes one
    space elsewhere. `document.text[start:end]` is the cell as printed; a blank cell has `text == ""` and
    `start == end`. `row_path` and `column_path` are the texts of the headers over the cell, outermost first; a banner
    row that spans a section of the table is the first element of `row_path` for the cells of that section.
    """

    text: str
    start: int
    end: int
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    row_path: tuple[str, ...] = ()
    column_path: tuple[str, ...] = ()
    box: BBox | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells in reading order; `caption` lists the headings above it, outermost first."""

    cells: tuple[Cell, ...]
    rows: int
    columns: int
    start: int
    end: int
    caption: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A span of text that belongs together; `kind` is heading, paragraph, list_item, table or hidden.

    Hidden text is in the file but not visible to its reader; no value is ever taken from it.
    """

    kind: str
    start: int
    end: int
    page: int | None = None
    level: int = 0
    box: BBox | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page with the text `document.text[start:end]`; `width` and `height` in points, None for formats without pages.

    `turn` is the clockwise rotation in degrees that made the page's image upright; boxes, `width` and `height` refer
    to the upright page.
    """

    number: int
    start: int
    end: int
    width: float | None = None
    height: float | None = None
    words: tuple[Word, ...] = ()
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one file; `id` is the SHA-256 of its bytes, in hexadecimal."""

    id: str
    source: str
    text: str
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()
    problems: tuple[Problem, ...] = ()


# The schema side.


@dataclass(frozen=True, slots=True)
class Field:
    """A field to extract: a leaf of the schema, or an array with the fields of one element in `items`.

    `path` is relative to the record; for a field in `items` it is relative to one element, and `()` for a list of plain
    values. `type` is string, integer, number, boolean, array, or json (a part known only as a sub-schema). `labels`
    are the names of the field (`x-labels`, then `title`); `parents` are the names of each enclosing object, outermost
    first. The value of a `copied` field is a span of the source; the value of any other is judged from the source.
    """

    path: Path
    type: str
    schema: Mapping[str, Any]
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    parents: tuple[tuple[str, ...], ...] = ()
    required: bool = False
    nullable: bool = True
    copied: bool = True
    unit: str | None = None
    format: str | None = None
    enum: tuple[Any, ...] | None = None
    items: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of the property; empty for the elements of a list of plain values."""
        return str(self.path[-1]) if self.path else ""


# The model side.


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that are asked for together: the question and the form of the answer.

    `grammar` is the form as Lark text for llguidance; `schema` is the same as JSON Schema, for servers that constrain
    by JSON Schema only.
    """

    question: str
    grammar: str
    schema: Mapping[str, Any]
    max_tokens: int = 512


@dataclass(frozen=True, slots=True)
class Request:
    """All questions about one document.

    The groups share `system` and `prompt`; `source` is the text that copied values are spans of.
    """

    system: str
    prompt: str
    groups: tuple[FieldGroup, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer, which is `answer.text[start:end]`.

    `mass` is the probability that the model gave to all allowed tokens together, before masking. `probability` is
    that of the chosen token and `margin` its lead over the second best, both after masking. All are in 0..1; a token
    that the grammar `forced` has 1.0 for each.
    """

    start: int
    end: int
    probability: float = 1.0
    mass: float = 1.0
    margin: float = 1.0
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer to one field group; `finished` is False where a limit cut it off."""

    text: str
    tokens: tuple[Token, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Passages:
    """The excerpt of a document that a prompt contains, with the position of each part in the document.

    A piece is `(offset, start, end)`, with `text[offset:offset + end - start] == document.text[start:end]`.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def to_document(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the document span of `text[start:end]`; None where it crosses the gap between two pieces."""
        i = bisect.bisect_right([offset for offset, _, _ in self.pieces], start) - 1
        if i < 0:
            return None
        offset, first, last = self.pieces[i]
        if end - offset > last - first:
            return None
        return first + start - offset, first + end - offset

    def contains(self, start: int, end: int) -> bool:
        """Decide whether one piece contains the whole of `document.text[start:end]`."""
        i = bisect.bisect_right([first for _, first, _ in self.pieces], start) - 1
        return i >= 0 and end <= self.pieces[i][2]


# The extraction side.


@dataclass(frozen=True, slots=True)
class Evidence:
    """The span of the source that a value was taken from: `document.text[start:end] == text`."""

    start: int
    end: int
    text: str
    boxes: tuple[BBox, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of a record; `method` says what decided it: structure, model or code.

    `confidence` is the probability that the value is right, None where there is no estimate. `features` are what
    a calibration may learn from, by their names in `extractor.confidence.features`.
    """

    path: Path
    value: Any
    evidence: Evidence | None = None
    confidence: float | None = None
    problems: tuple[Problem, ...] = ()
    method: str = "model"
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extraction:
    """A record with the evidence for its values.

    `run` names the model, the hashes of weights, prompts and schema, the version of the tool, and the seconds taken.
    """

    document: Document
    schema_id: str
    data: Any
    values: tuple[FieldValue, ...]
    problems: tuple[Problem, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
