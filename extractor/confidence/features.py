"""What speaks for and against each value of a record: the signals that a calibration learns from.

All are numbers whose sense does not depend on a kind of report. A signal that a value does not have is left out:

    score     the confidence by rule of thumb (`trust`), or of the table cell that settled the field
    answered, begun, weakest, mass, margin, choices    what the model's tokens say (`trust.told`)
    element   `answered` over the whole list element that the value is a part of
    null      the value is null;  settled: structure gave it;  code: neither structure nor the model did
    judged    the field is judged rather than copied
    support   the share of a label's terms around the evidence
    lead      the same, less that of the best other place that might have answered the field
    nearness  how near before the evidence the field's label stands
    rivals    how many other texts might have answered the field
    agrees    1 where the likeliest place by the page's layout holds the same text, -1 where it holds another
    beside    for a null: how good a place there is beside the field's label
    printed   for a null: one of the field's labels is printed
    places    in how many places the evidence's text stands
    length, lines     of the evidence's text
    misread   how unsure OCR is of the evidence's least sure word; for a null, of the document's words on average
    kept      a rule between fields that reads the value holds
    shared    how many values of other fields have evidence that overlaps with this one's;  twins: that read the same
    again     in how many other elements of the list the same part stands at the same place
    astray    how many lines lie between the evidence and that of the element's other parts
    listed    the mean `answered` of the list's other values
    full      how many of its parts the element has, as a share of what the list's fullest has: totals have few
    elements  how many elements the list has;  filled: the share of them that have this part
    others    the mean `answered` of the document's other values;  troubled: the share of them with a problem
    problem:KIND      the value has a problem of that kind
    type:KIND         the kind of the field
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from extractor import validation
from extractor.candidates.typed import CandidateIndex
from extractor.grounding import occurrences
from extractor.schemas import Schema
from extractor.types import Document, Field, FieldValue, Path, Word
from extractor.values import label_similarity as names
from extractor.values import normalization

LABELS = 8
"""So many of a field's labels are looked for to tell whether any is printed."""


def with_features(
    values: Sequence[FieldValue], schema: Schema, document: Document, candidates: CandidateIndex, data: Any
) -> list[FieldValue]:
    """The values of the record `data`, each with its signals, to those it has from the model's tokens."""
    extractor = FeatureExtractor(schema, document, candidates, data, values)
    return [replace(v, features=extractor.features(v)) for v in values]


