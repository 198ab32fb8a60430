"""Which of the grids that lists match are theirs: by captions, by columns, and by how well several fit together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.column_assignment import assign, margins
from extractor.candidates.entry_grids import EntryGrid
from extractor.candidates.entry_rows import FoundRows, lists_subtotals, read_rows
from extractor.candidates.list_columns import is_column_item
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path
from extractor.values.label_similarity import best_similarity


@dataclass(frozen=True)
class ListTableSettings(Settings):
    """When a grid belongs to one list and not to another."""

    min_similarity: float = threshold(0.78, meaning="The least similarity of a caption and a list.")
    min_margin: float = threshold(
        0.1, meaning="How far one list's score is above that of another one that claims the same rows."
    )
    share_out: bool = rule(
        True, meaning="Tables of several kinds that several lists claim go to them as they fit best together."
    )
    join_tables: bool = rule(True, meaning="Tables with the same columns are one list: one for each section or page.")
    read_blocks: bool = rule(True, meaning="Two lists may have blocks of columns side by side in one table.")


def caption_similarity(field: Field, grid: EntryGrid, text: str) -> float:
    """Return how well the heading of a grid, or the line above it, names the list, 0..1."""
    names = [*grid.caption[-1:], *_lines_above(grid, text)]
    return max((best_similarity(field.labels, name) for name in names), default=0.0)


def _lines_above(grid: EntryGrid, text: str) -> list[str]:
    before = text[max(0, grid.lead - 400) : grid.lead].splitlines()
    lines = [line.strip() for line in before if line.strip()]
    return [part.strip() for part in lines[-1].split("\t")] if lines else []


def select_tables(field: Field, found: Sequence[FoundRows], lists: Sequence[Field], text: str) -> list[FoundRows]:
    """Return the grids that make the list together: those with the best one's columns.

    Where some have the list's own heading, those only; none that has the heading of another list.
    """
    settings = ListTableSettings.current()
    others = [f for f in lists if f.path != field.path]
    own = {id(f): caption_similarity(field, f.match.grid, text) for f in found}
    found = [
        f
        for f in found
        if not any(
            caption_similarity(o, f.match.grid, text) >= max(settings.min_similarity, own[id(f)] + settings.min_margin)
            for o in others
        )
    ]
    if not found:
        return []
    named = [f for f in found if own[id(f)] >= settings.min_similarity]
    if named and len(named) < len(found):
        found = named
    best = found[0]
    same = [f for f in found if _have_like_columns(f, best)] if settings.join_tables else [best]
    return sorted(same, key=lambda f: f.span)


def _have_like_columns(one: FoundRows, best: FoundRows) -> bool:
    """Decide whether a table has the items of the best one, but for one of them that no column of its own goes by."""
    own, wanted = item_columns(one), item_columns(best)
    return own == wanted or (own < wanted and len(wanted) - len(own) == 1 and len(own) > 1)


def item_columns(found: FoundRows) -> set[int]:
    """Return the items that columns of a matched grid are."""
    return set(found.match.columns)


def share_out(found: dict[Path, list[FoundRows]], lists: Sequence[Field], text: str) -> None:
    """Leave of several kinds of table that several lists claim one to each, as they fit best together.

    Tables are of one kind that have the same headers. Where another way to share them out is nearly as good, nothing is
    decided.
    """
    settings = ListTableSettings.current()
    fields = {f.path: f for f in lists}
    paths = [p for p in found if _is_contested(p, found) and not lists_subtotals(fields[p])]
    kinds = list(dict.fromkeys(part.match.grid.names for p in paths for part in found[p]))
    scores: dict[tuple[int, int], float] = {}
    for n, path in enumerate(paths):
        for part in found[path]:
            kind = kinds.index(part.match.grid.names)
            claim = part.claim + caption_similarity(fields[path], part.match.grid, text)
            scores[n, kind] = max(scores.get((n, kind), 0.0), claim)
    if len(kinds) < 2 or not settings.share_out:
        return
    best = assign(scores)
    lead = margins(scores, best)
    for n, kind in best.items():
        if lead[n] >= settings.min_margin:
            found[paths[n]] = [part for part in found[paths[n]] if part.match.grid.names == kinds[kind]]


def _is_contested(path: Path, found: Mapping[Path, Sequence[FoundRows]]) -> bool:
    """Decide whether another list claims one of a list's tables."""
    return any(
        a.overlaps(b) and not _stand_side_by_side(a, b)
        for other, parts in found.items()
        if other != path
        for b in parts
        for a in found[path]
    )


def drop_shared(found: dict[Path, list[FoundRows]], lists: Sequence[Field], text: str) -> None:
    """Leave a grid that two lists claim to the one that it fits by far better; else neither list is certain."""
    settings = ListTableSettings.current()
    by_path = {f.path: f for f in lists}
    for path, parts in list(found.items()):
        for other_path, other_parts in list(found.items()):
            if path == other_path or path not in found or other_path not in found:
                continue
            if lists_subtotals(by_path[path]) != lists_subtotals(by_path[other_path]):
                continue  # each has rows that the other one leaves out
            pairs = [(a, b) for a in parts for b in other_parts if a.overlaps(b) and not _stand_side_by_side(a, b)]
            if not pairs:
                continue
            ours = max(a.claim + caption_similarity(by_path[path], a.match.grid, text) for a, _ in pairs)
            theirs = max(b.claim + caption_similarity(by_path[other_path], b.match.grid, text) for _, b in pairs)
            if ours < theirs + settings.min_margin:
                del found[path]
            if theirs < ours + settings.min_margin:
                del found[other_path]


def _stand_side_by_side(one: FoundRows, other: FoundRows) -> bool:
    """Decide whether two lists have blocks of columns beside one another, with a column for each of their items."""
    if not ListTableSettings.current().read_blocks:
        return False
    blocks = []
    for found in (one, other):
        columns = sorted(found.match.columns.values())
        items = sum(is_column_item(item) for item in found.match.field.items)
        if len(columns) < max(2, items) or columns != list(range(columns[0], columns[-1] + 1)):
            return False
        blocks.append(columns)
    return blocks[0][-1] < blocks[1][0] or blocks[1][-1] < blocks[0][0]


def part_blocks(found: dict[Path, list[FoundRows]], text: str) -> None:
    """Read the rows of lists that stand side by side anew, each from its own columns: one may have more rows."""
    whole = {path: list(parts) for path, parts in found.items()}
    for path, parts in whole.items():
        others = [part for other, parts in whole.items() if other != path for part in parts]
        for n, part in enumerate(parts):
            if any(part.overlaps(other) and _stand_side_by_side(part, other) for other in others):
                own = set(part.match.columns.values())
                cells = [{c: cell for c, cell in row.items() if c in own} for row in part.match.grid.rows]
                filled = tuple(row for row in cells if any(cell.text for cell in row.values()))
                match = replace(part.match, grid=replace(part.match.grid, rows=filled))
                found[path][n] = FoundRows(match, read_rows(match, text))
