"""The micro-F1 of whole extractions of some documents, for choosing between models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from extractor.evaluation.matching import CORRECT, MISSING, SPURIOUS, WRONG, match_record
from extractor.extraction.pipeline import extract
from extractor.models import Model
from extractor.schemas import Schema
from extractor.types import Document


def measure_f1(model: Model | None, samples: Iterable[tuple[Document, Schema, Mapping[str, Any]]]) -> float:
    """Return the micro-F1 of a model on documents, each with its schema and its gold record; 0 without any value."""
    outcomes: Counter[str] = Counter()
    for document, schema, gold in samples:
        result = extract(document, schema, model)
        printed = {v.path: v.evidence.text for v in result.values if v.evidence}
        outcomes.update(m.outcome for m in match_record(schema, gold, result.data, printed))
    right = 2 * outcomes[CORRECT]
    return right / max(1, right + 2 * outcomes[WRONG] + outcomes[MISSING] + outcomes[SPURIOUS])
