"""Lines of plain text, sorted by what their white space and separators make of them; the base of `flattened`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from extractor.settings import Settings, threshold
from extractor.tables.cells import BLANKS, CellRow, PlacedCell

PIPES = "|│┃"
SENTENCE_END = tuple("。；;，,、！？!?")
_RULE_CHARACTERS = set("+-=─━┌┬┐├┼┤└┴┘╞═╪╡: ")
_LINE_ENDS = " \r\x0b\x0c"
_WIDE_GAP = re.compile(r"[ \xa0\u3000]{2,}(?=\S)")


@dataclass(frozen=True)
class TextTableSettings(Settings):
    """What is still a cell or a caption in plain text, and what makes rows of cells a table."""

    longest_caption: int = threshold(60, unit="characters", meaning="A longer line is prose, no caption or banner.")
    captions: int = threshold(3, unit="lines", meaning="So many lines over a table are its captions at most.")
    caption_distance: int = threshold(11, unit="lines", meaning="How far over a table its captions are looked for.")
    caption_words: int = threshold(6, unit="words", meaning="A longer line that ends in a full stop is a sentence.")
    long_text: int = threshold(120, unit="characters", meaning="A longer cell counts as prose.")
    sentence: int = threshold(30, unit="characters", meaning="A longer cell that ends like a sentence counts as prose.")
    prose_share: float = threshold(0.25, meaning="With a larger share of prose among the cells it is no table.")
    cells_per_text: int = threshold(
        20, unit="cells", meaning="Rows without values are a table if no more cells than this come on each text."
    )


class LineKind(StrEnum):
    """What sort of line it is."""

    EMPTY = "empty"
    BLANK = "blank"  # with a tab, a wide space or a no-break space in it, as an empty cell or paragraph leaves
    PIPE_CELL = "pipe_cell"  # one cell, after a pipe
    PIPE_ROW = "pipe_row"  # cells between pipes
    TAB_CELL = "tab_cell"  # one cell, after a tab
    TAB_ROW = "tab_row"  # cells between tabs
    RULE = "rule"  # a ruled line made of characters
    ALIGNED = "aligned"  # pieces with wide gaps between them
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the text without its line break."""

    start: int
    end: int
    kind: LineKind

    def length(self) -> int:
        """Return the number of characters."""
        return self.end - self.start


@dataclass(slots=True)
class TextTable:
    """What a finder found in the lines `first .. end - 1`: rows of cells, or cells that have a place; or nothing.

    `may_end_early` says that blank cells at the end of rows may be missing, `marked_headers` how many first rows are
    marked as headers by a rule below them.
    """

    first: int
    end: int
    rows: list[CellRow] = field(default_factory=list)
    may_end_early: bool = False
    marked_headers: int = 0
    placed: list[PlacedCell] = field(default_factory=list)


def split_lines(text: str, start: int, end: int) -> list[SourceLine]:
    """Return the lines of `text[start:end]`."""
    lines = []
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        lines.append(SourceLine(start, stop, _kind_of(text[start:stop])))
        start = stop + 1
    return lines


def _kind_of(line: str) -> LineKind:
    if not line.strip(_LINE_ENDS):
        return LineKind.EMPTY
    stripped = line.strip(BLANKS)
    pipes = sum(line.count(pipe) for pipe in PIPES)
    if pipes:
        return LineKind.PIPE_CELL if pipes == 1 and stripped[0] in PIPES else LineKind.PIPE_ROW
    if "\t" in line:
        content = line.strip(_LINE_ENDS)
        is_cell = content[0] == "\t" and "\t" not in content[1:].strip(BLANKS)
        return LineKind.TAB_CELL if is_cell else LineKind.TAB_ROW
    if not stripped:
        return LineKind.BLANK
    if set(stripped) <= _RULE_CHARACTERS and len(stripped) > 2:
        return LineKind.RULE
    return LineKind.ALIGNED if _WIDE_GAP.search(stripped) else LineKind.TEXT


def is_table(rows: list[CellRow]) -> bool:
    """Return whether rows of cells are a table and not prose.

    The evidence: two rows of two cells, and values, blanks, or equal numbers of cells in three rows.
    """
    settings = TextTableSettings.current()
    wide = [row for row in rows if len(row) > 1]
    if len(wide) < 2:
        return False
    cells = [cell for row in rows for cell in row]
    filled = [cell for cell in cells if cell.kind != "blank"]
    if len(filled) < 3:
        return False
    prose = sum(
        len(cell.text) > settings.long_text or (len(cell.text) > settings.sentence and cell.text[-1] in "。.；;！!")
        for cell in filled
    )
    if prose > settings.prose_share * len(filled):
        return False
    if any(cell.kind == "value" for cell in filled):
        return True
    if len(filled) < len(cells):
        return len(filled) * settings.cells_per_text >= len(cells)
    return len(wide) > 2 and len({len(row) for row in wide}) == 1
