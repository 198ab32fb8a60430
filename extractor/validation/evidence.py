"""Whether values follow from the stretches of the document they point at."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from extractor.schemas import Schema
from extractor.types import Document, Field, FieldValue, Path, Problem, path_text
from extractor.values import dates, normalization, numbers
from extractor.values.characters import collapse_spaces, comparison_key


def find_problems(schema: Schema, values: Sequence[FieldValue], document: Document | None) -> Iterator[Problem]:
    """Values of copied fields that have no evidence, do not follow from it, or share it with another field."""
    used: dict[tuple[int, int], list[FieldValue]] = defaultdict(list)
    for given in values:
        field = schema.field(given.path)
        if field is None or not field.copied or given.value is None or field.type in ("array", "json"):
            continue
        if given.evidence is None:
            yield Problem(given.path, "no_evidence", "no place in the document is given for this value")
            continue
        evidence = given.evidence
        if document is not None and document.text[evidence.start : evidence.end] != evidence.text:
            yield Problem(given.path, "value_outside_evidence", "the evidence is not what stands at its place")
        elif not follows(field, given.value, evidence.text):
            message = f"{_shown(given.value)} does not follow from “{_shorten(evidence.text)}”"
            yield Problem(given.path, "value_outside_evidence", message)
        if document is not None and (unsure := _unsure(document, evidence.start, evidence.end)):
            yield Problem(given.path, "unsure_reading", f"OCR was not sure of “{_shorten(unsure)}”; look at the page")
        if field.type != "boolean" and field.enum is None and evidence.end > evidence.start:
            used[evidence.start, evidence.end].append(given)
    for (_, _), sharers in used.items():
        if len({_generic(given.path) for given in sharers}) < 2:
            continue  # the elements of one list may share a heading
        for given in sharers[1:]:
            others = ", ".join(path_text(o.path) for o in sharers if o is not given)
            message = f"“{_shorten(given.evidence.text)}” is also the evidence of {others}"
            yield Problem(given.path, "evidence_reused", message)


UNSURE = 0.75
"""An OCR confidence below which a word is shown to a person."""


def _unsure(document: Document, start: int, end: int) -> str:
    """The words of the stretch that OCR was not sure of."""
    pages = (page for page in document.pages if page.start < end and page.end > start)
    words = (word for page in pages for word in page.words if word.start < end and word.end > start)
    return " ".join(word.text for word in words if word.confidence is not None and word.confidence < UNSURE)


def follows(field: Field, value: Any, text: str) -> bool:
    """Whether `value` can have come from `text`, as `normalise` reads it with some context that is not known here.

    A number may differ by its unit where the text prints none, a date by the order of its parts or an added year.
    """
    found = normalization.normalise_value(field, text).value
    if found == value and isinstance(found, bool) == isinstance(value, bool):
        return True
    if field.type in ("number", "integer") and isinstance(value, int | float):
        return _number_follows(field, value, text)
    if not isinstance(value, str):
        return False
    if normalization.value_kind(field) in ("date", "date-time", "time"):
        printed = list(dates.find_dates(text))
        readings = [r for p in printed for r in p.readings]
        day = value[:10]
        return any(
            day == r.iso if r.complete else r.year is None and r.day and day[5:] == f"{r.month:02d}-{r.day:02d}"
            for r in readings
        )
    if isinstance(found, str) and found.casefold() == value.casefold():
        return True
    return bool(comparison_key(value)) and comparison_key(value) == comparison_key(text) if value.strip() else False


def _number_follows(field: Field, value: float, text: str) -> bool:
    for number in numbers.find_numbers(text):
        for reading in (number.value, number.other):
            if reading is None:
                continue
            size, wanted = abs(float(reading)), abs(float(value))
            if (reading < 0) != (value < 0) and not number.worded and size:
                continue
            if abs(size - wanted) <= 1e-9 * max(size, wanted):
                return True
            open_unit = field.unit and not number.scaled and (number.unit is None or number.prefixed)
            if open_unit and size and wanted and _is_a_scale(max(size, wanted) / min(size, wanted)):
                return True  # the unit is declared somewhere else
    return False


def _is_a_scale(ratio: float) -> bool:
    return any(abs(ratio / scale - 1) <= 1e-6 for scale in (*(10.0**n for n in range(1, 13)), 12, 24, 60, 3600, 86400))


def _generic(path: Path) -> Path:
    return tuple("*" if isinstance(step, int) else step for step in path)


def _shown(value: Any) -> str:
    return _shorten(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shorten(text: str) -> str:
    line = collapse_spaces(text)
    return line if len(line) <= 60 else line[:57] + "..."
