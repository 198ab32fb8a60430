"""Whether values follow from the stretches of the document they point at."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, FieldValue, Path, Problem, path_text
from extractor.values import broken_lines, dates, normalisation, numbers
from extractor.values.characters import collapse_spaces, comparison_key

_ONE_COMMA = re.compile(r"\D*\d{1,3},\d{3}\D*")
"""A number whose one comma divides in a document of decimal commas."""


@dataclass(frozen=True)
class EvidenceSettings(Settings):
    """When evidence is worth a problem."""

    unsure_word: float = threshold(0.75, meaning="Below this OCR confidence (0..1) a word of the evidence is reported.")


def find_problems(schema: Schema, values: Sequence[FieldValue], document: Document | None) -> Iterator[Problem]:
    """Yield where values of copied fields have no evidence, do not follow from it, or share it with another field."""
    with_evidence: dict[tuple[int, int], list[FieldValue]] = defaultdict(list)
    for value in values:
        field = schema.field(value.path)
        if field is None or not field.copied or value.value is None or field.type in ("array", "json"):
            continue
        if value.evidence is None and value.method == "code":
            continue  # what the schema says that an absent value is
        if value.evidence is None:
            message = "no place in the document is given for this value; check it by eye"
            yield Problem(value.path, ProblemKind.NO_EVIDENCE, message)
            continue
        evidence = value.evidence
        if document is not None and document.text[evidence.start : evidence.end] != evidence.text:
            message = "the text of the evidence is not the text at its place in the document"
            yield Problem(value.path, ProblemKind.VALUE_OUTSIDE_EVIDENCE, message)
        elif not follows_from(field, value.value, evidence.text):
            message = f"{_show(value.value)} does not follow from “{_shorten(evidence.text)}”"
            yield Problem(value.path, ProblemKind.VALUE_OUTSIDE_EVIDENCE, message)
        if document is not None and (unsure := _unsure_words(document, evidence.start, evidence.end)):
            message = f"OCR was not sure of “{_shorten(unsure)}”; compare it with the page"
            yield Problem(value.path, ProblemKind.UNSURE_READING, message)
        if field.type != "boolean" and field.enum is None and evidence.end > evidence.start:
            with_evidence[evidence.start, evidence.end].append(value)
    yield from _find_shared(with_evidence.values())


def _find_shared(groups: Iterable[list[FieldValue]]) -> Iterator[Problem]:
    """Yield the second and later values of each group with the same evidence, unless all are elements of one list."""
    for values in groups:
        if len({_generic(value.path) for value in values}) < 2:
            continue  # the elements of one list may share a heading
        for value in values[1:]:
            others = ", ".join(path_text(other.path) for other in values if other is not value)
            message = f"“{_shorten(value.evidence.text)}” is also the evidence of {others}"
            yield Problem(value.path, ProblemKind.EVIDENCE_REUSED, message)


def _unsure_words(document: Document, start: int, end: int) -> str:
    """Return the words of the stretch that OCR was not sure of."""
    least = EvidenceSettings.current().unsure_word
    pages = (page for page in document.pages if page.start < end and page.end > start)
    words = (word for page in pages for word in page.words if word.start < end and word.end > start)
    return " ".join(word.text for word in words if word.confidence is not None and word.confidence < least)


def follows_from(field: Field, value: Any, text: str) -> bool:
    """Decide whether `value` can have come from `text`, normalised with some context that is not known here.

    A number may differ by its unit where the text prints none, a date by the order of its parts or an added year.
    """
    found = normalisation.normalise_value(field, text).value
    if found == value and isinstance(found, bool) == isinstance(value, bool):
        return True
    if field.type in ("number", "integer") and isinstance(value, int | float):
        return _number_follows(field, value, text)
    if not isinstance(value, str):
        return False
    if normalisation.value_kind(field) in ("date", "date-time", "time"):
        return _date_follows(value[:10], text)
    if isinstance(found, str) and found.casefold() == value.casefold():
        return True
    if not comparison_key(value):
        return False
    return comparison_key(value) == comparison_key(text) or _has_lines_in_order(value, text)


def _has_lines_in_order(value: str, text: str) -> bool:
    """Decide whether `value` is made of cells of `text`, in their order: a wrapped cell, with others between its lines.

    It begins with the first cell and ends with the last one.
    """
    cells = [key for cell in re.split(r"[\n\t]| {2,}", text) if (key := comparison_key(cell))]
    wanted = comparison_key(value)
    if len(cells) < 3 or not wanted.startswith(cells[0]) or not wanted.endswith(cells[-1]):
        return False
    ends = {len(cells[0])}
    for cell in cells[1:-1]:
        ends |= {end + len(cell) for end in ends if wanted.startswith(cell, end)}
    return len(wanted) - len(cells[-1]) in ends


def _date_follows(day: str, text: str) -> bool:
    """Decide whether `day` (`2020-01-31`) is one of the readings of a date in `text`; the year may not be printed."""
    for printed in dates.find_dates(text):
        for reading in printed.readings:
            if reading.is_complete and day == reading.iso:
                return True
            if reading.is_complete or reading.year is not None or not reading.day:
                continue
            if day[5:] == f"{reading.month:02d}-{reading.day:02d}":
                return True
    return False


def _number_follows(field: Field, value: float, text: str) -> bool:
    """Decide whether `value` is a number of `text`, or differs from one by a unit that is declared somewhere else."""
    joined = broken_lines.join_number(text) if "\n" in text else ""
    for number in (*numbers.find_numbers(text), *numbers.find_numbers(joined)):
        by_comma = number.value / 1000 if _ONE_COMMA.fullmatch(text.strip()) else None
        for reading in (number.value, number.other, by_comma):
            if reading is None:
                continue
            size, wanted = abs(float(reading)), abs(float(value))
            if (reading < 0) != (value < 0) and not number.worded and size:
                continue
            if abs(size - wanted) <= 1e-9 * max(size, wanted):
                return True
            unit_is_open = field.unit and not number.scaled and (number.unit is None or number.prefixed)
            if unit_is_open and size and wanted and _is_scale(max(size, wanted) / min(size, wanted)):
                return True
    return False


def _is_scale(ratio: float) -> bool:
    """Decide whether a ratio is one between units: a power of ten, or of months, hours, minutes and seconds."""
    return any(abs(ratio / scale - 1) <= 1e-6 for scale in (*(10.0**n for n in range(1, 13)), 12, 24, 60, 3600, 86400))


def _generic(path: Path) -> Path:
    return tuple("*" if isinstance(step, int) else step for step in path)


def _show(value: Any) -> str:
    return _shorten(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shorten(text: str) -> str:
    line = collapse_spaces(text)
    return line if len(line) <= 60 else line[:57] + "..."
