"""Lines of a page: whether each may be a cell, the rest of one, or neither, and the blank lines before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from extractor.geometry import Rect
from extractor.settings import Settings, threshold
from extractor.tables.cell_kinds import is_value
from extractor.tables.cells import collapse_whitespace, display_width

SENTENCE_END = tuple("。；;，,！？!?")
"""What ends a line of prose. Not `、`, which ends the first line of a broken label as well: `一、`."""


@dataclass(frozen=True)
class PageLineSettings(Settings):
    """When a line of a page may be a cell, and how its indent and the gap before it are measured."""

    widest_cell: int = threshold(80, unit="Latin letters", meaning="A wider line is prose, and no caption either.")
    widest_remainder: int = threshold(
        12, unit="Latin letters", meaning="A line at the margin that is no wider is the rest of the cell before it."
    )
    indent: float = threshold(0.4, unit="line heights", meaning="A line further in than this began at a tab.")
    indented_share: float = threshold(0.5, meaning="Cells are indented if more than this share of the values are.")
    full_line: float = threshold(
        1.5, unit="line heights", meaning="A line that ends so near the right margin may go on in the next line."
    )
    shifted_page: float = threshold(
        0.6, unit="line heights", meaning="A page whose margin is further in than on others has indented lines only."
    )
    furthest_shift: float = threshold(
        3.0, unit="line heights", meaning="A page whose margin is further off than this has a layout of its own."
    )
    lines_past_margin: int = threshold(
        50, unit="lines", meaning="One line in so many may reach past the right margin that the others keep."
    )
    upright_width: int = threshold(
        2, unit="Latin letters", meaning="Where nothing is indented, a line no wider goes on with the label before it."
    )
    steps_without_gap: int = threshold(
        10, unit="lines", meaning="One line in so many at least follows the line before it without a gap."
    )
    shortest_step: float = threshold(0.8, unit="usual steps", meaning="A shorter step between lines is left out.")
    longest_step: float = threshold(1.3, unit="usual steps", meaning="A longer step between lines has a gap in it.")


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line of a page: its stretch of the text, its box in points, and whether it is one piece without wide gaps."""

    start: int
    end: int
    page: int
    box: Rect
    is_unbroken: bool = True


@dataclass(frozen=True, slots=True)
class PageLines:
    """Lines with what each reads, what it may be, and how many blank lines stand before it."""

    lines: Sequence[PlacedLine]
    text: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    """`cell` where a cell may begin, `rest` where the cell before may go on, else `other`."""
    gaps: tuple[int | None, ...]
    """None where a line is the first on its page."""
    is_indented: bool
    """Whether cells are told from other lines by where they begin."""

    @classmethod
    def from_lines(cls, text: str, lines: Sequence[PlacedLine]) -> PageLines:
        """Return the lines with what is known of each."""
        settings = PageLineSettings.current()
        texts = tuple(collapse_whitespace(text[line.start : line.end]) for line in lines)
        height = median(line.box.bottom - line.box.top for line in lines)
        indented = [indent > settings.indent * height for indent in _find_indents(lines, height)]
        indented_values = [at for at, words in zip(indented, texts, strict=True) if is_value(words)]
        is_indented = sum(indented_values) > settings.indented_share * len(indented_values)
        margin = sorted(line.box.x1 for line in lines)[-max(1, len(lines) // settings.lines_past_margin)]
        kinds: list[str] = []
        for number, (line, words) in enumerate(zip(lines, texts, strict=True)):
            width = display_width(words)
            may_go_on = number > 0 and kinds[-1] != "other"
            if not line.is_unbroken or width > settings.widest_cell or words[-1:] in SENTENCE_END:
                kinds.append("other")
            elif is_indented and not indented[number]:
                follows_full_line = number > 0 and lines[number - 1].box.x1 > margin - settings.full_line * height
                is_rest = width <= settings.widest_remainder or (follows_full_line and may_go_on)
                kinds.append("rest" if is_rest else "other")
            else:
                # A character or two below a text: a narrow cell that is set upright.
                is_upright = not is_indented and may_go_on and width <= settings.upright_width and not is_value(words)
                kinds.append("rest" if is_upright and not is_value(texts[number - 1]) else "cell")
        return cls(lines, text, texts, tuple(kinds), _count_gaps(lines), is_indented)


def _find_indents(lines: Sequence[PlacedLine], height: float) -> list[float]:
    """Return how far, in points, each line begins to the right of the margin of its page."""
    settings = PageLineSettings.current()
    left: dict[int, float] = {}
    for line in lines:
        left[line.page] = min(left.get(line.page, line.box.x0), line.box.x0)
    # A page may have nothing but indented lines; the other pages tell where its text begins. A scanner shifts pages.
    usual = median(left.values())
    furthest = settings.furthest_shift * height
    least = min((x for x in left.values() if usual - x < furthest), default=usual)
    margins = {page: least if settings.shifted_page * height < x - least < furthest else x for page, x in left.items()}
    return [line.box.x0 - margins[line.page] for line in lines]


def _count_gaps(lines: Sequence[PlacedLine]) -> tuple[int | None, ...]:
    """Return how many blank lines stand before each line, None at the top of a page.

    The line pitch is the median of the steps without a gap, which are near the shortest ones.
    """
    settings = PageLineSettings.current()
    steps = [
        (after.box.top + after.box.bottom - before.box.top - before.box.bottom) / 2
        if after.page == before.page and after.box.top > before.box.top
        else None
        for before, after in pairwise(lines)
    ]
    known = sorted(step for step in steps if step is not None and step > 0)  # boxes may lie within one another
    if not known:
        return (None,) * len(lines)
    usual = known[len(known) // settings.steps_without_gap]
    pitch = median(step for step in known if settings.shortest_step * usual <= step <= settings.longest_step * usual)
    return (None, *(None if step is None else max(0, round(step / pitch) - 1) for step in steps))
