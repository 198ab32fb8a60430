"""What lessons propose for the fields of a document: for each a place with its probability, and that of no value.

A field's value is the place that is likeliest by Bayes' rule. Every lesson counts as much as its document is like this
one, so that lessons of the same layout decide and those of others only help. For each family of surroundings the share
of lessons with this place's key is divided by the share of the document's own places with it: a label that stands
everywhere in the document tells nothing, one that stands once tells much. Longer keys back off to shorter ones (as in
prediction by partial matching, Cleary and Witten 1984); boundaries are learnt apart from one another (as in boosted
wrapper induction, Freitag and Kushmerick 2000). A place is likely, too, where the words around it say that it should
be (`anchors`). What structure alone proposes is one more piece of evidence, as reliable as it was in the lessons.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from extractor.candidates.matches import StructuralMatch
from extractor.lessons.fingerprint import fingerprint, weighted_similarities
from extractor.lessons.models import BLANK, NOTHING, RIGHT, WRONG, FieldLesson, Lesson, ValuePlace
from extractor.lessons.surroundings import (
    END_FAMILIES,
    START_FAMILIES,
    Chain,
    Surroundings,
    count_keys,
    end_chains_of_place,
    start_chains_of_place,
)
from extractor.lessons.tokens import DocumentTokens, correct_words, plain_words
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path, path_text
from extractor.values import normalisation
from extractor.values.characters import comparison_key

Span = tuple[int, int]
_Key = tuple[str, ...]


@dataclass(frozen=True)
class ProposalSettings(Settings):
    """How lessons are weighed. Weights are of logarithms of likelihood ratios; counts are of lessons."""

    similarity_power: float = threshold(
        2.0, meaning="A lesson weighs its document's similarity, as a share of the most similar one's, to this power."
    )
    least_reference: float = threshold(0.15, meaning="Similarity below which even the most similar lesson weighs less.")
    reference_lesson: int = threshold(
        3,
        unit="lessons",
        meaning="Similarities are shares of that of the lesson that comes so far down the list, not of the first, "
        "which may be of a copy of the document.",
    )
    common_similarity: float = threshold(0.15, meaning="Least similarity of that one; else the first counts.")
    min_confirmed: float = threshold(
        0.5,
        unit="lessons",
        meaning="Weight of the lessons that bear structure's answer out, for it to be taken as it is.",
    )
    min_confirmed_share: float = threshold(0.9, meaning="The same, as a share of those where structure answered.")
    prior_contradicted: float = threshold(
        0.2, unit="lessons", meaning="Prior weight of records that contradict structure, of one lesson, for each field."
    )
    least_variance: float = threshold(
        0.25, meaning="Added to the variance of how often a record contradicts structure."
    )
    usual_excess: float = threshold(
        1.0, unit="standard deviations", meaning="A record that contradicts structure no more often is believed."
    )
    trust_power: float = threshold(2.0, meaning="Power with which the belief in a record falls.")
    new_layout_mass: float = threshold(
        0.9, meaning="Probability that a value there is stands at one of the places looked at, in a wholly new layout."
    )
    familiar_weight: float = threshold(
        1.0, unit="lessons", meaning="Of so many lessons of a layout half is believed of where they have no value."
    )
    other_layouts: float = threshold(2.0, unit="lessons", meaning="Lessons of other layouts weigh as much together.")
    same_layout: float = threshold(0.25, meaning="From this weight on a lesson counts as one of the same layout.")
    unseen: float = threshold(0.5, unit="lessons", meaning="Weight of what no lesson has, beside all lessons.")
    prior_weight: float = threshold(1.0, unit="lessons", meaning="Weight of the priors below beside the lessons.")
    prior_present: float = threshold(0.7, meaning="Probability that a document has a value for a field.")
    prior_structure_wrong: float = threshold(
        0.15, meaning="That structure proposes a wrong place for a value there is."
    )
    least_structure_wrong: float = threshold(0.01, meaning="The same, however sure structure is.")
    prior_structure_false: float = threshold(0.3, meaning="That structure proposes a value where there is none.")
    prior_repeated: float = threshold(0.05, meaning="That the value of a field is one that was approved before.")
    against_weight: float = threshold(
        0.5,
        meaning="Weight of a family that speaks against a beginning, beside one that speaks for it; what stands right "
        "before it counts in full.",
    )
    end_against_weight: float = threshold(1.0, meaning="The same for the families of what follows it and of its form.")
    places_weight: float = threshold(
        0.7, meaning="Weight of how many other places there are: families are not independent of one another."
    )
    start_weight: float = threshold(0.5, meaning="Weight of each family of what stands before a value.")
    end_weight: float = threshold(0.4, meaning="Weight of each family of what follows it, and of its form.")
    position_weight: float = threshold(0.8, meaning="Weight of where on its page a value stands.")
    value_weight: float = threshold(0.8, meaning="Weight of a value's being one that was approved before.")
    vertical_spread: float = threshold(0.008, unit="page heights", meaning="How far up or down a value may stand.")
    horizontal_spread: float = threshold(0.02, unit="page heights", meaning="How far left or right.")
    min_anchors: int = threshold(3, unit="words", meaning="A place is expected where so many anchors are found.")
    max_starts: int = threshold(4000, unit="places", meaning="So many beginnings are looked at in a document.")
    likely_starts: int = threshold(25, unit="places", meaning="For so many of them ends are looked for.")
    min_gap_share: float = threshold(
        0.2, meaning="Least share of the lessons' values that go over a blank line for another one to do so."
    )
    min_lead: float = threshold(
        0.5, meaning="Of several places that read the same, one is taken that is so far ahead, as a logarithm."
    )
    max_tokens: int = threshold(40, unit="tokens", meaning="Longest value of free text.")
    agreement_weight: float = threshold(
        0.5, meaning="Weight of how many lessons agree on a beginning as a whole, beside those that agree on the best."
    )
    neighbour_weight: float = threshold(0.5, meaning="Weight of which fields' values stand before and above a value.")
    min_placed: float = threshold(0.5, meaning="Probability from which on a value's place tells those of others.")
    use_other_fields: bool = rule(True, meaning="Which fields' values stand before and above a value counts.")
    use_printed_kinds: bool = rule(
        True,
        meaning="Documents without a value say nothing of others, where nothing of its kind is printed in them at all.",
    )
    use_position: bool = rule(True, meaning="Where on its page a value stands counts.")
    use_known_values: bool = rule(True, meaning="That a text was approved before, for the same field, counts.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What lessons say about a field of a document.

    `start` and `end` are the likeliest place, both -1 where there is none; `probability` that it is right, `absent`
    that the document has no value. `lessons` is how many documents of the same layout have the value in the same
    surroundings, `layout` how many documents of this layout there are lessons from.
    """

    path: Path
    start: int
    end: int
    probability: float
    absent: float
    lessons: int = 0
    layout: int = 0

    @property
    def has_place(self) -> bool:
        """Decide whether there is a place."""
        return self.end > self.start


