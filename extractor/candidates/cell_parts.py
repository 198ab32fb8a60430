"""Parts of an entry's cells, told from examples: the line, the label before it, the brackets around it, and so on.

Where a column holds several things (`Item / Description`, `120 EA`, `(330399) Cixi`), what a model copied out of two or
three entries shows which part of which cell holds an item, and code reads that part in every row. This is programming
by example in the manner of FlashFill (Gulwani 2011, "Automating string processing in spreadsheets using input-output
examples"), over a small language: a line of a cell, and one way to take a part of it.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.candidates.matches import EntryCell
from extractor.geometry import overlaps_in_height
from extractor.settings import Settings, threshold
from extractor.types import BBox, Document, Field
from extractor.values import normalisation, ranges
from extractor.values.characters import collapse_spaces
from extractor.values.label_similarity import label_similarity

Span = tuple[int, int]


@dataclass(frozen=True)
class CellPartSettings(Settings):
    """When examples agree on a part."""

    min_hits: int = threshold(2, unit="entries", meaning="So many examples at least are given again by a part.")
    min_share: float = threshold(0.6, meaning="Least share of the examples that a part gives again.")
    longest_label: int = threshold(24, unit="characters", meaning="A longer text before a part is no label of it.")
    label_similarity: float = threshold(
        0.6, meaning="A label this like the item's name is believed from a single example."
    )


@dataclass(frozen=True, slots=True)
class CellPart:
    """A part of an entry: in the cell of `column`, in its line `line` (from its end where negative), taken in one way.

    `line` is None for any line that has the label `argument`; `hits` is how many examples it gave again. With
    `of_whole_cell` it is taken of all lines together, which are then no lines of their own.
    """

    column: int
    line: int | None
    way: str
    argument: str = ""
    hits: int = 0
    of_whole_cell: bool = False


_BRACKETS = re.compile(r"[(（\[]([^()（）\[\]]+)[)）\]]")
_LEADING_NUMBER = re.compile(r"[-+−]?\d[\d.,'’]*(?![\w.,])|[-+−]?\d[\d.,'’]*(?=\s*[^\W\d_])")
_FIGURE = re.compile(r"(?<!\S)[$€£¥￥(+\-−]?\d")
"""Where the first figure of a line begins, with its sign."""
_LETTERS = re.compile(r"(?<!\S)[^\W\d_]")
"""Where the first word of a line begins."""
_SEPARATORS = ("/", "|", "／", ";", "；", " - ", " – ", "、", " x ", " X ", "×", "*")
_AROUND_LABELS = ":：#.-"
_WAYS = (
    "whole",
    "label",
    "label token",
    "label before brackets",
    "brackets",
    "before brackets",
    "after brackets",
    "lower",
    "upper",
    "date",
    "number",
    "after number",
    "from figure",
    "before figure",
    "from word",
    "before word",
    "first word",
    "last word",
    "after first word",
    "before last word",
    "before word of all",
    "last word in brackets",
    "before comma",
    "after comma",
    "part",
)
"""Ways to take a part of a line, simplest first."""
_BETWEEN_WORDS = frozenset({"first word", "last word", "after first word", "before last word"})


def cells_by_lines(document: Document, cells: Sequence[EntryCell]) -> tuple[EntryCell, ...]:
    """Return the cells with each printed line as a stretch of its own, where words have places on a page."""
    return tuple(
        replace(cell, spans=tuple(line for span in cell.spans for line in _printed_lines(document, span)))
        for cell in cells
    )


def _printed_lines(document: Document, span: Span) -> list[Span]:
    """Return the lines that the words of a stretch make up on their page; the whole stretch where none has a place."""
    page = next((page for page in document.pages if page.start <= span[0] < page.end), None)
    words = page.words if page is not None else ()
    first = bisect.bisect_left(words, span[0], key=lambda word: word.end)
    lines: list[Span] = []
    above: BBox | None = None
    for number in range(first, len(words)):
        word = words[number]
        if word.start >= span[1]:
            break
        if word.box is None:
            return [span]
        start, end = max(span[0], word.start), min(span[1], word.end)
        if end <= start:
            continue
        if above is not None and overlaps_in_height(above, word.box):
            lines[-1] = (lines[-1][0], end)
        else:
            lines.append((start, end))
        above = word.box
    return lines or [span]


def lines_of(cell: EntryCell, text: str) -> list[Span]:
    """Return the lines of text in a cell, without the white space around them."""
    found = []
    for start, end in cell.spans:
        for m in re.finditer(r"[^\n]+", text[start:end]):
            line = m.group()
            if line.strip():
                first = start + m.start() + len(line) - len(line.lstrip())
                found.append((first, start + m.start() + len(line.rstrip())))
    return found


def find_part(
    item: Field, examples: Sequence[tuple[Sequence[EntryCell], str]], rows: int, text: str
) -> CellPart | None:
    """Return the part of the entries' cells that gives most of the examples again; None where they do not agree.

    An example is the cells of an entry and the text that stands for `item` in it; `rows` is the number of all entries.
    """
    settings = CellPartSettings.current()
    counts: dict[CellPart, int] = {}
    usable = [(cells, value) for cells, wanted in examples if (value := _value_of(item, wanted))]
    for cells, wanted in usable:
        exact = {*_parts_that_give(item, cells, wanted, text, by_value=False)}
        for part in exact or {*_parts_that_give(item, cells, wanted, text, by_value=True)}:
            counts[part] = counts.get(part, 0) + 1
    best = min(counts, key=lambda part: (-counts[part], *_rank(part)), default=None)
    if best is None or counts[best] < settings.min_share * len(usable):
        return None
    is_labelled = best.way.startswith("label") and _names(best.argument, item) >= settings.label_similarity
    # One entry alone may well be cut anywhere between two words.
    least = min(settings.min_hits, rows) if _is_marked(best) else settings.min_hits
    return replace(best, hits=counts[best]) if counts[best] >= least or is_labelled else None


def _is_marked(part: CellPart) -> bool:
    """Decide whether what a part ends at is more than the space between two words, or one mark of several."""
    return part.way not in _BETWEEN_WORDS and part.way != "part"


def _value_of(item: Field, wanted: str) -> str:
    """Return what an answer says of an item, without a unit or other words beside it; empty where it cannot be one."""
    span = _typed(item, (0, len(wanted)), wanted)
    return wanted[slice(*span)] if span else ""


def apply_part(part: CellPart, item: Field, cells: Sequence[EntryCell], text: str) -> Span | None:
    """Return where the part stands in an entry; None where the entry has none, or no value of the item's kind."""
    for cell in cells:
        if cell.column == part.column:
            lines = lines_of(cell, text)
            if part.of_whole_cell:
                lines = [whole] if (whole := _whole(lines, text)) else lines
            chosen = lines if part.line is None else lines[part.line :][:1] if _has(lines, part.line) else []
            for line in chosen:
                for way, argument, span in _ways(line, text, (part.argument,)):
                    if (way, argument) == (part.way, part.argument):
                        return _typed(item, span, text)
    return None


