"""Cut a stream of cells into rows: for flattened tables in which no row end is marked, or header rows fell apart.

A row is labels, then as many values as its neighbours have; blanks beyond that number lead the next row. Texts without
values between them are, in this order: a banner, one or more header rows, the labels of the first row. Where a blank
cell closes every row, no row end has to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from extractor.settings import Settings, rule, threshold
from extractor.tables.cells import CellRow, UnplacedCell
from extractor.tables.header_placement import cost_with_blanks
from extractor.tables.header_spans import HeaderSpanCosts
from extractor.tables.row_shapes import find_body_shape, is_banner, is_body

MAX_HEADER_CELLS = 60
"""Cells before the first values that are searched for header rows; every cut of them is tried."""
MAX_HEADER_ROWS = 3
MAX_BANNERS = 2


@dataclass(frozen=True)
class UnmarkedRowSettings(Settings):
    """How rows and header rows are cut out of a stream of cells."""

    most_labels: int = threshold(3, unit="cells", meaning="More texts between values are header rows, not labels.")
    nearby_rows: int = threshold(
        40, unit="rows", meaning="So many rows that follow have a say in how many values a row has."
    )
    lost_values: int = threshold(
        2,
        unit="cells",
        meaning="A run of blanks that is shorter than the row before by no more is a row of blank values.",
    )
    blank_row_share: float = threshold(
        0.5, meaning="In a table without values, so long a run of blanks, beside the longest, is a row of blank values."
    )
    value_row_share: float = threshold(0.5, meaning="Rows closed by blanks are such if so many of them have values.")
    good_fit: float = threshold(
        2.5, meaning="Header rows that cost less fit as they are; see HeaderSpanCosts for the costs."
    )
    label_mismatch: float = threshold(
        0.5, meaning="Cost of each label by which a first row differs from the number that its blanks call for."
    )
    banner: float = threshold(0.5, meaning="Cost of banners over header rows, times the square of their number.")
    rejoin_header_rows: bool = rule(
        True, meaning="Header rows that blank lines cut into pieces are put together again."
    )


class _StreamRun(NamedTuple):
    """Texts (with the blanks among header cells), and the values and blanks after them."""

    texts: CellRow
    values: CellRow


def split_stream(cells: list[UnplacedCell]) -> list[CellRow]:
    """Return the rows of a stream of cells in which no row end is marked."""
    runs = _split_runs(cells)
    value_counts = _usual_value_counts(runs)
    rows: list[CellRow] = []
    carried: CellRow = []
    most_labels = 1
    for number, (run, usual) in enumerate(zip(runs, value_counts, strict=True)):
        values = min(len(run.values), usual) if usual else len(run.values)
        texts = carried + run.texts
        if len(runs) == 1 and (unlabelled := _split_without_labels(texts, run.values)):
            return unlabelled
        headers, labels = _split_texts(texts, values, most_labels, number == 0, len(run.values) - values + 1)
        rows += headers
        if labels or run.values[:values]:
            rows.append([*labels, *run.values[:values]])
            most_labels = max(most_labels, len(labels))
        carried = run.values[values:]
    if rows and any(cell.kind != "blank" for cell in carried):
        rows.append(carried)
    return [row for row in rows if row]


def split_at_closing_blanks(cells: list[UnplacedCell]) -> list[CellRow] | None:
    """Return the rows of a stream in which a blank cell closes every row, or None where it is not written so.

    The evidence: every run of values ends in a blank, and runs under one header are equally long.
    """
    runs: list[_StreamRun] = []
    position = begin = 0
    while position < len(cells):
        stop = _end_of_values(cells, position)
        if stop - position > 1 or any(cell.kind == "value" for cell in cells[position:stop]):
            runs.append(_StreamRun(cells[begin:position], cells[position:stop]))
            begin = stop
        position = max(stop, position + 1)
    if begin < len(cells) or any(not run.texts or run.values[-1].kind != "blank" for run in runs):
        return None
    with_values = sum(any(cell.kind == "value" for cell in run.values) for run in runs)
    if with_values < UnmarkedRowSettings.current().value_row_share * len(runs):
        return None
    rows: list[CellRow] = []
    for number, run in enumerate(runs):
        pieces: list[CellRow] = [[]]
        for cell in run.texts:
            if cell.kind == "blank":
                pieces.append([])
            else:
                pieces[-1].append(cell)
        if not all(pieces) or (number and len(pieces) == 1 and len(run.values) != len(runs[number - 1].values)):
            return None
        if len(runs) == 1 and len(run.values) > len(run.texts):
            return None  # more values than headers: several rows
        if len(runs) == 1 and len(pieces) > 1 and run.values[0].kind == "blank":
            rows += [*pieces, run.values[1:-1]]  # header rows over a row without a label
        else:
            rows += [*pieces[:-1], [*pieces[-1], *run.values[:-1]]]
    return rows if len(runs) > 1 or len(rows) > 2 else None


# Runs of texts and values.


def _end_of_values(cells: Sequence[UnplacedCell], position: int) -> int:
    """Return where the values and blanks that begin at `position` end."""
    while position < len(cells) and cells[position].kind != "text":
        position += 1
    return position


def _split_runs(cells: list[UnplacedCell]) -> list[_StreamRun]:
    """Return the runs of the stream; blanks between texts are values only if they are as many as a row would have."""
    runs: list[_StreamRun] = []
    texts: CellRow = []
    values: CellRow = []
    has_values = any(cell.kind == "value" for cell in cells)
    longest_blanks = 0 if has_values else _longest_run_of_blanks(cells)
    settings = UnmarkedRowSettings.current()
    position = 0
    while position < len(cells):
        if cells[position].kind == "text":
            if values:
                runs.append(_StreamRun(texts, values))
                texts, values = [], []
            texts.append(cells[position])
            position += 1
            continue
        stop = _end_of_values(cells, position)
        stretch = cells[position:stop]
        if (
            any(cell.kind == "value" for cell in stretch)
            or (runs and len(stretch) >= len(runs[-1].values) - settings.lost_values)
            or (not has_values and len(stretch) >= settings.blank_row_share * longest_blanks)
        ):
            values = stretch
        else:
            texts += stretch
        position = stop
    if texts or values:
        runs.append(_StreamRun(texts, values))
    return runs


def _longest_run_of_blanks(cells: list[UnplacedCell]) -> int:
    longest = current = 0
    for cell in cells:
        current = current + 1 if cell.kind == "blank" else 0
        longest = max(longest, current)
    return longest


def _usual_value_counts(runs: list[_StreamRun]) -> list[int]:
    """Return how many values the row of each run has; blanks at the end of a run may lead the next row.

    The number that fits most of the rows that follow under the same header rows is taken.
    """
    settings = UnmarkedRowSettings.current()
    limits = []  # least and greatest number of values of each run
    for run in runs:
        least = len(run.values)
        while least and run.values[least - 1].kind == "blank":
            least -= 1
        limits.append((least, len(run.values)))
    counts = []
    current = 0
    for number, (least, most) in enumerate(limits):
        if number == 0 or len(runs[number].texts) > settings.most_labels or not least <= current <= most:
            nearby = [limits[number]]
            for after in range(number + 1, min(number + settings.nearby_rows, len(runs))):
                if len(runs[after].texts) > settings.most_labels:
                    break
                nearby.append(limits[after])
            candidates = {low for low, _ in nearby if low} | {high for _, high in nearby}
            fitting = {
                count: sum(low <= count <= high for low, high in nearby)
                for count in candidates
                if least <= count <= most
            }
            current = max(fitting, key=lambda count: (fitting[count], count), default=most)
        counts.append(current)
    return counts


# Header rows and labels out of the texts before values.


def _split_texts(
    texts: CellRow, values: int, most_labels: int, is_first: bool, least_labels: int
) -> tuple[list[CellRow], CellRow]:
    """Split what stands before a row's values into header rows and the labels of that row.

    `most_labels` is how many labels a row before had at most. The row has `least_labels` at least, since the blanks
    after it go on with all but the last of them.
    """
    settings = UnmarkedRowSettings.current()
    if not values:
        return ([texts] if texts else []), []
    leading_blanks = 0
    while leading_blanks < len(texts) and texts[leading_blanks].kind == "blank":
        leading_blanks += 1
    may_be_labels = len(texts) <= max(most_labels, leading_blanks + 1, settings.most_labels)
    if not is_first and may_be_labels and len(texts) < values + 2:
        return [], texts
    # One header row, under a banner or not; its first cell stands over all label columns, or over one of them.
    if all(cell.kind == "text" for cell in texts):
        for labels in range(least_labels, settings.most_labels + 1):
            for banners in (0, 1):
                if len(texts) - labels - banners in (1 + values, labels + values):
                    headers = [texts[:banners], texts[banners : len(texts) - labels]]
                    return [row for row in headers if row], texts[len(texts) - labels :]
    return _split_several_header_rows(texts, values, least_labels)


def _split_several_header_rows(texts: CellRow, values: int, least_labels: int) -> tuple[list[CellRow], CellRow]:
    """Split texts into header rows and labels: of all cuts whose last header row fits the values, the cheapest."""
    settings = UnmarkedRowSettings.current()
    best: tuple[float, list[CellRow], CellRow] | None = None
    for count in range(settings.most_labels + 1):
        headers, labels = texts[: len(texts) - count], texts[len(texts) - count :]
        if labels and (labels[0].kind == "blank" or labels[-1].kind != "text" or count < least_labels):
            continue
        mismatch = settings.label_mismatch * abs(count - least_labels) if count else 0.0
        for corner in range(1, settings.most_labels + 1) if count else (0,):
            found = _cheapest_header_rows(headers, values + corner, corner)
            if found is not None and (best is None or found[0] + mismatch < best[0]):
                best = found[0] + mismatch, found[1], labels
    if best is None or best[0] >= HeaderSpanCosts.current().impossible:
        return ([texts[:-1]] if len(texts) > 1 else []), texts[-1:]
    return best[1], best[2]


def _split_without_labels(texts: CellRow, values: CellRow) -> list[CellRow] | None:
    """Return rows of values only, under header rows, or None: the width divides the number of values."""
    if not texts:
        return None
    best: tuple[float, list[CellRow]] | None = None
    leading_blanks = 0
    while leading_blanks < len(values) and values[leading_blanks].kind == "blank":
        leading_blanks += 1
    # The last header row may end in blanks, under cells that reach down.
    for taken in range(min(leading_blanks, MAX_HEADER_CELLS - len(texts)) + 1):
        headers, rest = texts + values[:taken], values[taken:]
        for width in range(2, min(len(headers), len(rest)) + 1):
            found = _cheapest_header_rows(headers, width, 0) if len(rest) % width == 0 else None
            if found is not None and (best is None or found[0] < best[0]):
                rows = [rest[at : at + width] for at in range(0, len(rest), width)]
                best = found[0], [*found[1], *rows]
    return best[1] if best is not None and best[0] < UnmarkedRowSettings.current().good_fit else None


def _cheapest_header_rows(headers: CellRow, bottom: int, labels: int) -> tuple[float, list[CellRow]] | None:
    """Return up to three header rows, of which the last has `bottom` cells, and what they cost."""
    if not 0 < bottom <= len(headers) <= MAX_HEADER_CELLS:
        return None
    header_row = HeaderSpanCosts.current().header_row
    upper, lowest = headers[: len(headers) - bottom], headers[len(headers) - bottom :]
    best: tuple[float, list[CellRow]] | None = None
    for cut in range(len(upper) // 2 + 1):  # the first header row is never the longer one
        levels = [level for level in (upper[:cut], upper[cut:], lowest) if level]
        cost = header_row * len(levels) + cost_with_blanks(levels, labels)
        if best is None or cost < best[0]:
            best = cost, levels
    return best


# Header rows that fell apart.


def rejoin_header_rows(rows: list[CellRow]) -> list[CellRow]:
    """Return the rows, with header rows put together again that blank lines inside their cells had cut into pieces.

    Row ends stand only where pieces end. Header rows that already fit the body under them are left alone.
    """
    if not UnmarkedRowSettings.current().rejoin_header_rows:
        return rows
    rejoined: list[CellRow] = []
    position = 0
    while position < len(rows):
        top = position
        while position < len(rows) and not is_body(rows[position]):
            position += 1
        bottom = position
        while position < len(rows) and is_body(rows[position]):
            position += 1
        rejoined += _rejoin_over_body(rows[top:bottom], rows[bottom:position])
        rejoined += rows[bottom:position]
    return rejoined


def _rejoin_over_body(pieces: list[CellRow], body: list[CellRow]) -> list[CellRow]:
    """Return the header rows over this body that fit it best, made of whole pieces."""
    if len(pieces) < 2 or not body or sum(map(len, pieces)) > 2 * MAX_HEADER_CELLS:
        return pieces
    labels, values = find_body_shape(body)
    widths = {values + labels, values + min(labels, 1)}
    in_rows = [piece for piece in pieces if not is_banner(piece)]
    if all(cell.kind == "text" for piece in in_rows for cell in piece) and len(in_rows) > 1 and len(pieces[-1]) > 1:
        return pieces  # cells that reach down left nothing below them: the counts alone say nothing
    best = _fit_cost(pieces, labels, widths), pieces
    if best[0] < UnmarkedRowSettings.current().good_fit:
        return pieces
    for banners in range(min(MAX_BANNERS + 1, len(pieces))):
        if banners and not is_banner(pieces[banners - 1]):
            break
        for lowest in range(banners, len(pieces)):
            if sum(map(len, pieces[lowest:])) not in widths:
                continue
            for cut in range(banners, lowest + 1):
                parts = [pieces[banners:cut], pieces[cut:lowest], pieces[lowest:]]
                levels = [[cell for piece in part for cell in piece] for part in parts if part]
                cost = _fit_cost([*pieces[:banners], *levels], labels, widths)
                if cost < best[0]:
                    best = cost, [*pieces[:banners], *levels]
    return best[1]


def _fit_cost(rows: list[CellRow], labels: int, widths: set[int]) -> float:
    """Return how badly header rows under banners fit a body whose last header row has one of the widths."""
    costs = HeaderSpanCosts.current()
    banners = 0
    while banners < len(rows) - 1 and is_banner(rows[banners]):
        banners += 1
    levels = rows[banners:]
    if len(levels) > MAX_HEADER_ROWS or len(levels[-1]) not in widths:
        return costs.impossible
    banner_cost = UnmarkedRowSettings.current().banner * banners * banners
    return cost_with_blanks(levels, labels) + costs.header_row * len(levels) + banner_cost