@dataclass(frozen=True, slots=True)
class _Weighted:
    """A field's lessons with their weights."""

    lessons: tuple[tuple[float, FieldLesson], ...]

    def total(self, *, present: bool | None = None, structure: str | None = None) -> float:
        return sum(
            weight
            for weight, lesson in self.lessons
            if (present is None or lesson.present == present) and (structure is None or lesson.structure == structure)
        )

    def of_documents_with_kind(self) -> _Weighted:
        """Return the lessons without those whose document has no value and nothing of the field's kind.

        They say nothing of a document that has a stretch of this kind.
        """
        if not ProposalSettings.current().use_printed_kinds:
            return self
        return _Weighted(tuple(each for each in self.lessons if each[1].present or each[1].printed != 0))

    @property
    def places(self) -> list[tuple[float, ValuePlace]]:
        return [(weight, lesson.place) for weight, lesson in self.lessons if lesson.place is not None]


def propose(
    document: Document,
    fields: Sequence[Field],
    lessons: Sequence[Lesson],
    matches: Mapping[Path, StructuralMatch],
) -> dict[Path, Proposal]:
    """Return what the lessons propose for those of the fields that they know; `matches` are structure's own answers.

    Lessons of the document itself are left out. Fields that are lists, judged, or chosen from given values are not
    proposed for, nor those whose cell is blank.
    """
    tokens = DocumentTokens(document)
    models = {
        field.path: _FieldModel(field, weighted, surroundings, matches.get(field.path))
        for field, weighted, surroundings in _weigh(tokens, fields, lessons)
        if not _is_blank(matches.get(field.path), weighted)
    }
    found = {path: model.propose() for path, model in models.items()}
    chosen = _without_shared_places(found, lessons)
    if not ProposalSettings.current().use_other_fields:
        return chosen
    placed = _placed_fields(tokens, chosen)
    again = {
        path: model.propose({name: span for name, span in placed.items() if name != path_text(path)})
        for path, model in models.items()
        if model.stands_by_fields
    }
    return _without_shared_places(found | again, lessons) if again else chosen


def _is_blank(match: StructuralMatch | None, weighted: _Weighted) -> bool:
    """Decide whether structure has found the field's cell blank, and lessons do not mostly have a value all the same.

    A form full of zeros has many places that look like the one of a cell that is left blank.
    """
    if match is None or match.end > match.start:
        return False
    filled = weighted.total(present=True, structure=BLANK)
    return filled <= weighted.total(present=False, structure=BLANK) + ProposalSettings.current().prior_weight


def _placed_fields(tokens: DocumentTokens, chosen: Mapping[Path, Proposal]) -> dict[str, Span]:
    """Return the first and last tokens of the values that are likely enough for others to be placed by them."""
    least = ProposalSettings.current().min_placed
    return {
        path_text(path): tokens.tokens_of(proposal.start, proposal.end)
        for path, proposal in chosen.items()
        if proposal.has_place and proposal.probability >= least
    }