class FeatureExtractor:
    def __init__(
        self, schema: Schema, document: Document, candidates: CandidateIndex, data: Any, values: Sequence[FieldValue]
    ) -> None:
        self.schema = schema
        self.document = document
        self.candidates = candidates
        self.kept = frozenset(validation.find_confirmed_paths(schema, data))
        self.read = _Reading(document)
        answered = [v.features["answer_probability"] for v in values if "answer_probability" in v.features]
        self.answered = (sum(answered), len(answered))
        self.troubled = sum(bool(v.problems) for v in values)
        self.placed = sorted((v.evidence.start, v.evidence.end, v.path) for v in values if v.evidence is not None)
        self.longest = max((end - start for start, end, _ in self.placed), default=0)
        self.read_alike = Counter(names.normalise_label(v.evidence.text) for v in values if v.evidence is not None)
        self.lines: dict[Path, list[int]] = {}
        self.listed: dict[Path, list[float]] = {}
        self.count = len(values)
        self.elements: dict[Path, set[int]] = {}
        self.filled: Counter[Path] = Counter()
        self.parts: Counter[Path] = Counter()
        for v in values:
            if (at := _position(v.path)) is not None:
                self.elements.setdefault(v.path[:at], set()).add(v.path[at])
                self.filled[_generic(v.path)] += v.value is not None
                self.parts[v.path[: at + 1]] += v.value is not None
                if v.evidence is not None:
                    line = document.text.count("\n", 0, v.evidence.start)
                    self.lines.setdefault(v.path[: at + 1], []).append(line)
                if "answer_probability" in v.features:
                    self.listed.setdefault(v.path[:at], []).append(v.features["answer_probability"])

    def features(self, v: FieldValue) -> dict[str, float]:
        f = self.schema.field(v.path)
        if f is None or "const" in f.schema:
            return {}
        found = {**v.features, "score": v.confidence or 0.0}
        found |= {name: 1.0 for name, is_so in self._kinds(v, f).items() if is_so}
        found |= {f"problem:{p.kind}": 1.0 for p in v.problems}
        found |= self._around(v)
        if v.evidence is not None and v.evidence.text:
            found |= self._of_evidence(v, f)
        elif v.value is None:
            found |= self._of_null(v, f)
        return {name: round(float(value), 4) for name, value in found.items()}

    def _kinds(self, v: FieldValue, f: Field) -> dict[str, bool]:
        return {
            "null": v.value is None,
            "structural": v.method == "structure",
            "code": v.method == "code",
            "judged": not f.copied,
            "equation_holds": v.path in self.kept,
            f"type:{normalization.value_kind(f) or ('enum' if f.enum is not None else f.type)}": True,
        }

    def _around(self, v: FieldValue) -> dict[str, float]:
        """What the rest of the record says."""
        found = {}
        total, count = self.answered
        if "answer_probability" in v.features:
            total, count = total - v.features["answer_probability"], count - 1
        if count:
            found["document_mean_probability"] = total / count
        if self.count > 1:
            found["problem_share"] = (self.troubled - bool(v.problems)) / (self.count - 1)
        if (at := _position(v.path)) is not None:
            size = len(self.elements[v.path[:at]])
            found |= {"element_count": size, "column_fill": self.filled[_generic(v.path)] / size}
            fullest = max(self.parts[(*v.path[:at], n)] for n in self.elements[v.path[:at]])
            found["element_completeness"] = self.parts[v.path[: at + 1]] / (fullest or 1)
            listed = self.listed.get(v.path[:at], [])
            if "answer_probability" in v.features and len(listed) > 1:
                found["list_mean_probability"] = (sum(listed) - v.features["answer_probability"]) / (len(listed) - 1)
        return found

    def _of_evidence(self, v: FieldValue, f: Field) -> dict[str, float]:
        assert v.evidence is not None
        place, text = (v.evidence.start, v.evidence.end), v.evidence.text
        support = self.candidates.context.support(f, *place)
        found = {
            "label_support": support,
            "label_proximity": occurrences.label_proximity(place, f, self.document.text),
            "occurrence_count": min(20, max(1, self.document.text.count(text))),
            "text_length": len(text),
            "line_breaks": text.strip().count("\n"),
            "ocr_doubt": self.read.doubt(*place),
        }
        found |= self._beside_others(v)
        if v.method != "structure" and _position(v.path) is None:
            others = self._others(f, text)
            found["rival_count"] = len(others)
            found["support_margin"] = support - max(others.values(), default=0.0)
            if hints := self.candidates.layout.find(f, self.candidates.spans, limit=1):
                same = names.normalise_label(
                    self.document.text[hints[0].start : hints[0].end]
                ) == names.normalise_label(text)
                found["layout_agreement"] = 1.0 if same else -1.0
        return found

    def _beside_others(self, v: FieldValue) -> dict[str, float]:
        """How the evidence stands to that of the record's other values."""
        assert v.evidence is not None
        start, end, generic = v.evidence.start, v.evidence.end, _generic(v.path)
        first = bisect.bisect_left(self.placed, (start - self.longest,))
        last = bisect.bisect_left(self.placed, (end,))
        over = [path for s, e, path in self.placed[first:last] if e > start and path != v.path]
        found = {
            "overlapping_fields": sum(_generic(path) != generic for path in over),
            "overlapping_elements": sum(_generic(path) == generic for path in over),
            "duplicate_text": self.read_alike[names.normalise_label(v.evidence.text)] - 1,
        }
        if (at := _position(v.path)) is not None and len(lines := self.lines[v.path[: at + 1]]) > 1:
            line = self.document.text.count("\n", 0, start)
            others = sorted(lines)
            others.remove(line)
            found["row_distance"] = abs(line - others[len(others) // 2])
        return {name: float(x) for name, x in found.items()}

    def _others(self, f: Field, text: str) -> dict[str, float]:
        """The other texts that were offered for a typed field, each with its best support."""
        if not self.candidates.is_typed(f):
            return {}
        others: dict[str, float] = {}
        for start, end in self.candidates.find_spans(f)[:200]:
            other = names.normalise_label(self.document.text[start:end])
            if other != names.normalise_label(text):
                others[other] = max(others.get(other, 0.0), self.candidates.context.support(f, start, end))
        return others

    def _of_null(self, v: FieldValue, f: Field) -> dict[str, float]:
        found = {"ocr_doubt": self.read.mean}
        if v.method != "structure" and _position(v.path) is None:
            hints = self.candidates.layout.find(f, self.candidates.spans, limit=1)
            patterns = (names.label_pattern(label) for label in f.labels[:LABELS])
            found["layout_score"] = hints[0].score if hints else 0.0
            found["label_printed"] = any(p is not None and p.search(self.document.text) for p in patterns)
            found["rival_count"] = len(self._others(f, ""))
        return found


class _Reading:
    """How unsure OCR was of a document's words, 0 where none of them was read by OCR."""

    def __init__(self, document: Document) -> None:
        words = [w for page in document.pages for w in page.words if w.confidence is not None]
        self.words: list[Word] = sorted(words, key=lambda w: w.start)
        self.starts = [w.start for w in self.words]
        self.mean = 1 - fmean(w.confidence for w in self.words if w.confidence is not None) if words else 0.0

    def doubt(self, start: int, end: int) -> float:
        first = max(0, bisect.bisect_right(self.starts, start) - 1)
        last = bisect.bisect_left(self.starts, end)
        sure = [w.confidence for w in self.words[first:last] if w.end > start and w.confidence is not None]
        return 1 - min(sure, default=1.0)


def _position(path: Path) -> int | None:
    """Where in the path the position in the innermost list stands, None outside of lists."""
    return next((n for n in range(len(path) - 1, -1, -1) if isinstance(path[n], int)), None)


def _generic(path: Path) -> Path:
    return tuple("*" if isinstance(step, int) else step for step in path)
