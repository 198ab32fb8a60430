"""The features of each value of a record: what speaks for and against it, from which a calibration learns.

All are numbers whose sense does not depend on a kind of report. A feature that a value does not have is left out:

    score                    the confidence by rule of thumb (`heuristic`), or of the match that answered the field
    answer_probability, onset_probability, min_token_probability, min_mask_mass, min_token_margin, free_tokens
                             what the model's tokens say (`heuristic.token_features`)
    element_probability      `answer_probability` over the whole list element that the value is a part of
    null                     1 where the value is null
    structural, code         1 where structure gave the value; where neither structure nor the model did
    judged                   1 where the field is judged rather than copied
    label_support            the share of a label's terms around the evidence
    support_margin           the same, less that of the best other candidate of the field
    label_proximity          how near before the evidence the field's label stands
    rival_count              how many other texts are candidates of the field
    layout_agreement         1 where the best layout candidate reads the same, -1 where it reads otherwise
    layout_score             for a null: the score of the best layout candidate, 0 for none
    label_printed            for a null: 1 where one of the field's labels is printed
    occurrence_count         how often the evidence's text stands in the document, at most 20
    text_length, line_breaks of the evidence's text
    ocr_doubt                how unsure OCR is of the evidence's least sure word; for a null, of all words on average
    equation_holds           1 where a rule between fields that reads the value holds
    overlapping_fields       how many values of other fields have evidence that overlaps with this one's
    overlapping_elements     in how many other elements of the list the same part has evidence that overlaps
    duplicate_text           how many other values have evidence that reads the same
    row_distance             how many lines lie between the evidence and that of the element's other parts (median)
    list_mean_probability    the mean `answer_probability` of the list's other values
    element_completeness     how many of its parts the element has, as a share of the list's fullest: totals have few
    element_count            how many elements the list has
    column_fill              the share of the list's elements that have this part
    document_mean_probability    the mean `answer_probability` of the document's other values
    problem_share            the share of the document's other values with a problem
    lesson_probability       how likely lessons from approved documents make the value, or that there is none
    lesson_records           how many approved documents of the same layout there are
    problem:KIND             1 where the value has a problem of that kind
    type:KIND                1 for the kind of the field
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from extractor import validation
from extractor.candidates import CandidateIndex
from extractor.grounding import label_proximity
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, FieldValue, Path, Word
from extractor.values import normalisation
from extractor.values.label_similarity import label_pattern, normalise_label


@dataclass(frozen=True)
class FeatureSettings(Settings):
    """Limits of what is counted; a calibration holds only for the limits it was made with."""

    max_labels: int = threshold(8, unit="labels", meaning="Of a field, looked for to tell whether any is printed.")
    max_rivals: int = threshold(200, unit="spans", meaning="Of a field's candidates, compared with its value.")
    max_occurrences: int = threshold(20, unit="places", meaning="More count as so many.")


def with_features(
    values: Sequence[FieldValue], schema: Schema, document: Document, candidates: CandidateIndex, data: Any
) -> list[FieldValue]:
    """Return the values of the record `data`, each with its features added to those of the model's tokens."""
    extractor = FeatureExtractor(schema, document, candidates, data, values)
    return [replace(value, features=extractor.features_of(value)) for value in values]


