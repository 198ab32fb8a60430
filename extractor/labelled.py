"""Values that stand by their label: right behind it, to the right of it, or under it on a page."""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from extractor import labels as names
from extractor import normalise
from extractor.notation import numbers, units
from extractor.passages import terms
from extractor.structure import Settled
from extractor.types import BBox, Document, Field, Page, Path, Word

CALENDAR = re.compile(r"(?:(?:19|20)\d\d|[01]?\d|[23]\d)\s*[年月日号]")
"""A year, month or day by its number."""
NUMERIC = ("integer", "number")
_CJK = r"㐀-䶿一-鿿豈-﫿"
_LINK = re.compile(
    r"[ \t\u3000]*(?:[:：=]|为|是|达到|达|共计|共有|共|合计|约|计|有|了|is|was|of|no\.?|#)?"
    r"[ \t\u3000]*(?:[:：]|约)?[ \t\u3000]*\n?[ \t\u3000]*",
    re.IGNORECASE,
)


def _label_pattern(label: str) -> re.Pattern[str] | None:
    """A pattern for the label as printed: any white space may stand between CJK characters and between words."""
    parts = re.findall(rf"[{_CJK}]|[^\W{_CJK}]+|[^\w\s]", label)
    if not parts:
        return None
    pattern = r"\s*".join(re.escape(part) for part in parts)
    before = r"(?<![^\W_])" if re.match(rf"[^\W{_CJK}]", parts[0]) else ""
    after = r"(?![A-Za-z])" if re.match(r"[A-Za-z]", parts[-1]) else ""
    return re.compile(before + pattern + after, re.IGNORECASE)


def _long_enough(label: str) -> bool:
    bare = names.plain(label)
    return len(bare) >= (2 if re.search(rf"[{_CJK}]", bare) else 4)


def settle(
    fields: Sequence[Field], document: Document, pieces: Sequence[tuple[int, int]], known: Sequence[Field] = ()
) -> dict[Path, Settled]:
    """The typed fields whose value stands by one of their labels, wherever that is the only such value.

    Right behind the label, or, for a count, as the only number of the label's clause. `pieces` are the stretches of the
    text to search (running text rather than table cells). A label inside a longer label of another field does not
    count, and a label that two fields share, of `fields` or of all that are `known`, settles neither.
    """
    typed = {f.path: normalise.kind_of(f) for f in fields if f.type != "array" and f.copied}
    typed = {path: kind for path, kind in typed.items() if kind != "boolean"}
    owners: dict[str, set[Path]] = defaultdict(set)
    spelt: dict[str, str] = {}
    for field in [*fields, *known]:
        for label in field.labels:
            owners[names.plain(label)].add(field.path)
            spelt.setdefault(names.plain(label), label)
    behind: dict[Path, list[tuple[int, int, int]]] = defaultdict(list)
    beside: dict[Path, list[tuple[int, int, int]]] = defaultdict(list)
    for start, end, bare in _longest(spelt, document.text, pieces):
        (path, *others) = owners[bare]
        if others or path not in typed:
            continue
        kind = typed[path]
        if kind is None:
            if m := _LISTED.match(document.text, end):
                behind[path].append((*m.span(1), len(bare)))
            continue
        place = _right_behind(document.text, end, kind)
        if place:
            behind[path].append((*place, len(bare)))
        elif kind in NUMERIC and len(bare) >= CLAUSE_LABEL:
            beside[path] += [(s, e, len(bare)) for s, e in _in_clause(document.text, start, end)]
    settled: dict[Path, Settled] = {}
    for spots, sure in ((behind, 0.86), (beside, 0.72)):
        used = {(s.start, s.end) for s in settled.values()}
        for path, places in spots.items():
            places = [p for p in places if (p[0], p[1]) not in used] if spots is beside else places
            if path not in settled and len({document.text[s:e].strip() for s, e, _ in places}) == 1:
                start, end, length = places[0]
                around = document.text[max(0, start - 40) : end]
                settled[path] = Settled(path, start, end, min(sure + 0.11, sure + 0.02 * length), around)
    claimed = Counter((s.start, s.end) for s in settled.values())
    return {path: s for path, s in settled.items() if claimed[s.start, s.end] == 1}