def choose_places(
    tokens: DocumentTokens, spans: Mapping[Path, Sequence[Span]], fields: Sequence[Field], lessons: Sequence[Lesson]
) -> dict[Path, Span]:
    """Return for each field the one of its stretches that stands as in the lessons, where one does."""
    wanted = [f for f in fields if f.path in spans]
    if not wanted:
        return {}
    found = {}
    for field, weighted, surroundings in _weigh(tokens, wanted, lessons):
        chosen = _FieldModel(field, weighted, surroundings, None).choose(spans[field.path])
        if chosen is not None:
            found[field.path] = chosen
    return found


def _weigh(
    tokens: DocumentTokens, fields: Sequence[Field], lessons: Sequence[Lesson]
) -> Iterator[tuple[Field, _Weighted, Surroundings]]:
    """Yield each field that lessons of other documents know, with its weighted lessons."""
    usable = [lesson for lesson in lessons if lesson.document != tokens.document.id]
    if not usable or not tokens.tokens:
        return
    weights = _lesson_weights(tokens, usable)
    surroundings = Surroundings(tokens, correct_words(tokens.positions, _known_words(usable)))
    for field in fields:
        own = [
            (weight, each)
            for weight, lesson in zip(weights, usable, strict=True)
            for each in lesson.fields
            if each.path == field.path
        ]
        if own and is_placed(field):
            yield field, _Weighted(tuple(own)), surroundings


def is_placed(field: Field) -> bool:
    """Decide whether a field's value is a stretch of the text whose place can be learnt."""
    return field.copied and field.type in ("string", "number", "integer") and field.enum is None and bool(field.path)


def _lesson_weights(tokens: DocumentTokens, lessons: Sequence[Lesson]) -> list[float]:
    """Return how much each lesson counts, 0..1."""
    settings = ProposalSettings.current()
    similar = weighted_similarities(fingerprint(tokens), [lesson.fingerprint for lesson in lessons])
    highest = sorted(similar, reverse=True)
    common = highest[min(settings.reference_lesson, len(highest)) - 1]
    reference = common if common >= settings.common_similarity else max(settings.least_reference, highest[0])
    least = min(0.1, settings.other_layouts / len(lessons))
    weights = [max(least, min(1.0, s / reference) ** settings.similarity_power) for s in similar]
    return [weight * own for weight, own in zip(weights, _trust_in_lessons(lessons), strict=True)]


def _trust_in_lessons(lessons: Sequence[Lesson]) -> list[float]:
    """Return for each lesson how far it is to be believed, 0..1.

    A record that contradicts structure in field after field, where the records of other documents bear structure out,
    was most likely approved with wrong values. How much more often than expected is counted in standard deviations.
    """
    settings = ProposalSettings.current()
    judged = [
        [(each.path, each.structure == WRONG) for each in lesson.fields if each.present and each.structure in _JUDGED]
        for lesson in lessons
    ]
    wrong: Counter[Path] = Counter(path for own in judged for path, is_wrong in own if is_wrong)
    total: Counter[Path] = Counter(path for own in judged for path, _ in own)
    found = []
    for own in judged:
        expected = [(wrong[path] - is_wrong + settings.prior_contradicted) / total[path] for path, is_wrong in own]
        spread = math.sqrt(sum(p * max(0.0, 1 - p) for p in expected) + settings.least_variance)
        excess = (sum(is_wrong for _, is_wrong in own) - sum(expected)) / spread
        found.append(1 / (1 + max(0.0, excess - settings.usual_excess)) ** settings.trust_power)
    return found


_JUDGED = (RIGHT, WRONG)


def _known_words(lessons: Iterable[Lesson]) -> list[str]:
    words: set[str] = set()
    for lesson in lessons:
        for each in lesson.fields:
            if each.place is not None:
                words.update(*(getattr(each.place, key) for key in ("before", "left", "above", "after", "below")))
                words.update(word for word, _, _ in each.place.anchors)
    return sorted(words)


