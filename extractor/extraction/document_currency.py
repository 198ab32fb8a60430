"""The currency of a document, where the signs and codes beside its amounts can stand for one currency only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.grounding.occurrences import make_evidence
from extractor.schemas import Schema
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, FieldValue
from extractor.values.currencies import currency_names
from extractor.values.numbers import find_numbers
from extractor.values.scripts import has_cjk, has_kana
from extractor.values.territories import currency_codes


@dataclass(frozen=True)
class DocumentCurrencySettings(Settings):
    """Whether code tells the currency, and how surely."""

    tell_currency: bool = rule(True, meaning="A field for the currency is told by the signs beside the amounts.")
    confidence: float = threshold(0.95, meaning="Confidence in a currency that all signs can stand for.")
    max_characters: int = threshold(100_000, unit="characters", meaning="Beginning of a document that is searched.")
    least_share: float = threshold(
        0.9, meaning="The least share of the amounts with a sign whose sign can stand for the currency."
    )


_NAMED = re.compile(r"\bcurrency\b|币种|货币|幣種|通貨", re.IGNORECASE)
_CODED = re.compile(r"\bISO\s?4217\b|\bthree[- ]letter\b|\bcode\b|\be\.g\. ?['\"]?[A-Z]{3}\b|三位|代码")


_AT_END = re.compile(r"[^\W\d][^\d]{0,30}[\s(（](?P<sign>[A-Z]{3}|[^\w\s()（）]|[A-Z]{1,3}\$|元|円)[)）]?")
"""A cell that ends with the sign or code of a currency: `Amount (USD)`."""


def settle_currencies(values: Sequence[FieldValue], schema: Schema, document: Document) -> list[FieldValue]:
    """Return the values, each field for the currency with that of the document, if only one can be meant.

    What structure has found at the field's own label stays.
    """
    fields = {f.path: f for f in schema.fields if is_currency_code(f)}
    if not fields or not DocumentCurrencySettings.current().tell_currency:
        return list(values)
    found = find_currency(document)
    if found is None:
        return list(values)
    code, start, end = found
    settled = []
    for v in values:
        f = fields.get(v.path)
        if f is not None and v.method != "structure" and v.value != code and (f.enum is None or code in f.enum):
            confidence = DocumentCurrencySettings.current().confidence
            evidence = make_evidence(document, start, end)
            v = replace(v, value=code, evidence=evidence, confidence=confidence, problems=(), method="code")
        settled.append(v)
    return settled


def is_currency_code(field: Field) -> bool:
    """Decide whether a field asks for the code of a currency: by its name, and by its description or choices."""
    if field.type != "string" or not _NAMED.search(" ".join((readable_name(field.name), *field.labels))):
        return False
    if field.enum is not None:
        return set(map(str, field.enum)) <= currency_codes()
    return bool("pattern" in field.schema or _CODED.search(f"{readable_name(field.name)} {field.description}"))


def find_currency(document: Document) -> tuple[str, int, int] | None:
    """Return the only currency that nearly all signs and codes at amounts can stand for, and where the first is."""
    settings = DocumentCurrencySettings.current()
    text = document.text[: settings.max_characters]
    signs = sorted(_signs(text), key=lambda sign: sign.start)
    possible: Counter[str] = Counter()
    for sign in signs:
        possible.update(sign.codes)
    likely = [code for code, count in possible.items() if count >= settings.least_share * len(signs)]
    if len(likely) != 1:
        return None
    first = next(sign for sign in signs if likely[0] in sign.codes)
    return likely[0], first.start, first.end


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign or code at `text[start:end]`, and the currencies that it can stand for."""

    start: int
    end: int
    codes: frozenset[str]


def _signs(text: str) -> Iterator[_Sign]:
    """Yield the signs and codes of amounts, and those that end a cell or line without digits, as the head of a column.

    Letters that a hyphen joins to digits, as in `PLN-82`, are a code of something else.
    """
    yen_or_yuan = frozenset({"JPY" if has_kana(text) else "CNY"}) if has_cjk(text) else frozenset({"CNY", "JPY"})
    for number in find_numbers(text):
        if number.unit is not None and not number.weak and number.unit.text in currency_names():
            start = text.find(number.unit.text, number.start, number.end)
            codes = number.unit.dimensions
            is_joined = (
                text[start + len(number.unit.text)] in "-–" if start + len(number.unit.text) < len(text) else False
            )
            if start >= 0 and not (is_joined and number.unit.text.isalpha()):
                yield _Sign(start, start + len(number.unit.text), yen_or_yuan if codes == {"CNY", "JPY"} else codes)
    for cell in re.finditer(r"[^\t\n]+", text):
        printed = cell.group().strip()
        if printed not in currency_names() and (sign := _AT_END.fullmatch(printed)):
            printed = sign["sign"]
        if codes := currency_names().get(printed):
            start = cell.start() + cell.group().rindex(printed)
            yield _Sign(start, start + len(printed), yen_or_yuan if codes == {"CNY", "JPY"} else codes)
