"""One document of a set: read, extracted, and compared with its gold record."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import ExtractorError
from extractor.evaluation import matching
from extractor.evaluation.anls import compute_anls
from extractor.evaluation.baseline import extract_baseline
from extractor.evaluation.runs import DocumentResult
from extractor.evaluation.samples import Sample
from extractor.extraction import serialization
from extractor.extraction.pipeline import extract
from extractor.grounding import occurrences
from extractor.models import Model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.types import Document, Evidence, Extraction, path_text
from extractor.values import equivalence

CONTEXT_CHARACTERS = 80
"""Characters on either side of a piece of evidence that are kept with it."""
MAX_SEARCHED_CHARACTERS = 200_000
"""Characters of a document in which gold's text is searched."""
_STANDALONE = r"(?<![A-Za-z0-9])(?<!\d[.,]){}(?![A-Za-z0-9]|[.,]\d)"
"""Text that is no part of a longer word or number; CJK text has no such boundaries."""


def judge_document(
    sample: Sample,
    folder: FilePath,
    schema: Schema,
    model: Model | None,
    load: Callable[[FilePath], Document] = read,
) -> DocumentResult:
    """Read a document with `load`, extract it, and compare the record with gold.

    An error, the tool's own ones included, becomes the `error` of the result; only an interruption is raised.
    """
    start = time.perf_counter()
    document, baseline, error = None, None, None
    try:
        document = load(folder / sample.document)
        read_seconds = time.perf_counter() - start
        extraction = extract(document, schema, model)
        extraction.run["seconds"].setdefault("read", round(read_seconds, 3))
        extraction.run["seconds"]["all"] = round(time.perf_counter() - start, 3)
        baseline = extract_baseline(document, schema)
    except ExtractorError as raised:
        error = str(raised)
    except Exception as raised:  # an error of the tool itself must not stop the other documents
        error = f"an error of the tool itself: {type(raised).__name__}: {raised}"
    if error is not None or document is None:
        seconds = {"seconds": {"all": round(time.perf_counter() - start, 3)}}
        id_ = document.id if document else ""
        failed = DocumentResult(sample.document, sample.gold, (), id_, run=seconds, error=error)
        return compare_with_gold(failed, sample, schema)
    result = DocumentResult(
        sample.document,
        sample.gold,
        (),
        document.id,
        sample.more,
        data=extraction.data,
        values=tuple(_values_with_context(extraction)),
        problems=tuple(serialization.as_dict(extraction)["problems"]),
        run=dict(extraction.run),
        pages=tuple({"number": p.number, "width": p.width, "height": p.height, "turn": p.turn} for p in document.pages),
        baseline=baseline,
    )
    return compare_with_gold(result, sample, schema, document)


def compare_with_gold(
    result: DocumentResult, sample: Sample, schema: Schema, document: Document | None = None
) -> DocumentResult:
    """Return the result compared (again) with the sample's gold record; `document` locates gold's text in it."""
    if result.error is not None:
        missing = matching.match_failed_document(schema, sample.gold)
        return replace(result, gold=sample.gold, more=sample.more, matches=missing, baseline_matches=missing)
    printed = {tuple(v["path"]): v["evidence"]["text"] for v in result.values if v["evidence"]}
    matches = matching.match_record(schema, sample.gold, result.data, printed)
    baseline_matches = matching.match_record(schema, sample.gold, result.baseline)
    return replace(
        result,
        gold=sample.gold,
        more=sample.more,
        matches=matches,
        anls=compute_anls(sample.gold, result.data, matches),
        baseline_matches=baseline_matches,
        baseline_anls=compute_anls(sample.gold, result.baseline, baseline_matches),
        gold_evidence=dict(_locate_gold(document, matches)) if document else result.gold_evidence,
    )


def _values_with_context(extraction: Extraction) -> Iterator[dict[str, Any]]:
    for value in serialization.as_dict(extraction, features=True)["values"]:
        if value["evidence"]:
            value["evidence"] |= _context(extraction.document, value["evidence"]["start"], value["evidence"]["end"])
        yield value


def _context(document: Document, start: int, end: int) -> dict[str, str]:
    text = document.text
    return {"before": text[max(0, start - CONTEXT_CHARACTERS) : start], "after": text[end : end + CONTEXT_CHARACTERS]}


def _locate_gold(document: Document, matches: Sequence[matching.Match]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield where gold occurs verbatim in the document, for values that are wrong or missing."""
    text = document.text[:MAX_SEARCHED_CHARACTERS]
    for m in matches:
        if m.outcome not in (matching.WRONG, matching.MISSING) or m.gold_path is None:
            continue
        for form in _printed_forms(m.gold):
            words = r"\s+".join(map(re.escape, form.split()))
            found = re.search(_STANDALONE.format(words), text, re.IGNORECASE) if words else None
            if found:
                evidence = occurrences.make_evidence(document, *found.span())
                yield path_text(m.gold_path), _evidence_with_context(document, evidence)
                break


def _printed_forms(gold: Any) -> list[str]:
    """Return the forms in which a value may be printed; none for zero, which occurs everywhere."""
    if isinstance(gold, str):
        return [gold]
    if isinstance(gold, bool) or not isinstance(gold, int | float) or equivalence.is_equivalent(0, gold):
        return []
    return list(dict.fromkeys((f"{gold:,.2f}", f"{gold:.2f}", f"{gold:,}", f"{gold}")))


def _evidence_with_context(document: Document, evidence: Evidence) -> dict[str, Any]:
    boxes = [{"page": b.page, "x0": b.x0, "top": b.top, "x1": b.x1, "bottom": b.bottom} for b in evidence.boxes]
    context = _context(document, evidence.start, evidence.end)
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end, "boxes": boxes or None, **context}
