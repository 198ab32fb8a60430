"""What lessons say, for people: the labels that stand by a field's values, their forms, and what was wrong instead."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from extractor.lessons.models import WRONG, FieldLesson, Lesson, ValuePlace
from extractor.types import field_name
from extractor.values.label_similarity import normalise_label

MIN_LABEL_COUNT = 2
"""A text is suggested as a label that stands beside so many approved values."""
MAX_LISTED = 5
MAX_CURVE_GROUPS = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """A text and the number of documents it was found in."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """What was learnt about one field, counted in documents.

    Of `seen` documents people decided about the field; `present` had a value, `located` of them a place in the text;
    `corrected` were changed. `labels` are what is printed beside, above or at the head of the values, suggested as
    `x-labels`; `shapes` the forms of values (`tokens.shape_of`), or the values themselves where they are chosen;
    `instead` what structure alone proposed wrongly.
    """

    field: str
    seen: int
    present: int
    located: int
    corrected: int
    labels: tuple[Counted, ...]
    shapes: tuple[Counted, ...]
    instead: tuple[Counted, ...]

    @property
    def is_never_there(self) -> bool:
        """Decide whether no document had a value for the field."""
        return self.present == 0

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON types."""
        return asdict(self)


def summarise_lessons(lessons: Iterable[Lesson]) -> list[FieldSummary]:
    """Return what the lessons say of each field, in the order in which the fields first come; items of lists last."""
    by_field: dict[str, list[FieldLesson]] = {}
    by_item: dict[str, Counter[str]] = {}
    for lesson in lessons:
        for own in lesson.lists:
            for item, header in own.columns:
                by_item.setdefault(f"{field_name(own.path)}[].{item}", Counter())[header] += 1
        for each in lesson.fields:
            by_field.setdefault(field_name(each.path), []).append(each)
    items = [_summarise_item(name, headers) for name, headers in by_item.items()]
    return [*(_summarise_field(name, own) for name, own in by_field.items()), *items]


def _summarise_item(name: str, headers: Counter[str]) -> FieldSummary:
    """Return what was learnt of an item of a list: the headers of its column."""
    labels = tuple(Counted(text, count) for text, count in headers.most_common(MAX_LISTED))
    return FieldSummary(name, headers.total(), headers.total(), headers.total(), 0, labels, (), ())


def _summarise_field(name: str, lessons: Sequence[FieldLesson]) -> FieldSummary:
    places = [lesson.place for lesson in lessons if lesson.place is not None]
    return FieldSummary(
        name,
        len(lessons),
        sum(lesson.present for lesson in lessons),
        len(places),
        sum(lesson.corrected for lesson in lessons),
        suggest_labels(lessons),
        _most_common((*(place.shape for place in places), *_chosen_texts(lessons))),
        _most_common(lesson.instead for lesson in lessons if lesson.structure == WRONG),
    )


def _chosen_texts(lessons: Sequence[FieldLesson]) -> list[str]:
    """Return the values of a field that is chosen and not copied, texts without quotation marks."""
    values = (json.loads(lesson.choice) for lesson in lessons if lesson.choice)
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]


def count_labels(lesson: Lesson) -> int:
    """Return how many of a lesson's values have words beside, above or at the head of them that may be their label."""
    places = [each.place for each in lesson.fields if each.place is not None]
    return sum(any(any(map(str.isalpha, text)) for text in _beside(place)) for place in places)


def _beside(place: ValuePlace) -> tuple[str, ...]:
    """Return the texts that may be the label of a value."""
    return place.beside, place.over, place.row, place.column


def suggest_labels(lessons: Sequence[FieldLesson]) -> tuple[Counted, ...]:
    """Return the texts that stand beside or above at least two of the field's values, the most frequent first.

    Texts that differ in case, spaces and punctuation count as one, in the form that is printed most.
    """
    printed: dict[str, Counter[str]] = {}
    for lesson in lessons:
        if lesson.place is not None:
            for text in dict.fromkeys(_beside(lesson.place)):
                plain = normalise_label(text)
                if any(map(str.isalpha, plain)) and not any(map(str.isdigit, plain)):
                    printed.setdefault(plain, Counter())[text.strip(" :：.=#")] += 1
    found = [(forms.total(), forms.most_common(1)[0][0]) for forms in printed.values()]
    ranked = sorted(found, key=lambda each: (-each[0], each[1]))
    return tuple(Counted(text, count) for count, text in ranked if count >= MIN_LABEL_COUNT)[:MAX_LISTED]


def _most_common(texts: Iterable[str]) -> tuple[Counted, ...]:
    return tuple(Counted(text, count) for text, count in Counter(texts).most_common(MAX_LISTED))


@dataclass(frozen=True, slots=True)
class CurveGroup:
    """Documents that were approved one after the other, from number `first` to `last`, and their mean corrections."""

    first: int
    last: int
    mean: float


def correction_curve(counts: Sequence[int]) -> list[CurveGroup]:
    """Return how corrections became fewer: `counts` are the fields changed in each document, in order of time.

    Documents are put together so that there are at most 20 groups.
    """
    size = max(1, -(-len(counts) // MAX_CURVE_GROUPS))
    groups = [(first, counts[first : first + size]) for first in range(0, len(counts), size)]
    return [CurveGroup(n + 1, n + len(own), sum(own) / len(own)) for n, own in groups]
