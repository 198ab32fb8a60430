"""Values that are chosen, not copied: what approved documents say of judged fields and of those with given values.

Such a value stands nowhere in the text, so it has no place to learn. What documents with many of the same words had, a
document has most likely, too: the lessons vote, each with the likeness of its document's words to this one's
(distance-weighted nearest neighbours: Dudani 1976). Fields of free text, such as a summary, are not proposed for unless
their approved values recur.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.lessons.fingerprint import weighted_similarities, word_hashes
from extractor.lessons.models import Lesson
from extractor.lessons.tokens import DocumentTokens
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path


@dataclass(frozen=True)
class ChoiceSettings(Settings):
    """How lessons vote on a chosen value."""

    similarity_power: float = threshold(
        4.0, meaning="A lesson weighs its document's likeness, as a share of the likest one's, to this power."
    )
    prior_weight: float = threshold(
        0.5, unit="lessons", meaning="Weight of how frequent each value is in all lessons, beside their votes."
    )
    min_lessons: int = threshold(2, unit="lessons", meaning="A value is proposed that so many lessons have.")
    min_probability: float = threshold(0.5, meaning="Least probability of a value that is proposed.")
    same_layout: float = threshold(0.6, meaning="From this weight on a lesson counts as one of a document like this.")
    settled_lessons: int = threshold(
        3, unit="lessons", meaning="From so many on, all of which have the same value, no model is asked."
    )
    settled_probability: float = threshold(0.9, meaning="Least probability for no model to be asked.")
    max_coincidence: float = threshold(
        0.05,
        meaning="Probability up to which it may be chance that the lessons have the same value, for it to be settled.",
    )
    use_choices: bool = rule(True, meaning="Lessons propose values of judged fields and of those with given values.")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that lessons propose for a field: None for no value.

    `lessons` of documents like this one have it; `is_disputed` says that others of them have another. `coincidence` is
    how likely it is that they have it by chance: of two people of one layout, half have the same sex.
    """

    path: Path
    value: Any
    probability: float
    lessons: int
    is_disputed: bool = False
    coincidence: float = 0.0

    @property
    def is_settled(self) -> bool:
        """Decide whether lessons are at one and sure enough for no model to be asked."""
        settings = ChoiceSettings.current()
        is_agreed = self.lessons >= settings.settled_lessons and not self.is_disputed
        is_told = is_agreed and self.coincidence <= settings.max_coincidence
        return is_told and self.probability >= settings.settled_probability


def is_chosen(field: Field) -> bool:
    """Decide whether a field's value is chosen or judged, and not a stretch of the text."""
    is_single = field.type in ("string", "number", "integer", "boolean") and bool(field.path)
    return is_single and (not field.copied or field.enum is not None or field.type == "boolean")


def choice_text(value: Any) -> str:
    """Return an approved value as a lesson keeps it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def propose_choices(document: Document, fields: Sequence[Field], lessons: Sequence[Lesson]) -> dict[Path, Choice]:
    """Return what lessons of other documents propose for the chosen fields."""
    settings = ChoiceSettings.current()
    wanted = [f for f in fields if is_chosen(f)]
    usable = [lesson for lesson in lessons if lesson.document != document.id and lesson.words]
    if not wanted or not usable or not settings.use_choices:
        return {}
    similar = weighted_similarities(word_hashes(DocumentTokens(document)), [lesson.words for lesson in usable])
    highest = max(similar) or 1.0
    weights = [(s / highest) ** settings.similarity_power for s in similar]
    votes: Mapping[Path, list[tuple[float, str]]] = defaultdict(list)
    for weight, lesson in zip(weights, usable, strict=True):
        for each in lesson.fields:
            if each.choice or not each.present:
                votes[each.path].append((weight, each.choice or choice_text(None)))
    found = {}
    for field in wanted:
        if (choice := _count_votes(field, votes.get(field.path, []))) is not None:
            found[field.path] = choice
    return found


def _count_votes(field: Field, votes: Sequence[tuple[float, str]]) -> Choice | None:
    """Return the value with most votes; None where it is not likely enough, or not one of the field's values."""
    settings = ChoiceSettings.current()
    counts = Counter(value for _, value in votes)
    known = [value for value, count in counts.items() if count >= settings.min_lessons]
    if not known:
        return None
    weights = {value: sum(weight for weight, own in votes if own == value) for value in counts}
    total = sum(weights.values()) + settings.prior_weight
    shares = {v: (weights[v] + settings.prior_weight * counts[v] / len(votes)) / total for v in known}
    best = max(known, key=lambda v: shares[v])
    value = json.loads(best)
    if shares[best] < settings.min_probability or (field.enum is not None and value not in (*field.enum, None)):
        return None
    near = Counter(own for weight, own in votes if weight >= settings.same_layout)
    chance = _chance(field, best, [own for weight, own in votes if weight < settings.same_layout])
    return Choice(field.path, value, shares[best], near[best], len(near) > 1, chance ** near[best])


def _chance(field: Field, value: str, others: Sequence[str]) -> float:
    """Return how likely a document has a value that its layout says nothing of: as often as `others` have it.

    At least as often as if all values of the field were as frequent: nobody knows what other layouts would have. No
    value is one more kind of value: that a field is missing is mostly the layout's doing.
    """
    kinds = 2 if field.type == "boolean" else len([v for v in field.enum or () if v is not None])
    even = 1 / (max(2, kinds) + (value == choice_text(None)))
    return max(even, (others.count(value) + even) / (len(others) + 1))
