"""Where on a page a label's value would stand: to the right of the label, or under it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.matches import LayoutCandidate
from extractor.geometry import overlaps_in_height
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, Page, Word
from extractor.values import normalisation
from extractor.values.label_similarity import label_pattern, normalise_label


@dataclass(frozen=True)
class LayoutSettings(Settings):
    """Where a label's value may stand, and how likely each place is. Scores are in 0..1, lengths in line heights."""

    max_candidates: int = threshold(3, unit="texts", meaning="So many different texts are proposed for a field.")
    max_occurrences: int = threshold(40, unit="places", meaning="So many places of one label are looked at.")
    word_gap: float = threshold(1.3, unit="line heights", meaning="A wider gap separates two things on a line.")
    near_score: float = threshold(1.0, meaning="The score of a value right of its label, or joined to it.")
    far_score: float = threshold(0.7, meaning="The score of a value right of its label beyond a wide gap.")
    far_gap: float = threshold(6.0, unit="line heights", meaning="From so wide a gap on a value is far.")
    below_score: float = threshold(0.9, meaning="The score of a value under its label.")
    max_rise: float = threshold(0.3, unit="line heights", meaning="A value under its label begins so high at most.")
    max_drop: float = threshold(1.6, unit="line heights", meaning="A value under its label begins so low at most.")
    max_indent: float = threshold(2.0, unit="line heights", meaning="It begins so far right of its label at most.")
    later_label_loss: float = threshold(0.05, meaning="What every label before in the field's list takes of the score.")
    later_value_loss: float = threshold(0.1, meaning="What another value before it in the same place takes.")
    max_length: int = threshold(200, unit="characters", meaning="A longer stretch is no value of a label.")


