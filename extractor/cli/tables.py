"""Records, documents and schemas as text for people; every function returns a string."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from extractor.problems import ProblemKind
from extractor.types import (
    Cell,
    Document,
    Evidence,
    Extraction,
    Field,
    FieldValue,
    Path,
    Problem,
    Table,
    path_text,
)

if TYPE_CHECKING:
    from extractor.schema_design import FieldDraft, SchemaDraft
    from extractor.schemas import Schema

MIN_WIDTH = 60


def format_record(result: Extraction, width: int = 120, colour: bool = False) -> str:
    """Return the record for people: a summary, failed checks, a table of values, and the fields without a value.

    The evidence is underlined in its line of the document where `colour` is set, and marked with «» otherwise.
    """
    from io import StringIO

    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    width = max(MIN_WIDTH, width)
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="standard" if colour else None, highlight=False
    )
    console.print(Text(result.document.source, style="bold"))
    console.print(Text(summarise_record(result)))
    everywhere = list(dict.fromkeys([p for v in result.values for p in v.problems] + list(result.problems)))
    for p in sorted(everywhere, key=lambda p: p.kind != "check"):
        if p.kind == "check" or p in result.problems:
            message = Text(
                f"! {path_text(p.path)}: {p.kind}: {p.message}", style="bold red" if p.kind == "check" else ""
            )
            console.print(message)
    shown = [v for v in result.values if not _is_silent(v)]
    for part in _value_tables(result.document, shown, width, colour) if shown else ():
        console.print(part)
    for title, values in _without_value(result.values):
        console.print(Text(f"{title} ({len(values)})", style="bold"))
        for parent, names in _by_parent(values):
            text = f"{path_text(parent)}: {names}" if parent else names
            console.print(Padding(Text(text, style="dim"), (0, 0, 0, 2)))
    seconds = ", ".join(f"{stage} {s} s" for stage, s in result.run.get("seconds", {}).items())
    origin = [f"model {result.run.get('model') or 'none'}", f"confidence is {result.run.get('confidence')}", seconds]
    console.print(Text("; ".join(part for part in origin if part), style="dim"))
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def summarise_record(result: Extraction) -> str:
    """Return one line of counts: values by method, fields with problems, empty fields, failed checks."""
    filled = [v for v in result.values if v.value is not None]
    who = {"structure": "by structure", "model": "by the model", "code": "by the schema"}
    parts = [f"{sum(v.method == m for v in filled)} {who[m]}" for m in who if any(v.method == m for v in filled)]
    checks = {p for v in result.values for p in v.problems if p.kind == "check"}
    checks |= {p for p in result.problems if p.kind == "check"}
    doubtful = sum(bool(v.problems) and not _is_silent(v) for v in result.values)
    not_asked = sum(_is_not_asked(v) for v in result.values)
    line = f"{len(filled)} of {len(result.values)} fields have a value" + (f" ({', '.join(parts)})" if parts else "")
    line += f"; {doubtful} to look at; {len(result.values) - len(filled) - not_asked} empty"
    line += f"; {not_asked} not asked" if not_asked else ""
    return line + f"; {len(checks)} failed check{'' if len(checks) == 1 else 's'}"


def _is_not_asked(v: FieldValue) -> bool:
    return v.value is None and any(p.kind == ProblemKind.NOT_ASKED for p in v.problems)


def _is_silent(v: FieldValue) -> bool:
    """Decide whether a field has nothing to show: no value, and no problem except that no model was asked."""
    return v.value is None and all(p.kind == ProblemKind.NOT_ASKED for p in v.problems)


def _without_value(values: Sequence[FieldValue]) -> Iterator[tuple[str, list[FieldValue]]]:
    silent = [v for v in values if _is_silent(v)]
    for title, group in (
        ("Empty: nothing in the document answers these", [v for v in silent if not _is_not_asked(v)]),
        ("Not asked: structure does not answer these, and no model was given", [v for v in silent if _is_not_asked(v)]),
    ):
        if group:
            yield title, group


def _by_parent(values: Iterable[FieldValue]) -> Iterator[tuple[Path, str]]:
    for parent, group in groupby(values, key=lambda v: v.path[:-1]):
        yield parent, ", ".join(path_text(v.path[-1:]) for v in group)


def _value_tables(document: Document, values: Sequence[FieldValue], width: int, colour: bool) -> Iterator[Any]:
    """Yield the values as a table for each object, with its path above it; the evidence gets the width that is left."""
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table as RichTable
    from rich.text import Text

    longest = max(cell_len(path_text(v.path[-1:])) + 2 * bool(v.path[:-1]) for v in values)
    left = min(max(longest, 5), width // 3)
    middle = min(max(5, *(cell_len(_text(v)) for v in values)), width // 5)
    room = width - left - middle - 4 - 4 * 2 - 3  # padding, and what rich puts between columns

    def columns(header: bool) -> RichTable:
        grid = RichTable(box=SIMPLE_HEAD, show_edge=False, show_header=header, padding=(0, 1), width=width)
        grid.add_column("field", width=left, overflow="fold")
        grid.add_column("value", width=middle, overflow="fold")
        grid.add_column("sure", width=4, justify="right")
        grid.add_column("evidence, in its line", width=room, overflow="fold")
        return grid

    yield columns(header=True)
    for parent, group in groupby(values, key=lambda v: v.path[:-1]):
        grid = columns(header=False)
        for v in group:
            found = _evidence_in_line(document, v.evidence, room, colour) if v.evidence else Text("")
            for p in v.problems:
                found.append("\n" if found else "")
                found.append(f"! {p.kind}: {p.message}", style="red")
            name = Text(("  " if parent else "") + path_text(v.path[-1:]))
            grid.add_row(name, Text(_text(v), style="red" if v.problems else ""), _confidence(v.confidence), found)
        if parent:
            yield Text(f" {path_text(parent)}", style="bold")
        yield grid


def _text(v: FieldValue) -> str:
    if v.value is None:
        return "—"
    return v.value if isinstance(v.value, str) else json.dumps(v.value, ensure_ascii=False)


def _confidence(confidence: float | None) -> Any:
    from rich.text import Text

    from extractor.confidence.levels import ConfidenceLevels

    if confidence is None:
        return Text("")
    levels = ConfidenceLevels.current()
    style = "green" if confidence >= levels.sure_score else "red" if confidence < levels.doubtful else "yellow"
    return Text(f"{confidence:.2f}", style=style)


def _evidence_in_line(document: Document, evidence: Evidence, room: int, colour: bool) -> Any:
    """Return the evidence marked in its line, with as much of the line on either side as fits.

    In a table, where the line is the cell alone, the names of its row and column are put before it.
    """
    from rich.cells import cell_len
    from rich.text import Text

    place = f"p{evidence.boxes[0].page}: " if evidence.boxes else f"{evidence.start}: "
    marks = ("", "") if colour else ("«", "»")
    room -= cell_len(place) + cell_len("".join(marks))
    core = _cut(" ".join(evidence.text.split()), room, from_end=None)
    before = document.text[max(0, evidence.start - 200) : evidence.start].split("\n")[-1]
    after = document.text[evidence.end : evidence.end + 200].split("\n")[0]
    before = " ".join(before.split()) + " " * before[-1:].isspace()
    after = " " * after[:1].isspace() + " ".join(after.split())
    cell = None if before.strip() else _cell_at(document.tables, evidence)
    if cell is not None:
        before = " › ".join((*cell.row_path, *cell.column_path)) + ": "
        before = _cut(before, room - cell_len(core), from_end=True)
    else:
        before = _cut(before, max(0, (room - cell_len(core)) // 2), from_end=True)
    line = Text()
    line.append(place, style="dim")
    line.append(before, style="dim" if cell is not None else "")
    line.append(marks[0] + core + marks[1], style="bold underline" if colour else "")
    line.append(_cut(after, max(0, room - cell_len(core) - cell_len(before)), from_end=False))
    return line


def _cell_at(tables: Sequence[Table], evidence: Evidence) -> Cell | None:
    inside = (t for t in tables if t.start <= evidence.start <= t.end)
    cells = (c for t in inside for c in t.cells if not c.header and c.start <= evidence.start and evidence.end <= c.end)
    return next((c for c in cells if c.row_path or c.column_path), None)


def _cut(text: str, room: int, from_end: bool | None) -> str:
    """Return at most `room` columns of the text: its end, its beginning, or (None) both with an ellipsis between."""
    from rich.cells import cell_len

    if cell_len(text) <= room:
        return text
    if from_end is None:
        half = (room - 2) // 2
        return _cut(text, half, False) + "…" + _cut(text, half, True)
    kept, used = [], 0
    for c in reversed(text) if from_end else text:
        used += cell_len(c)
        if used > room:
            break
        kept.append(c)
    return "".join(reversed(kept) if from_end else kept)


# What was read.


def format_document(read: Document) -> str:
    """Return what was read, for people.

    The blocks in order with their kind, then every table with the paths of its cells.
    """
    counts = [(len(read.text), "characters"), (len(read.pages), "pages"), (len(read.blocks), "blocks")]
    counted = ", ".join(f"{n} {what}" for n, what in [*counts, (len(read.tables), "tables")])
    lines = [f"{read.source}  sha256 {read.id}", counted, *map(format_problem, read.problems)]
    for block in read.blocks:
        where = f" p{block.page}" if block.page else ""
        lines.append(f"--- {block.kind}{where} [{block.start}:{block.end}]")
        if block.kind != "table":
            lines.append(read.text[block.start : block.end])
    lines += [line for n, table in enumerate(read.tables, 1) for line in _table(n, table)]
    return "\n".join(lines) + "\n"


def _table(n: int, table: Table) -> Iterator[str]:
    caption = " > ".join(table.caption) or "(no caption)"
    yield f"=== table {n}: {caption} [{table.start}:{table.end}], {table.rows} x {table.columns}"
    yield from map(format_problem, table.problems)
    for cell in table.cells:
        span = f" spans {cell.row_span}x{cell.column_span}" if cell.row_span > 1 or cell.column_span > 1 else ""
        if cell.header:
            yield f"  [{cell.row},{cell.column}] # {cell.text}{span}"
        else:
            paths = f"{' > '.join(cell.row_path)} | {' > '.join(cell.column_path)}"
            yield f"  [{cell.row},{cell.column}] {cell.text or '(blank)'}{span}   <- {paths}"


def format_problem(p: Problem) -> str:
    """Return a problem on one line."""
    return f"! {path_text(p.path)}: {p.kind}: {p.message}"


# Schemas.


def format_schema(shown: Schema) -> str:
    """Return a schema's fields, one on a line: path, type and marks, unit, and labels."""
    lines = [f"{shown.name}: {shown.title}" if shown.title else shown.name, shown.description]
    lines.append(f"sha256 {shown.id}, {len(shown.fields)} fields, {len(shown.checks)} checks")
    if shown.unenforced:
        lines.append(f"checked on the finished record, not enforced while decoding: {', '.join(shown.unenforced)}")
    for field in shown.fields:
        lines.append(f"  {_field(field)}")
        lines += [f"      {_field(item)}" for item in field.items]
    return "\n".join(line for line in lines if line) + "\n"


