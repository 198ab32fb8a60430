"""The words of a document as lessons compare them: plain, in order of the text, each with its place on the page."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from extractor.types import BBox, Document, Word
from extractor.values.equivalence import is_equivalent
from extractor.values.normalisation import NUMERIC_TYPES
from extractor.values.scripts import CJK
from extractor.values.spans import find_spans

MAX_CHARACTERS = 400_000
"""Later words of a longer document are left out."""
_TOKEN = re.compile(rf"[{CJK}]|[^\W\d_{CJK}]+|\d+")
_RUN_GAP = 1.3
"""Line heights; a wider gap on a line separates two runs of words, as in `LayoutSettings.word_gap`."""


_FAR_BELOW = 1.5
"""Line heights; a line further below the one before begins another paragraph."""
Span = tuple[int, int]


class Token(NamedTuple):
    """A word, a number or a Chinese character; `plain` is it in lower case, `0` for any number."""

    plain: str
    start: int
    end: int


class PagePlace(NamedTuple):
    """A point of a page in page heights from its top left corner, with the number of the page."""

    page: int
    x: float
    y: float


def plain_words(text: str) -> list[str]:
    """Return the plain form of every token of a text."""
    return [_plain(m.group()) for m in _TOKEN.finditer(text)]


def _plain(printed: str) -> str:
    if printed[0].isdigit():
        return "0"
    return printed.lower() if printed.isascii() else unicodedata.normalize("NFKC", printed).casefold()


class DocumentTokens:
    """The tokens of one document, with what stands around each of them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        text = document.text[:MAX_CHARACTERS]
        hidden = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]
        found = [Token(_plain(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)]
        if hidden:
            found = [t for t in found if not any(start <= t.start < end for start, end in hidden)]
        self.tokens: tuple[Token, ...] = tuple(found)
        self._starts = [t.start for t in found]
        self._spans_of_kind: dict[str, list[Span]] = {}
        self._spans_equal_to: dict[tuple[str, type, Any], list[Span]] = {}

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """The positions of each plain token."""
        found: dict[str, list[int]] = defaultdict(list)
        for n, token in enumerate(self.tokens):
            found[token.plain].append(n)
        return dict(found)

    def spans_of_kind(self, kind: str) -> list[Span]:
        """Return the stretches of the text that `values.spans.find_spans` finds; each kind is looked for once."""
        if kind not in self._spans_of_kind:
            self._spans_of_kind[kind] = find_spans(kind, self.document.text)
        return self._spans_of_kind[kind]

    def spans_equal_to(self, value: Any, kind: str) -> list[Span]:
        """Return the stretches of a kind that mean the same as a value; hundreds of zeros are looked for once."""
        key = kind, type(value), value
        if key not in self._spans_equal_to:
            compared = "number" if kind in NUMERIC_TYPES else kind
            self._spans_equal_to[key] = [
                (start, end)
                for start, end in self.spans_of_kind(kind)
                if is_equivalent(value, self.document.text[start:end], compared)
            ]
        return self._spans_equal_to[key]

    def first_at(self, start: int) -> int:
        """Return the position of the first token that begins at or after a character."""
        return bisect.bisect_left(self._starts, start)

    def tokens_of(self, start: int, end: int) -> Span:
        """Return the first and the last token of a stretch of the text."""
        return self.first_at(start), self.first_at(end) - 1

    def words_before(self, n: int, count: int) -> tuple[str, ...]:
        """Return up to `count` plain tokens before token `n`, the nearest first."""
        return tuple(self.tokens[i].plain for i in range(n - 1, max(-1, n - 1 - count), -1))

    def words_after(self, n: int, count: int) -> tuple[str, ...]:
        """Return up to `count` plain tokens after token `n`, the nearest first."""
        return tuple(t.plain for t in self.tokens[n + 1 : n + 1 + count])

    def separator_before(self, n: int) -> str:
        """Return what stands between token `n` and the one before it, shortened to its kind."""
        end = self.tokens[n - 1].end if n else 0
        return _separator(self.document.text[end : self.tokens[n].start], n == 0)

    def separator_after(self, n: int) -> str:
        """Return what stands between token `n` and the next one, shortened to its kind; `|` for a line far below."""
        is_last = n + 1 >= len(self.tokens)
        start = len(self.document.text) if is_last else self.tokens[n + 1].start
        found = _separator(self.document.text[self.tokens[n].end : start], is_last)
        return found.replace("\n", "|") if is_last or self._gap_before(n + 1) == "|" else found

    # Places on the page.

    @cached_property
    def _boxes(self) -> list[BBox | None]:
        """The box of each token; of several in one printed word, each has its share of the word's width."""
        boxes: list[BBox | None] = [None] * len(self.tokens)
        for page in self.document.pages:
            for word in page.words:
                if word.box is not None:
                    n = self.first_at(word.start)
                    while n < len(self.tokens) and self.tokens[n].start < word.end:
                        boxes[n] = _part_of_box(word, self.tokens[n])
                        n += 1
        return boxes

    @cached_property
    def _page_heights(self) -> dict[int, float]:
        return {page.number: page.height for page in self.document.pages if page.height}

    def place(self, n: int) -> PagePlace | None:
        """Return where token `n` begins on its page; None for a document without pages."""
        box = self._boxes[n]
        height = self._page_heights.get(box.page) if box else None
        if box is None or not height:
            return None
        return PagePlace(box.page, box.x0 / height, (box.top + box.bottom) / 2 / height)

    def on_page(self, page: int) -> list[int]:
        """Return the tokens of a page that have a place on it."""
        return self._by_page.get(page, [])

    @cached_property
    def _by_page(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for n, box in enumerate(self._boxes):
            if box is not None:
                found[box.page].append(n)
        return found

    @cached_property
    def anchors(self) -> dict[int, dict[str, int]]:
        """For each page the words of three letters or more that it has once, with their positions."""
        by_page: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for n, token in enumerate(self.tokens):
            box = self._boxes[n]
            if box is not None and (len(token.plain) >= 3 or not token.plain.isascii()):
                by_page[box.page][token.plain].append(n)
        return {
            page: {word: places[0] for word, places in words.items() if len(places) == 1}
            for page, words in by_page.items()
        }

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """The runs of words, first and last token of each: what stands on a line up to the next wide gap or tab."""
        runs: list[tuple[int, int]] = []
        first = 0
        text = self.document.text
        for n in range(1, len(self.tokens) + 1):
            if n == len(self.tokens) or self._is_gap(n, text):
                runs.append((first, n - 1))
                first = n
        return runs if self.tokens else []

    def _is_gap(self, n: int, text: str) -> bool:
        """Decide whether a wide gap, a tab or a line break stands before token `n`."""
        between = text[self.tokens[n - 1].end : self.tokens[n].start]
        if "\n" in between or "\t" in between or "   " in between:
            return True
        left, right = self._boxes[n - 1], self._boxes[n]
        if left is None or right is None:
            return False
        return left.page != right.page or right.x0 - left.x1 > _RUN_GAP * (left.bottom - left.top)

    @cached_property
    def run_starts(self) -> frozenset[int]:
        """The tokens that begin a run."""
        return frozenset(first for first, _ in self.runs)

    @cached_property
    def run_ends(self) -> frozenset[int]:
        """The tokens that end a run."""
        return frozenset(last for _, last in self.runs)

    def edges_of(self, first: int, last: int) -> str:
        """Return whether a stretch begins (`<`) and ends (`>`) with a run."""
        return ("<" if first in self.run_starts else "") + (">" if last in self.run_ends else "")

    def gaps_in(self, first: int, last: int) -> str:
        """Return what a stretch goes over: `-` a wide gap within a line, `|` a blank line or one far below, or both."""
        return "".join(sorted({self._gap_before(n) for n in range(first + 1, last + 1)}))

    def _gap_before(self, n: int) -> str:
        """Return the kind of gap before token `n`, as in `gaps_in`; nothing for a space or the next line."""
        if n not in self.run_starts:
            return ""
        between = self.document.text[self.tokens[n - 1].end : self.tokens[n].start]
        left, right = self._boxes[n - 1], self._boxes[n]
        is_far = between.count("\n") > 1
        if left is not None and right is not None and left.page == right.page:
            is_far |= right.top - left.bottom > _FAR_BELOW * (left.bottom - left.top)
        return "|" if is_far else "" if "\n" in between else "-"

    def field_before(self, n: int, placed: Mapping[str, Span]) -> str:
        """Return which of some values, by name its first and last token, ends right before token `n`; else nothing."""
        return next((name for name, (_, last) in placed.items() if last == n - 1), "")

    def field_above(self, n: int, placed: Mapping[str, Span]) -> str:
        """Return which of some values stands, in whole or in part, in the run right above token `n`; else nothing."""
        run = self._run_above(n) if placed else None
        if run is None:
            return ""
        return next((name for name, (first, last) in placed.items() if first <= run[1] and run[0] <= last), "")

    @cached_property
    def _runs_by_page(self) -> dict[int, list[tuple[BBox, int, int]]]:
        """The runs of each page with their boxes, from top to bottom."""
        found: dict[int, list[tuple[BBox, int, int]]] = defaultdict(list)
        for first, last in self.runs:
            left, right = self._boxes[first], self._boxes[last]
            if left is not None and right is not None:
                box = BBox(
                    left.page, left.x0, min(left.top, right.top), max(left.x1, right.x1), max(left.bottom, right.bottom)
                )
                found[left.page].append((box, first, last))
        return {page: sorted(runs, key=lambda run: run[0].top) for page, runs in found.items()}

    @cached_property
    def _run_tops(self) -> dict[int, list[float]]:
        return {page: [run[0].top for run in runs] for page, runs in self._runs_by_page.items()}

    def words_above(self, n: int, count: int) -> tuple[str, ...]:
        """Return the first plain tokens of the run right above token `n`; none where none is near."""
        return self._plain_words(self._run_above(n), count)

    def words_below(self, n: int, count: int) -> tuple[str, ...]:
        """Return the first plain tokens of the run right below token `n`; none where none is near."""
        return self._plain_words(self._neighbour_run(n, above=False), count)

    def words_left(self, n: int, count: int) -> tuple[str, ...]:
        """Return the last plain tokens before token `n` on its line, up to a wide gap, the nearest first.

        Where a wide gap stands right before it, those of the run beyond the gap.
        """
        run = self._run_left(n)
        if run is None:
            return ()
        return tuple(self.tokens[i].plain for i in range(run[1], max(run[0] - 1, run[1] - count), -1))

    def printed_before(self, n: int) -> str:
        """Return what is printed before token `n` on its line (see `words_left`), at most 80 characters."""
        return self._print_run(self._run_left(n))

    def printed_above(self, n: int) -> str:
        """Return what is printed right above token `n`, at most 80 characters."""
        return self._print_run(self._run_above(n))

    def _plain_words(self, run: tuple[int, int] | None, count: int) -> tuple[str, ...]:
        return () if run is None else tuple(t.plain for t in self.tokens[run[0] : min(run[1] + 1, run[0] + count)])

    def _print_run(self, run: tuple[int, int] | None) -> str:
        if run is None:
            return ""
        text = self.document.text[self.tokens[run[0]].start : self.tokens[run[1]].end]
        return " ".join(text.split())[:80]

    def _run_above(self, n: int) -> tuple[int, int] | None:
        if self._boxes[n] is not None:
            return self._neighbour_run(n, above=True)
        if n not in self.run_starts or n == 0:
            return None
        return self.runs[bisect.bisect_left(self._run_firsts, n) - 1]  # without boxes the line before is the one above

    @cached_property
    def _run_firsts(self) -> list[int]:
        return [first for first, _ in self.runs]

    def _neighbour_run(self, n: int, above: bool) -> tuple[int, int] | None:
        """Return the nearest run above or below token `n`, within three line heights; None where there is none."""
        box = self._boxes[n]
        if box is None:
            return None
        height, middle = max(box.bottom - box.top, 1.0), (box.top + box.bottom) / 2
        runs, tops = self._runs_by_page.get(box.page, []), self._run_tops.get(box.page, [])
        low, high = (box.top - 5 * height, box.top) if above else (box.top, box.bottom + 3 * height)
        best: tuple[float, int, int] | None = None
        for other, first, last in runs[bisect.bisect_left(tops, low) : bisect.bisect_right(tops, high)]:
            if other.x0 >= box.x1 + height or other.x1 <= box.x0 - height or other.top < middle < other.bottom:
                continue
            distance = box.top - other.bottom if above else other.top - box.bottom
            if -height < distance < 3 * height and (best is None or distance < best[0]) and not first <= n <= last:
                best = distance, first, last
        return None if best is None else best[1:]

    def _run_left(self, n: int) -> tuple[int, int] | None:
        """Return the stretch of tokens that stands left of token `n` on its line; None where there is none."""
        if n not in self.run_starts:
            return self._run_firsts[bisect.bisect_right(self._run_firsts, n) - 1], n - 1
        box = self._boxes[n]
        if box is None:
            between = self.document.text[self.tokens[n - 1].end : self.tokens[n].start] if n else "\n"
            return None if "\n" in between else self.runs[bisect.bisect_left(self._run_firsts, n) - 1]
        height, middle = max(box.bottom - box.top, 1.0), (box.top + box.bottom) / 2
        runs, tops = self._runs_by_page.get(box.page, []), self._run_tops.get(box.page, [])
        best: tuple[float, int, int] | None = None
        for other, first, last in runs[
            bisect.bisect_left(tops, box.top - 2 * height) : bisect.bisect_right(tops, box.bottom)
        ]:
            is_left = other.x1 <= box.x0 + 1 and other.top < middle < other.bottom
            if is_left and (best is None or other.x1 > best[0]):
                best = other.x1, first, last
        return None if best is None else best[1:]


def _part_of_box(word: Word, token: Token) -> BBox:
    box, size = word.box, word.end - word.start
    assert box is not None
    if size == token.end - token.start:
        return box
    width = (box.x1 - box.x0) / size
    return replace(box, x0=box.x0 + width * (token.start - word.start), x1=box.x0 + width * (token.end - word.start))


def _separator(between: str, is_edge: bool) -> str:
    """Return the kind of a separator: its first mark, and whether a line or a cell ends in it."""
    marks = [c for c in between if not c.isspace()]
    ending = "\n" if "\n" in between or is_edge else "\t" if "\t" in between else ""
    return "".join(dict.fromkeys(marks))[:3] + ending


_RUNS_OF_KIND = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"[A-Z]+", "A"),
        (r"[^\W\d_A]+", "a"),
        (r"\d+", "0"),
        (r"\s+", " "),
    )
)


