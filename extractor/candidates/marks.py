"""Fields that ask for a seal or a signature, answered by the marks on the pages and the labels that they stand at.

Readers write SEAL for a seal, with its text, and PEN for writing by pen. Each mark belongs to the nearest label of its
kind. A label on a page at which no mark stands answers "no".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.key_value import find_labels
from extractor.candidates.matches import StructuralMatch
from extractor.geometry import overlap
from extractor.settings import Settings, threshold
from extractor.types import BBox, Document, Field, Path, Word
from extractor.values.label_similarity import normalise_label
from extractor.values.marks import PEN, SEAL, MarkKind, mark_kind, names_of, parse_mark


@dataclass(frozen=True)
class MarkSettings(Settings):
    """How far a mark may stand from its label, in points, and how sure that makes it."""

    seal_reach: float = threshold(220.0, unit="points", meaning="most between a seal and its label")
    beside: float = threshold(240.0, unit="points", meaning="most between a label and what a pen wrote behind it")
    above: float = threshold(45.0, unit="points", meaning="most between a label and what a pen wrote over it")
    score: float = threshold(0.9, meaning="The score of a mark at its label, and of a label without one.")
    alone: float = threshold(0.8, meaning="The score of a mark without a label.")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A mark at a place; `start` and `end` are the mark's own, `text` is where its words stand."""

    start: int
    end: int
    text: tuple[int, int]
    box: BBox


_Place = tuple[int, int]
_Labels = dict[_Place, tuple[BBox, set[Path]]]


def match_marks(
    matches: Mapping[Path, StructuralMatch],
    fields: Sequence[Field],
    document: Document,
    spans: Sequence[tuple[int, int]],
) -> dict[Path, StructuralMatch]:
    """Return the matches with those of `fields` that ask for a seal or a signature.

    What stands in a cell or behind a label counts less than a mark, and more than that there is none. `spans` are the
    stretches of the text that are shown. Nothing is answered in documents without pages, in which nobody looked for
    marks.
    """
    kinds = {f.path: mark_kind(f) for f in fields}
    if not any(kinds.values()) or not any(page.width for page in document.pages):
        return dict(matches)
    marked: dict[Path, StructuralMatch] = {}
    unmarked: dict[Path, StructuralMatch] = {}
    for kind in MarkKind:
        asked = [f for f in fields if kinds[f.path] is kind]
        if asked:
            _match_kind(kind, asked, document, spans, marked, unmarked)
    filled = {path: match for path, match in matches.items() if match.start < match.end}
    return {**matches, **unmarked, **filled, **marked}


def _match_kind(
    kind: MarkKind,
    fields: Sequence[Field],
    document: Document,
    spans: Sequence[tuple[int, int]],
    marked: dict[Path, StructuralMatch],
    unmarked: dict[Path, StructuralMatch],
) -> None:
    """Add what answers the fields of a kind to those at which a mark stands, or to the others."""
    marks = _find_marks(document, SEAL if kind is MarkKind.SEAL else PEN)
    labels = _find_labels(kind, fields, document, spans)
    own: dict[Path, list[_Mark]] = defaultdict(list)
    for mark in marks:
        near = [(d, at) for at, (box, _) in labels.items() if (d := _distance(kind, box, mark.box)) is not None]
        for path in labels[min(near)[1]][1] if near else ():
            own[path].append(mark)
    settings, types = MarkSettings.current(), Counter(f.type for f in fields)
    for field in fields:
        places = [at for at, (_, paths) in labels.items() if field.path in paths]
        score, taken = settings.score, own.get(field.path, [])
        if not taken and types[field.type] == 1 and (kind is MarkKind.SEAL or not places):
            score, taken = settings.alone, marks
        said = [mark.text for mark in taken if mark.text[0] < mark.text[1]]
        if field.type == "boolean" and taken:
            marked[field.path] = StructuralMatch(field.path, taken[0].start, taken[0].end, score)
        elif field.type == "boolean":
            unmarked |= _match_unmarked(kind, field, places, document.text)
        elif len({document.text[slice(*each)] for each in said}) == 1:
            marked[field.path] = StructuralMatch(field.path, *said[0], score)


