"""The nouns: frozen dataclasses that every room speaks in. Standard library only."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
"""Where a value stands in a record: property names and list positions, as `jsonschema` writes them."""


def path_text(path: Path) -> str:
    """The path as people read it: `applications.new[0].total`; the whole record is `(record)`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(record)"


def field_name(path: Path) -> str:
    """The path without its list positions, the same for every element of a list: `items[].amount`."""
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(record)"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should know: where (`path`), of what kind (a `ProblemKind`), and what to do (`message`)."""

    path: Path
    kind: str
    message: str


# The document side.


@dataclass(frozen=True, slots=True)
class BBox:
    """A rectangle on page `page` (counted from 1), in points, origin at the top left."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without white space; `document.text[start:end] == text`, always."""

    text: str
    start: int
    end: int
    box: BBox | None = None
    confidence: float | None = None
    from_ocr: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    `text` is the cell on one line: line breaks inside it are closed up (between CJK characters) or become one space.
    `document.text[start:end]` is the cell as it stands in the source; a blank cell has `text == ""` and `start == end`.
    `row_path` and `column_path` are the header texts that govern the cell, outermost first; a banner row over a part
    of the table is the first element of `row_path` of the cells under it.
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
    """A grid of cells in reading order; `caption` holds the headings that stand over it, outermost first."""

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
    """A stretch of text that belongs together: `kind` is heading, paragraph, list_item, table or hidden.

    `hidden` text is in the file but not shown to a reader of it; it is never used as a source of values.
    """

    kind: str
    start: int
    end: int
    page: int | None = None
    level: int = 0
    box: BBox | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of `document.text[start:end]`; `width` and `height` in points, None where the format has no pages.

    `turn` is by how many degrees, clockwise, the picture of the page was turned to stand straight; boxes, `width` and
    `height` are those of the straightened page.
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
    """What was read from one file; `id` is the SHA-256 of its bytes, in hexadecimal."""

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
    """One thing wanted from a document: a leaf of the schema, or an array with the `items` of one element.

    `path` is relative to the record, or to one element for a field inside `items` (`()` for a list of plain values).
    `type` is string, integer, number, boolean, array, or json (a part that is only known as a sub-schema).
    `labels` are the names the field goes by (`x-labels`, then `title`); `parents` are those of each enclosing object,
    outermost first. `copied` fields are stretches of the source; the others are judged from it.
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
        """The property's own name; empty for the elements of a list of plain values."""
        return str(self.path[-1]) if self.path else ""


# The model side.


@dataclass(frozen=True, slots=True)
class Row:
    """One field group to be answered: the question, the grammar the answer must follow, and the same as JSON Schema.

    `grammar` is Lark text for llguidance; `schema` serves servers that constrain by JSON Schema only.
    """

    question: str
    grammar: str
    schema: Mapping[str, Any]
    max_tokens: int = 512


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked about one document: rows share `system` and `prompt`; `source` is the text copied from."""

    system: str
    prompt: str
    rows: tuple[Row, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer, at `answer.text[start:end]`.

    `probability` is the chosen token's after the mask (1.0 when forced), `mass` what the mask left of the model's own
    distribution, `margin` the distance to the second best allowed one. All in 0..1.
    """

    start: int
    end: int
    probability: float = 1.0
    mass: float = 1.0
    margin: float = 1.0
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer to one row; `finished` is False when a limit cut it off."""

    text: str
    tokens: tuple[Token, ...] = ()
    finished: bool = True


@dataclass(frozen=True, slots=True)
class Passages:
    """The text shown to the model; `pieces` says where each part of it stands in the document.

    A piece is `(offset in text, start, end)` with `text[offset:offset + end - start] == document.text[start:end]`.
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def to_document(self, start: int, end: int) -> tuple[int, int] | None:
        """The same stretch in the document, or None where it runs over a gap between two pieces."""
        i = bisect.bisect_right([offset for offset, _, _ in self.pieces], start) - 1
        if i < 0:
            return None
        offset, first, last = self.pieces[i]
        if end - offset > last - first:
            return None
        return first + start - offset, first + end - offset

    def holds(self, start: int, end: int) -> bool:
        """Whether the stretch of the document is shown whole."""
        i = bisect.bisect_right([first for _, first, _ in self.pieces], start) - 1
        return i >= 0 and end <= self.pieces[i][2]


# The extraction side.


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stretch of the source a value was taken from: `document.text[start:end] == text`."""

    start: int
    end: int
    text: str
    boxes: tuple[BBox, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of a record. `method` says who settled it: structure, model, or code.

    `features` are what a calibration may learn from, by their names in `extractor.confidence.features`.
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
    """A record with its proof. `run` names model, weights, prompt and schema hashes, tool version and seconds."""

    document: Document
    schema_id: str
    data: Any
    values: tuple[FieldValue, ...]
    problems: tuple[Problem, ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
