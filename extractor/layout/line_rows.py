"""Rows of a table without lines between them: which of its text lines begin a row, and which go on with one."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from extractor.geometry import PlacedWord, Rect, union
from extractor.layout.figures import is_sign_of_figure, reads_as_figure
from extractor.layout.white_columns import is_leader
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class LineRowSettings(Settings):
    """When a line goes on with the row above it. An em is the font size of the line's first word."""

    join_wrapped_lines: bool = rule(True, meaning="a label or a text that goes on on the next line is one cell")
    space: float = threshold(0.25, unit="em", meaning="the space before a word that no longer fitted on its line")
    label_slack: float = threshold(0.5, unit="em", meaning="how far before the end of its column a label may wrap")
    outdent: float = threshold(0.4, unit="em", meaning="a line that begins so far left of the label is no part of it")
    indent: float = threshold(0.4, unit="em", meaning="least indentation of the rest of a label")
    ruled_rows: int = threshold(4, unit="rows", meaning="fewest rows of a table that rules part one by one")
    widest_gap: float = threshold(0.7, unit="em", meaning="lines of one cell are nearer to one another than this")
    closer: float = threshold(
        0.12, unit="em", meaning="by how much lines of one cell are nearer to one another than rows, without an indent"
    )


@dataclass(frozen=True, slots=True)
class CellsLine:
    """One line of a table: its words by the column that they stand in, from left to right."""

    cells: Mapping[int, Sequence[PlacedWord]]

    @property
    def box(self) -> Rect:
        """Return the rectangle around all words."""
        return union(word.box for words in self.cells.values() for word in words)

    def text(self, column: int) -> str:
        """Return the words in a column, rows of dots left out."""
        return " ".join(word.text for word in self.cells.get(column, ()) if not is_leader(word))

    def figure_columns(self) -> list[int]:
        """Return the columns in which all words of the line are figures, but for signs beside them."""
        return [column for column, words in self.cells.items() if _are_figures(words)]


def _are_figures(words: Sequence[PlacedWord]) -> bool:
    figures = [reads_as_figure(word.text) for word in words]
    return any(figures) and all(
        is_figure or is_sign_of_figure(word.text) for word, is_figure in zip(words, figures, strict=True)
    )


def group_rows(lines: Sequence[CellsLine], stub: int = 0, rules: Sequence[float] = ()) -> list[list[int]]:
    """Return the numbers of the lines in groups that are one row each; `stub` is the column of the row labels.

    `rules` are the y of the lines drawn between rows: no row goes over one, and where they part all rows a row is what
    stands between two.
    """
    settings = LineRowSettings.current()
    if not lines:
        return []
    drawn = sorted(rules)
    places = [bisect_right(drawn, line.box.center[1]) for line in lines]
    parted = [list(group) for _, group in itertools.groupby(range(len(lines)), key=places.__getitem__)]
    if len(parted) >= settings.ruled_rows:
        whole = sum(may_be_one_row([lines[at] for at in group], stub) for group in parted)
        if whole == len(parted):
            return parted
    gaps = [two.box.top - one.box.bottom for one, two in itertools.pairwise(lines)]
    usual = median(gaps) if gaps else 0.0
    ends = [line.cells[stub][-1].box.x1 for line in lines if stub in line.cells]
    stub_end = max(ends, default=0.0)
    rows = [[0]]
    for number in range(1, len(lines)):
        row = [lines[at] for at in rows[-1]]
        is_parted = places[number] != places[number - 1]
        if (
            settings.join_wrapped_lines
            and not is_parted
            and _goes_on(row, lines[number], stub, stub_end, usual, settings)
        ):
            rows[-1].append(number)
        else:
            rows.append([number])
    return rows


def goes_on_with_row(row: Sequence[CellsLine], line: CellsLine, stub: int, stub_end: float, usual: float) -> bool:
    """Decide whether a line under the last row of a table is the rest of its label.

    `stub_end` is the x where labels end, `usual` the gap between rows, both in points.
    """
    return set(line.cells) == {stub} and _goes_on(row, line, stub, stub_end, usual, LineRowSettings.current())


def goes_on_in_cells(row: CellsLine, line: CellsLine) -> bool:
    """Decide whether a line without figures goes on with texts of the row right above it, in their own columns."""
    settings, words = LineRowSettings.current(), next(iter(line.cells.values()))
    figures = {*row.figure_columns(), *line.figure_columns()}
    return (
        line.box.top - row.box.bottom <= settings.widest_gap * words[0].font_size
        and line.cells.keys() < row.cells.keys()
        and not figures & line.cells.keys()
    )


def may_be_one_row(lines: Sequence[CellsLine], stub: int) -> bool:
    """Decide whether lines between two rules may be one row.

    It has no two figures in a column, no white between its labels, and some column that not all of its lines are in.
    """
    settings = LineRowSettings.current()
    if len(lines) > 1 and all(line.cells.keys() == lines[0].cells.keys() for line in lines) and len(lines[0].cells) > 1:
        return False
    figures = [column for line in lines for column in line.figure_columns() if column != stub]
    if len(figures) > len(set(figures)):
        return False
    labels = [line.cells[stub] for line in lines if stub in line.cells]
    return all(
        two[0].box.top - one[0].box.bottom <= settings.widest_gap * one[0].font_size
        for one, two in itertools.pairwise(labels)
    )


def _goes_on(
    row: Sequence[CellsLine], line: CellsLine, stub: int, stub_end: float, usual: float, settings: LineRowSettings
) -> bool:
    """Decide whether a line goes on with the cells of the row above it."""
    before = row[-1]
    em = next(iter(line.cells.values()))[0].font_size
    gap = line.box.top - before.box.bottom
    if gap > settings.widest_gap * em:
        return False
    filled = {column for each in row for column in each.cells}
    beside = [column for column in line.cells if column != stub]
    has_figures = any(column != stub for column in line.figure_columns())
    label = next((each.cells[stub] for each in reversed(row) if stub in each.cells), None)
    if stub not in line.cells:
        if not has_figures:
            figures = {column for each in row for column in each.figure_columns()}
            return all(column in filled and column not in figures for column in beside) and len(beside) < len(filled)
        return filled == {stub} and gap < 0  # figures set beside the middle of a label
    if has_figures and filled != {stub}:
        return False
    if label is None or any(column not in filled for column in beside if not has_figures):
        return False
    return _is_wrapped(label, line.cells[stub], stub_end, gap < usual - settings.closer * em, settings)


def _is_wrapped(
    label: Sequence[PlacedWord], rest: Sequence[PlacedWord], end: float, is_close: bool, settings: LineRowSettings
) -> bool:
    """Decide whether a label broke because its column ended: the next word would not have fitted."""
    em, first = label[0].font_size, rest[0]
    indent = first.box.x0 - label[0].box.x0
    if indent < -settings.outdent * em or label[-1].text[-1] in ":：" or label[0].bold != first.bold:
        return False
    if label[-1].box.x1 + settings.space * em + first.box.width <= end - settings.label_slack * em:
        return False
    return is_close or indent > settings.indent * em or first.text[0].islower() or label[-1].text[-1] == "-"
