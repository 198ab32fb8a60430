"""Columns of ranges whose two ends are items of their own: `850 - 1500` is `costMin` and `costMax`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.column_names import similarity_of_name
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, Path
from extractor.values import normalisation, ranges


@dataclass(frozen=True)
class RangeEndSettings(Settings):
    """When a column is one of ranges, and of which items."""

    read_ends: bool = rule(True, meaning="Numbers named for the ends of a range are read in a column of ranges.")
    min_share: float = threshold(0.5, meaning="More than this share of a column's cells are ranges.")
    min_similarity: float = threshold(
        0.74, meaning="Least similarity of the column's header and the items' name without the word for an end."
    )


_LOWER = frozenset({"min", "minimum", "low", "lower", "least", "from"})
_UPPER = frozenset({"max", "maximum", "high", "upper", "most", "to"})
_LOWER_CJK = re.compile("最小|最低|下限|最少")
_UPPER_CJK = re.compile("最大|最高|上限|最多")


def is_upper_end(field: Field) -> bool | None:
    """Return whether a number is named for the upper end of a range, None where it is named for neither end."""
    words = {*readable_name(field.name).casefold().split()}
    is_upper = bool(words & _UPPER) or _UPPER_CJK.search(field.name) is not None
    is_lower = bool(words & _LOWER) or _LOWER_CJK.search(field.name) is not None
    return is_upper if is_upper != is_lower else None


def name_of_range(field: Field) -> str:
    """Return a number's name without the word for an end: `costMin` and `costMax` have the same."""
    plain = _LOWER_CJK.sub("", _UPPER_CJK.sub("", readable_name(field.name).casefold()))
    return " ".join(word for word in plain.split() if word not in _LOWER | _UPPER)


def is_range(text: str) -> bool:
    """Decide whether a text is one range of numbers."""
    return all(ranges.find_range_part(text, part) for part in ("lower", "upper"))


def columns_of_ranges(
    items: Sequence[Field], cells: Mapping[int, Sequence[str]], names: Sequence[Sequence[str]]
) -> Iterator[tuple[int, int]]:
    """Yield the items named for a lower end with the column of ranges whose header has their name.

    `items` and `cells` are those without a partner, the cells by their columns; the items by their numbers otherwise.
    """
    settings = RangeEndSettings.current()
    pairs = [
        (n, name_of_range(item))
        for n, item in enumerate(items)
        if _is_number(item)
        and is_upper_end(item) is False
        and any(is_upper_end(other) and name_of_range(other) == name_of_range(item) for other in items)
    ]
    for n, name in pairs if settings.read_ends else ():
        found = [
            column
            for column, texts in cells.items()
            if sum(map(is_range, texts)) > settings.min_share * len(texts)
            and any(similarity_of_name(name, header) >= settings.min_similarity for header in names[column])
        ]
        if len(found) == 1:
            yield n, found[0]


def part_ranges(field: Field, match: TableRowsMatch, text: str) -> TableRowsMatch:
    """Return the rows with both ends of a column of ranges, where items are named for them; else without a value."""
    settings = RangeEndSettings.current()
    items = {i.path: i for i in field.items if _is_number(i)}
    held = Counter(m.path for row in match.rows for m in row if m.path in items and m.end > m.start)
    of_ranges = Counter(
        m.path for row in match.rows for m in row if m.path in items and is_range(text[m.start : m.end])
    )
    rows = match.rows
    for path in [p for p, count in of_ranges.items() if count > settings.min_share * held[p]]:
        ends = [
            item
            for item in items.values()
            if (item.path == path or item.path not in held)
            and name_of_range(item) == name_of_range(items[path])
            and is_upper_end(item) is not None
        ]
        rows = tuple(tuple(_parted(row, path, ends, text)) for row in rows)
    return replace(match, rows=rows) if settings.read_ends else match


def _is_number(item: Field) -> bool:
    return normalisation.value_kind(item) in normalisation.NUMERIC_TYPES


def _parted(row: Sequence[StructuralMatch], path: Path, ends: Sequence[Field], text: str) -> Iterator[StructuralMatch]:
    """Yield the values of a row, the range at a path as its ends that items are named for."""
    for m in row:
        printed = text[m.start : m.end]
        if m.path != path or not is_range(printed):
            yield m
            continue
        for item in ends:
            if span := ranges.find_range_part(printed, "upper" if is_upper_end(item) else "lower"):
                yield replace(m, path=item.path, start=m.start + span[0], end=m.start + span[1])
