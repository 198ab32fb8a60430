"""A set run through the pipeline, document by document, every one judged and kept as soon as it is done."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

import extractor
from extractor.errors import ExtractorError, ModelError
from extractor.evaluation import matching
from extractor.evaluation.anls import anls
from extractor.evaluation.baseline import baseline
from extractor.evaluation.runs import Judged, Run, refuse_others
from extractor.evaluation.samples import EvalSet, Sample
from extractor.extraction import prompts, serialization
from extractor.extraction.pipeline import extract
from extractor.grounding import occurrences
from extractor.models import Model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.types import Answer, Document, Evidence, Extraction, Request, path_text
from extractor.values import equivalence

AROUND = 80
"""Characters on either side of a piece of evidence that are kept with it."""
SEARCHED = 200_000
"""Characters of a document that gold's print is looked for in."""
_ALONE = r"(?<![A-Za-z0-9])(?<!\d[.,]){}(?![A-Za-z0-9]|[.,]\d)"
"""Print that is no part of a longer word or number; CJK text has no such edges."""
ROOMS_BESIDE = frozenset({"cli", "evaluation", "exports", "jobs", "learning", "review", "store", "ui", "_shipped"})
"""Rooms that no record depends on; of `evaluation` itself, what judges a record does count."""
_JUDGES = ("matching.py", "anls.py", "baseline.py")
_PACKAGES = (
    "llguidance",
    "numpy",
    "onnxruntime",
    "pdfplumber",
    "pypdfium2",
    "rapidocr",
    "scipy",
    "selectolax",
    "torch",
    "transformers",
)


def identity(samples: EvalSet, schema: Schema, model: str) -> dict[str, str]:
    """What has to be the same for a run to be gone on with: set, schema, model, prompts, tool and its code."""
    return {
        "set": samples.name,
        "schema": schema.id,
        "model": model,
        "prompt": prompts.prompt_id(),
        "tool": f"extractor {extractor.__version__}",
        "code": _code(),
    }


@functools.cache
def _code() -> str:
    """SHA-256 over the source files that records and their judgement come from: a version alone says too little.

    Taken once: what a process runs is what it was started with, whatever is written over the files meanwhile.
    """
    root = FilePath(extractor.__file__).resolve().parent
    files = [f for f in root.rglob("*.py") if _room(f.relative_to(root)) not in ROOMS_BESIDE]
    digest = hashlib.sha256()
    for file in sorted([*files, *(root / "evaluation" / name for name in _JUDGES)]):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _room(file: FilePath) -> str:
    return file.parts[0].removesuffix(".py")