def _match_unmarked(kind: MarkKind, field: Field, places: Sequence[_Place], text: str) -> dict[Path, StructuralMatch]:
    """Return what the labels of a field say without a mark: somebody's name is a signature, nothing is none."""
    score = MarkSettings.current().score
    for start, end in places if kind is MarkKind.SIGNATURE else ():
        stop = _end_of_part(text, end)
        if text[end:stop].strip() and parse_mark(field, text[start:stop], kind):
            return {field.path: StructuralMatch(field.path, start, stop, score)}
    return {field.path: StructuralMatch(field.path, *places[0], score)} if len(places) == 1 else {}


def _end_of_part(text: str, start: int) -> int:
    """Return where what stands behind a label ends: at the end of the line, or before the next label of it."""
    line_end = text.find("\n", start)
    parts = text[start : line_end if line_end >= 0 else len(text)].split("\t")
    end = start
    for number, part in enumerate(parts):
        if number and part.rstrip().endswith((":", "：")):
            break
        end += len(part) + (1 if number else 0)
        if any(each.isalnum() for each in part):
            break
    return end


def _find_labels(
    kind: MarkKind, fields: Sequence[Field], document: Document, spans: Sequence[tuple[int, int]]
) -> _Labels:
    """Return where labels of the fields stand; for the only one of a type without any, what marks are called."""
    owners: dict[str, set[Path]] = defaultdict(set)
    printed: dict[str, str] = {}
    for field in fields:
        for label in field.labels:
            owners[normalise_label(label)].add(field.path)
            printed.setdefault(normalise_label(label), label)
    places = {(start, end): owners[plain] for start, end, plain in find_labels(printed, document.text, spans)}
    for type_ in {field.type for field in fields}:
        alike = [field for field in fields if field.type == type_]
        if len(alike) == 1 and not any(alike[0].path in paths for paths in places.values()):
            for match in names_of(kind).finditer(document.text.casefold()) if _keeps_length(document.text) else ():
                if any(start <= match.start() and match.end() <= end for start, end in spans):
                    places.setdefault(match.span(), set()).add(alike[0].path)
    return {at: (box, set(paths)) for at, paths in places.items() if (box := _box_of(document, *at)) is not None}


def _keeps_length(text: str) -> bool:
    return len(text.casefold()) == len(text)


def _find_marks(document: Document, sign: str) -> list[_Mark]:
    marks = []
    for page in document.pages:
        for number, word in enumerate(page.words):
            if word.text == sign and word.box is not None:
                following = _words_of_seal(page.words[number + 1 :], word) if sign == SEAL else []
                text = (following[0].start, following[-1].end) if following else (word.end, word.end)
                marks.append(_Mark(word.start, word.end, text, word.box))
    return marks


def _words_of_seal(words: Sequence[Word], mark: Word) -> list[Word]:
    """Return the words right behind a mark that stand at its place."""
    found: list[Word] = []
    for word in words:
        if word.box != mark.box or word.text == SEAL:
            break
        found.append(word)
    return found


def _box_of(document: Document, start: int, end: int) -> BBox | None:
    """Return the box of the words of a stretch; None without any, or where they are on several lines far apart."""
    for page in document.pages:
        if page.start <= start < page.end:
            boxes = [w.box for w in page.words if w.start < end and w.end > start and w.box is not None]
            if boxes:
                x0s, tops, x1s, bottoms = zip(*((b.x0, b.top, b.x1, b.bottom) for b in boxes), strict=True)
                return BBox(boxes[0].page, min(x0s), min(tops), max(x1s), max(bottoms))
    return None


def _distance(kind: MarkKind, label: BBox, mark: BBox) -> float | None:
    """Return how far a mark is from a label, in points; None where it cannot belong to it."""
    if label.page != mark.page:
        return None
    settings = MarkSettings.current()
    across = max(0.0, -overlap(label.x0, label.x1, mark.x0, mark.x1))
    down = max(0.0, -overlap(label.top, label.bottom, mark.top, mark.bottom))
    if kind is MarkKind.SEAL:
        apart = (across**2 + down**2) ** 0.5
        return apart if apart <= settings.seal_reach else None
    if down == 0 and mark.x1 > label.x1 and across <= settings.beside:
        return across
    return down + across if mark.bottom <= label.bottom and across == 0 and down <= settings.above else None