_LISTED = re.compile(
    r"\s?[：:]\s?([^\s，,；;。：:（(）)](?:[^\n\t，,；;。：:）)]{0,78}[^\s，,；;。：:（(）)])?)"
    r"(?=[）)；;。]|[，,]\s?[^\s，,；;。：:]{1,12}[：:])"
)
"""A text in a run of `label：value，label：value`: it ends where the run does, or where the next label begins."""
CLAUSE_LABEL = 4
"""The shortest label, in characters, whose clause is searched for its number: shorter ones stand in too many."""
CLAUSE = 400
"""Characters before a label in which its clause begins."""
_CLAUSE_END = re.compile(r"(?<!\d),|,(?!\d)|\.(?=\s)|[，。；;：:、\n\t（）()“”！？!?]")
"""What ends a clause; the commas inside `7,850` do not."""


def _longest(spelt: Mapping[str, str], text: str, pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Where labels stand, as `(start, end, plain label)`; of overlapping ones only the longest first."""
    hits: list[tuple[int, int, str]] = []
    for bare, label in spelt.items():
        pattern = _label_pattern(label)
        if pattern is not None and _long_enough(label):
            for start, end in pieces:
                hits += [(m.start(), m.end(), bare) for m in pattern.finditer(text, start, end)]
    reach = 0
    for start, end, bare in sorted(hits, key=lambda h: (h[0], -h[1])):
        if end > reach:
            reach = end
            yield start, end, bare


def _right_behind(text: str, end: int, kind: str) -> tuple[int, int] | None:
    """The stretch of the kind that follows with no more than a colon or a copula between."""
    link = _LINK.match(text, end)
    at = link.end() if link else end
    for s, e in normalise.find(kind, text[end : at + 60]):
        if s <= at - end < e:
            return end + s, end + e
    return None


def _in_clause(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The number in the label's clause, when it is the only one there and no part of a date."""
    first = max((m.end() for m in _CLAUSE_END.finditer(text, max(0, start - CLAUSE), start)), default=0)
    stop = _CLAUSE_END.search(text, end)
    last = stop.start() if stop else len(text)
    clause = text[first:last]
    found = [(first + s, first + e) for s, e in normalise.find("number", clause)]
    found = [p for p in found if not CALENDAR.match(text, p[0])]
    return found if len(found) == 1 and re.search(r"\d", text[slice(*found[0])]) else []


@dataclass(frozen=True, slots=True)
class Hint:
    """A stretch of the document that stands where a label's value would stand."""

    start: int
    end: int
    score: float


HINTS = 3
GAP = 1.3
"""A gap of this many times the height of the words parts one thing on a line from the next."""


class Hints:
    """Finds hints in one document; words are sorted by page once and used for every field."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.pages = {page.number: page for page in document.pages if page.words and page.words[0].box}
        self.starts = {n: [w.start for w in page.words] for n, page in self.pages.items()}
        self.found: dict[str, list[tuple[int, int]]] = {}

    def of(self, field: Field, pieces: Sequence[tuple[int, int]], limit: int = HINTS) -> list[Hint]:
        """The likeliest stretches for `field` within `pieces`, best first, at most `limit` different texts.

        An earlier label counts for more than a later one, a value on the label's own line for more than one under it;
        for a typed field only stretches of its kind count.
        """
        kind = normalise.kind_of(field)
        hints: dict[str, Hint] = {}
        for rank, label in enumerate(field.labels):
            if len(names.plain(label)) < 2:
                continue
            for start, end in self._labels(label, pieces):
                for score, s, e in self._beside(start, end):
                    for s2, e2 in _typed(kind, self.document.text, s, e):
                        text = " ".join(self.document.text[s2:e2].split())
                        worth = score * (1 - 0.05 * rank) * (1 - 0.1 * (s2 > s))
                        if text and (text not in hints or hints[text].score < worth):
                            hints[text] = Hint(s2, e2, worth)
        return sorted(hints.values(), key=lambda h: (-h.score, h.start))[:limit]

    def _labels(self, label: str, pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        if label not in self.found:
            pattern = _label_pattern(label)
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
                found.append((1.0, last.end - len(rest), self._run_end(page, last)))
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
            follow = [
                w
                for w in page.words
                if w.box and line[0].box and _same_line(w.box, line[0].box) and w.box.x0 >= line[0].box.x0
            ]
            run = _run(sorted(follow, key=lambda w: w.box.x0))  # type: ignore[union-attr]
            found.append((0.9, run[0].start, run[-1].end))
        return [(score, s, e) for score, s, e in found if 0 < e - s <= 200]

    def _run_end(self, page: Page, word: Word) -> int:
        follow = [
            w for w in page.words if w.box and word.box and _same_line(w.box, word.box) and w.box.x0 >= word.box.x0
        ]
        return max(_run(sorted(follow, key=lambda w: w.box.x0))[-1].end, word.end)  # type: ignore[union-attr]


def _same_line(a: BBox, b: BBox) -> bool:
    return min(a.bottom, b.bottom) - max(a.top, b.top) > 0.5 * min(a.bottom - a.top, b.bottom - b.top)


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
    return [(start + s, start + e) for s, e in normalise.find(kind, text[start:end])][:2]


# How far the words around a value speak of a field.

BEFORE, AFTER = 240, 16
"""Characters around a value that count as its surroundings: a row's label stands before it, a counted thing behind."""


@lru_cache(maxsize=4096)
def _label_terms(labels: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(terms(label)) for label in labels)


class Surroundings:
    """The search terms around every value of one document, headers of its table cell included."""

    def __init__(self, document: Document) -> None:
        self.document = document
        cells = [
            (cell.start, cell.end, (*table.caption, *cell.row_path, *cell.column_path))
            for table in document.tables
            for cell in table.cells
            if cell.text and not cell.header
        ]
        self.cells = sorted(cells)
        self.firsts = [start for start, _, _ in self.cells]
        self.known: dict[tuple[int, int], frozenset[str]] = {}

    def terms(self, start: int, end: int) -> frozenset[str]:
        """The terms of the line before the value (of the line above, where it begins its line) and just behind it."""
        if (start, end) not in self.known:
            text = self.document.text
            line = text.rfind("\n", 0, start) + 1
            stop_here = text.find("\n", start)
            if not text[line:start].strip() or "\t" in text[line : stop_here if stop_here >= 0 else None]:
                line = text.rfind("\n", 0, max(0, line - 1)) + 1  # a label, or a row's header, may stand above
            stop = text.find("\n", end)
            words = [
                text[max(line, start - BEFORE) : start],
                text[end : min(end + AFTER, stop if stop >= 0 else end + AFTER)],
            ]
            i = bisect.bisect_right(self.firsts, start) - 1
            if i >= 0 and self.cells[i][1] >= end:
                words += self.cells[i][2]
            self.known[start, end] = frozenset(t for word in words for t in terms(word))
        return self.known[start, end]

    def support(self, field: Field, start: int, end: int) -> float:
        """The share of a label's terms found around the value, 0..1, for the field's best label."""
        around = self.terms(start, end)
        wanted = _label_terms(said(field))
        return max((len(w & around) / len(w) for w in wanted if w), default=0.0)

    def speaks_in_vain(self, field: Field) -> bool:
        """Whether the field says by what names it is printed, and the document prints none of them."""
        patterns = (_label_pattern(label) for label in field.schema.get("x-labels", ()))
        tried = [pattern.search(self.document.text) is None for pattern in patterns if pattern]
        return bool(tried) and all(tried)


def said(field: Field) -> tuple[str, ...]:
    """The names a field goes by; one that has only its property's name is known by its description too."""
    return (*field.labels, field.description) if _bare(field) and field.description else field.labels


def _bare(field: Field) -> bool:
    return not field.title and not field.schema.get("x-labels")


_NUMBERING = re.compile(r"[.、)）．][^\S\n]*[^\W\d]")


def _numbers_a_line(text: str, start: int, end: int) -> bool:
    """Whether the digits only number the paragraph that they begin: `2. Rent`."""
    line = text.rfind("\n", 0, start) + 1
    return not text[line:start].strip(" \t\u3000(（") and _NUMBERING.match(text, end) is not None


SUPPORT = 0.5
"""The least share of a label's terms around a number for it to be offered as an answer."""
WITHIN = 400_000
"""Characters of a document whose typed stretches are looked for; the rest of a longer one is left to search."""


class Offers:
    """The stretches of a document that may answer its typed fields.

    Stretches that settle another field are not offered again. A count or an amount is offered only where its
    surroundings speak of the field, or where it stands by one of its labels: without that, any number would do. The
    numbers of a date are offered only to fields that speak of a year, and those that count paragraphs to none. A field
    is not held to its names where they cannot tell: written in another script than the document, or no more than a
    property's name, no word of which the document knows.
    """

    def __init__(self, document: Document, pieces: Sequence[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> None:
        self.document = document
        self.pieces = pieces
        self.taken = taken
        self.around = Surroundings(document)
        self.hints = Hints(document)
        self.found: dict[str, list[tuple[int, int]]] = {}
        self.offered: dict[Path, list[tuple[int, int]]] = {}
        self.known = frozenset(terms(document.text[:WITHIN]))
        letters = [c for c in document.text[:WITHIN] if c.isalpha()]
        self.cjk = 3 * sum(c > "\u2e7f" for c in letters) > len(letters)

    def typed(self, field: Field) -> bool:
        """Whether the field's answers are limited to stretches of a kind."""
        return field.copied and normalise.kind_of(field) not in (None, "boolean")

    def places(self, field: Field) -> list[tuple[int, int]]:
        """Where the typed field's value may stand, best supported first."""
        if field.path in self.offered:
            return self.offered[field.path]
        kind = normalise.kind_of(field) or ""
        places = self._of_kind(kind)
        if kind in NUMERIC:
            hinted = {(h.start, h.end) for h in self.hints.of(field, self.pieces, limit=20)}
            untold = self._untold(field)
            speaks_of_year = any("年" in name or "year" in name.casefold() for name in said(field))
            dates = self._of_kind("date", taken=False)
            scored = []
            for start, end in places:
                if _numbers_a_line(self.document.text, start, end):
                    continue
                if not speaks_of_year and self._in_a_date(start, end, dates):
                    continue
                support = max(self.around.support(field, start, end), (start, end) in hinted)
                if support >= SUPPORT:
                    scored.append((support, start, end))
            if not scored and untold:
                scored = [
                    (0.0, s, e)
                    for s, e in places
                    if not _numbers_a_line(self.document.text, s, e)
                    and (speaks_of_year or not self._in_a_date(s, e, dates))
                ]
            places = [(s, e) for _, s, e in sorted(scored, key=lambda t: (-t[0], t[1]))]
            places = self._of_unit(field, places) or places
        elif kind in ("date", "date-time", "time"):
            places = [p for p in places if self._whole(field, *p)]
        self.offered[field.path] = places
        return places

    def seeds(self, field: Field) -> list[tuple[int, int]]:
        """The places that a prompt should carry for the field, likeliest first."""
        hinted = [(h.start, h.end) for h in self.hints.of(field, self.pieces)]
        numeric = field.copied and normalise.kind_of(field) in NUMERIC
        supported = self.places(field)[:HINTS] if numeric else []
        return [*supported[:1], *hinted, *supported[1:]]

    def _untold(self, field: Field) -> bool:
        """Whether the field's names cannot tell where its value stands."""
        foreign = not any((re.search(rf"[{_CJK}]", name) is not None) == self.cjk for name in said(field))
        return foreign or (_bare(field) and not any(self.known & set(terms(name)) for name in field.labels))

    def _whole(self, field: Field, start: int, end: int) -> bool:
        """Whether a date has all its parts, of itself or by what stands before it."""
        text = self.document.text
        read = normalise.value(field, text[start:end], text[max(0, start - 80) : end + 40])
        return not any(p.kind in ("incomplete_date", "not_normalised") for p in read.problems)

    def _of_unit(self, field: Field, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those printed with a unit like the wanted one: beside `$1,542.50`, a bare 15 is no amount of money."""
        wanted = units.parse(field.unit) if field.unit else None
        if wanted is None or not wanted.dimensions:
            return []
        printed = ((place, numbers.parse(self.document.text[slice(*place)])) for place in places)
        return [place for place, n in printed if n and n.unit and n.unit.dimensions & wanted.dimensions]

    def _in_a_date(self, start: int, end: int, dates: Sequence[tuple[int, int]]) -> bool:
        i = bisect.bisect_right(dates, (start, len(self.document.text))) - 1
        inside = i >= 0 and end <= dates[i][1]
        return inside or CALENDAR.match(self.document.text, start) is not None

    def _of_kind(self, kind: str, taken: bool = True) -> list[tuple[int, int]]:
        key = f"{kind}{taken}"
        if key not in self.found:
            text = self.document.text
            found = []
            for first, last in self.pieces:
                last = min(last, WITHIN)
                if first < last:
                    piece = text[first:last]
                    weak = {(n.start, n.end) for n in numbers.scan(piece) if n.weak} if kind in NUMERIC else ()
                    found += [(first + s, first + e) for s, e in normalise.find(kind, piece) if (s, e) not in weak]
            if taken:
                found = [p for p in found if not any(p[0] < e and s < p[1] for s, e in self.taken)]
            self.found[key] = sorted(found)
        return self.found[key]
