"""What may answer a typed field: the stretches of its kind whose surroundings have the field's names."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.context import ContextIndex, field_names, is_unnamed
from extractor.candidates.layout import LayoutIndex
from extractor.candidates.named_units import unit_in_name
from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path
from extractor.values import normalisation, numbers, units
from extractor.values.described_layouts import find_layout
from extractor.values.locale import infer_decimal_mark
from extractor.values.normalisation import CALENDAR_NUMBER, NUMERIC_TYPES
from extractor.values.scripts import UNSPACED, is_unspaced
from extractor.values.terms import search_terms
from extractor.values.territories import currency_codes

Span = tuple[int, int]


@dataclass(frozen=True)
class CandidateSettings(Settings):
    """Which stretches of a kind are candidates for a field."""

    min_support: float = threshold(
        0.5, meaning="The least share of a label's terms around a number that makes it a candidate."
    )
    skip_line_numbers: bool = rule(True, meaning="The number of a paragraph or list item is no candidate.")
    skip_date_parts: bool = rule(
        True, meaning="The numbers of a date are candidates only for a field named for a year."
    )
    whole_dates_only: bool = rule(True, meaning="A date without year, month or day is no candidate for a date field.")
    amounts_without_label: bool = rule(
        True, meaning="Where no amount stands by its label, every amount is a candidate for a field named for money."
    )
    prefer_declared_unit: bool = rule(True, meaning="Numbers in the field's unit rule out those without.")
    whole_groups_only: bool = rule(
        True,
        meaning="Where commas divide, the parts of `63 365` and `7,1` are no candidates beside the whole number.",
    )
    use_units_in_names: bool = rule(
        True, meaning="The unit that a field's name ends in, `weight_kg`, says which printed numbers may be its value."
    )
    percent_for_shares_only: bool = rule(True, meaning="Percentages are candidates only for fields named for a share.")
    max_layout_candidates: int = threshold(
        20, unit="texts", meaning="So many layout candidates of a numeric field count as supported."
    )
    max_supported_seeds: int = threshold(3, unit="spans", meaning="So many of a number's best spans go into passages.")
    max_document_length: int = threshold(
        400_000, unit="characters", meaning="Later stretches of a longer document are found by search alone."
    )


_NAMED_FOR_SHARE = re.compile(
    r"%|％|rate|percent|pct|share|ratio|proportion|margin|growth|率|比|占|幅|增|降|"
    r"\btaux|\btasa|\btaxa|\btasso|\bsatz|satz\b|quote\b|prozent|procent|porcent|pourcent|percentu|aliquota|alíquota"
)
"""Words in the names of fields that may be answered in percent; for any other, 6% beside $8.20 is no answer."""
_NAMED_FOR_MONEY = re.compile(
    r"(?<![^\W_])(?:totals?|amounts?|price|sum|paid|payable|due|balance|cost|fee|charge)(?![^\W_])|金额|总额|合计|总价|价款|费用"
)
_HUNDREDTHS = re.compile(r"\d[.,]\d\d(?!\d)")
_LINE_NUMBER_END = re.compile(r"[.、)）．][^\S\n]*[^\W\d]")


class CandidateIndex:
    """The stretches of one document that may answer its typed fields.

    Stretches that answer another field already are no candidates. A count or an amount is one only where its
    surroundings have the field's names, or where it stands by one of its labels: without that, any number would do.
    Names are not asked for where they cannot tell: written in another script than the document, or no more than a
    property's name, no word of which the document has.
    """

    def __init__(self, document: Document, spans: Sequence[Span], taken: Sequence[Span]) -> None:
        """Prepare the candidates within `spans` of `document`, less the `taken` stretches of other fields."""
        self.document = document
        self.spans = spans
        self.taken = taken
        self.context = ContextIndex(document)
        self.layout = LayoutIndex(document)
        self._of_kind: dict[tuple[str, bool], list[Span]] = {}
        self._of_field: dict[Path, list[Span]] = {}
        beginning = document.text[: CandidateSettings.current().max_document_length]
        self._document_terms = frozenset(search_terms(beginning))
        self._decimal_mark = infer_decimal_mark(beginning)
        letters = sum(map(str.isalpha, beginning))
        unspaced = sum(c.isalpha() for c in re.findall(f"[{UNSPACED}]", beginning))
        self._is_unspaced = 3 * unspaced > letters

    def is_typed(self, field: Field) -> bool:
        """Decide whether the field's answers are limited to stretches of a kind."""
        return field.copied and normalisation.value_kind(field) not in (None, "boolean")

    def find_spans(self, field: Field) -> list[Span]:
        """Return where the typed field's value may stand, best supported first."""
        if field.path not in self._of_field:
            kind = normalisation.value_kind(field) or ""
            spans = self._find_kind(kind)
            if kind in NUMERIC_TYPES:
                spans = self._select_numbers(field, spans)
            elif kind in ("date", "date-time", "time") and CandidateSettings.current().whole_dates_only:
                spans = [span for span in spans if self._is_whole_date(field, *span)]
            self._of_field[field.path] = spans
        return self._of_field[field.path]

    def seed_spans(self, field: Field) -> list[Span]:
        """Return the stretches that a prompt should show for the field, likeliest first."""
        at_labels = [(c.start, c.end) for c in self.layout.find(field, self.spans)]
        numeric = field.copied and normalisation.value_kind(field) in NUMERIC_TYPES
        supported = self.find_spans(field)[: CandidateSettings.current().max_supported_seeds] if numeric else []
        return [*supported[:1], *at_labels, *supported[1:]]

    def _select_numbers(self, field: Field, spans: Sequence[Span]) -> list[Span]:
        """Return those of `spans` that may answer a numeric field, best supported first, then in order of the text."""
        settings = CandidateSettings.current()
        text = self.document.text
        names = field_names(field)
        at_labels = {(c.start, c.end) for c in self.layout.find(field, self.spans, settings.max_layout_candidates)}
        spans_of_numbers = [span for span in spans if not (settings.skip_line_numbers and _is_line_number(text, *span))]
        named_for_year = any("年" in name or "year" in name.casefold() for name in names)
        if settings.skip_date_parts and not named_for_year:
            dates = self._find_kind("date", with_taken=True)
            spans_of_numbers = [span for span in spans_of_numbers if not self._is_in_date(*span, dates)]
        if settings.whole_groups_only and self._decimal_mark == ",":
            spans_of_numbers = _without_parts(spans_of_numbers)
        scored = []
        for span in spans_of_numbers:
            support = max(self.context.support(field, *span), span in at_labels)
            if support >= settings.min_support:
                scored.append((support, *span))
        named_unit = unit_in_name(field) if settings.use_units_in_names and not field.unit else None
        if named_unit is not None:
            spans_of_numbers = self._fitting(spans_of_numbers, named_unit)
            fitting = set(spans_of_numbers)
            scored = self._by_named_unit([t for t in scored if t[1:] in fitting], spans_of_numbers, named_unit)
        if not scored and self._names_cannot_tell(field):
            scored = [(0.0, *span) for span in spans_of_numbers]
        is_money = settings.amounts_without_label and _is_money_field(field)
        if is_money and not any(self._is_amount(start, end) for _, start, end in scored):
            found = {(start, end) for _, start, end in scored}
            scored += [(0.0, *span) for span in spans if span not in found and self._is_amount(*span)]
        selected = [(start, end) for _, start, end in sorted(scored, key=lambda t: (-t[0], t[1]))]
        if settings.prefer_declared_unit:
            selected = self._in_declared_unit(field, selected) or selected
        described = " ".join((*names, field.description, field.unit or "")).casefold()
        is_share = named_unit is not None and "ratio" in named_unit.dimensions
        if settings.percent_for_shares_only and not is_share and not _NAMED_FOR_SHARE.search(described):
            selected = [(start, end) for start, end in selected if text[end - 1] not in "%％"] or selected
        return selected

    def _fitting(self, spans: Sequence[Span], unit: units.Unit) -> list[Span]:
        """Return the numbers without those that are printed in another unit: no grams for kilograms, nor for days."""
        printed = ((span, numbers.parse_number(self.document.text[slice(*span)])) for span in spans)
        return [
            span
            for span, n in printed
            if n is None or n.unit is None or not n.unit.known or _is_same_unit(n.unit, unit)
        ]

    def _by_named_unit(
        self, scored: Sequence[tuple[float, int, int]], spans: Sequence[Span], unit: units.Unit
    ) -> list[tuple[float, int, int]]:
        """Return the supported numbers of a field whose name ends in a unit, `limit_kg`, and those printed in it.

        All of the latter are candidates, but amounts of money only where no number is supported: they are many. Where
        one of them is supported as well as any number without a unit, those without are none.
        """
        printed = ((span, numbers.parse_number(self.document.text[slice(*span)])) for span in spans)
        own = {span for span, n in printed if n and n.unit and n.unit.known}
        best = max((support for support, _, _ in scored), default=0.0)
        if any(support >= best and (start, end) in own for support, start, end in scored):
            scored = [t for t in scored if t[1:] in own]
        if scored and unit.dimensions & currency_codes():
            return list(scored)
        known = {t[1:] for t in scored}
        return [*scored, *((0.0, *span) for span in spans if span in own and span not in known)]

    def _names_cannot_tell(self, field: Field) -> bool:
        """Decide whether the field's names cannot tell where its value stands."""
        names = field_names(field)
        is_foreign = not any(any(map(is_unspaced, name)) == self._is_unspaced for name in names)
        return is_foreign or (
            is_unnamed(field) and not any(self._document_terms & set(search_terms(name)) for name in field.labels)
        )

    def _is_whole_date(self, field: Field, start: int, end: int) -> bool:
        """Decide whether a date has all the parts asked for, of itself or by what stands before it."""
        if (layout := find_layout(field)) and "DD" not in layout:
            return True
        text = self.document.text
        read = normalisation.normalise_value(field, text[start:end], text[max(0, start - 80) : end + 40])
        partial = (ProblemKind.INCOMPLETE_DATE, ProblemKind.NOT_NORMALISED)
        return not any(problem.kind in partial for problem in read.problems)

    def _is_amount(self, start: int, end: int) -> bool:
        """Decide whether a number is printed as money is, with hundredths or a currency."""
        text = self.document.text[start:end]
        if text[-1] in "%％":
            return False
        if _HUNDREDTHS.search(text):
            return True
        number = numbers.parse_number(text)
        return number is not None and _is_currency(number.unit)

    def _in_declared_unit(self, field: Field, spans: Sequence[Span]) -> list[Span]:
        """Return those printed in a unit like the declared one: beside `$1,542.50`, a bare 15 is no amount of money."""
        wanted = units.parse_unit(field.unit) if field.unit else None
        if wanted is None or not wanted.dimensions:
            return []
        printed = ((span, numbers.parse_number(self.document.text[slice(*span)])) for span in spans)
        return [span for span, n in printed if n and n.unit and n.unit.dimensions & wanted.dimensions]

    def _is_in_date(self, start: int, end: int, dates: Sequence[Span]) -> bool:
        i = bisect.bisect_right(dates, (start, len(self.document.text))) - 1
        is_inside = i >= 0 and end <= dates[i][1]
        return is_inside or CALENDAR_NUMBER.match(self.document.text, start) is not None

    def _find_kind(self, kind: str, with_taken: bool = False) -> list[Span]:
        """Return the stretches of a kind in order of the text; without those of other fields, unless `with_taken`."""
        if (kind, with_taken) not in self._of_kind:
            longest = CandidateSettings.current().max_document_length
            found = []
            for first, last in self.spans:
                last = min(last, longest)
                if first < last:
                    part = self.document.text[first:last]
                    weak = (
                        {(n.start, n.end) for n in numbers.find_numbers(part) if n.weak}
                        if kind in NUMERIC_TYPES
                        else ()
                    )
                    spans = normalisation.find_spans(kind, part)
                    found += [(first + s, first + e) for s, e in spans if (s, e) not in weak]
            if not with_taken:
                found = [span for span in found if not any(span[0] < e and s < span[1] for s, e in self.taken)]
            self._of_kind[kind, with_taken] = sorted(found)
        return self._of_kind[kind, with_taken]