class _FieldModel:
    """The proposals for one field of one document."""

    def __init__(
        self, field: Field, weighted: _Weighted, surroundings: Surroundings, match: StructuralMatch | None
    ) -> None:
        self._field, self._surroundings = field, surroundings
        self._tokens = surroundings.tokens
        self._settings = ProposalSettings.current()
        self._match = match if match is not None and match.end > match.start else None
        kind = normalisation.value_kind(field)
        self._kind = None if kind in (None, "boolean") else kind
        is_printed = self._kind is not None and bool(self._tokens.spans_of_kind(self._kind))
        self._weighted = weighted.of_documents_with_kind() if is_printed else weighted
        self._placed: Mapping[str, Span] = {}
        """The first and last tokens of other fields' values."""
        self._typed: dict[tuple[int, int], Span] = {}
        """Where the stretches of the field's kind begin and end in the text, by their tokens."""

    def choose(self, spans: Sequence[Span]) -> Span | None:
        """Return the one of several stretches that stands as in the lessons; None where none is likelier by far."""
        places = self._weighted.places
        firsts = sorted({self._tokens.first_at(start) for start, _ in spans})
        others = [] if self._kind else self._find_starts()
        others = others or sorted({first for first, _ in self._typed_spans()})
        if not places or not firsts:
            return None
        scores = self._score_starts(sorted({*firsts, *others}), places)
        ranked = sorted(firsts, key=lambda n: -scores[n])
        lead = scores[ranked[0]] - scores[ranked[1]] if len(ranked) > 1 else math.inf
        if lead < self._settings.min_lead or scores[ranked[0]] <= 0:
            return None
        return next(span for span in spans if self._tokens.first_at(span[0]) == ranked[0])

    @property
    def stands_by_fields(self) -> bool:
        """Decide whether lessons have the value next to those of other fields."""
        return any(place.beside_field or place.under_field for _, place in self._weighted.places)

    def propose(self, placed: Mapping[str, Span] | None = None) -> list[Proposal]:
        """Return the likeliest places, best first, each with the probability of no value; one without a place if none.

        `placed` are the values of other fields, as far as they are known, by their names as first and last tokens.
        Where lessons tell nothing of places, structure's own answer alone is weighed against no value.
        """
        self._placed = placed or {}
        if (confirmed := self._confirmed_match()) is not None:
            return [confirmed]
        scored = self._score_spans()
        log_present = self._log_present()
        log_absent = self._log_absent()
        if not scored:
            total = math.exp(log_present) + math.exp(log_absent)
            absent = math.exp(log_absent) / total
            return [Proposal(self._field.path, -1, -1, 0.0, absent, 0, self._layout_size)]
        logs = [log_present + score for score in self._raise_in_new_layouts([score for score, _, _ in scored])]
        highest = max(*logs, log_absent) if len(logs) else log_absent
        total = sum(math.exp(x - highest) for x in logs) + math.exp(log_absent - highest)
        absent = math.exp(log_absent - highest) / total
        best = sorted(zip(logs, scored, strict=True), key=lambda each: -each[0])[:5]
        return [
            Proposal(
                self._field.path,
                start,
                end,
                math.exp(log - highest) / total,
                absent,
                self._count_agreeing(start),
                self._layout_size,
            )
            for log, (_, start, end) in best
        ]

    def _raise_in_new_layouts(self, scores: Sequence[float]) -> list[float]:
        """Return the logarithms of the places' probabilities, raised together where no lesson is of a like layout.

        Nowhere in a new layout need a value stand as it does in lessons; somewhere it stands nonetheless.
        """
        familiar = self._familiarity if self._weighted.places else 1.0
        least = self._settings.new_layout_mass * (1 - familiar)
        highest = max(scores)
        total = highest + math.log(sum(math.exp(score - highest) for score in scores))
        if least <= 0 or total >= math.log(least):
            return list(scores)
        return [score + math.log(least) - total for score in scores]

    @property
    def _familiarity(self) -> float:
        """Return how well lessons know where the value stands in this layout, 0..1: the more of them, the better."""
        settings = self._settings
        near = sum(weight for weight, _ in self._weighted.places if weight >= settings.same_layout)
        return near / (near + settings.familiar_weight)

    def _confirmed_match(self) -> Proposal | None:
        """Return structure's answer where lessons have nearly always found it right; None where they have not.

        In a form full of zeros, where a value stands is told by its row and column better than by the words around it.
        """
        if self._match is None:
            return None
        settings = self._settings
        right = self._weighted.total(structure=RIGHT)
        answered = right + self._weighted.total(structure=WRONG)
        if right < settings.min_confirmed or right < settings.min_confirmed_share * answered:
            return None
        probability = (right + self._match.score * settings.prior_weight) / (answered + settings.prior_weight)
        start, end = self._match.start, self._match.end
        agreeing = self._count_agreeing(start)
        return Proposal(self._field.path, start, end, probability, 1 - probability, agreeing, self._layout_size)

    @property
    def _layout_size(self) -> int:
        return sum(weight >= self._settings.same_layout for weight, _ in self._weighted.lessons)

    def _count_agreeing(self, start: int) -> int:
        """Return how many lessons of the layout have the value in the surroundings of this place."""
        return sum(weight >= self._settings.same_layout for weight in self._agreeing(self._tokens.first_at(start)))

    def _agreeing(self, n: int) -> Iterator[float]:
        """Yield the weights of the lessons that have the value in the surroundings of token `n`."""
        own = self._surroundings.at_start(n)
        keys = [(family, set(own[family])) for family in _WORD_FAMILIES]
        for weight, known in self._lesson_words:
            if any(known[family] in chain for family, chain in keys):
                yield weight

    @cached_property
    def _lesson_words(self) -> list[tuple[float, dict[str, _Key]]]:
        """The two words before, left of and above the value of each lesson, with its weight."""
        return [
            (weight, {family: chain[max(0, len(chain) - 2)] or _ROOT for family, chain in chains.items()})
            for weight, place in self._weighted.places
            for chains in [start_chains_of_place(place, {})]
        ]

    def _agreement_logs(self, starts: Sequence[int]) -> dict[int, float]:
        """Return how much less each beginning is agreed on by lessons than the one that most agree on, as a logarithm.

        Families of surroundings are weighed one by one: without this, what few lessons have in all of them would be
        ahead of what most lessons have in some.
        """
        unseen = self._settings.unseen
        weights = {n: sum(self._agreeing(n)) for n in starts}
        most = max(weights.values(), default=0.0)
        return {n: math.log((weight + unseen) / (most + unseen)) for n, weight in weights.items()}

    # Whether there is a value, and what structure says.

    def _log_present(self) -> float:
        s = self._settings
        present, total = self._weighted.total(present=True), self._weighted.total()
        share = (present + s.prior_weight * s.prior_present) / (total + s.prior_weight)
        return math.log(share) + (0.0 if self._match else math.log(self._structure_share(NOTHING)))

    def _log_absent(self) -> float:
        s = self._settings
        absent, total = self._weighted.total(present=False), self._weighted.total()
        share = (absent + s.prior_weight * (1 - s.prior_present)) / (total + s.prior_weight)
        wrong = self._weighted.total(present=False, structure=WRONG)
        false = (wrong + s.prior_weight * s.prior_structure_false) / (absent + s.prior_weight)
        return math.log(share) + math.log(false if self._match else 1 - false)

    def _structure_share(self, outcome: str) -> float:
        """Return how often structure's answer to a field with a value is right, wrong, or none."""
        s = self._settings
        score = self._match.score if self._match else 0.7
        wrong = s.prior_structure_wrong if self._match is None else min(max(1 - score, s.least_structure_wrong), 0.5)
        prior = {WRONG: wrong, NOTHING: 0.15, RIGHT: 0.85 - wrong}[outcome]
        count = self._weighted.total(present=True, structure=outcome)
        total = self._weighted.total(present=True)
        return (count + 2 * s.prior_weight * prior) / (total + 2 * s.prior_weight)

    # Places.

    def _score_spans(self) -> list[tuple[float, int, int]]:
        """Return the likely stretches as `(log probability among all places, start, end)`, if there is a value."""
        places = self._weighted.places
        spans = self._typed_spans() if self._kind else None
        if not places and self._match is None:
            return []
        starts = sorted({first for first, _ in spans}) if spans is not None else self._find_starts()
        if self._match is not None:
            starts = sorted({*starts, self._tokens.first_at(self._match.start)})
        if not starts:
            return []
        start_scores = self._score_starts(starts, places)
        likely = sorted(starts, key=lambda n: -start_scores[n])[: self._settings.likely_starts]
        for n, log in self._agreement_logs(likely).items():
            start_scores[n] += self._settings.agreement_weight * log
        candidates = self._candidates(likely, spans)
        if not candidates:
            return []
        end_scores = self._score_ends(candidates, places)
        per_start = Counter(first for first, _ in candidates)
        scored = [
            (
                start_scores[first]
                + end_scores[first, last]
                - self._settings.places_weight * math.log(len(starts) * per_start[first])
                + self._structure_log(first, last, len(candidates)),
                *self._span(first, last),
            )
            for first, last in candidates
        ]
        return scored

    def _typed_spans(self) -> list[tuple[int, int]]:
        """Return the stretches of the field's kind as first and last tokens."""
        assert self._kind is not None
        found = []
        for start, end in self._tokens.spans_of_kind(self._kind):
            first, last = self._tokens.first_at(start), self._tokens.first_at(end) - 1
            if first <= last < len(self._tokens.tokens):
                found.append((first, last))
                self._typed[first, last] = start, end
        return found

    def _span(self, first: int, last: int) -> Span:
        if (first, last) in self._typed:
            return self._typed[first, last]
        if self._match is not None and self._match_tokens() == (first, last):
            return self._match.start, self._match.end
        return self._tokens.tokens[first].start, self._end_of(last)

    def _end_of(self, last: int) -> int:
        """Return the end of a value at token `last`, with a closing mark that lessons' values end with."""
        end, text = self._tokens.tokens[last].end, self._tokens.document.text
        return end + 1 if end < len(text) and text[end] in self._closing_marks else end

    @cached_property
    def _closing_marks(self) -> frozenset[str]:
        """The closing marks that approved values end with."""
        return frozenset(place.text[-1:] for _, place in self._weighted.places) & _CLOSING_MARKS

    def _match_tokens(self) -> tuple[int, int] | None:
        if self._match is None:
            return None
        return self._tokens.first_at(self._match.start), self._tokens.first_at(self._match.end) - 1

    def _find_starts(self) -> list[int]:
        """Return where a free text may begin: runs of words, behind marks (the lessons' too), where lessons lead to."""
        tokens = self._tokens
        text = tokens.document.text
        starts = set(tokens.run_starts)
        marks = _OPENING_MARKS.union(place.opening.strip() for _, place in self._weighted.places) - {""}
        for n in range(1, len(tokens.tokens)):
            between = text[tokens.tokens[n - 1].end : tokens.tokens[n].start]
            if between.strip() in marks:
                starts.add(n)
        for _, place in self._weighted.places:
            if place.before:
                near = tokens.positions.get(place.before[0], ())
                if len(place.before) > 1 and len(near) > 20:
                    near = [n for n in near if n and tokens.tokens[n - 1].plain == place.before[1]]
                starts.update(n + 1 for n in near[:200] if n + 1 < len(tokens.tokens))
        if self._settings.use_known_values:
            starts.update(first for first, _ in self._known_values)
        if self._settings.use_position:
            starts.update(self._tokens_at_expected_places())
        return sorted(starts)[: self._settings.max_starts]

    def _candidates(self, starts: Sequence[int], spans: Sequence[tuple[int, int]] | None) -> list[tuple[int, int]]:
        """Return the stretches from the likely beginnings, as first and last tokens."""
        wanted = set(starts)
        if spans is not None:
            found = [span for span in spans if span[0] in wanted]
        else:
            found = []
            lines = max((place.lines for _, place in self._weighted.places), default=1)
            longest = max((place.tokens for _, place in self._weighted.places), default=6)
            longest = min(self._settings.max_tokens, 2 * longest + 4)
            text = self._tokens.document.text
            goes_over_lines = self._goes_over_blank_lines
            for first in starts:
                for last in range(first, min(first + longest, len(self._tokens.tokens))):
                    if last > first and not goes_over_lines and self._tokens.gaps_in(last - 1, last) == "|":
                        break  # values of this field go over no blank line
                    if text.count("\n", self._tokens.tokens[first].start, self._tokens.tokens[last].end) >= lines + 1:
                        break
                    found.append((first, last))
        match = self._match_tokens()
        if match is not None and match[0] <= match[1] and match not in found:
            found.append(match)
        return found

    @property
    def _goes_over_blank_lines(self) -> bool:
        """Decide whether enough of the lessons' values go over a blank line."""
        places = self._weighted.places
        over = sum(weight for weight, place in places if "|" in place.gaps)
        return over >= self._settings.min_gap_share * sum(weight for weight, _ in places)

    def _score_starts(self, starts: Sequence[int], places: Sequence[tuple[float, ValuePlace]]) -> dict[int, float]:
        """Return for each beginning the logarithm of how much likelier it is to begin the value than any other."""
        chains = {n: self._surroundings.at_start(n) for n in starts}
        lessons = [(weight, start_chains_of_place(place, {})) for weight, place in places]
        ratios = _log_ratios(chains, lessons, START_FAMILIES, self._settings.unseen)
        scores = {
            n: self._settings.start_weight
            * (ratios[n]["opening"] + self._sum_ratios(r for name, r in ratios[n].items() if name != "opening"))
            for n in starts
        }
        if self._settings.use_position:
            for n, ratio in self._position_ratios(starts).items():
                scores[n] += self._settings.position_weight * self._sum_ratios([ratio])
        if self._placed:
            for n, ratio in self._neighbour_ratios(starts, places).items():
                scores[n] += self._settings.neighbour_weight * ratio
        return scores

    def _neighbour_ratios(self, starts: Sequence[int], places: Sequence[tuple[float, ValuePlace]]) -> dict[int, float]:
        """Return for each beginning how much likelier it is by the fields before and above it than any other."""
        tokens, placed = self._tokens, self._placed
        chains = {
            n: {"beside": ((tokens.field_before(n, placed),),), "under": ((tokens.field_above(n, placed),),)}
            for n in starts
        }
        known = {*placed, ""}  # what is said of a field that is not placed here tells nothing
        lessons = [
            (
                weight,
                {
                    "beside": ((place.beside_field if place.beside_field in known else "",),),
                    "under": ((place.under_field if place.under_field in known else "",),),
                },
            )
            for weight, place in places
        ]
        ratios = _log_ratios(chains, lessons, ("beside", "under"), self._settings.unseen)
        return {n: self._sum_ratios(ratios[n].values()) for n in starts}

    def _sum_ratios(self, ratios: Iterable[float]) -> float:
        return sum(ratio if ratio > 0 else self._settings.against_weight * ratio for ratio in ratios)

    def _score_ends(
        self, candidates: Sequence[tuple[int, int]], places: Sequence[tuple[float, ValuePlace]]
    ) -> dict[tuple[int, int], float]:
        """Return for each stretch the logarithm of how much likelier it is to be the value by its end and form."""
        chains = {(first, last): self._surroundings.at_end(first, last) for first, last in candidates}
        lessons = [(weight, end_chains_of_place(place, {})) for weight, place in places]
        ratios = _log_ratios(chains, lessons, END_FAMILIES, self._settings.unseen)
        scores = {
            span: self._settings.end_weight
            * sum(r if r > 0 else self._settings.end_against_weight * r for r in ratios[span].values())
            for span in candidates
        }
        if self._settings.use_known_values and (known := self._known_values):
            repeated = self._share_of_repeated_values
            total = sum(weight for weight, _ in places)
            for span in candidates:
                ratio = 1 - repeated + repeated * known.get(span, 0.0) / total * len(candidates)
                scores[span] += self._settings.value_weight * math.log(ratio)
        return scores

    @property
    def _share_of_repeated_values(self) -> float:
        """Return in what share of the lessons the value is that of another one: names of firms are, amounts are not."""
        weights: dict[str, list[float]] = defaultdict(list)
        for weight, place in self._weighted.places:
            weights[comparison_key(place.text)].append(weight)
        repeated = sum(sum(each) for each in weights.values() if len(each) > 1)
        total = sum(sum(each) for each in weights.values())
        return (repeated + self._settings.prior_repeated) / (total + 1)

    @cached_property
    def _known_values(self) -> dict[tuple[int, int], float]:
        """Return the stretches that read like values approved before, with the weight of the lessons they are from.

        Where several read the same, each has its share of it.
        """
        tokens = self._tokens
        by_text: dict[str, float] = defaultdict(float)
        first_words: dict[str, set[int]] = defaultdict(set)
        for weight, place in self._weighted.places:
            by_text[comparison_key(place.text)] += weight
            if place.tokens and (words := plain_words(place.text)):
                first_words[words[0]].add(len(words))
        found: dict[tuple[int, int], str] = {}
        for word, sizes in first_words.items():
            for n in tokens.positions.get(word, ()):
                for last in (n + size - 1 for size in sizes):
                    if last < len(tokens.tokens):
                        text = tokens.document.text[tokens.tokens[n].start : tokens.tokens[last].end]
                        if (key := comparison_key(text)) in by_text:
                            found[n, last] = key
        counts = Counter(found.values())
        return {span: by_text[key] / counts[key] for span, key in found.items()}

    def _structure_log(self, first: int, last: int, count: int) -> float:
        """Return the logarithm of what structure's own answer says about a stretch."""
        if self._match is None:
            return 0.0
        if self._match_tokens() == (first, last):
            return math.log(self._structure_share(RIGHT) * max(count, 2))
        return math.log(self._structure_share(WRONG))

    # Where on the page.

    def _position_ratios(self, starts: Sequence[int]) -> dict[int, float]:
        """Return for each beginning the logarithm of how much likelier it is by its place than any other."""
        s = self._settings
        expected = self._expected_places
        points = {n: self._tokens.place(n) for n in starts} if expected else {}
        if not expected:
            return {}
        shares: dict[int, float] = defaultdict(float)
        for weight, (page, x, y) in expected:
            near = {
                n: math.exp(-(((p.x - x) / s.horizontal_spread) ** 2) / 2 - ((p.y - y) / s.vertical_spread) ** 2 / 2)
                for n, p in points.items()
                if p is not None and p.page == page and abs(p.y - y) < 6 * s.vertical_spread
            }
            total = sum(near.values())
            if total > 1e-4:
                for n, closeness in near.items():
                    shares[n] += weight * closeness / total
        total = sum(weight for weight, _ in expected) + s.unseen
        return {n: math.log((shares[n] * len(starts) + s.unseen) / total) for n in starts}

    @cached_property
    def _expected_places(self) -> list[tuple[float, tuple[int, float, float]]]:
        """Where the lessons of the layout say that the value begins, with the weight of each."""
        least = self._settings.same_layout / 2
        near = [(weight, place) for weight, place in self._weighted.places if weight >= least]
        found = [(weight, self._expected_place(place)) for weight, place in near]
        return [(weight, place) for weight, place in found if place is not None]

    def _tokens_at_expected_places(self) -> set[int]:
        """Return the tokens that begin about where lessons say that the value does."""
        s, tokens = self._settings, self._tokens
        found = set()
        for page in {page for _, (page, _, _) in self._expected_places}:
            expected = [(x, y) for _, (other, x, y) in self._expected_places if other == page]
            for n in tokens.on_page(page):
                place = tokens.place(n)
                if place is not None and any(
                    abs(place.x - x) < 2 * s.horizontal_spread and abs(place.y - y) < 2 * s.vertical_spread
                    for x, y in expected
                ):
                    found.add(n)
        return found

    def _expected_place(self, place: ValuePlace) -> tuple[int, float, float] | None:
        """Return page and point where the anchors of a lesson say that the value begins; None where too few are found.

        The medians over all anchors that the page has once: words that were filled in elsewhere do no harm.
        """
        best: tuple[int, list[float], list[float]] | None = None
        for page, anchors in self._tokens.anchors.items():
            found = [
                (point.x + right, point.y + down)
                for word, right, down in place.anchors
                if (n := anchors.get(word)) is not None and (point := self._tokens.place(n)) is not None
            ]
            if len(found) >= self._settings.min_anchors and (best is None or len(found) > len(best[1])):
                best = page, [x for x, _ in found], [y for _, y in found]
        if best is None:
            return None
        return best[0], statistics.median(best[1]), statistics.median(best[2])


