"""What is printed near a value and governs it: the unit and scope lines over a table, its heads, and its row's label.

The nearer statement wins: a row's label over its column's head, a head over the line above the table, and that over a
remark about all of the document. Where two of them disagree, or one may not be meant for the value, that is a doubt.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.settings import Settings, rule, threshold
from extractor.types import Cell, Document, Table
from extractor.values.scripts import HAN
from extractor.values.units import Unit, find_declarations, parse_unit


@dataclass(frozen=True)
class GoverningTextSettings(Settings):
    """How far from a table its unit may be stated."""

    lines_above: int = threshold(5, unit="lines", meaning="So many lines over a table may state its unit.")
    lines_below: int = threshold(3, unit="lines", meaning="So many lines under it may, where none above does.")
    longest_unit: int = threshold(12, unit="characters", meaning="A longer cell beside a value is not its unit.")
    longest_line: int = threshold(160, unit="characters", meaning="A longer line is prose and states no unit.")
    reach_in_text: int = threshold(
        1500, unit="characters", meaning="So far below a line that is only a unit it governs values in running text."
    )
    rates_have_own_unit: bool = rule(
        True, meaning="What is counted per share or the like is not in the thousands or millions of its table."
    )


_FOR_ALL = re.compile(
    r"unless (?:otherwise|stated|indicated|noted)|except where|\ball (?:amounts|figures|numbers|values)\b"
    r"|\b(?:amounts|figures|values) (?:are|is) (?:stated |expressed |shown |presented )?in\b"
    r"|除(?:特别|另有)[^。\n]{0,8}外|如无特别说明|(?:本报告|本附表|以下|所有金额)[^。\n]{0,12}单位",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\s*[*（(\[]*\s*(?:注|备注|说明|单位|單位|単位|notes?\b|units?\b|in\b|amounts?\b|figures\b)", re.IGNORECASE
)
_EXCEPTION = re.compile(
    r"(?:\b(?:except(?:ing)?(?: for)?|other than|excluding|but not)\b|除)"
    r"\s*([^()（）\n.。;；]{1,60}?)(?:以?外|[)）.。;；\n]|$)",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"\bper (?:\w+ )?(?:share|unit|head|capita|employee|hour|day|month|ton|tonne|kg|litre|km|person|night|piece)s?\b"
    r"|每(?:股|人|户|吨|千克|公斤|平方米|单位|万人|千人|小时|月|天|日|次)|/股|株当たり|주당|\bje (?:Aktie|Stück)\b"
    r"|\bpar action\b",
    re.IGNORECASE,
)
_UNIT_HEAD = re.compile(
    r"\s*(?:(?:计量|計量|计价)?(?:单位|單位|単位)"
    r"|units?(?: of measure(?:ment)?)?|u\.?o\.?m\.?|einheit|unité|unidad)\s*",
    re.IGNORECASE,
)
_PER = re.compile(r"[(（]\s*([^()（）/\s]{1,10})\s*/\s*[^()（）/]{1,12}[)）]")
"""A unit over another one, as of what is counted per share: `（元/股）`, `(USD / share)`."""
_COMMON_WORDS = frozenset(
    {"data", "amount", "amounts", "and", "figures", "indicated", "information", "items", "noted", "otherwise", "stated"}
)


@dataclass(frozen=True, slots=True)
class GoverningStatements:
    """The text that governs a value, the nearest last, and what is doubtful about its unit."""

    text: str
    doubts: tuple[str, ...] = ()


class GoverningText:
    """The statements of one document that govern its values."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._tables = sorted(document.tables, key=lambda table: table.start)
        self._cells = sorted(
            ((cell, table) for table in document.tables for cell in table.cells if cell.text and not cell.header),
            key=lambda pair: pair[0].start,
        )
        self._starts = [cell.start for cell, _ in self._cells]
        self._near: dict[int, list[str]] = {}
        self._rows: dict[int, dict[int, list[Cell]]] = {}
        self._for_all = list(_general_statements(document.text))

    def around(self, start: int, end: int, names: str, wanted: Unit | None) -> GoverningStatements:
        """Return what governs `text[start:end]`; `names` are its heads as a table or a label gives them.

        Only statements of a unit that can be turned into `wanted` are added to the names.
        """
        if wanted is None:
            return GoverningStatements(names)
        found = self._cell_at(start, end)
        if found is None:
            lines = [*self._for_all, *self._statement_above(start)]
            return GoverningStatements("\n".join([*_fitting(lines, wanted), names]))
        cell, table = found
        heads, rows = " ".join(cell.column_path), [name for name in cell.row_path if _units(name, wanted)]
        own_names = " ".join((*cell.column_path, *cell.row_path))
        rows += [*_rate_units(cell.row_path, wanted), *self._units_beside(cell, table, wanted)]
        near = _fitting([*table.caption, *self._lines_near(table)], wanted)
        far = near or _fitting(self._for_all, wanted)
        far, doubts = _without_exceptions(far, own_names)
        is_rate = _RATE.search(own_names) is not None
        levels = [far, [heads], rows]
        stated = [[unit for line in level for unit in _units(line, wanted)] for level in levels]
        if not is_rate:
            doubts += _disagreement(stated)
        elif GoverningTextSettings.current().rates_have_own_unit and not any(
            _RATE.search(name) and _units(name, wanted) for name in cell.column_path
        ):
            if not rows and any(unit.factor != 1 for level in stated for unit in level):
                doubts.append("what is counted per share, head or the like is seldom in the unit of the whole table")
            far, names = [], _without_units(names or heads)
        return GoverningStatements(
            "\n".join([*far, names or heads, *map(_only_unit, rows)]), tuple(dict.fromkeys(doubts))
        )

    def _cell_at(self, start: int, end: int) -> tuple[Cell, Table] | None:
        i = bisect.bisect_right(self._starts, start) - 1
        return self._cells[i] if i >= 0 and self._cells[i][0].end >= end else None

    def _units_beside(self, cell: Cell, table: Table, wanted: Unit) -> list[str]:
        """Return the unit that a cell of the row is, in brackets, as of a column `Unit`; nothing without one."""
        if id(table) not in self._rows:
            self._rows[id(table)] = rows = defaultdict(list)
            for each in table.cells:
                if 0 < len(each.text) <= GoverningTextSettings.current().longest_unit:
                    rows[each.row].append(each)
        found = []
        for other in self._rows[id(table)][cell.row]:
            is_named = any(_UNIT_HEAD.fullmatch(head) for head in other.column_path)
            if other is cell or (other.text.isascii() and not is_named):  # `m` and `in` may be other words
                continue
            unit = parse_unit(other.text)
            if unit is not None and unit.known and unit.dimensions & wanted.dimensions:
                found.append(f"({other.text})")
        return found if len(set(found)) == 1 else []

    def _lines_near(self, table: Table) -> list[str]:
        """Return the lines around the table, and the head cells over its stub, that state a unit."""
        if id(table) not in self._near:
            settings, text = GoverningTextSettings.current(), self._document.text
            before = max((t.end for t in self._tables if t.end <= table.start), default=0)
            after = min((t.start for t in self._tables if t.start >= table.end), default=len(text))
            reach = settings.longest_line * settings.lines_above
            above = _lines(text[max(before, table.start - reach) : table.start])[-settings.lines_above :]
            first = min((cell.row for cell in table.cells if not cell.header), default=0)
            corner = [cell.text for cell in table.cells if cell.header and cell.column == 0 and cell.row < first]
            found = [line for line in (*above, *corner) if _states_unit(line) and not _FOR_ALL.search(line)]
            if not found:
                below = _lines(text[table.end : min(after, table.end + reach)])[: settings.lines_below]
                found = [line for line in below if _NOTE.match(line) and _states_unit(line)]
            self._near[id(table)] = list(dict.fromkeys(found))
        return self._near[id(table)]

    def _statement_above(self, start: int) -> list[str]:
        """Return the last line before `start` that is nothing but a unit, with no table between."""
        reach = GoverningTextSettings.current().reach_in_text
        first = max((t.end for t in self._tables if t.end <= start), default=0)
        lines = _lines(self._document.text[max(first, start - reach) : start].rpartition("\n")[0])
        for line in reversed(lines):
            declared = [d for d in find_declarations(line) if d.explicit] if len(line) < 60 else []
            if declared and len(line) - sum(d.end - d.start for d in declared) <= 4:
                return [line]
        return []


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _states_unit(line: str) -> bool:
    if len(line) > GoverningTextSettings.current().longest_line:
        return False
    return any(declared.explicit for declared in find_declarations(line))


