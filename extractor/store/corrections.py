"""Records with people's corrections: their data, and the columns that tell the review queue about them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extractor.errors import ExtractorError
from extractor.schemas import Schema, load_schema
from extractor.store.models import Correction
from extractor.store.record_data import replace_value, searchable_text, value_at
from extractor.store.review_reasons import ReviewReason
from extractor.store.review_rule import ReviewRules
from extractor.store.review_status import assess_record


def apply_corrections(data: Any, corrections: Iterable[Correction], schema: Schema | None = None) -> Any:
    """Return the machine's record with the corrections in place; what was not changed is shared with `data`.

    Where a person says that there is no value, a nullable property becomes null, and any other is left out.
    """
    for correction in corrections:
        if correction.how == "accepted" or (correction.new is None and correction.old is None):
            continue  # nothing was changed
        path = correction.path
        data, _ = replace_value(data, path, correction.new)
        field = schema.field(path) if schema is not None and correction.new is None else None
        if field is not None and not field.nullable and isinstance(path[-1], str):
            parent = value_at(data, path[:-1])
            data, _ = replace_value(data, path[:-1], {name: parent[name] for name in parent if name != path[-1]})
    return data


def load_stored_schema(document: Mapping[str, Any]) -> Schema | None:
    """Load a stored schema, once in each process; None where this version of the tool cannot use it any more."""
    return _load_schema(json.dumps(document))


@functools.lru_cache(maxsize=64)
def _load_schema(text: str) -> Schema | None:
    try:
        return load_schema(json.loads(text))
    except ExtractorError:
        return None


def review_columns(
    schema: Schema | None,
    result: Mapping[str, Any],
    corrections: Sequence[Correction] = (),
    rules: ReviewRules | None = None,
) -> dict[str, Any]:
    """Return the columns from which the queue is made without reading records: see `ReviewState.columns`."""
    data = apply_corrections(result["data"], corrections, schema)
    if schema is None:
        doubts = {ReviewReason.OTHER_PROBLEM.value: 1}
        return {"doubts": doubts, "to_check": 0, "risk": 1.0, "words": searchable_text(data)}
    return assess_record(schema, result, data, corrections, rules=rules).columns()