def _field(field: Field) -> str:
    marks = [field.type, field.format or "", "required" if field.required else "", "" if field.copied else "judged"]
    unit = f" [{field.unit}]" if field.unit else ""
    labels = f" — {', '.join(field.labels)}" if field.labels else ""
    return f"{path_text(field.path) if field.path else '(element)'}: {' '.join(filter(None, marks))}{unit}{labels}"


def format_draft(draft: SchemaDraft, found: Mapping[str, Any]) -> str:
    """Return the fields of a draft, each with its type and what was `found` in the sample without a model."""
    lines = [draft.title] if draft.title else []
    for field in draft.fields:
        value = found.get(field.key)
        lines.append(f"  {_draft_line(field)}: {_draft_value(field, value)}")
        lines += [f"    {_draft_line(column)}" for column in field.columns]
    return "\n".join(lines) + "\n"


def _draft_line(field: FieldDraft) -> str:
    unit = f" in {field.unit}" if field.unit else ""
    choices = f" ({', '.join(field.choices)})" if field.choices else ""
    return f"{field.name}, {field.type.replace('_', ' ')}{unit}{choices}{', required' if field.required else ''}"


def _draft_value(field: FieldDraft, value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} rows"
    if value is not None:
        return json.dumps(value, ensure_ascii=False)
    return f"a model is needed for “{field.sample.text}”" if field.sample else "nothing in the sample"