def _whole(lines: Sequence[Span], text: str) -> Span | None:
    """Return the stretch from the first line to the last one, where nothing else stands between them."""
    if not lines or any(text[a[1] : b[0]].strip() for a, b in pairwise(lines)):
        return None
    return lines[0][0], lines[-1][1]


def extent(part: CellPart, span: Span, line: Span, text: str) -> Span:
    """Return the stretch that belongs to a part alone: with its label, its brackets and the marks beside it."""
    start, end = span
    if part.way.startswith("label"):
        before = text[line[0] : start]
        has_digits = any(map(str.isdigit, before))
        start = line[0] + (before.casefold().rfind(part.argument.casefold()) if has_digits else 0)
    while start > line[0] and not text[start - 1].isalnum() and text[start - 1] not in ")）]":
        start -= 1
    while end < line[1] and not text[end].isalnum() and text[end] not in "(（[":
        end += 1
    return start, end


def _has(lines: Sequence[Span], number: int) -> bool:
    return -len(lines) <= number < len(lines)


def _rank(part: CellPart) -> tuple[bool, int, bool]:
    return part.of_whole_cell, _WAYS.index(part.way), part.line is not None and part.line < 0


def _parts_that_give(
    item: Field, cells: Sequence[EntryCell], wanted: str, text: str, *, by_value: bool
) -> Iterator[CellPart]:
    plain, value = _plain(wanted), _number(item, wanted) if by_value else None
    for cell in cells:
        lines = lines_of(cell, text)
        for number, line in enumerate(lines):
            labels = (*_labels_before(wanted, text[slice(*line)]), *_word_behind(wanted, text[slice(*line)]))
            for way, argument, span in _ways(line, text, labels):
                printed = text[slice(*span)]
                is_same = _plain(printed) == plain or (value is not None and _number(item, printed) == value)
                if not is_same or _typed(item, span, text) is None:
                    continue
                if way.startswith("label") or way == "before word of all":
                    yield CellPart(cell.column, None, way, argument)
                else:
                    yield CellPart(cell.column, number, way, argument)
                    yield CellPart(cell.column, number - len(lines), way, argument)
        if whole := _whole(lines, text):
            for way, argument, span in _ways(whole, text, ()):
                if _plain(text[slice(*span)]) == _plain(wanted.replace(" / ", " ")) and _typed(item, span, text):
                    yield CellPart(cell.column, 0, way, argument, of_whole_cell=True)


def _number(item: Field, text: str) -> object:
    """Return the number that a text is, for an item of numbers: models write `285.00` for a printed `285,00`."""
    if item.type not in normalisation.NUMERIC_TYPES or item.enum is not None:
        return None
    return normalisation.normalise_value(item, text).value


def _labels_before(wanted: str, line: str) -> Iterator[str]:
    """Yield the words without digits that stand before the wanted text: all of them, and the last one."""
    at = line.find(wanted)
    words: list[str] = []
    for word in reversed(line[: max(0, at)].split()):
        if any(map(str.isdigit, word)) or not any(map(str.isalpha, word)):
            break
        words.insert(0, word)
    for label in dict.fromkeys((" ".join(words), *words[-1:])):
        if label.strip(_AROUND_LABELS):
            yield label.strip(_AROUND_LABELS)


