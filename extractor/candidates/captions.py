"""Fields whose label is the caption of a box or of a line: in small type above its value, or below it.

Which of the two a page does is told by all of its captions together: by what stands in one block with them, and by what
is clearly nearer.
"""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from extractor.candidates.key_value import find_labels
from extractor.candidates.matches import StructuralMatch
from extractor.geometry import overlap, overlaps_in_height
from extractor.settings import Settings, threshold
from extractor.types import BBox, Document, Field, Page, Path, Word
from extractor.values import normalisation
from extractor.values.label_similarity import normalise_label
from extractor.values.normalise_choices import has_options, ticks_choice


@dataclass(frozen=True)
class CaptionSettings(Settings):
    """When a label is a caption, and where its value stands. Lengths are in heights of the caption's words."""

    smaller_type: float = threshold(0.87, meaning="The caption's height, in parts of the value's, is at most this.")
    apart: float = threshold(1.3, meaning="A wider gap parts a caption from what stands beside it.")
    reach: float = threshold(2.2, meaning="A value begins or ends so far from its caption, in heights of the value.")
    overlap: float = threshold(0.4, meaning="By so much a value may reach into the height of its caption.")
    indent: float = threshold(4.0, meaning="A value begins so far right of its caption, or of where that begins.")
    outdent: float = threshold(1.0, meaning="A value begins so far left of its caption at most.")
    clearly_nearer: float = threshold(0.7, meaning="What stands at this share of the other distance is clearly nearer.")
    block_weight: int = threshold(3, meaning="A value in one block with its caption counts as so many that are nearer.")
    least_captions: int = threshold(2, meaning="A page with fewer captions in small type has none.")
    least_in_blocks: int = threshold(3, meaning="So many pairs of label and value in blocks of two lines are a form.")
    max_length: int = threshold(200, unit="characters", meaning="A longer stretch is no value of a caption.")
    score: float = threshold(0.88, meaning="The score of a value at its caption.")


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """What stands above or below a caption: its span, how far away it is, and whether both are in one block."""

    start: int
    end: int
    distance: float
    in_block: bool
    is_pair: bool
    """The block has two lines: this and the caption."""
    is_larger: bool


def match_captions(
    fields: Sequence[Field], document: Document, spans: Sequence[Span], known: Sequence[Field] = ()
) -> dict[Path, StructuralMatch]:
    """Return the fields whose label is a caption, by path, where its value is the only one of that label.

    `spans` are the stretches of the text to search; a label that two fields of `known` share answers neither.
    """
    owners: dict[str, set[Path]] = defaultdict(set)
    printed: dict[str, str] = {}
    for field in known or fields:
        for label in field.labels:
            owners[normalise_label(label)].add(field.path)
            printed.setdefault(normalise_label(label), label)
    by_path = {field.path: field for field in fields if field.type != "array"}
    labels = [found for found in find_labels(printed, document.text, spans) if len(owners[found[2]]) == 1]
    matches: dict[Path, list[StructuralMatch]] = defaultdict(list)
    for page in document.pages:
        if not (page.words and page.words[0].box):
            continue
        on_page = [found for found in labels if page.start <= found[0] < page.end]
        for start, end, plain in _captions_with_values(document, page, on_page, printed):
            (path,) = owners[plain]
            match = _match(by_path[path], document.text, start, end) if path in by_path else None
            if match is not None:
                matches[path].append(match)
    claims = Counter((m.start, m.end) for found in matches.values() for m in found)
    return {
        path: found[0]
        for path, found in matches.items()
        if len({document.text[m.start : m.end] for m in found}) == 1 and claims[found[0].start, found[0].end] == 1
    }


def _captions_with_values(
    document: Document, page: Page, labels: Sequence[tuple[int, int, str]], printed: Mapping[str, str]
) -> list[tuple[int, int, str]]:
    """Return the values at the captions of a page, each as its span and the plain label."""
    settings = CaptionSettings.current()
    sides = []
    for start, end, plain in labels:
        words = _standing_alone(page, start, end)
        if words:
            above, below = (_neighbour(document, page, words, side, printed) for side in (-1, 1))
            if above or below:
                sides.append((plain, above, below))
    votes = {-1: 0, 1: 0}
    for _, above, below in sides:
        for side, one, other in ((-1, above, below), (1, below, above)):
            if one and one.in_block:
                votes[side] += settings.block_weight
            elif one and (other is None or one.distance < settings.clearly_nearer * other.distance):
                votes[side] += not (other and other.in_block)
    if votes[-1] == votes[1]:
        return []
    at = 1 if votes[-1] > votes[1] else 2
    found = [(each[0], each[at]) for each in sides if each[at]]
    larger = [(plain, one) for plain, one in found if one.is_larger]
    pairs = [(plain, one) for plain, one in found if one.is_pair]
    kept = larger if len(larger) >= settings.least_captions else []
    kept = [*kept, *(each for each in pairs if each not in kept)] if len(pairs) >= settings.least_in_blocks else kept
    return [(one.start, one.end, plain) for plain, one in kept]


