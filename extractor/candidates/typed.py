"""What may answer a typed field: stretches of its kind whose surroundings speak of it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from functools import lru_cache

from extractor.candidates.layout import HINTS, LayoutIndex
from extractor.types import Document, Field, Path
from extractor.values import label_similarity as names
from extractor.values import normalization, numbers, units
from extractor.values.normalization import CALENDAR_NUMBER, NUMERIC_TYPES
from extractor.values.terms import search_terms

# How far the words around a value speak of a field.

BEFORE, AFTER = 240, 16
"""Characters around a value that count as its surroundings: a row's label stands before it, a counted thing behind."""


@lru_cache(maxsize=4096)
def _label_terms(labels: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(search_terms(label)) for label in labels)


class ContextIndex:
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
            self.known[start, end] = frozenset(t for word in words for t in search_terms(word))
        return self.known[start, end]

    def support(self, field: Field, start: int, end: int) -> float:
        """The share of a label's terms found around the value, 0..1, for the field's best label."""
        around = self.terms(start, end)
        wanted = _label_terms(field_names(field))
        return max((len(w & around) / len(w) for w in wanted if w), default=0.0)

    def labels_are_unprinted(self, field: Field) -> bool:
        """Whether the field says by what names it is printed, and the document prints none of them."""
        patterns = (names.label_pattern(label) for label in field.schema.get("x-labels", ()))
        tried = [pattern.search(self.document.text) is None for pattern in patterns if pattern]
        return bool(tried) and all(tried)


def field_names(field: Field) -> tuple[str, ...]:
    """The names a field goes by; one that has only its property's name is known by its description too."""
    return (*field.labels, field.description) if _bare(field) and field.description else field.labels


def _bare(field: Field) -> bool:
    return not field.title and not field.schema.get("x-labels")


_SHARE = re.compile(r"%|％|rate|percent|share|ratio|proportion|margin|growth|率|比|占|幅|增|降")
"""Words of a field that may be answered in percent; to any other, 6% beside $8.20 is no answer."""
_MONEY = re.compile(
    r"(?<![^\W_])(?:totals?|amounts?|price|sum|paid|payable|due|balance|cost|fee|charge)(?![^\W_])|金额|总额|合计|总价|价款|费用"
)
_HUNDREDTHS = re.compile(r"\d[.,]\d\d(?!\d)")
_CURRENCY = re.compile(r"[$€£¥￥₹元]|(?<![A-Za-z])(?:RM|[A-Z]{3})(?![A-Za-z])")
_NUMBERING = re.compile(r"[.、)）．][^\S\n]*[^\W\d]")


def _is_money(field: Field) -> bool:
    """Whether the field is an amount of money, as far as its type, its unit and its names tell."""
    if field.type != "number" or (field.unit and not _CURRENCY.search(field.unit)):
        return False
    return bool(_MONEY.search(" ".join((field.name, *field.labels)).casefold().replace("_", " ")))


def _numbers_a_line(text: str, start: int, end: int) -> bool:
    """Whether the digits only number the paragraph that they begin: `2. Rent`."""
    line = text.rfind("\n", 0, start) + 1
    return not text[line:start].strip(" \t\u3000(（") and _NUMBERING.match(text, end) is not None


SUPPORT = 0.5
"""The least share of a label's terms around a number for it to be offered as an answer."""
WITHIN = 400_000
"""Characters of a document whose typed stretches are looked for; the rest of a longer one is left to search."""


