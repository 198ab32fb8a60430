"""Decide what each header of a row spans, where the spans were lost.

One solver serves all flattened tables (`find_cheapest_spans`): dynamic programming over the headers of a row from left
to right, which keeps the cheapest ways to have used up the same columns. What a span costs is the business of a model:
`GroupingModel` knows the texts only, and shares the headers of the lower row out among those of the upper row;
`AlignmentModel` knows where on the line each header stands. All costs are in `HeaderSpanCosts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, Protocol

from extractor.settings import Settings, threshold
from extractor.tables.cells import UnplacedCell

MAX_HEADERS = 120
"""Headers in a row whose spans are searched for; a longer row is taken as it comes."""


@dataclass(frozen=True)
class HeaderSpanCosts(Settings):
    """What speaks against a header spanning what it spans; only sums are compared, so the unit does not matter.

    They were set by judgement; `tests/test_tables_flattened.py` holds them to random tables whose spans are known.
    """

    # Headers over headers, told by their texts.
    single: float = threshold(0.3, meaning="A header governs one header only.")
    blank_over_text: float = threshold(5.0, meaning="A blank governs headers.")
    blank_in_group: float = threshold(3.0, meaning="A blank stands among several headers of one group (each).")
    group_size: float = threshold(0.01, meaning="Times the square of a group's size, so that groups come out even.")
    repeat_in_group: float = threshold(2.0, meaning="A text stands again in the same group (each).")
    mixed_group: float = threshold(
        0.5, meaning="A header with a group of its own stands beside one without, in one group (each)."
    )
    equal_group: float = threshold(-1.5, meaning="A group has the same texts as the group before: a gain.")
    # The same where a cell that reaches down to the values leaves no blank below it.
    known_below: float = threshold(2.0, meaning="A header governs others though its own text stands in the lower row.")
    first_governs: float = threshold(0.3, meaning="The first header governs others.")
    last_governs: float = threshold(0.2, meaning="The last header governs others.")
    single_beside_tall: float = threshold(1.0, meaning="A header governs one only, where others reach down.")
    separate_corners: float = threshold(0.5, meaning="Every label column has a header of its own.")
    guess: float = threshold(2.0, meaning="No text of the lower row tells which headers reach down (each header row).")
    # Header rows as a whole.
    header_row: float = threshold(0.2, meaning="There is one more header row.")
    blank_in_first_row: float = threshold(1.0, meaning="The first header row has a blank after its first cell (each).")
    corner_ends: float = threshold(1.5, meaning="Blanks mark what reaches down, but not below the corner.")
    impossible: float = threshold(50.0, meaning="The header rows cannot be matched at all.")
    # Headers over columns, told by where they stand; in characters of a fixed-width line.
    skip_header: float = threshold(12.0, unit="characters", meaning="A column with a header belongs to no group.")
    skip_column: float = threshold(1.0, unit="characters", meaning="A column without a header belongs to no group.")
    left_aligned: float = threshold(2.0, unit="characters", meaning="A header begins with its columns, not centred.")
    right_aligned: float = threshold(3.0, unit="characters", meaning="A header ends with its columns, not centred.")
    # The search.
    longest_group: int = threshold(30, unit="headers", meaning="One header governs no more.")
    kept_ways: int = threshold(4, meaning="So many ways to have used up the same columns are followed up.")


class ColumnSpan(NamedTuple):
    """The columns, or the headers of the lower row, from `first` to the one before `end`; none where both are equal."""

    first: int
    end: int


class SpanState(NamedTuple):
    """Where the search stands: columns used up, size of the last group, and headers that govern nothing so far."""

    used: int = 0
    last_size: int = 0
    childless: int = 0


class SpanModel(Protocol):
    """What the solver asks: which spans a header can take, and what they cost."""

    def choices(self, header: int, state: SpanState) -> Iterator[tuple[SpanState, ColumnSpan, float]]:
        """Yield the spans that header number `header` can take in `state`, each with the next state and its cost."""
        ...

    def closing_cost(self, state: SpanState) -> float | None:
        """Return what it costs to end in `state`, or None where the search cannot end there."""
        ...


class SpanSolution(NamedTuple):
    """The cheapest spans of a row's headers, in their order."""

    cost: float
    spans: tuple[ColumnSpan, ...]

    def sizes(self) -> list[int]:
        """Return how many columns each header spans."""
        return [span.end - span.first for span in self.spans]


