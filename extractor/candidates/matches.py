"""The nouns of the proposers: places in a document that answer a field, or may."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.types import Path, Table


@dataclass(frozen=True, slots=True)
class StructuralMatch:
    """A place in the document that answers a field: `text[start:end]`, empty for a blank cell.

    `context` is what stands around the value and may tell its unit (headers, captions); `score` is 0..1.
    """

    path: Path
    start: int
    end: int
    score: float
    context: str = ""


@dataclass(frozen=True, slots=True)
class TableRowsMatch:
    """The rows of a table that answer an array of objects; the paths in a row are those of the array's items."""

    path: Path
    rows: tuple[tuple[StructuralMatch, ...], ...]
    table: Table
    score: float


@dataclass(frozen=True, slots=True)
class LayoutCandidate:
    """A stretch of the document that stands where a label's value would stand; `score` is 0..1."""

    start: int
    end: int
    score: float
