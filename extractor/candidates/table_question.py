"""One short question about the tables that several lists may have their rows in: which list each of them holds."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.list_columns import ColumnMatch, filled_count
from extractor.candidates.table_likeness import likeness
from extractor.decoding import Slot
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path, path_text
from extractor.values.characters import shorten


@dataclass(frozen=True)
class TableQuestionSettings(Settings):
    """How tables are shown that several lists may have their rows in."""

    ask_for_lists: bool = rule(True, meaning="A model is asked which list a table holds, where several may.")
    max_tables: int = threshold(12, unit="tables", meaning="So many tables are asked about; the others are as before.")
    lines_above: int = threshold(3, unit="lines", meaning="So many lines above a table are shown with it.")
    longest_line: int = threshold(90, unit="characters", meaning="Longer lines and descriptions are cut.")
    lead: float = threshold(0.2, meaning="A table is not a list's where another list is by so much more like it.")
    sample_rows: int = threshold(2, unit="rows", meaning="So many rows of each table are shown.")


@dataclass(frozen=True)
class TableQuestion:
    """A question about tables; the letters of its `slots` stand for the tables that begin at `starts`."""

    text: str
    slots: tuple[Slot, ...]
    starts: Mapping[str, int]


def leave_to_likest(matches: Mapping[Path, Sequence[ColumnMatch]]) -> dict[Path, list[ColumnMatch]]:
    """Return the tables of each list without those whose headers are far more like another list's items."""
    lead = TableQuestionSettings.current().lead
    alike = {path: [(m, likeness(m)) for m in found] for path, found in matches.items()}
    likest: dict[int, float] = {}
    for pairs in alike.values():
        for match, own in pairs:
            likest[match.grid.start] = max(likest.get(match.grid.start, 0.0), own)
    return {path: [m for m, own in pairs if own > likest[m.grid.start] - lead] for path, pairs in alike.items()}


def make_table_question(matches: Mapping[Path, Sequence[ColumnMatch]], text: str) -> TableQuestion | None:
    """Return the question which list the tables hold that more than one list matches; None where none is.

    `matches` are the tables that each list may have its rows in.
    """
    settings = TableQuestionSettings.current()
    claims: dict[int, list[Field]] = {}
    tables: dict[int, ColumnMatch] = {}
    for found in matches.values():
        for match in found:
            claims.setdefault(match.grid.start, []).append(match.field)
            tables.setdefault(match.grid.start, match)
    contested = sorted(start for start, fields in claims.items() if len(fields) > 1)[: settings.max_tables]
    if not contested or not settings.ask_for_lists:
        return None
    starts = dict(zip(string.ascii_uppercase, contested, strict=False))
    lists = list({f.path: f for start in contested for f in claims[start]}.values())
    lines = ["A document has these tables:"]
    slots = []
    for letter, start in starts.items():
        lines.append(f"{letter}: {_show(tables[start], text)}")
        slots.append(Slot(letter, "literals", tuple(path_text(f.path) for f in claims[start])))
    lines.append("Which of these lists does each table hold? Answer null for a table that holds none of them.")
    for f in lists:
        about = shorten(f.description or f.title, settings.longest_line)
        items = ", ".join(path_text(item.path) for item in f.items)
        lines.append(f"- {path_text(f.path)}: {about} ({items})" if about else f"- {path_text(f.path)} ({items})")
    return TableQuestion("\n".join(lines), tuple(slots), starts)


def keep_answered_tables(
    matches: Mapping[Path, Sequence[ColumnMatch]], question: TableQuestion, answer: Mapping[str, str | None]
) -> dict[Path, list[ColumnMatch]]:
    """Return the tables of each list without those that the answer gives to another list, or to none.

    `answer` has the key of a list, or None, for each slot.
    """
    holder = {question.starts[letter]: name for letter, name in answer.items() if letter in question.starts}
    return {
        path: [m for m in found if m.grid.start not in holder or holder[m.grid.start] == path_text(path)]
        for path, found in matches.items()
    }


def _show(match: ColumnMatch, text: str) -> str:
    """Return the lines above a table, its headers and its first rows, on one line."""
    settings = TableQuestionSettings.current()
    grid = match.grid
    above = [line.strip() for line in text[max(0, grid.lead - 600) : grid.lead].splitlines() if line.strip()]
    parts = [" ".join(line.split()) for line in above[-settings.lines_above :]]
    parts.append(" | ".join(" ".join(dict.fromkeys(names)) for names in grid.names if names))
    full = [row for row in grid.rows if filled_count(row) > 1][: settings.sample_rows]
    parts += [" | ".join(row[c].text for c in sorted(row) if row[c].text) for row in full]
    return " / ".join(shorten(part, settings.longest_line) for part in parts if part)