def find_cheapest_spans(headers: int, model: SpanModel) -> SpanSolution | None:
    """Return the cheapest spans of a row of so many headers, or None where the model allows none.

    Dynamic programming with a beam: of the states that have used up the same columns with the same number of childless
    headers, the cheapest `kept_ways` are followed up.
    """
    kept_ways = HeaderSpanCosts.current().kept_ways
    states: dict[SpanState, SpanSolution] = {SpanState(): SpanSolution(0.0, ())}
    for header in range(headers):
        following: dict[SpanState, SpanSolution] = {}
        for state, way in states.items():
            for next_state, span, added in model.choices(header, state):
                cost = way.cost + added
                if next_state not in following or cost < following[next_state].cost:
                    following[next_state] = SpanSolution(cost, (*way.spans, span))
        states = _keep_cheapest(following, kept_ways)
    closed = [
        SpanSolution(way.cost + closing, way.spans)
        for state, way in states.items()
        if (closing := model.closing_cost(state)) is not None
    ]
    return min(closed) if closed else None


def _keep_cheapest(states: dict[SpanState, SpanSolution], kept_ways: int) -> dict[SpanState, SpanSolution]:
    kept: dict[SpanState, SpanSolution] = {}
    ways: Counter[tuple[int, int]] = Counter()
    for state, way in sorted(states.items(), key=lambda item: item[1].cost):
        ways[state.used, state.childless] += 1
        if ways[state.used, state.childless] <= kept_ways:
            kept[state] = way
    return kept


# Headers over headers.


@dataclass(slots=True)
class HeaderCell:
    """A header while its span is searched for.

    `has_group`: it governs headers of the row below. `continues`: the one blank below it is the same cell, going on.
    """

    cell: UnplacedCell
    width: int = 1
    has_group: bool = False
    continues: bool = False
    column: int = 0

    @property
    def is_blank(self) -> bool:
        """Return whether the header has no text."""
        return self.cell.kind == "blank"


@dataclass(slots=True)
class GroupingModel:
    """Costs of sharing the headers of a lower row out among those of the upper row, by their texts.

    As many headers of the upper row as `childless` says govern none; where it is None, each governs one at least, be it
    a blank.
    """

    upper: Sequence[HeaderCell]
    lower: Sequence[HeaderCell]
    childless: int | None = None
    costs: HeaderSpanCosts = field(default_factory=HeaderSpanCosts.current)
    lower_texts: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lower_texts = {header.cell.text for header in self.lower}

    def choices(self, header: int, state: SpanState) -> Iterator[tuple[SpanState, ColumnSpan, float]]:
        """Yield the groups of lower headers that an upper one can govern; see `SpanModel`."""
        later = len(self.upper) - header - 1
        least, needed_later = 1, later
        if self.childless is not None:
            least = 0 if state.childless < self.childless else 1
            needed_later = max(later - self.childless + state.childless, 0)
        most = min(len(self.lower) - state.used - needed_later, self.costs.longest_group)
        for size in range(least, most + 1):
            span = ColumnSpan(state.used, state.used + size)
            next_state = SpanState(span.end, size or state.last_size, state.childless + (size == 0))
            yield next_state, span, self._group_cost(header, span, state.last_size) + self._governing_cost(header, size)

    def closing_cost(self, state: SpanState) -> float | None:
        """Return 0 where all lower headers have found their group; see `SpanModel`."""
        return 0.0 if state.used == len(self.lower) and state.childless == (self.childless or 0) else None

    def _group_cost(self, header: int, span: ColumnSpan, last_size: int) -> float:
        """Return what speaks against a header governing this group."""
        costs = self.costs
        group = self.lower[span.first : span.end]
        if not group:
            return 0.0
        blanks = sum(child.is_blank for child in group)
        blank_over_text = costs.blank_over_text if self.upper[header].is_blank else 0.0
        if len(group) == 1:
            return 0.0 if blanks else blank_over_text or costs.single
        texts = [child.cell.text for child in group]
        cost = costs.blank_in_group * blanks + costs.group_size * len(group) * len(group) + blank_over_text
        cost += costs.repeat_in_group * (len(texts) - len(set(texts)))
        cost += costs.mixed_group * sum(one.has_group != other.has_group for one, other in pairwise(group))
        if last_size == len(group):
            before = self.lower[span.first - last_size : span.first]
            cost += costs.equal_group * ([child.cell.text for child in before] == texts)
        return cost

    def _governing_cost(self, header: int, size: int) -> float:
        """Return what speaks against a header governing any, where some do not: an edge, or its text stands below."""
        if self.childless is None or not size:
            return 0.0
        costs = self.costs
        return (
            costs.known_below * (self.upper[header].cell.text in self.lower_texts)
            + costs.first_governs * (header == 0)
            + costs.last_governs * (header == len(self.upper) - 1)
            + costs.single_beside_tall * (size == 1)
        )