_WORD_FAMILIES = ("before", "left", "above")
_CLOSING_MARKS = frozenset(")）.’\"'")
_OPENING_MARKS = frozenset([":", "：", "=", "#", ".", ")", "）", "-", "$", "(", "（"])


def _log_ratios(
    chains: Mapping[object, Mapping[str, Chain]],
    lessons: Sequence[tuple[float, Mapping[str, Chain]]],
    families: Sequence[str],
    unseen: float,
) -> dict[object, dict[str, float]]:
    """Return for each place and family the logarithm of its share in the lessons over its share in the document.

    From the shortest key of a chain to the longest, each given the one before; `unseen` is the weight of what no
    lesson has.
    """
    background = count_keys(chains.values(), families)
    size = len(chains)
    total = sum(weight for weight, _ in lessons)
    learnt: dict[str, dict[_Key, float]] = {family: defaultdict(float) for family in families}
    heaviest: dict[str, dict[tuple[_Key, _Key], float]] = {family: defaultdict(float) for family in families}
    for weight, each in lessons:
        for family in families:
            shorter: _Key = _ROOT
            for key in reversed(each[family]):
                learnt[family][key] += weight
                heaviest[family][shorter, key] = max(weight, heaviest[family][shorter, key])
                shorter = key
    kinds: dict[str, dict[_Key, float]] = {family: defaultdict(float) for family in families}
    for family in families:
        for (shorter, _), weight in heaviest[family].items():
            kinds[family][shorter] += weight
    found: dict[object, dict[str, float]] = {}
    remembered: dict[tuple[str, Chain], float] = {}
    for place, each in chains.items():
        ratios = {}
        for family in families:
            chain = each[family]
            if (family, chain) not in remembered:
                remembered[family, chain] = _log_ratio(
                    chain, background[family], size, learnt[family], total, kinds[family], unseen
                )
            ratios[family] = remembered[family, chain]
        found[place] = ratios
    return found


