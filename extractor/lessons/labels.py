"""Labels that lessons teach: what is printed beside or above a field's values in several documents, of any layout."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.lessons.models import FieldLesson, Lesson
from extractor.lessons.summary import suggest_labels
from extractor.settings import Settings, rule, threshold
from extractor.types import Path
from extractor.values.label_similarity import normalise_label


@dataclass(frozen=True)
class LabelSettings(Settings):
    """Which texts beside approved values are labels of their field."""

    max_words: int = threshold(5, unit="words", meaning="Longer texts are sentences.")
    min_present: float = threshold(
        0.5, meaning="Least share of documents with a value for its labels to be looked for."
    )
    use_labels: bool = rule(True, meaning="Labels that lessons teach are looked for in documents of other layouts.")


def learnt_labels(lessons: Sequence[Lesson]) -> Mapping[Path, tuple[str, ...]]:
    """Return the labels that stand by two approved values of each field at least, and by most values of that field."""
    settings = LabelSettings.current()
    if not settings.use_labels:
        return {}
    by_field: dict[Path, list[FieldLesson]] = defaultdict(list)
    for lesson in lessons:
        for each in lesson.fields:
            by_field[each.path].append(each)
    suggested = {
        path: suggest_labels(own)
        for path, own in by_field.items()
        if sum(each.present for each in own) >= settings.min_present * len(own)
    }
    most: Counter[str] = Counter()
    for labels in suggested.values():
        for each in labels:
            most[normalise_label(each.text)] = max(most[normalise_label(each.text)], each.count)
    owners = Counter(
        normalise_label(each.text)
        for labels in suggested.values()
        for each in labels
        if each.count == most[normalise_label(each.text)]
    )
    return {
        path: tuple(
            each.text
            for each in labels
            if each.count == most[normalise_label(each.text)]
            and owners[normalise_label(each.text)] == 1
            and len(each.text.split()) <= settings.max_words
        )
        for path, labels in suggested.items()
    }