def _word_behind(wanted: str, line: str) -> Iterator[str]:
    """Yield the word that stands behind the wanted text, where this begins the line."""
    behind = re.match(r"\s+([^\W\d_]{2,})\b", line[len(wanted) :]) if line.startswith(wanted) else None
    if behind:
        yield behind[1]


def _ways(line: Span, text: str, labels: Sequence[str]) -> Iterator[tuple[str, str, Span]]:
    """Yield every part of a line: the way it is taken, what the way depends on, and where it stands."""
    start, end = line
    printed = text[start:end]

    def part(way: str, first: int, last: int, argument: str = "") -> Iterator[tuple[str, str, Span]]:
        piece = printed[first:last]
        first += len(piece) - len(piece.lstrip(" \t,;，；"))
        last = first + len(printed[first:last].rstrip(" \t,;，；"))
        if last > first:
            yield way, argument, (start + first, start + last)

    yield from part("whole", 0, len(printed))
    for label in labels:
        found = label and re.search(rf"(?<!\w){re.escape(label)}[\s:：#.\-]*(?=\w)", printed, re.IGNORECASE)
        if found and len(label) <= CellPartSettings.current().longest_label:
            yield from part("label", found.end(), len(printed), label)
            token = re.compile(r"[^\s,;，；]+").match(printed, found.end())
            if token:
                yield from part("label token", *token.span(), label)
            opening = re.compile(r"[(（\[]").search(printed, found.end())
            if opening:
                yield from part("label before brackets", found.end(), opening.start(), label)
        before = label and re.search(rf"\s{re.escape(label)}(?!\w)", printed)
        if before and before.start():
            yield from part("before word of all", 0, before.start(), label)
    brackets = _BRACKETS.search(printed)
    if brackets:
        words_inside = [m.span() for m in re.finditer(r"\S+", brackets[1])]
        if len(words_inside) > 1:
            first, last = (brackets.start(1) + at for at in words_inside[-1])
            yield from part("last word in brackets", first, last)
        yield from part("brackets", *brackets.span(1))
        yield from part("before brackets", 0, brackets.start())
        yield from part("after brackets", brackets.end(), len(printed))
    for side in ("lower", "upper"):
        if span := ranges.find_range_part(printed, side):
            yield from part(side, *span)
    dates = normalisation.find_spans("date", printed)
    if dates:
        yield from part("date", *dates[0])
    number = _LEADING_NUMBER.match(printed)
    if number and number.end() < len(printed):
        yield from part("number", *number.span())
        yield from part("after number", number.end(), len(printed))
    figure = _FIGURE.search(printed)
    if figure and figure.start():
        yield from part("from figure", figure.start(), len(printed))
        yield from part("before figure", 0, figure.start())
    letters = _LETTERS.search(printed)
    if letters and letters.start():
        yield from part("from word", letters.start(), len(printed))
        yield from part("before word", 0, letters.start())
    words = [m.span() for m in re.finditer(r"\S+", printed)]
    if words:
        yield from part("first word", *words[0])
        yield from part("last word", *words[-1])
    if len(words) > 1:
        yield from part("after first word", words[1][0], len(printed))
        yield from part("before last word", 0, words[-2][1])
    comma = re.search(r"[,，]", printed)
    if comma and comma.start():
        yield from part("before comma", 0, comma.start())
        yield from part("after comma", comma.end(), len(printed))
    for separator in _SEPARATORS:
        pieces = printed.split(separator)
        at = 0
        for number_of_piece, piece in enumerate(pieces if len(pieces) > 1 else ()):
            yield from part("part", at, at + len(piece), f"{separator}{number_of_piece}of{len(pieces)}")
            at += len(piece) + len(separator)


def _typed(item: Field, span: Span, text: str) -> Span | None:
    """Return the stretch of a value of the item's kind that a part is, but for a unit; None where it is none."""
    printed = text[slice(*span)]
    kind = normalisation.value_kind(item)
    if item.enum is not None or item.type == "boolean":
        return span if normalisation.normalise_value(item, printed).value is not None else None
    if kind is None:
        return span if re.search(r"\w", printed) else None
    found = normalisation.find_spans(kind, printed)
    # Other readings of the same digits follow the first.
    if not found or any(end > found[0][1] for _, end in found):
        return None
    if 2 * (found[0][1] - found[0][0]) < len(re.sub(r"[^\w.,]", "", printed)):
        return None
    return span[0] + found[0][0], span[0] + found[0][1]


def _names(label: str, item: Field) -> float:
    """Return how well a label that is printed in a cell names an item, 0..1: it may be the beginning of the name."""
    plain = re.sub(r"\W", "", label.casefold())
    names = [re.sub(r"\W|_", "", name.casefold()) for name in (item.name, item.title, *item.labels) if name]
    if plain and any(name.startswith(plain) or plain.startswith(name) for name in names if name):
        return 1.0
    return max((label_similarity(name, label) for name in item.labels), default=0.0)


def _plain(text: str) -> str:
    return collapse_spaces(text).casefold()