class LayoutIndex:
    """Finds layout candidates in one document; the places of each label are looked up once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._pages = {page.number: page for page in document.pages if page.words and page.words[0].box}
        self._word_starts = {n: [w.start for w in page.words] for n, page in self._pages.items()}
        self._occurrences: dict[str, list[tuple[int, int]]] = {}

    def find(self, field: Field, spans: Sequence[tuple[int, int]], limit: int | None = None) -> list[LayoutCandidate]:
        """Return the likeliest stretches for `field` at labels within `spans`, best first, at most `limit` texts.

        An earlier label counts for more than a later one, a value on the label's own line for more than one under it;
        for a typed field only stretches of its kind count.
        """
        settings = LayoutSettings.current()
        kind = normalisation.value_kind(field)
        best: dict[str, LayoutCandidate] = {}
        for rank, label in enumerate(field.labels):
            if len(normalise_label(label)) < 2:
                continue
            for label_start, label_end in self._find_label(label, spans):
                for place_score, first, last in self._find_places(label_start, label_end):
                    for start, end in _spans_of_kind(kind, self.document.text, first, last):
                        text = " ".join(self.document.text[start:end].split())
                        score = place_score * (1 - settings.later_label_loss * rank)
                        score *= 1 - settings.later_value_loss * (start > first)
                        if text and (text not in best or best[text].score < score):
                            best[text] = LayoutCandidate(start, end, score)
        ranked = sorted(best.values(), key=lambda c: (-c.score, c.start))
        return ranked[: settings.max_candidates if limit is None else limit]

    def _find_label(self, label: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        if label not in self._occurrences:
            pattern = label_pattern(label)
            found = [m.span() for m in pattern.finditer(self.document.text)] if pattern else []
            self._occurrences[label] = found[: LayoutSettings.current().max_occurrences]
        return [(s, e) for s, e in self._occurrences[label] if any(first <= s < last for first, last in spans)]

    def _find_places(self, start: int, end: int) -> list[tuple[float, int, int]]:
        """Return what stands right of the label and what stands under it, as `(score, start, end)`."""
        for number, page in self._pages.items():
            if page.start <= start < page.end:
                return self._find_on_page(number, page, start, end)
        return _find_in_text(self.document.text, start, end)

    def _find_on_page(self, number: int, page: Page, start: int, end: int) -> list[tuple[float, int, int]]:
        settings = LayoutSettings.current()
        first = max(0, bisect.bisect_right(self._word_starts[number], start) - 1)
        label = [w for w in page.words[first : first + 12] if w.end > start and w.start < end and w.box]
        if not label:
            return []
        last = label[-1]
        found: list[tuple[float, int, int]] = []
        if last.end > end:  # `Date:10/27/20`, or a colon
            rest = self.document.text[end : last.end].lstrip(":：#. ")
            if rest:
                stop = max(_run_from(page, last)[-1].end, last.end)
                found.append((settings.near_score, last.end - len(rest), stop))
        left, box = label[0].box, last.box
        assert left is not None and box is not None
        height = box.bottom - box.top
        right = [
            w
            for w in page.words
            if w.box and overlaps_in_height(w.box, box) and w.box.x0 >= box.x1 - 1 and w.start != last.start
        ]
        right.sort(key=lambda w: w.box.x0)  # type: ignore[union-attr]
        while right and not re.search(r"\w", right[0].text):
            right = right[1:]
        if right and not (last.end > end and found):
            gap = right[0].box.x0 - box.x1  # type: ignore[union-attr]
            run = _take_run(right)
            score = settings.near_score if gap < settings.far_gap * height else settings.far_score
            found.append((score, run[0].start, run[-1].end))
        under = [
            w
            for w in page.words
            if w.box
            and -settings.max_rise * height <= w.box.top - box.bottom <= settings.max_drop * height
            and w.box.x1 > left.x0 - 2
            and w.box.x0 < box.x1 + settings.max_indent * height
        ]
        if under:
            top = min(w.box.top for w in under if w.box)
            line = sorted((w for w in under if w.box and w.box.top - top < 0.5 * height), key=lambda w: w.box.x0)  # type: ignore[union-attr]
            run = _run_from(page, line[0])
            found.append((settings.below_score, run[0].start, run[-1].end))
        return [(score, s, e) for score, s, e in found if 0 < e - s <= settings.max_length]


def _run_from(page: Page, word: Word) -> list[Word]:
    """Return the run of words that begins at `word` and goes on along its line."""
    line = [
        w for w in page.words if w.box and word.box and overlaps_in_height(w.box, word.box) and w.box.x0 >= word.box.x0
    ]
    return _take_run(sorted(line, key=lambda w: w.box.x0))  # type: ignore[union-attr]


def _take_run(words: Sequence[Word]) -> list[Word]:
    """Return the words up to the first wide gap, as far as they follow each other in the text too."""
    widest = LayoutSettings.current().word_gap
    run = [words[0]]
    for word in words[1:]:
        last = run[-1]
        if word.box is None or last.box is None or word.start < last.end:
            break
        if word.box.x0 - last.box.x1 > widest * (last.box.bottom - last.box.top) or word.start - last.end > 3:
            break
        run.append(word)
    return run


def _find_in_text(text: str, start: int, end: int) -> list[tuple[float, int, int]]:
    """Return the rest of the label's line up to a wide gap, and else the line under it, as `(score, start, end)`."""
    settings = LayoutSettings.current()
    found = []
    rest = re.compile(r"[ \t\u3000]*[:：#.]*[ \t\u3000]*([^\n\t]*?)(?= {3,}|\t|\n|$)").match(text, end)
    if rest and rest.group(1):
        found.append((settings.near_score, rest.start(1), rest.end(1)))
    below = re.compile(r"[^\n]*\n\s*([^\n]+)").match(text, end)
    if below and not (rest and rest.group(1)):
        found.append((settings.below_score, below.start(1), below.end(1)))
    return [(score, s, min(e, s + settings.max_length)) for score, s, e in found]


def _spans_of_kind(kind: str | None, text: str, start: int, end: int) -> list[tuple[int, int]]:
    if kind is None or kind == "boolean":
        return [(start, end)]
    return [(start + s, start + e) for s, e in normalisation.find_spans(kind, text[start:end])][:2]