def group_headers(
    upper: Sequence[HeaderCell], lower: Sequence[HeaderCell], childless: int | None = None
) -> SpanSolution | None:
    """Return which headers of the lower row each one of the upper row governs, and set the upper ones' widths.

    `childless` is as in `GroupingModel`. None where the rows cannot be matched: then all keep their width.
    """
    if not 0 < len(lower) <= MAX_HEADERS or not 0 < len(upper) <= MAX_HEADERS:
        return None
    found = find_cheapest_spans(len(upper), GroupingModel(upper, lower, childless))
    if found is None:
        return None
    for header, span in zip(upper, found.spans, strict=True):
        children = lower[span.first : span.end]
        header.continues = len(children) == 1 and children[0].is_blank
        header.has_group = children[0].has_group if header.continues else bool(children)
        header.width = sum(child.width for child in children) or 1
    return found


# Headers over columns.


class Extent(NamedTuple):
    """From which to which character of a fixed-width line something stands."""

    left: int
    right: int


@dataclass(slots=True)
class AlignmentModel:
    """Costs of headers over columns, by how far each is shifted from where it belongs.

    A header is centred over its columns, or begins or ends with them. It is over one column, or over several of which
    every one has a header of its own (`has_header`).
    """

    headers: Sequence[Extent]
    columns: Sequence[Extent]
    has_header: Sequence[bool]
    costs: HeaderSpanCosts = field(default_factory=HeaderSpanCosts.current)

    def choices(self, header: int, state: SpanState) -> Iterator[tuple[SpanState, ColumnSpan, float]]:
        """Yield the columns that a header can stand over; see `SpanModel`."""
        skipped = 0.0
        for first in range(state.used, len(self.columns)):
            if first > state.used:
                is_corner = (
                    first == 1 and self.headers[header].left >= self.columns[0].right
                )  # over labels, it is blank
                skipped += self.costs.skip_column if is_corner else self._skip_cost(first - 1)
            for last in range(first, len(self.columns)):
                if last > first and not (self.has_header[first] and self.has_header[last]):
                    break
                yield SpanState(last + 1), ColumnSpan(first, last + 1), skipped + self._shift(header, first, last)

    def closing_cost(self, state: SpanState) -> float | None:
        """Return the cost of the columns that no header stands over; see `SpanModel`."""
        return sum((self._skip_cost(column) for column in range(state.used, len(self.columns))), 0.0)

    def _skip_cost(self, column: int) -> float:
        return self.costs.skip_header if self.has_header[column] else self.costs.skip_column

    def _shift(self, header: int, first: int, last: int) -> float:
        at, left, right = self.headers[header], self.columns[first].left, self.columns[last].right
        if last == first and not self.has_header[first] and at.left < right and left < at.right:
            return 0.0
        centred = abs(at.left + at.right - left - right) / 2
        return min(
            centred, abs(at.left - left) + self.costs.left_aligned, abs(at.right - right) + self.costs.right_aligned
        )