def _standing_alone(page: Page, start: int, end: int) -> list[Word]:
    """Return the words of a label that nothing stands close beside; none otherwise."""
    first = max(0, bisect.bisect_right([word.start for word in page.words], start) - 1)
    words = [w for w in page.words[first : first + 16] if w.end > start and w.start < end and w.box]
    if not words or words[0].start != start or words[-1].text[end - words[-1].start :].strip(":： "):
        return []
    box, height = _union(words), median(w.box.bottom - w.box.top for w in words if w.box)
    apart = CaptionSettings.current().apart * height
    inside = {w.start for w in words}
    beside = [
        w for w in page.words if w.box and w.start not in inside and overlaps_in_height(w.box, box) and w.text != ":"
    ]
    return [] if any(-overlap(w.box.x0, w.box.x1, box.x0, box.x1) < apart for w in beside if w.box) else words


def _neighbour(
    document: Document, page: Page, caption: Sequence[Word], side: int, printed: Mapping[str, str]
) -> _Neighbour | None:
    """Return the line that begins at the caption, above it (-1) or below it (1), and is no label; None without one."""
    settings = CaptionSettings.current()
    box, height = _union(caption), median(w.box.bottom - w.box.top for w in caption if w.box)
    near = []
    for word in page.words:
        if word.box is None or word.start == caption[0].start:
            continue
        gap = (word.box.top - box.bottom) if side > 0 else (box.top - word.box.bottom)
        tall = word.box.bottom - word.box.top
        if not -settings.overlap * height <= gap <= settings.reach * tall:
            continue
        if -settings.outdent * height <= word.box.x0 - box.x0 and word.box.x0 <= box.x1 + settings.indent * height:
            near.append((gap, word))
    if not near:
        return None
    nearest = min(gap for gap, _ in near)
    line = [w for gap, w in near if gap < nearest + 0.5 * height]
    run = _run(page, min(line, key=lambda w: w.box.x0 if w.box else 0.0))
    if not run[0].box or run[0].box.x0 > box.x0 + settings.indent * height:
        return None
    start, end = run[0].start, run[-1].end
    text = document.text[start:end]
    if normalise_label(text) in printed or len(text) > settings.max_length:
        return None
    block = next((b for b in document.blocks if b.start <= caption[0].start < b.end), None)
    in_block = block is not None and block.start <= start < block.end
    lines = document.text[block.start : block.end].strip().split("\n") if block else []
    is_pair = in_block and len(lines) == 2 and "\t" not in "".join(lines)
    taller = median(w.box.bottom - w.box.top for w in run if w.box)
    return _Neighbour(start, end, max(nearest, 0.1), in_block, is_pair, height <= settings.smaller_type * taller)


def _run(page: Page, word: Word) -> list[Word]:
    """Return the words from `word` on that stand close together on its line and follow each other in the text."""
    apart = CaptionSettings.current().apart
    at = next(n for n, each in enumerate(page.words) if each.start == word.start)
    run = [word]
    for following in page.words[at + 1 :]:
        last = run[-1].box
        if not following.box or not last or not overlaps_in_height(following.box, last):
            break
        if not -1.0 < following.box.x0 - last.x1 < apart * (last.bottom - last.top):
            break
        run.append(following)
    return run


def _union(words: Sequence[Word]) -> BBox:
    boxes = [word.box for word in words if word.box]
    return BBox(
        boxes[0].page,
        min(b.x0 for b in boxes),
        min(b.top for b in boxes),
        max(b.x1 for b in boxes),
        max(b.bottom for b in boxes),
    )


def _match(field: Field, text: str, start: int, end: int) -> StructuralMatch | None:
    """Return the match of a field with a value at its caption; None where that is not of the field's kind."""
    score, context = CaptionSettings.current().score, text[max(0, start - 40) : end + 40]
    if not field.copied:
        is_ticked = (field.type == "boolean" or has_options(field)) and ticks_choice(field, text[start:end])
        return StructuralMatch(field.path, start, end, score, context) if is_ticked else None
    kind = normalisation.value_kind(field)
    if kind is None or kind == "boolean":
        return StructuralMatch(field.path, start, end, score, context) if kind is None else None
    found = normalisation.find_spans(kind, text[start:end])
    if not found or text[start : start + found[0][0]].strip(" $€£¥"):
        return None
    return StructuralMatch(field.path, start + found[0][0], start + found[0][1], score, context)