def _log_ratio(
    chain: Chain,
    background: Counter[_Key],
    size: int,
    learnt: Mapping[_Key, float],
    total: float,
    kinds: Mapping[_Key, float],
    unseen: float,
) -> float:
    """Return the logarithm of a chain's share in the lessons over its share in the document.

    Where lessons have had many different keys, one that none of them had is no surprise (escape method C: Witten and
    Bell, The Zero-Frequency Problem, 1991): `kinds` is how many there were after each shorter key.
    """
    log, given_learnt, given_background, shorter = 0.0, total, float(size), _ROOT
    for key in reversed(chain):
        share = background[key] / given_background
        weight = learnt.get(key, 0.0)
        escape = unseen * max(1.0, kinds.get(shorter, 0.0))
        log += math.log((weight + escape * share) / (given_learnt + escape) / share)
        if not weight:
            break
        given_learnt, given_background, shorter = weight, float(background[key]), key
    return log


_ROOT: _Key = ("\0",)
"""Stands for the key before the shortest one of every chain."""


def _without_shared_places(found: Mapping[Path, Sequence[Proposal]], lessons: Sequence[Lesson]) -> dict[Path, Proposal]:
    """Return one proposal for each field, so that two fields do not share a place unless lessons had them share one."""
    sharing = _sharing_fields(lessons)
    chosen: dict[Path, Proposal] = {}
    for path in sorted(found, key=lambda p: -found[p][0].probability):
        free = [
            proposal
            for proposal in found[path]
            if not any(
                proposal.start < other.end
                and other.start < proposal.end
                and frozenset((path, other.path)) not in sharing
                for other in chosen.values()
                if other.has_place
            )
        ]
        best = found[path][0]
        if free and free[0] is not best:
            taken = sum(p.probability for p in found[path][: found[path].index(free[0])])
            rest = max(1e-6, 1 - taken)
            best = replace(free[0], probability=free[0].probability / rest, absent=free[0].absent / rest)
        elif not free:
            rest = max(1e-6, 1 - sum(p.probability for p in found[path]))
            best = Proposal(path, -1, -1, 0.0, min(1.0, best.absent / rest), 0, best.layout)
        chosen[path] = best
    return chosen


def _sharing_fields(lessons: Sequence[Lesson]) -> set[frozenset[Path]]:
    """Return the pairs of fields whose approved values had the same text and surroundings in some lesson."""
    sharing: set[frozenset[Path]] = set()
    for lesson in lessons:
        by_place: dict[object, list[Path]] = defaultdict(list)
        for each in lesson.fields:
            if each.place is not None:
                by_place[each.place.text, each.place.before, each.place.after].append(each.path)
        for paths in by_place.values():
            sharing.update(frozenset((a, b)) for a in paths for b in paths if a != b)
    return sharing
