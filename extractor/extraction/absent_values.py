"""What a description says that a field is where the document gives no value: "1 if none is printed"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldValue, Path
from extractor.values.characters import comparison_key
from extractor.values.normalisation import NUMERIC_TYPES
from extractor.values.numbers import parse_number


@dataclass(frozen=True)
class AbsentValueSettings(Settings):
    """Whether descriptions say what a field is without a value of its own."""

    read_descriptions: bool = rule(True, meaning="`1 if none printed` makes 1 of what the document does not give.")
    confidence: float = threshold(0.9, meaning="Most confidence in such a value.")


_VALUE = r"(?P<value>[\"'“‘][^\"'”’]{1,40}[\"'”’]|[-−]?\d[\d.,]*(?<![.,])|[^\W\d_]+)"
_NOTHING = (
    r"(?:(?:none|nothing|no (?:such )?[\w-]+|not|absent|missing|omitted|blank|empty|unspecified|unstated)\b"
    r"(?:\s+(?:is|are|was|be|explicitly|otherwise))*\s*"
    r"(?:printed|given|stated|shown|present|specified|indicated|listed|found|mentioned|available|written|marked)?)"
)
_IF_NOTHING = rf"(?:if|when|where)\s+(?:(?:it|this|that|the [\w-]+)\s+)?(?:is\s+|are\s+)?{_NOTHING}"
_WORDINGS = tuple(
    re.compile(wording, re.IGNORECASE)
    for wording in (
        rf"(?<![\w.,]){_VALUE}\s+{_IF_NOTHING}(?=\W*(?:$|[.;,)]))",
        rf"{_IF_NOTHING}\s*,\s*(?:then\s+)?(?:use|assume|return|enter|give|write|it is)?\s*"
        rf"{_VALUE}(?=\W*(?:$|[.;,)]))",
        rf"\b(?:defaults? to|by default|assumed? to be)\s+{_VALUE}(?![\w%])",
        rf"\bdefault\s*(?:value)?\s*[:=]\s*{_VALUE}(?![\w%])",
        rf"(?:没有|未|无|空白|缺失)(?:填写|注明|印出|写明|列出|标明|给出|说明)?(?:时|则|的话|者)*[，,]?"
        rf"(?:则|即|就)?(?:默认|视|记|填|取|按|写)?(?:为|作|是)\s*{_VALUE}",
        rf"默认(?:值)?(?:为|是|：|:)?\s*{_VALUE}",
    )
)
_NOT_APPLICABLE = frozenset({"n/a", "n.a", "not applicable", "不适用"})
_WORDS_FOR_NOTHING = frozenset({"none", "nil", "nothing", "not available", "无", "没有", "無"})
_SAYS_NULL = re.compile(r"\b(?:null|empty|blank|omit)\b|为空|留空|為空", re.IGNORECASE)
_BOOLEANS = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}


def absent_value(f: Field) -> Any:
    """Return what the field's description says that it is where the document has no value, None where it does not.

    Only what the field may hold counts: a number, true or false, one of its choices, or a text in quotation marks.
    """
    if not f.description or f.items or not AbsentValueSettings.current().read_descriptions:
        return None
    for wording in _WORDINGS:
        for match in wording.finditer(f.description):
            value = _as_value(f, match["value"])
            if value is not None:
                return value
    return None


def fill_absent_values(values: Sequence[FieldValue], schema: Schema) -> list[FieldValue]:
    """Return the values with those that the descriptions give for fields, and items of rows, without a value.

    A field that nobody looked for stays open, and a row is one that has another value.
    """
    values = [_without_word_for_nothing(v, schema.field(v.path)) for v in values]
    fixed = {f.path: v for f in schema.fields if f.type != "array" and (v := absent_value(f)) is not None}
    filled = [_fill(v, fixed[v.path]) if v.path in fixed else v for v in values]
    for array in schema.fields:
        items = [(item, value) for item in array.items if (value := absent_value(item)) is not None]
        if items:
            filled = list(_fill_rows(filled, array.path, items))
    return filled


def _without_word_for_nothing(v: FieldValue, f: Field | None) -> FieldValue:
    """Return the value, null where a text that may be null only says that there is none."""
    if f is None or not f.nullable or f.type != "string" or f.enum is not None or not isinstance(v.value, str):
        return v
    word = v.value.strip(" .").casefold()
    is_told = _SAYS_NULL.search(f.description) is not None and AbsentValueSettings.current().read_descriptions
    if word in _NOT_APPLICABLE or (is_told and word in _WORDS_FOR_NOTHING):
        return replace(v, value=None, evidence=None)
    return v


def _fill_rows(values: Sequence[FieldValue], path: Path, items: Sequence[tuple[Field, Any]]) -> Iterator[FieldValue]:
    depth = len(path) + 1
    rows = dict.fromkeys(v.path[:depth] for v in values if v.path[: depth - 1] == path and v.value is not None)
    wanted = {(*row, *item.path): value for row in rows for item, value in items}
    for v in values:
        value = wanted.pop(v.path, None)
        yield v if value is None else _fill(v, value)
    most = AbsentValueSettings.current().confidence
    for place, value in wanted.items():
        yield FieldValue(place, value, confidence=most, method="code")


def _fill(v: FieldValue, value: Any) -> FieldValue:
    if v.value is not None or any(p.kind == ProblemKind.NOT_ASKED for p in v.problems):
        return v
    confidence = min(v.confidence or 0.0, AbsentValueSettings.current().confidence)
    return replace(v, value=value, confidence=confidence, method="code")


def _as_value(f: Field, text: str) -> Any:
    plain = text.strip("\"'“”‘’")
    if f.enum is not None:
        return next((v for v in f.enum if comparison_key(str(v)) == comparison_key(plain)), None)
    if f.type == "boolean":
        return _BOOLEANS.get(plain.casefold())
    if f.type in NUMERIC_TYPES:
        number = parse_number(plain)
        if number is None or (f.type == "integer" and number.value != number.value.to_integral_value()):
            return None
        return int(number.value) if number.value == number.value.to_integral_value() else float(number.value)
    return plain if f.type == "string" and f.format is None and plain != text else None
