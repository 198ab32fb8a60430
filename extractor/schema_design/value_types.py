"""What a printed value is: a date, a number with its unit, money, an identifier, a choice, or a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.schema_design.draft import NUMERIC, FieldType
from extractor.settings import Settings, threshold
from extractor.values import contacts, numbers
from extractor.values.booleans import parse_boolean
from extractor.values.dates import parse_date
from extractor.values.label_similarity import normalise_label
from extractor.values.spans import find_spans
from extractor.values.territories import currency_codes


@dataclass(frozen=True)
class ValueTypeSettings(Settings):
    """When printed values are of a type."""

    longest_identifier: int = threshold(40, unit="characters", meaning="A longer text is no identifier.")
    identifier_digits: int = threshold(
        7, unit="digits", meaning="So many digits without separator or fraction are an identifier, not a number."
    )
    longest_unit: int = threshold(14, unit="characters", meaning="A longer word behind a number is no unit.")
    fewest_choice_values: int = threshold(4, unit="values", meaning="Fewer values do not show that they repeat.")
    most_choices: int = threshold(8, unit="values", meaning="More different values are no choice.")
    choice_share: float = threshold(0.5, meaning="The most different values of a choice, as a share of all values.")
    longest_choice: int = threshold(30, unit="characters", meaning="A longer value is none of a few choices.")


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of printed values, with the unit of numbers and the options of a choice."""

    type: FieldType
    unit: str = ""
    choices: tuple[str, ...] = ()


_WHOLE_KINDS = (
    ("email", FieldType.EMAIL),
    ("uri", FieldType.URI),
    ("date-time", FieldType.DATE_TIME),
    ("date", FieldType.DATE),
    ("time", FieldType.TIME),
)
_IDENTIFIER = re.compile(r"(?=\S*\d)[\w#№][\w\-–/.#:*+]*(?: ?[\w\-–/]*\d[\w\-–/]*)*")
_NUMBER_AND_WORD = re.compile(r"\s?([^\W\d_][^\W\d_]*\.?(?:/[^\W\d_]+)?)")
_BOX = re.compile(r"[☐□☑☒✓✔■▢]\s*([^☐□☑☒✓✔■▢\n\t,;，；]+)")
_NAMED_A_NUMBER = re.compile(
    r"(?<![^\W_])(?:no|nr|nº|n°|num|number|code|id|ref|reference|serial|nummer|numéro|número)(?![^\W_])|[#№]"
    r"|编号|单号|号码|代码|证号|院号|账号|序号|番号|编码",
    re.IGNORECASE,
)
_NAMED_AN_AMOUNT = re.compile(
    r"(?<![^\W_])(?:(?:sub|grand)?totals?|amounts?|price|sum|paid|payable|due|balance|costs?|fees?|charges?|net|gross|"
    r"vat|tax|discount|betrag|summe|preis|kosten|montant|prix|importe|precio|total(?:e|i)?)(?![^\W_])"
    r"|金额|总额|合计|总价|单价|价款|费用|税额|小计",
    re.IGNORECASE,
)
_NAMED_A_DATE = re.compile(
    r"(?<![^\W_])(?:date|dated|datum|fecha|data|day|birthday|deadline|due on)(?![^\W_])|日期|时间$|年月日",
    re.IGNORECASE,
)
_NAMED_A_COUNT = re.compile(
    r"(?<![^\W_])(?:quantity|qty|count|pieces|pcs|menge|anzahl|quantité|cantidad|age)(?![^\W_])|数量|件数|个数|年龄",
    re.IGNORECASE,
)
_NAMED_OTHERWISE = (
    (FieldType.EMAIL, re.compile(r"e-?mail|邮箱|电子邮件", re.IGNORECASE)),
    (
        FieldType.PHONE,
        re.compile(r"(?<![^\W_])(?:tel|telephone|phone|mobile|fax|telefon|téléphone)|电话|手机|传真", re.IGNORECASE),
    ),
    (
        FieldType.POSTAL_ADDRESS,
        re.compile(r"(?<![^\W_])(?:address|adresse|anschrift|dirección)(?![^\W_])|地址|住址", re.IGNORECASE),
    ),
)
_HUNDREDTHS = re.compile(r"\d[.,]\d\d(?!\d)")


def type_of_name(name: str) -> FieldType:
    """Return the type that a field's name speaks of: `Invoice date` is a date; TEXT where it says nothing."""
    for field_type, pattern in _NAMED_OTHERWISE:
        if pattern.search(name):
            return field_type
    if _NAMED_A_DATE.search(name):
        return FieldType.DATE
    if _NAMED_A_NUMBER.search(name):
        return FieldType.IDENTIFIER
    if _NAMED_AN_AMOUNT.search(name):
        return FieldType.MONEY
    return FieldType.NUMBER if _NAMED_A_COUNT.search(name) else FieldType.TEXT