def _general_statements(text: str) -> Iterator[str]:
    """Yield the sentences that state the unit of everything in the document."""
    for match in _FOR_ALL.finditer(text):
        start = max(text.rfind(mark, 0, match.start()) + 1 for mark in "\n.。;；")
        ends = [place for mark in "\n。;；" if (place := text.find(mark, match.end())) >= 0]
        sentence = text[start : min(ends, default=len(text))].strip()
        if _states_unit(sentence):
            yield sentence


def _units(line: str, wanted: Unit) -> list[Unit]:
    """Return the units stated in a line, but for single words at its end, that can be turned into `wanted`."""
    declared = [d.unit for d in find_declarations(line) if d.explicit]
    return [unit for unit in declared if not unit.dimensions or unit.dimensions & wanted.dimensions]


def _fitting(lines: Sequence[str], wanted: Unit) -> list[str]:
    return [line for line in lines if _units(line, wanted)]


def _rate_units(names: Sequence[str], wanted: Unit) -> list[str]:
    """Return the upper units of the rates that names state, in brackets: `(元)` for `每股收益（元/股）`."""
    found = []
    for match in (match for name in names for match in _PER.finditer(name)):
        unit = parse_unit(match[1])
        if unit is not None and unit.known and unit.dimensions & wanted.dimensions:
            found.append(f"({match[1]})")
    return found