class FeatureExtractor:
    """The features of the values of one record; what all of them need is counted once."""

    def __init__(
        self, schema: Schema, document: Document, candidates: CandidateIndex, data: Any, values: Sequence[FieldValue]
    ) -> None:
        self._schema = schema
        self._document = document
        self._candidates = candidates
        self._settings = FeatureSettings.current()
        self._confirmed = frozenset(validation.find_confirmed_paths(schema, data))
        self._ocr = _OcrConfidence(document)
        self._lists = _ListCounts(values, document)
        self._count = len(values)
        self._with_problems = sum(bool(v.problems) for v in values)
        probabilities = [v.features[_ANSWER] for v in values if _ANSWER in v.features]
        self._probability_sum, self._probability_count = sum(probabilities), len(probabilities)
        self._spans = sorted((v.evidence.start, v.evidence.end, v.path) for v in values if v.evidence is not None)
        self._longest_span = max((end - start for start, end, _ in self._spans), default=0)
        self._texts = Counter(normalise_label(v.evidence.text) for v in values if v.evidence is not None)

    def features_of(self, value: FieldValue) -> dict[str, float]:
        """Return the features of one value by name, rounded to four digits; none for a constant."""
        field = self._schema.field(value.path)
        if field is None or "const" in field.schema:
            return {}
        found = {**value.features, "score": value.confidence or 0.0}
        found |= {name: 1.0 for name, is_so in self._flags(value, field).items() if is_so}
        found |= {f"problem:{problem.kind}": 1.0 for problem in value.problems}
        found |= self._record_features(value)
        if value.evidence is not None and value.evidence.text:
            found |= self._evidence_features(value, field)
        elif value.value is None:
            found |= self._null_features(value, field)
        return {name: round(float(x), 4) for name, x in found.items()}

    def _flags(self, value: FieldValue, field: Field) -> dict[str, bool]:
        kind = normalisation.value_kind(field) or ("enum" if field.enum is not None else field.type)
        return {
            "null": value.value is None,
            "structural": value.method == "structure",
            "code": value.method == "code",
            "judged": not field.copied,
            "equation_holds": value.path in self._confirmed,
            f"type:{kind}": True,
        }

    def _record_features(self, value: FieldValue) -> dict[str, float]:
        """Return what the rest of the record, and of the value's list, says."""
        found = {}
        total, count = self._probability_sum, self._probability_count
        if _ANSWER in value.features:
            total, count = total - value.features[_ANSWER], count - 1
        if count:
            found["document_mean_probability"] = total / count
        if self._count > 1:
            found["problem_share"] = (self._with_problems - bool(value.problems)) / (self._count - 1)
        if _list_step(value.path) is not None:
            found |= self._lists.features_of(value)
        return found

    def _evidence_features(self, value: FieldValue, field: Field) -> dict[str, float]:
        assert value.evidence is not None
        span, text = (value.evidence.start, value.evidence.end), value.evidence.text
        support = self._candidates.context.support(field, *span)
        found = {
            "label_support": support,
            "label_proximity": label_proximity(span, field, self._document.text),
            "occurrence_count": min(self._settings.max_occurrences, max(1, self._document.text.count(text))),
            "text_length": len(text),
            "line_breaks": text.strip().count("\n"),
            "ocr_doubt": self._ocr.doubt(*span),
        }
        found |= self._overlap_features(value)
        if value.method != "structure" and _list_step(value.path) is None:
            rivals = self._rivals(field, text)
            found["rival_count"] = len(rivals)
            found["support_margin"] = support - max(rivals.values(), default=0.0)
            if best := self._candidates.layout.find(field, self._candidates.spans, limit=1):
                same = normalise_label(self._document.text[best[0].start : best[0].end]) == normalise_label(text)
                found["layout_agreement"] = 1.0 if same else -1.0
        return found

    def _overlap_features(self, value: FieldValue) -> dict[str, float]:
        """Return how the evidence stands to that of the record's other values."""
        assert value.evidence is not None
        start, end, generic = value.evidence.start, value.evidence.end, _generic(value.path)
        first = bisect.bisect_left(self._spans, (start - self._longest_span,))
        last = bisect.bisect_left(self._spans, (end,))
        overlapping = [path for s, e, path in self._spans[first:last] if e > start and path != value.path]
        found = {
            "overlapping_fields": float(sum(_generic(path) != generic for path in overlapping)),
            "overlapping_elements": float(sum(_generic(path) == generic for path in overlapping)),
            "duplicate_text": float(self._texts[normalise_label(value.evidence.text)] - 1),
        }
        if (distance := self._lists.row_distance(value)) is not None:
            found["row_distance"] = float(distance)
        return found

    def _rivals(self, field: Field, text: str) -> dict[str, float]:
        """Return the other texts that are candidates of a typed field, each with its best support."""
        if not self._candidates.is_typed(field):
            return {}
        rivals: dict[str, float] = {}
        for start, end in self._candidates.find_spans(field)[: self._settings.max_rivals]:
            other = normalise_label(self._document.text[start:end])
            if other != normalise_label(text):
                rivals[other] = max(rivals.get(other, 0.0), self._candidates.context.support(field, start, end))
        return rivals

    def _null_features(self, value: FieldValue, field: Field) -> dict[str, float]:
        found = {"ocr_doubt": self._ocr.mean_doubt}
        if value.method != "structure" and _list_step(value.path) is None:
            best = self._candidates.layout.find(field, self._candidates.spans, limit=1)
            patterns = (label_pattern(label) for label in field.labels[: self._settings.max_labels])
            found["layout_score"] = best[0].score if best else 0.0
            found["label_printed"] = any(p is not None and p.search(self._document.text) for p in patterns)
            found["rival_count"] = len(self._rivals(field, ""))
        return found


