"""Where on a page a label's value would stand: to the right of the label, or under it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.geometry import overlap
from extractor.types import BBox, Document, Field, Page, Word
from extractor.values import label_similarity as names
from extractor.values import normalization


@dataclass(frozen=True, slots=True)
class LayoutCandidate:
    """A stretch of the document that stands where a label's value would stand."""

    start: int
    end: int
    score: float


HINTS = 3
GAP = 1.3
"""A gap of this many times the height of the words parts one thing on a line from the next."""


class LayoutIndex:
    """Finds hints in one document; words are sorted by page once and used for every field."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.pages = {page.number: page for page in document.pages if page.words and page.words[0].box}
        self.starts = {n: [w.start for w in page.words] for n, page in self.pages.items()}
        self.found: dict[str, list[tuple[int, int]]] = {}

    def find(self, field: Field, pieces: Sequence[tuple[int, int]], limit: int = HINTS) -> list[LayoutCandidate]:
        """The likeliest stretches for `field` within `pieces`, best first, at most `limit` different texts.

        An earlier label counts for more than a later one, a value on the label's own line for more than one under it;
        for a typed field only stretches of its kind count.
        """
        kind = normalization.value_kind(field)
        hints: dict[str, LayoutCandidate] = {}
        for rank, label in enumerate(field.labels):
            if len(names.normalise_label(label)) < 2:
                continue
            for start, end in self._labels(label, pieces):
                for score, s, e in self._beside(start, end):
                    for s2, e2 in _typed(kind, self.document.text, s, e):
                        text = " ".join(self.document.text[s2:e2].split())
                        worth = score * (1 - 0.05 * rank) * (1 - 0.1 * (s2 > s))
                        if text and (text not in hints or hints[text].score < worth):
                            hints[text] = LayoutCandidate(s2, e2, worth)
        return sorted(hints.values(), key=lambda h: (-h.score, h.start))[:limit]

    def _labels(self, label: str, pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        if label not in self.found:
            pattern = names.label_pattern(label)
            self.found[label] = [m.span() for m in pattern.finditer(self.document.text)][:40] if pattern else []
        return [(s, e) for s, e in self.found[label] if any(first <= s < last for first, last in pieces)]

    def _beside(self, start: int, end: int) -> list[tuple[float, int, int]]:
        """What stands right of the label and what stands under it, as `(score, start, end)`."""
        for number, page in self.pages.items():
            if page.start <= start < page.end:
                return self._on_page(number, page, start, end)
        return _in_text(self.document.text, start, end)

    def _on_page(self, number: int, page: Page, start: int, end: int) -> list[tuple[float, int, int]]:
        first = max(0, bisect.bisect_right(self.starts[number], start) - 1)
        label = [w for w in page.words[first : first + 12] if w.end > start and w.start < end and w.box]
        if not label:
            return []
        last = label[-1]
        found: list[tuple[float, int, int]] = []
        if last.end > end:  # `Date:10/27/20`, or a colon
            rest = self.document.text[end : last.end].lstrip(":：#. ")
            if rest:
                found.append((1.0, last.end - len(rest), max(_run_from(page, last)[-1].end, last.end)))
        box = last.box
        assert box is not None
        height = box.bottom - box.top
        right = [
            w
            for w in page.words
            if w.box and _same_line(w.box, box) and w.box.x0 >= box.x1 - 1 and w.start != last.start
        ]
        right.sort(key=lambda w: w.box.x0)  # type: ignore[union-attr]
        while right and not re.search(r"\w", right[0].text):
            right = right[1:]
        if right and not (last.end > end and found):
            gap = right[0].box.x0 - box.x1  # type: ignore[union-attr]
            run = _run(right)
            found.append((1.0 if gap < 6 * height else 0.7, run[0].start, run[-1].end))
        left = label[0].box
        assert left is not None
        under = [
            w
            for w in page.words
            if w.box
            and -0.3 * height <= w.box.top - box.bottom <= 1.6 * height
            and w.box.x1 > left.x0 - 2
            and w.box.x0 < box.x1 + 2 * height
        ]
        if under:
            top = min(w.box.top for w in under if w.box)
            line = sorted((w for w in under if w.box and w.box.top - top < 0.5 * height), key=lambda w: w.box.x0)  # type: ignore[union-attr]
            run = _run_from(page, line[0])
            found.append((0.9, run[0].start, run[-1].end))
        return [(score, s, e) for score, s, e in found if 0 < e - s <= 200]


def _run_from(page: Page, word: Word) -> list[Word]:
    """The run that begins at `word` and goes on along its line."""
    line = [w for w in page.words if w.box and word.box and _same_line(w.box, word.box) and w.box.x0 >= word.box.x0]
    return _run(sorted(line, key=lambda w: w.box.x0))  # type: ignore[union-attr]


def _same_line(a: BBox, b: BBox) -> bool:
    return overlap(a.top, a.bottom, b.top, b.bottom) > 0.5 * min(a.bottom - a.top, b.bottom - b.top)


def _run(words: Sequence[Word]) -> list[Word]:
    """The words from the first up to the first wide gap, as far as they follow each other in the text too."""
    run = [words[0]]
    for word in words[1:]:
        last = run[-1]
        if word.box is None or last.box is None or word.start < last.end:
            break
        if word.box.x0 - last.box.x1 > GAP * (last.box.bottom - last.box.top) or word.start - last.end > 3:
            break
        run.append(word)
    return run


def _in_text(text: str, start: int, end: int) -> list[tuple[float, int, int]]:
    """The rest of the label's line up to a wide gap, and else the line under it."""
    found = []
    rest = re.compile(r"[ \t\u3000]*[:：#.]*[ \t\u3000]*([^\n\t]*?)(?= {3,}|\t|\n|$)").match(text, end)
    if rest and rest.group(1):
        found.append((1.0, rest.start(1), rest.end(1)))
    below = re.compile(r"[^\n]*\n\s*([^\n]+)").match(text, end)
    if below and not (rest and rest.group(1)):
        found.append((0.9, below.start(1), below.end(1)))
    return [(score, s, min(e, s + 200)) for score, s, e in found]


def _typed(kind: str | None, text: str, start: int, end: int) -> list[tuple[int, int]]:
    if kind is None or kind == "boolean":
        return [(start, end)]
    return [(start + s, start + e) for s, e in normalization.find_spans(kind, text[start:end])][:2]