def machine() -> dict[str, Any]:
    """The machine and the packages, as a run's header names them."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def _cpu() -> str:
    try:
        named = re.search(r"model name\s*:\s*(.+)", FilePath("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        named = None
    return named[1].strip() if named else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def header(samples: EvalSet, schema: Schema, model: str) -> dict[str, Any]:
    """What `run.json` holds before the first document is done."""
    return {
        "identity": identity(samples, schema, model),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "folder": str(samples.folder.resolve()),
        "schema": {"name": schema.name, "document": schema.document},
        "machine": machine(),
    }


def evaluate(
    samples: EvalSet,
    schema: Schema,
    model: Callable[[], Model | None],
    run: Run,
    made_of: Mapping[str, str],
    *,
    limit: int | None = None,
    batch: int = 1,
    progress: Callable[[Sequence[Sample]], Iterable[Sample]] = iter,
) -> tuple[Run, list[Judged]]:
    """The run, and the documents of the set (the first `limit`) in their order, each judged.

    What the run already holds is not done again, unless the document has changed or had failed; where only gold has
    changed it is judged anew. `made_of` is the identity of what would be added: a run of another one is only shown, and
    UsageError says so where a document is wanting. `model` is called when the first document needs it. A document that
    fails is kept with its error and does not stop the others; a model that cannot be had does. With a `batch` so many
    documents are put to the model at a time: answers are the same, and come sooner over all.
    """
    wanted = samples.samples[:limit]
    pending = []
    for sample in wanted:
        kept = run.judged.get(sample.document)
        if kept is None or _outdated(kept, samples.folder, run.header["identity"] == made_of):
            pending.append(sample)
        elif kept.gold != sample.gold or kept.more != sample.more:
            run.add(_judged_anew(kept, sample, schema))
    if pending:
        refuse_others(run, made_of)
        with run.held():
            ready = model()
            run = run.tell(weights=_same_weights(run, ready))
            done = _done(pending, samples.folder, schema, ready, batch)
            for _ in progress(pending):
                run.add(next(done))
            run = run.tell(
                ended=datetime.now(UTC).isoformat(timespec="seconds"),
                seconds=round(sum(judged.seconds for judged in run.judged.values()), 1),
                peak_memory=max(_peak_memory(), run.header.get("peak_memory") or 0) or None,
            )
    return run, [run.judged[sample.document] for sample in wanted]


def _done(
    pending: Sequence[Sample], folder: FilePath, schema: Schema, model: Model | None, batch: int
) -> Iterator[Judged]:
    """The samples judged, in the order in which they are done; each with the time by the clock that it took of all."""
    if model is None or batch < 2 or len(pending) < 2:
        yield from (judge(sample, folder, schema, model) for sample in pending)
        return
    left: queue.SimpleQueue[Sample] = queue.SimpleQueue()
    for sample in pending:
        left.put(sample)
    done: queue.SimpleQueue[Judged | BaseException] = queue.SimpleQueue()
    shared = _Shared(model)

    def work() -> None:
        try:
            while True:
                sample = left.get_nowait()
                with shared.turn:
                    judged = judge(sample, folder, schema, shared)
                done.put(judged)
        except queue.Empty:
            return
        except BaseException as raised:
            done.put(raised)

    last = time.perf_counter()
    for _ in range(min(batch, len(pending))):
        threading.Thread(target=work, daemon=True).start()  # Ctrl-C does not wait for a model's answer
    for _ in pending:
        found = done.get()
        if isinstance(found, BaseException):
            raise found
        now = time.perf_counter()
        seconds = {**found.run["seconds"], "share": round(now - last, 3)}
        last = now
        yield replace(found, run={**found.run, "batch": batch, "seconds": seconds})


class _Shared:
    """A model that many threads ask at a time; all else is done by one of them at a time: readers bear no company."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.turn = threading.Lock()
        self.name, self.weights = model.name, model.weights

    def count(self, text: str) -> int:
        return self.model.count(text)

    def answer(self, request: Request) -> list[Answer]:
        self.turn.release()
        try:
            return self.model.answer(request)
        finally:
            self.turn.acquire()


def _outdated(kept: Judged, folder: FilePath, going_on: bool) -> bool:
    """Whether a document has changed since, or had failed in a run that is gone on with: the cause may have passed."""
    return going_on if kept.error is not None else kept.id != _id(folder / kept.document)


def _same_weights(run: Run, model: Model | None) -> str | None:
    weights = model.weights if model else None
    if run.judged and run.header.get("weights") != weights:
        raise ModelError(
            f"The run {run.name} was begun with other weights of {run.header['identity']['model']}.",
            "Start a new run with --again.",
        )
    return weights


