"""The blocks of a generated document, and the gold that is recorded while they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A line above other blocks; level 1 is the title of the document."""

    text: str
    level: int = 1
    align: str = "left"


@dataclass(frozen=True)
class Text:
    """A paragraph; `align` is left, centre or right."""

    text: str
    align: str = "left"
    small: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Pairs:
    """Labels with their values, in the given number of columns; `colon` separates the two."""

    pairs: tuple[tuple[str, str], ...]
    columns: int = 1
    colon: str = ": "
    boxed: bool = False


@dataclass(frozen=True)
class Span:
    """A cell that spans several columns or rows."""

    text: str
    wide: int = 1
    down: int = 1


@dataclass(frozen=True)
class Grid:
    """A table. `align` has a letter for each column (l, c, r); `rules` is all, lines or none.

    A row has no entry where a span above it or before it continues. `widths` are shares of the page's width.
    """

    rows: tuple[tuple[str | Span, ...], ...]
    header: int = 1
    align: str = ""
    rules: str = "all"
    widths: tuple[float, ...] = ()
    upright: bool = False


@dataclass(frozen=True)
class Beside:
    """Two stacks of blocks next to each other."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]


@dataclass(frozen=True)
class Rule:
    """A horizontal line, drawn or typed with `sign`."""

    sign: str = "-"


@dataclass(frozen=True)
class Hidden:
    """Text that is in the file but that no reader sees; a plain text file cannot hide text and omits it."""

    text: str


@dataclass(frozen=True)
class PageBreak:
    """The start of a new page."""


Block = Heading | Text | Pairs | Grid | Beside | Rule | Hidden | PageBreak


@dataclass
class Truth:
    """The gold of a document, recorded while it is printed.

    Values by path, their printed text, and notes on the document.
    """

    values: dict[str, Any] = field(default_factory=dict)
    printed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def put(self, path: str, value: Any, printed: str | None = None) -> str:
        """Return the printed text of a copied value and record it as the gold of `path` (`items.0.amount`).

        Raises ValueError where the path has a value already.
        """
        if path in self.values:
            raise ValueError(f"{path} is printed twice")
        text = str(value) if printed is None else printed
        self.values[path] = value
        self.printed.append((path, text))
        return text

    def judge(self, path: str, value: Any) -> None:
        """Record a value that follows from the document without being printed as such."""
        self.values[path] = value

    def note(self, name: str) -> None:
        """Mark the document with one of the traps by which figures are broken down."""
        if name not in self.notes:
            self.notes.append(name)


@dataclass(frozen=True)
class GeneratedDocument:
    """A document before it is rendered, with its gold."""

    blocks: tuple[Block, ...]
    truth: Truth
    language: str
    kind: str


def gold_record(values: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the gold record of `values` by path.

    A field of the schema without value is null, a list without values empty.
    """
    return _filled(schema, nested(values), schema)


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by dotted path as nested objects and lists; list positions must count from 0."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split(".")
        place = tree
        for step in parents:
            place = place.setdefault(step, {})
        place[last] = value
    return _with_lists(tree)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(step.isdigit() for step in node):
        return [_with_lists(node[str(n)]) for n in range(len(node))]
    return {step: _with_lists(inner) for step, inner in node.items()}


def _filled(schema: Mapping[str, Any], value: Any, whole: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "properties" in schema:
        given = value or {}
        if unknown := set(given) - set(schema["properties"]):
            raise ValueError(f"the schema has no {sorted(unknown)}")
        return {name: _filled(inner, given.get(name), whole) for name, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_filled(schema["items"], element, whole) for element in value or []]
    return value


def visible_text(blocks: Iterable[Block]) -> str:
    """Return all text of the blocks that a reader sees, a piece on a line; tests look up the printed values in it."""
    pieces: list[str] = []
    for block in blocks:
        match block:
            case Heading(text=text) | Text(text=text):
                pieces.append(text)
            case Pairs(pairs=pairs):
                pieces += [f"{label} {value}" for label, value in pairs]
            case Grid(rows=rows):
                pieces += [cell.text if isinstance(cell, Span) else cell for row in rows for cell in row]
            case Beside(left=left, right=right):
                pieces += [visible_text(left), visible_text(right)]
    return "\n".join(pieces)


@dataclass(frozen=True)
class PlacedCell:
    """A cell of a grid with its row and column."""

    row: int
    column: int
    text: str
    wide: int = 1
    down: int = 1


def place_cells(rows: Sequence[Sequence[str | Span]]) -> list[PlacedCell]:
    """Return the cells of a grid with their rows and columns, shifted by the spans before them."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for row, entries in enumerate(rows):
        column = 0
        for entry in entries:
            while (row, column) in taken:
                column += 1
            span = entry if isinstance(entry, Span) else Span(entry)
            cells.append(PlacedCell(row, column, span.text, span.wide, span.down))
            taken |= {(row + d, column + w) for d in range(span.down) for w in range(span.wide)}
            column += span.wide
    return cells


def count_columns(rows: Sequence[Sequence[str | Span]]) -> int:
    """Return the number of columns of the grid."""
    return max(cell.column + cell.wide for cell in place_cells(rows))