class CandidateIndex:
    """The stretches of a document that may answer its typed fields.

    Stretches that settle another field are not offered again. A count or an amount is offered only where its
    surroundings speak of the field, or where it stands by one of its labels: without that, any number would do. The
    numbers of a date are offered only to fields that speak of a year, and those that count paragraphs to none. A field
    is not held to its names where they cannot tell: written in another script than the document, or no more than a
    property's name, no word of which the document knows.
    """

    def __init__(self, document: Document, spans: Sequence[tuple[int, int]], taken: Sequence[tuple[int, int]]) -> None:
        self.document = document
        self.spans = spans
        self.taken = taken
        self.context = ContextIndex(document)
        self.layout = LayoutIndex(document)
        self.found: dict[str, list[tuple[int, int]]] = {}
        self.offered: dict[Path, list[tuple[int, int]]] = {}
        self.known = frozenset(search_terms(document.text[:WITHIN]))
        letters = [c for c in document.text[:WITHIN] if c.isalpha()]
        self.cjk = 3 * sum(c > "\u2e7f" for c in letters) > len(letters)

    def is_typed(self, field: Field) -> bool:
        """Whether the field's answers are limited to stretches of a kind."""
        return field.copied and normalization.value_kind(field) not in (None, "boolean")

    def find_spans(self, field: Field) -> list[tuple[int, int]]:
        """Where the typed field's value may stand, best supported first."""
        if field.path in self.offered:
            return self.offered[field.path]
        kind = normalization.value_kind(field) or ""
        places = self._of_kind(kind)
        if kind in NUMERIC_TYPES:
            hinted = {(h.start, h.end) for h in self.layout.find(field, self.spans, limit=20)}
            untold = self._untold(field)
            speaks_of_year = any("年" in name or "year" in name.casefold() for name in field_names(field))
            dates = self._of_kind("date", taken=False)
            unshared = not _SHARE.search(
                " ".join((*field_names(field), field.description, field.unit or "")).casefold()
            )
            scored = []
            for start, end in places:
                if _numbers_a_line(self.document.text, start, end):
                    continue
                if not speaks_of_year and self._in_a_date(start, end, dates):
                    continue
                support = max(self.context.support(field, start, end), (start, end) in hinted)
                if support >= SUPPORT:
                    scored.append((support, start, end))
            if not scored and untold:
                scored = [
                    (0.0, s, e)
                    for s, e in places
                    if not _numbers_a_line(self.document.text, s, e)
                    and (speaks_of_year or not self._in_a_date(s, e, dates))
                ]
            if _is_money(field) and not any(self._is_amount(s, e) for _, s, e in scored):
                # No amount is printed by any of its names: `CASH RM 170.00` may be all there is of a total.
                offered = {(s, e) for _, s, e in scored}
                scored += [(0.0, s, e) for s, e in places if (s, e) not in offered and self._is_amount(s, e)]
            places = [(s, e) for _, s, e in sorted(scored, key=lambda t: (-t[0], t[1]))]
            places = self._of_unit(field, places) or places
            places = [p for p in places if self.document.text[p[1] - 1] not in "%％"] or places if unshared else places
        elif kind in ("date", "date-time", "time"):
            places = [p for p in places if self._whole(field, *p)]
        self.offered[field.path] = places
        return places

    def seed_spans(self, field: Field) -> list[tuple[int, int]]:
        """The places that a prompt should carry for the field, likeliest first."""
        hinted = [(h.start, h.end) for h in self.layout.find(field, self.spans)]
        numeric = field.copied and normalization.value_kind(field) in NUMERIC_TYPES
        supported = self.find_spans(field)[:HINTS] if numeric else []
        return [*supported[:1], *hinted, *supported[1:]]

    def _untold(self, field: Field) -> bool:
        """Whether the field's names cannot tell where its value stands."""
        foreign = not any((re.search(rf"[{names.CJK}]", name) is not None) == self.cjk for name in field_names(field))
        return foreign or (_bare(field) and not any(self.known & set(search_terms(name)) for name in field.labels))

    def _whole(self, field: Field, start: int, end: int) -> bool:
        """Whether a date has all its parts, of itself or by what stands before it."""
        text = self.document.text
        read = normalization.normalise_value(field, text[start:end], text[max(0, start - 80) : end + 40])
        return not any(p.kind in ("incomplete_date", "not_normalised") for p in read.problems)

    def _is_amount(self, start: int, end: int) -> bool:
        """Whether a number is printed as money is, with hundredths or a currency."""
        text = self.document.text[start:end]
        return bool(_HUNDREDTHS.search(text) or _CURRENCY.search(text)) and text[-1] not in "%％"

    def _of_unit(self, field: Field, places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those printed with a unit like the wanted one: beside `$1,542.50`, a bare 15 is no amount of money."""
        wanted = units.parse_unit(field.unit) if field.unit else None
        if wanted is None or not wanted.dimensions:
            return []
        printed = ((place, numbers.parse_number(self.document.text[slice(*place)])) for place in places)
        return [place for place, n in printed if n and n.unit and n.unit.dimensions & wanted.dimensions]

    def _in_a_date(self, start: int, end: int, dates: Sequence[tuple[int, int]]) -> bool:
        i = bisect.bisect_right(dates, (start, len(self.document.text))) - 1
        inside = i >= 0 and end <= dates[i][1]
        return inside or CALENDAR_NUMBER.match(self.document.text, start) is not None

    def _of_kind(self, kind: str, taken: bool = True) -> list[tuple[int, int]]:
        key = f"{kind}{taken}"
        if key not in self.found:
            text = self.document.text
            found = []
            for first, last in self.spans:
                last = min(last, WITHIN)
                if first < last:
                    piece = text[first:last]
                    weak = (
                        {(n.start, n.end) for n in numbers.find_numbers(piece) if n.weak}
                        if kind in NUMERIC_TYPES
                        else ()
                    )
                    found += [
                        (first + s, first + e) for s, e in normalization.find_spans(kind, piece) if (s, e) not in weak
                    ]
            if taken:
                found = [p for p in found if not any(p[0] < e and s < p[1] for s, e in self.taken)]
            self.found[key] = sorted(found)
        return self.found[key]