def _without_parts(spans: Sequence[Span]) -> list[Span]:
    """Return those of the spans that lie within no longer one, in order of the text."""
    kept: list[Span] = []
    reached = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > reached:
            kept.append((start, end))
            reached = end
    return kept


def _is_same_unit(printed: units.Unit, named: units.Unit) -> bool:
    """Decide whether a number's unit is the one named, in whatever magnitude: `million EUR` is an amount in EUR."""
    return bool(printed.dimensions & named.dimensions) and printed.scale == named.scale


def _is_money_field(field: Field) -> bool:
    """Decide whether the field asks for an amount of money, as far as its type, its unit and its names tell."""
    unit = units.parse_unit(field.unit) if field.unit else unit_in_name(field)
    if field.type != "number" or (unit is not None and not _is_currency(unit)):
        return False
    return bool(_NAMED_FOR_MONEY.search(" ".join((field.name, *field.labels)).casefold().replace("_", " ")))


def _is_currency(unit: units.Unit | None) -> bool:
    return unit is not None and bool(unit.dimensions & currency_codes())


def _is_line_number(text: str, start: int, end: int) -> bool:
    """Decide whether the digits only number the paragraph that they begin: `2. Rent`."""
    line = text.rfind("\n", 0, start) + 1
    return not text[line:start].strip(" \t\u3000(（") and _LINE_NUMBER_END.match(text, end) is not None
