"""Adapters from approved documents: questions with their right answers, training, and judging on documents held out."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from extractor import __version__
from extractor.decoding.source_text import join_lines
from extractor.errors import InputError
from extractor.extraction import prompts
from extractor.extraction.planning import Plan, plan
from extractor.extraction.questions import FieldQuery
from extractor.lessons import gold_as_approved
from extractor.lessons.places import choose_place, locate_value
from extractor.lessons.tokens import DocumentTokens
from extractor.models import Model, load_model, open_source, with_adapter
from extractor.models.adapters import AdapterDescription, adapter_hash, adapters_folder, write_description
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Document
from extractor.values import equivalence, normalisation

Report = Callable[[str], None]
Judge = Callable[[Model, Iterable[tuple[Document, Schema, Mapping[str, Any]]]], float]
"""Returns the micro-F1 of a model on documents with gold (`evaluation.extraction_f1.measure_f1`)."""


@dataclass(frozen=True)
class AdapterJudgingSettings(Settings):
    """What adapters are judged on."""

    held_out: float = threshold(
        0.25, meaning="Share of the documents that an adapter is not trained on, but judged by."
    )
    min_documents: int = threshold(4, unit="documents", meaning="Fewer train no adapter.")


@dataclass(frozen=True, slots=True)
class ApprovedDocument:
    """A document with its gold record: a field that it leaves out was decided by nobody, and teaches nothing."""

    document: Document
    schema: Schema
    gold: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AdapterResult:
    """What training came to; `folder` and `hash` are those of the adapter that was kept, None where it was not.

    Losses are in nats for each token of a right answer, F1 is that of whole extractions, both on the documents that
    were `held_out`.
    """

    folder: FilePath | None
    hash: str | None
    trained: int
    held_out: int
    loss_before: float
    loss_after: float
    f1_before: float
    f1_after: float


def make_examples(approved: ApprovedDocument) -> Iterator[Any]:
    """Yield the questions that a model is asked about a document, each with its right answer, as `Example`.

    Values that nobody decided on, and those that the passages do not hold, are written as null and do not count.
    Questions for lists are left out.
    """
    from extractor.models.adapter_training import Example

    planned = plan(approved.document, approved.schema)
    values = {each.path: each.value for each in gold_as_approved(approved.schema, approved.gold)}
    tokens = DocumentTokens(approved.document)
    for queries, group in zip(planned.queries, planned.request.groups, strict=True):
        if queries[0].field.type == "array":
            continue
        answer, taught = "", []
        for n, query in enumerate(queries):
            path = query.field.path
            written = _write_value(query, values[path], tokens, planned) if path in values else None
            answer += ("{" if not n else " ") + json.dumps(query.key, ensure_ascii=False) + ": "
            start = len(answer)
            answer += (written or "null") + ","
            if written is not None:
                taught.append((start, len(answer)))
        if taught:
            yield Example(planned.request.system, planned.request.prompt, group.question, answer, tuple(taught))


def _write_value(query: FieldQuery, value: Any, tokens: DocumentTokens, planned: Plan) -> str | None:
    """Return the JSON text that answers a query rightly; None where the form of the answer has none."""
    if equivalence.is_absent(value):
        return "null"
    field, slot = query.field, query.slot
    if slot.kind == "json":
        return json.dumps(value, ensure_ascii=False)
    if slot.kind == "literals":
        kind = normalisation.value_kind(field)
        compared = "number" if kind in normalisation.NUMERIC_TYPES else kind
        equal = (text for text in slot.literals if equivalence.is_equivalent(value, text, compared))
        text = next(equal, None)
        return None if text is None else json.dumps(text, ensure_ascii=False)
    spans = [span for span in locate_value(value, field, tokens) if planned.passages.contains(*span)]
    document = tokens.document
    span = choose_place(spans, field, document) or (spans[0] if spans else None)
    return None if span is None else json.dumps(join_lines(document.text[slice(*span)])[0].strip(), ensure_ascii=False)


def learn_adapter(
    approved: Sequence[ApprovedDocument],
    model: str,
    judge: Judge,
    *,
    device: str | None = None,
    threads: int | None = None,
    report: Report = lambda text: None,
) -> AdapterResult:
    """Train an adapter of a model on approved documents, judge it on some that were held out, and keep it if it helps.

    It is kept, in a folder of its hash, where right answers became likelier on the documents held out, and whole
    extractions of them no worse. Raises InputError for too few documents, ModelError as training does.
    """
    from extractor.models.adapter_training import require_peft, train_adapter

    require_peft()
    settings = AdapterJudgingSettings.current()
    if len(approved) < settings.min_documents:
        raise InputError(
            f"{len(approved)} approved documents are too few to train an adapter.",
            f"Approve at least {settings.min_documents}, or give a set with gold.",
        )
    shuffled = random.Random(0).sample(list(approved), len(approved))
    count = max(1, round(settings.held_out * len(shuffled)))
    judged, trained = shuffled[:count], shuffled[count:]
    examples = [example for each in trained for example in make_examples(each)]
    held_out = [example for each in judged for example in make_examples(each)]
    if not examples or not held_out:
        raise InputError(
            "Structure alone answers all fields of these documents: a model is asked nothing.",
            "There is nothing that an adapter could learn.",
        )
    source = open_source(model)
    folder = adapters_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".training-") as name:
        partial = FilePath(name) / "adapter"
        training = train_adapter(source, examples, held_out, partial, device=device, report=report)
        description = AdapterDescription(
            model=model,
            weights=source.digest,
            schemas=tuple(sorted({each.schema.id for each in trained})),
            documents=tuple(sorted({each.document.id for each in trained})),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            tool=f"extractor {__version__}",
            prompt=prompts.prompt_id(),
            held_out={"documents": count, "loss_before": training.before, "loss_after": training.after},
        )
        write_description(partial, description)
        options = {"device": device, "threads": threads}
        samples = [(each.document, each.schema, each.gold) for each in judged]
        before = judge(load_model(model, **options), samples)
        after = judge(load_model(with_adapter(model, str(partial)), **options), samples)
        report(f"micro-F1 on {count} documents held out: {before:.3f} without it, {after:.3f} with it")
        is_kept = training.after < training.before and after >= before
        kept, hash_ = None, None
        if is_kept:
            held = {**description.held_out, "f1_before": before, "f1_after": after}
            write_description(partial, replace(description, held_out=held))
            hash_ = adapter_hash(partial)
            kept = folder / hash_
            shutil.rmtree(kept, ignore_errors=True)
            os.replace(partial, kept)
    return AdapterResult(kept, hash_, len(trained), count, training.before, training.after, before, after)
