"""Where in the document an answer stands: every place it could have been copied from, and the likeliest one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractor import labels as names
from extractor import normalise
from extractor.geometry import overlap
from extractor.passages import Passages, terms
from extractor.types import BBox, Document, Evidence, Field

REACH = 160
"""How many characters before a value its label is looked for."""


def places(answer: str, passages: Passages, kind: str | None) -> list[tuple[int, int]]:
    """All `(start, end)` in the document where `answer` stands, white space aside.

    A typed answer only counts where it is a whole stretch of its kind, so that 10 is not found inside 2010.
    """
    pattern = r"\s*".join(re.escape(c) for c in answer if not c.isspace())
    if not pattern:
        return []
    found = [(m.start(), m.end()) for m in re.finditer(pattern, passages.text)]
    if kind:
        whole = set(normalise.find(kind, passages.text))
        found = [place for place in found if place in whole] or found
    mapped = (passages.to_document(start, end) for start, end in found)
    return [place for place in mapped if place is not None]


def likeliest(found: Sequence[tuple[int, int]], field: Field, document: Document) -> tuple[int, int] | None:
    """The place whose surroundings speak most of the field: its own label just before, then its other words nearby."""
    if not found:
        return None
    return max(found, key=lambda place: (nearness(place, field, document.text), -place[0]))


def nearness(place: tuple[int, int], field: Field, text: str) -> float:
    """How much the text just around a place speaks of the field, most where its label stands right before it."""
    before = text[max(0, place[0] - REACH) : place[0]]
    line_end = text.find("\n", place[1])
    after = text[place[1] : min(place[1] + 40, line_end if line_end >= 0 else place[1] + 40)]
    folded = before.casefold()
    score = 0.0
    for label in field.labels:
        at = folded.rfind(label.casefold())
        if at >= 0:
            gap = len(before) - at - len(label)
            score = max(score, (1 + 0.1 * min(len(label), 10)) / (1 + gap / 12))
    wanted = set(terms(" ".join(field.labels)))
    for group in field.parents[1:] or field.parents:
        wanted |= set(terms(" ".join(group[:1])))
    near = terms(before[-60:]) + terms(after)
    return score + 0.5 * len(wanted & set(near)) / (len(wanted) or 1)


_LABELLED = re.compile(r"\s*[^\W\d][^\n:：]{0,23}[:：]\s*\S")
_LONE = re.compile(r"[\W\d]*[^,，\w]|[\W\d]*\d|\W*\d[\d-]{4,}[A-Z]?[^\w,，]*")
"""A line of figures and signs alone, or of a registration number; a line that ends in a comma goes on."""
_PAUSE = re.compile(r"[.;；。!?！？]\s|[:：()（）\[\]{}<>\"“”|=]")
_LETTERED = re.compile(r"[A-Z0-9&@][\w'’&./@-]*")
_JOINING = frozenset(("of", "and", "de", "the"))
EDGE_WORDS, EDGE = 5, 30
"""As many words, and characters, of a line may be missing at an end of an answer for them to be put back."""


def whole(place: tuple[int, int], field: Field, document: Document) -> tuple[int, int]:
    """A free text's stretch with its ends set where the lines it stands on say that they are.

    An answer of several lines loses lines at its ends that say something else: `Tel: 603-6203`, a lone number or date.
    What it left out of its first and last line is put back, a few words at most (`No 290,`), and so are the other words
    of a name that has a line to itself. Prose stays as it was answered, and so does what brackets or colons part.
    """
    start, end = _trimmed(*place, document.text)
    several = "\n" in document.text[start:end]
    parts = "\n\t" if several else "\n\t:：()（）,，"
    left = max(document.text.rfind(c, 0, start) for c in parts) + 1
    right = min((at for c in parts if (at := document.text.find(c, end)) >= 0), default=len(document.text))
    before, after = document.text[left:start].lstrip(), document.text[end:right].rstrip()
    left, right = start - len(before), end + len(after)
    if several:
        return (left if _belongs(before, field) else start), (right if _belongs(after, field) else end)
    rest = [edge for edge in (before, after) if edge]
    if (
        rest
        and _is_name(document.text[left:right])
        and all(_belongs(edge, field) and _JOINING.isdisjoint(edge.split()) for edge in rest)
    ):
        return left, right
    return start, end


def _trimmed(start: int, end: int, text: str) -> tuple[int, int]:
    """The stretch without lines at its ends that are labelled, or hold no letters, unless they all are such lines.

    It ends before the first of several such lines: a small model that does not stop runs on into what follows.
    """
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*", text[start:end])]
    own = [not _says_else(text[start + a : start + b]) for a, b in lines]
    if len(lines) < 2 or not any(own):
        return start, end
    first, last = own.index(True), len(own) - 1 - own[::-1].index(True)
    if own[first:].count(False) > 1:
        last = own.index(False, first) - 1
    return start + lines[first][0], start + lines[last][1]


def _says_else(line: str) -> bool:
    for kind in ("date", "time"):
        for a, b in reversed(normalise.find(kind, line)):
            line = line[:a] + " " * (b - a) + line[b:]
    return bool(_LABELLED.match(line) or _LONE.fullmatch(line))


def _belongs(edge: str, field: Field) -> bool:
    """Whether the rest of a line may be the rest of the value: a few words, none of them the field's own name."""
    words = edge.split()
    if not words or len(words) > EDGE_WORDS or len(edge.strip()) > EDGE or _PAUSE.search(edge + " "):
        return False
    if re.search(rf"[{names.CJK}]", edge):
        return False
    return not set(terms(edge)) & set(terms(" ".join(field.labels)))


def _is_name(line: str) -> bool:
    words = line.split()
    lettered = all(_LETTERED.fullmatch(word) or word in _JOINING for word in words)
    return 1 < len(words) <= 8 and lettered and not any(map(str.isdigit, words))


def evidence(document: Document, start: int, end: int) -> Evidence:
    """The stretch with its boxes on the page: one box for each line of words it covers."""
    return Evidence(start, end, document.text[start:end], boxes(document, start, end))


def boxes(document: Document, start: int, end: int) -> tuple[BBox, ...]:
    """The rectangles of `text[start:end]`, words on one line joined; none for documents without pages."""
    lines: list[BBox] = []
    for page in document.pages:
        if page.end < start or page.start > end:
            continue
        for word in page.words:
            if word.box is None or word.end <= start or word.start >= end:
                continue
            box = word.box
            last = lines[-1] if lines else None
            if (
                last
                and last.page == box.page
                and overlap(last.top, last.bottom, box.top, box.bottom) > 0.5 * (box.bottom - box.top)
            ):
                lines[-1] = BBox(
                    box.page,
                    min(last.x0, box.x0),
                    min(last.top, box.top),
                    max(last.x1, box.x1),
                    max(last.bottom, box.bottom),
                )
            else:
                lines.append(box)
    return tuple(lines)