def shape_of(text: str) -> str:
    """Return the kinds of a text's characters, each run as one: `12/03/2004` is `0/0/0`, `Ann Lee` is `Aa Aa`."""
    for pattern, kind in _RUNS_OF_KIND:
        text = pattern.sub(kind, text)
    return text[:24]


_LOOK_ALIKES = (("rn", "m"), ("cl", "d"), ("vv", "w"), ("ii", "n"))
_LOOK_ALIKE_LETTERS = str.maketrans({"i": "l", "j": "l", "e": "c", "b": "h", "u": "n", "v": "y", "q": "g", "f": "t"})
"""Letters of small print that OCR takes for one another."""


def _looks(word: str) -> str:
    """Return a word as it looks: equal for words that differ in letters which OCR takes for one another."""
    for pair, letter in _LOOK_ALIKES:
        word = word.replace(pair, letter)
    return word.translate(_LOOK_ALIKE_LETTERS)


def correct_words(words: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    """Return, for words that are not known, the known word that looks alike, or is one letter away: what OCR misreads.

    Only words of four letters or more are corrected, those of five or more by a letter. By deleted letters, as in
    SymSpell (Garbe, 2012).
    """
    known_words = frozenset(known)
    by_looks: dict[str, str] = {}
    by_deletion: dict[str, str] = {}
    for word in sorted(known_words):
        if len(word) >= 4:
            by_looks.setdefault(_looks(word), word)
        if len(word) >= 5:
            for shorter in _deletions(word):
                by_deletion.setdefault(shorter, word)
    found = {}
    for word in words:
        if len(word) < 4 or word in known_words:
            continue
        if (alike := by_looks.get(_looks(word))) is not None:
            found[word] = alike
        elif len(word) >= 5:
            for shorter in _deletions(word):
                if (near := by_deletion.get(shorter)) is not None and abs(len(near) - len(word)) <= 1:
                    found[word] = near
                    break
    return found


def _deletions(word: str) -> list[str]:
    """Return the word, and the word less each of its letters."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]
