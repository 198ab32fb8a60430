"""The field for a stretch of the page that somebody clicked: its label stands to its left, or above it."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.geometry import overlaps_in_height
from extractor.schema_design.draft import FieldDraft, SampleValue
from extractor.schema_design.labelled_values import find_labelled_values, is_label
from extractor.schema_design.proposals import named_field
from extractor.types import BBox, Document, Page, Word
from extractor.values.characters import collapse_spaces

ABOVE = 2.2
"""How far above a value its label ends at most, in heights of the value's line."""
WORD_GAP = 1.3
"""The widest gap between two words of a label, in heights of the line."""


def propose_field_at(document: Document, start: int, end: int, *, exact: bool = False) -> FieldDraft:
    """Return the field for `document.text[start:end]`, named by its label; the name is empty where none is found.

    Unless the stretch is `exact`, it is a word of the value: the value is all of what stands at the label, in the cell,
    or between wide gaps of the line.
    """
    if not exact:
        start, end = _whole_value(document, start, end)
    text = collapse_spaces(document.text[start:end])
    label = _known_label(document, start, end) or _label_in_table(document, start, end)
    label = label or _label_on_page(document, start, end) or _label_in_text(document.text, start)
    return named_field(label, [text], SampleValue(text, start, end))


def _whole_value(document: Document, start: int, end: int) -> tuple[int, int]:
    """Return the stretch that the word at `start` is a part of."""
    for value in find_labelled_values(document):
        if value.start <= start and end <= value.end:
            return value.start, value.end
    for table in document.tables:
        for cell in table.cells:
            if cell.start <= start and end <= cell.end:
                return cell.start, cell.end
    for page in document.pages:
        words = [word for word in page.words if word.box]
        at = next((n for n, word in enumerate(words) if word.start <= start < word.end), None)
        if at is not None:
            first, last = at, at
            while first > 0 and _go_on(words[first - 1], words[first]):
                first -= 1
            while last + 1 < len(words) and _go_on(words[last], words[last + 1]):
                last += 1
            return words[first].start, words[last].end
    return start, end


def _go_on(one: Word, other: Word) -> bool:
    """Decide whether two words that follow each other are of one value: on one line, near, and no label between."""
    assert one.box is not None and other.box is not None
    follows = other.box.x0 >= one.box.x0 and overlaps_in_height(one.box, other.box) and other.start - one.end <= 1
    return follows and _is_near(one, other) and not one.text.endswith((":", "："))


def _known_label(document: Document, start: int, end: int) -> str:
    for value in find_labelled_values(document):
        if value.start <= start and end <= max(value.end, value.start + 1):
            return value.label
    return ""


def _label_in_table(document: Document, start: int, end: int) -> str:
    """Return the header of the cell's column, else of its row; of a cell with both, the row and the column."""
    for table in document.tables:
        for cell in table.cells:
            if cell.start <= start and end <= cell.end and not cell.header:
                names = (*cell.row_path[-1:], *cell.column_path[-1:])
                return " ".join(name for name in names if name.strip())
            if cell.start <= start and end <= cell.end and cell.column_path:
                return cell.column_path[-1]
    return ""


def _label_on_page(document: Document, start: int, end: int) -> str:
    """Return the words left of the stretch on its line, else those above it, where they may be a label."""
    for page in document.pages:
        if not (page.start <= start < page.end) or not page.words:
            continue
        value = [word for word in page.words if word.box and word.start < end and word.end > start]
        if not value:
            return ""
        box = value[0].box
        assert box is not None
        before = _run_before(page, box, {word.start for word in value})
        if before and is_label(before):
            return before.rstrip(":：").strip()
        above = _line_above(page, box)
        return above.rstrip(":：").strip() if is_label(above) else ""
    return ""


def _run_before(page: Page, box: BBox, value: set[int]) -> str:
    """Return the words that end nearest left of a box, up to a wide gap."""
    left = [
        word
        for word in page.words
        if word.box and word.start not in value and overlaps_in_height(word.box, box) and word.box.x1 <= box.x0 + 1
    ]
    left.sort(key=lambda word: word.box.x0)  # type: ignore[union-attr]
    return _join(_last_run(left))


def _line_above(page: Page, box: BBox) -> str:
    """Return the words of the nearest line above a box that stand over it."""
    height = box.bottom - box.top
    over = [
        word
        for word in page.words
        if word.box
        and 0 <= box.top - word.box.bottom + 0.3 * height <= ABOVE * height
        and word.box.x0 < box.x1
        and word.box.x1 > box.x0 - height
    ]
    if not over:
        return ""
    lowest = max(word.box.bottom for word in over if word.box)
    line = [word for word in page.words if word.box and abs(word.box.bottom - lowest) < 0.5 * height]
    line.sort(key=lambda word: word.box.x0)  # type: ignore[union-attr]
    runs: list[list[Word]] = []
    for word in line:
        if runs and _is_near(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    chosen = {word.start for word in over}
    return _join(next((run for run in runs if any(word.start in chosen for word in run)), []))


def _last_run(words: Sequence[Word]) -> list[Word]:
    run: list[Word] = []
    for word in reversed(words):
        if run and not _is_near(word, run[0]):
            break
        run.insert(0, word)
    return run


def _is_near(one: Word, other: Word) -> bool:
    assert one.box is not None and other.box is not None
    return other.box.x0 - one.box.x1 <= WORD_GAP * (one.box.bottom - one.box.top)


def _join(words: Sequence[Word]) -> str:
    return collapse_spaces(" ".join(word.text for word in words))


def _label_in_text(text: str, start: int) -> str:
    """Return what stands before the stretch on its line, up to a wide gap, where it may be a label."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    before = line.rstrip().rstrip(":：").rsplit("\t")[-1].rsplit("   ")[-1].strip()
    return before if is_label(before) else ""