def type_of_value(text: str, name: str = "") -> ValueType:
    """Return the type of one printed value; the `name` beside it decides what the print leaves open."""
    text = text.strip()
    options = tuple(option.strip() for option in _BOX.findall(text))
    if len(options) > 1:
        return ValueType(FieldType.CHOICE, choices=tuple(dict.fromkeys(options)))
    for kind, field_type in _WHOLE_KINDS:
        if any(end - start >= len(text.rstrip(".")) for start, end in find_spans(kind, text)) and (
            kind != "date" or _is_whole_date(text)
        ):
            return ValueType(field_type)
    if any(end - start == len(text) for start, end in contacts.find_phones(text, certain_only=True)):
        return ValueType(FieldType.PHONE)
    if type_of_name(name) in (FieldType.PHONE, FieldType.POSTAL_ADDRESS):
        return ValueType(type_of_name(name))
    return _number_type(text, name) or _text_type(text)


def _is_whole_date(text: str) -> bool:
    """Decide whether a text is a date with year, month and day, and no year alone."""
    found = parse_date(text)
    return found is not None and any(reading.is_complete for reading in found.readings)


def _number_type(text: str, name: str) -> ValueType | None:
    """Return the type of a number with its unit; None where the text is none."""
    settings = ValueTypeSettings.current()
    digits = re.fullmatch(r"\d+", text)
    named_an_identifier = type_of_name(name) is FieldType.IDENTIFIER
    if digits and (text[0] == "0" < text or len(text) >= settings.identifier_digits or named_an_identifier):
        return ValueType(FieldType.IDENTIFIER if len(text) > 1 or named_an_identifier else FieldType.NUMBER)
    found = next((n for n in numbers.find_numbers(text) if n.start == 0), None)
    if found is None or found.weak:
        return None
    unit = found.unit.text if found.unit is not None else ""
    rest = text[found.end :]
    if rest:
        word = _NUMBER_AND_WORD.fullmatch(rest)
        if word is None or unit or len(word[1]) > settings.longest_unit or named_an_identifier or not _is_unit(word[1]):
            return None
        unit = word[1]
    dimensions = found.unit.dimensions if found.unit is not None and not rest else frozenset()
    is_money = bool(dimensions & currency_codes()) or (
        not unit and bool(_HUNDREDTHS.search(text)) and type_of_name(name) is FieldType.MONEY
    )
    return ValueType(FieldType.MONEY if is_money else FieldType.NUMBER, unit)


def _is_unit(word: str) -> bool:
    """Decide whether a word behind a number may be its unit: not a name, which begins with a capital."""
    return not (word[0].isupper() and word[1:].islower())


def _text_type(text: str) -> ValueType:
    is_identifier = _IDENTIFIER.fullmatch(text) and len(text) <= ValueTypeSettings.current().longest_identifier
    if is_identifier:
        return ValueType(FieldType.IDENTIFIER)
    if len(text) <= 3 and parse_boolean(text) is not None and not text.isdigit():
        return ValueType(FieldType.BOOLEAN)
    return ValueType(FieldType.TEXT)


def type_of_values(texts: Sequence[str], name: str = "") -> ValueType:
    """Return the type that all printed values have, those of a column or of several samples; blank ones are left out.

    Texts that repeat are a choice; values of different types are texts.
    """
    printed = [text.strip() for text in texts if normalise_label(text)]
    if not printed:
        return ValueType(type_of_name(name))
    found = [type_of_value(text, name) for text in printed]
    types = {each.type for each in found}
    units = [unit for unit, _ in Counter(each.unit for each in found if each.unit).most_common(1)]
    if types <= NUMERIC:
        field_type = FieldType.MONEY if FieldType.MONEY in types else FieldType.NUMBER
        return ValueType(field_type, units[0] if units else "")
    if types == {FieldType.CHOICE}:
        return ValueType(FieldType.CHOICE, choices=tuple(dict.fromkeys(c for each in found for c in each.choices)))
    if len(types) == 1 and types <= set(FieldType) - {FieldType.TEXT}:
        return found[0]
    if types <= {FieldType.IDENTIFIER, FieldType.NUMBER}:
        return ValueType(FieldType.IDENTIFIER)
    choices = _repeated_texts(printed)
    if choices and types <= {FieldType.TEXT, FieldType.BOOLEAN}:
        return ValueType(FieldType.CHOICE, choices=choices)
    return ValueType(FieldType.TEXT)


def _repeated_texts(printed: Sequence[str]) -> tuple[str, ...]:
    """Return the different texts where they are so few that they are a choice; none elsewhere."""
    settings = ValueTypeSettings.current()
    different = tuple(dict.fromkeys(printed))
    if len(printed) < settings.fewest_choice_values or len(different) > settings.choice_share * len(printed):
        return ()
    few = 1 < len(different) <= settings.most_choices
    return different if few and all(len(text) <= settings.longest_choice for text in different) else ()
