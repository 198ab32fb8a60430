"""A trivial baseline: what position and a few patterns give, from the schema's types and labels alone, without a model.

Every report shows it beside the tool: a metric means little until one knows what no reading at all would score.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, Path
from extractor.values import normalisation


@dataclass(frozen=True)
class BaselineSettings(Settings):
    """Settings of the trivial baseline."""

    characters: int = threshold(20_000, unit="characters", meaning="start of a document that the baseline reads")
    max_value_characters: int = threshold(
        120, unit="characters", meaning="text behind a label that is read as its value"
    )
    max_gap: int = threshold(
        3, unit="characters", meaning="text between a label and a date or number that belongs to it"
    )


_SEPARATORS = re.compile(r"[\s:：#.|]*")


def extract_baseline(document: Document, schema: Schema) -> dict[str, Any]:
    """Return a record of the document by rules of thumb; lists stay empty.

    Each field takes what follows one of its labels. Without a label, a date takes the first date, a count zero, an
    amount the largest number, a choice the first option that is printed, and the first text field the document's first
    line.
    """
    text = document.text[: BaselineSettings.current().characters]
    amounts = _amounts(text)
    record: dict[str, Any] = {}
    first_text = True
    for f in schema.fields:
        free = f.type == "string" and f.enum is None and normalisation.value_kind(f) is None
        value = _labelled_value(f, text)
        if value is None:
            value = _unlabelled_value(f, text, amounts, first_text)
        first_text = first_text and not free
        _set_value(record, f.path, value)
    return record


def _labelled_value(f: Field, text: str) -> Any:
    """Return what follows the first printed label of the field that has a possible value of the field behind it."""
    if f.type in ("array", "json") or not f.copied:
        return None
    settings = BaselineSettings.current()
    kind = normalisation.value_kind(f)
    for label in f.labels:
        for printed in re.finditer(re.escape(label), text, re.IGNORECASE):
            start = _SEPARATORS.match(text, printed.end()).end()  # type: ignore[union-attr]  # it matches anywhere
            rest = text[start : start + settings.max_value_characters]
            if kind is None:
                value = normalisation.normalise_value(f, rest.split("\n")[0].split("\t")[0]).value
            else:
                spans = normalisation.find_spans(kind, rest)
                near = spans and spans[0][0] <= settings.max_gap
                value = normalisation.normalise_value(f, rest[slice(*spans[0])]).value if near else None
            if value is not None:
                return value
    return None


def _unlabelled_value(f: Field, text: str, amounts: Sequence[float], first_text: bool) -> Any:
    """Return a guess for a field none of whose labels is printed with a value."""
    if f.enum is not None:
        return next((option for option in f.enum if isinstance(option, str) and option and option in text), None)
    if f.type == "array":
        return []
    if f.type == "integer":
        return 0
    if f.type == "number":
        return max(amounts, default=None)
    if f.type != "string" or not f.copied:
        return None
    kind = normalisation.value_kind(f)
    if kind is None:
        return next((line.strip() for line in text.split("\n") if line.strip()), None) if first_text else None
    spans = normalisation.find_spans(kind, text)
    return normalisation.normalise_value(f, text[slice(*spans[0])]).value if spans else None


def _amounts(text: str) -> list[float]:
    found = []
    for printed in re.findall(r"(?<![\w.,])\d[\d,]*\.\d\d(?![\w.])", text):
        found.append(float(Decimal(printed.replace(",", ""))))
    return found


def _set_value(record: dict[str, Any], path: Path, value: Any) -> None:
    for step in path[:-1]:
        record = record.setdefault(str(step), {})
    record[str(path[-1])] = value