def _without_units(text: str) -> str:
    """Return the text without the units that it declares."""
    for declared in reversed([d for d in find_declarations(text) if d.explicit]):
        text = text[: declared.start] + text[declared.end :]
    return text


def _only_unit(name: str) -> str:
    """Return the part of a row's label that states its unit."""
    return " ".join(name[d.start : d.end] for d in find_declarations(name) if d.explicit)


def _without_exceptions(lines: Sequence[str], names: str) -> tuple[list[str], list[str]]:
    """Return the statements that are meant for a value under these names, and doubts: `except per share data`."""
    kept, doubts = [], []
    for line in lines:
        match = _EXCEPTION.search(line)
        phrase = match[1].casefold() if match else ""
        folded = names.casefold()
        rates = re.findall(r"per \w+|每.", phrase)
        words = [
            w
            for w in re.findall(rf"[a-zà-ÿ]{{4,}}|[{HAN}]{{2,}}", re.sub(r"per \w+", " ", phrase))
            if w not in _COMMON_WORDS
        ]
        if any(rate in folded for rate in rates):
            continue
        if any(word.rstrip("s") in folded for word in words):
            doubts.append(f"“{line}” names an exception that may be meant here")
            continue
        kept.append(line)
    return kept, doubts


def _disagreement(levels: Sequence[Sequence[Unit]]) -> list[str]:
    """Return a doubt where two statements give units of the same kind but of different size."""
    stated = [unit for level in levels for unit in level]
    sized = [unit for unit in stated if unit.dimensions]
    magnitudes = [unit for unit in stated if not unit.dimensions]
    for units in (sized, magnitudes):
        if len({unit.factor for unit in units}) > 1:
            named = " and ".join(dict.fromkeys(unit.text for unit in units))
            return [f"the units stated around it disagree ({named}); the nearest was taken"]
    scaled = {unit.factor for unit in sized} - {1}
    if scaled and magnitudes and scaled != {unit.factor for unit in magnitudes}:
        named = " and ".join(dict.fromkeys(unit.text for unit in stated))
        return [f"the units stated around it disagree ({named}); the nearest was taken"]
    return []