def _id(file: FilePath) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _peak_memory() -> int:
    """The most memory this process has held, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows has none
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def judge(
    sample: Sample,
    folder: FilePath,
    schema: Schema,
    model: Model | None,
    load: Callable[[FilePath], Document] = read,
) -> Judged:
    """Read a document with `load`, extract it and compare it with its gold; any error but Ctrl-C is the document's."""
    start = time.perf_counter()
    document, rough, error = None, None, None
    try:
        document = load(folder / sample.document)
        read_seconds = time.perf_counter() - start
        result = extract(document, schema, model)
        result.run["seconds"].setdefault("read", round(read_seconds, 3))
        result.run["seconds"]["all"] = round(time.perf_counter() - start, 3)
        rough = baseline(document, schema)
    except ExtractorError as raised:
        error = str(raised)
    except Exception as raised:  # the tool's own fault, and still one document's only
        error = f"an error of the tool itself: {type(raised).__name__}: {raised}"
    if error is not None or document is None:
        spent = {"seconds": {"all": round(time.perf_counter() - start, 3)}}
        id_ = document.id if document else ""
        failed = Judged(sample.document, sample.gold, (), id_, run=spent, error=error)
        return _judged_anew(failed, sample, schema)
    kept = Judged(
        sample.document,
        sample.gold,
        (),
        document.id,
        sample.more,
        data=result.data,
        values=tuple(_values(result)),
        problems=tuple(serialization.as_dict(result)["problems"]),
        run=dict(result.run),
        pages=tuple({"number": p.number, "width": p.width, "height": p.height, "turn": p.turn} for p in document.pages),
        baseline=rough,
    )
    return _judged_anew(kept, sample, schema, document)


def _values(result: Extraction) -> Iterator[dict[str, Any]]:
    for value in serialization.as_dict(result, features=True)["values"]:
        if value["evidence"]:
            value["evidence"] |= _around(result.document, value["evidence"]["start"], value["evidence"]["end"])
        yield value


def _around(document: Document, start: int, end: int) -> dict[str, str]:
    return {"before": document.text[max(0, start - AROUND) : start], "after": document.text[end : end + AROUND]}


def _judged_anew(kept: Judged, sample: Sample, schema: Schema, document: Document | None = None) -> Judged:
    """What was extracted, held against the sample's gold."""
    if kept.error is not None:
        missing = matching.unanswered(schema, sample.gold)
        return replace(kept, gold=sample.gold, more=sample.more, matches=missing, baseline_matches=missing)
    printed = {tuple(v["path"]): v["evidence"]["text"] for v in kept.values if v["evidence"]}
    matches = matching.match(schema, sample.gold, kept.data, printed)
    rough = matching.match(schema, sample.gold, kept.baseline)
    return replace(
        kept,
        gold=sample.gold,
        more=sample.more,
        matches=matches,
        anls=anls(sample.gold, kept.data, matches),
        baseline_matches=rough,
        baseline_anls=anls(sample.gold, kept.baseline, rough),
        gold_evidence=dict(_gold_evidence(document, matches)) if document else kept.gold_evidence,
    )


def _gold_evidence(document: Document, matches: Sequence[matching.Match]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Where gold's text stands in the document, for what is wrong or missing; only verbatim print is found."""
    text = document.text[:SEARCHED]
    for m in matches:
        if m.outcome not in (matching.WRONG, matching.MISSING) or m.gold_path is None:
            continue
        for printed in _prints(m.gold):
            words = r"\s+".join(map(re.escape, printed.split()))
            found = re.search(_ALONE.format(words), text, re.IGNORECASE) if words else None
            if found:
                evidence = occurrences.make_evidence(document, *found.span())
                yield path_text(m.gold_path), _evidence(document, evidence)
                break


def _prints(gold: Any) -> list[str]:
    """How a value may be printed."""
    if isinstance(gold, str):
        return [gold]
    if isinstance(gold, bool) or not isinstance(gold, int | float) or equivalence.is_equivalent(0, gold):
        return []
    return list(dict.fromkeys((f"{gold:,.2f}", f"{gold:.2f}", f"{gold:,}", f"{gold}")))


def _evidence(document: Document, evidence: Evidence) -> dict[str, Any]:
    boxes = [{"page": b.page, "x0": b.x0, "top": b.top, "x1": b.x1, "bottom": b.bottom} for b in evidence.boxes]
    around = _around(document, evidence.start, evidence.end)
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end, "boxes": boxes or None, **around}