_ANSWER = "answer_probability"


class _ListCounts:
    """What is counted over the elements of a record's lists."""

    def __init__(self, values: Sequence[FieldValue], document: Document) -> None:
        self._text = document.text
        self._positions: dict[Path, set[int]] = {}
        self._filled_parts: Counter[Path] = Counter()
        self._filled_in_element: Counter[Path] = Counter()
        self._lines: dict[Path, list[int]] = {}
        self._probabilities: dict[Path, list[float]] = {}
        for value in values:
            step = _list_step(value.path)
            if step is None:
                continue
            array, element = value.path[:step], value.path[: step + 1]
            self._positions.setdefault(array, set()).add(value.path[step])
            self._filled_parts[_generic(value.path)] += value.value is not None
            self._filled_in_element[element] += value.value is not None
            if value.evidence is not None:
                self._lines.setdefault(element, []).append(self._line_of(value.evidence.start))
            if _ANSWER in value.features:
                self._probabilities.setdefault(array, []).append(value.features[_ANSWER])

    def features_of(self, value: FieldValue) -> dict[str, float]:
        """Return the features of a value that is part of a list element."""
        step = _list_step(value.path)
        assert step is not None
        array, element = value.path[:step], value.path[: step + 1]
        size = len(self._positions[array])
        fullest = max(self._filled_in_element[(*array, position)] for position in self._positions[array])
        found = {
            "element_count": size,
            "column_fill": self._filled_parts[_generic(value.path)] / size,
            "element_completeness": self._filled_in_element[element] / (fullest or 1),
        }
        probabilities = self._probabilities.get(array, [])
        if _ANSWER in value.features and len(probabilities) > 1:
            others = sum(probabilities) - value.features[_ANSWER]
            found["list_mean_probability"] = others / (len(probabilities) - 1)
        return found

    def row_distance(self, value: FieldValue) -> int | None:
        """Return how many lines lie between a value and the median of its element's other parts; None without any."""
        step = _list_step(value.path)
        if step is None or value.evidence is None or len(self._lines[value.path[: step + 1]]) < 2:
            return None
        line = self._line_of(value.evidence.start)
        others = sorted(self._lines[value.path[: step + 1]])
        others.remove(line)
        return abs(line - others[len(others) // 2])

    def _line_of(self, start: int) -> int:
        return self._text.count("\n", 0, start)


class _OcrConfidence:
    """How unsure OCR was of a document's words, 0 where none of them was read by OCR."""

    def __init__(self, document: Document) -> None:
        words = [w for page in document.pages for w in page.words if w.confidence is not None]
        self._words: list[Word] = sorted(words, key=lambda w: w.start)
        self._starts = [w.start for w in self._words]
        self.mean_doubt = 1 - fmean(w.confidence for w in self._words if w.confidence is not None) if words else 0.0

    def doubt(self, start: int, end: int) -> float:
        """Return one minus the confidence of the least sure word of the stretch."""
        first = max(0, bisect.bisect_right(self._starts, start) - 1)
        last = bisect.bisect_left(self._starts, end)
        found = [w.confidence for w in self._words[first:last] if w.end > start and w.confidence is not None]
        return 1 - min(found, default=1.0)


def _list_step(path: Path) -> int | None:
    """Return which step of the path is the position in the innermost list; None outside of lists."""
    return next((n for n in range(len(path) - 1, -1, -1) if isinstance(path[n], int)), None)


def _generic(path: Path) -> Path:
    return tuple("*" if isinstance(step, int) else step for step in path)
