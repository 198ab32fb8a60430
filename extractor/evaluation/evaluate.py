"""A set run through the pipeline: every document is judged and kept as soon as it is done, several at a time."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as FilePath

from extractor.errors import ModelError
from extractor.evaluation.judging import compare_with_gold, judge_document
from extractor.evaluation.run_identity import peak_memory
from extractor.evaluation.runs import DocumentResult, EvalRun, require_same_identity
from extractor.evaluation.samples import EvalSet, Sample
from extractor.models import Model
from extractor.schemas import Schema
from extractor.types import Answer, Request


def evaluate(
    samples: EvalSet,
    schema: Schema,
    load_model: Callable[[], Model | None],
    run: EvalRun,
    identity: Mapping[str, str],
    *,
    limit: int | None = None,
    batch: int = 1,
    progress: Callable[[Sequence[Sample]], Iterable[Sample]] = iter,
) -> tuple[EvalRun, list[DocumentResult]]:
    """Return the run, and the results of the set's documents (the first `limit`) in their order.

    A document that the run already holds is not done again, unless it has changed or had failed; where only gold has
    changed, the kept record is compared with it. `identity` is that of results that would be added: a run of another
    identity is only shown, and UsageError is raised where it lacks a document. `load_model` is called when the first
    document needs it. A document that fails is kept with its error and does not stop the others; a model that cannot
    be loaded does. With a `batch` that many documents are put to the model at a time: the answers are the same, and
    the set is done sooner.
    """
    wanted = samples.samples[:limit]
    pending = []
    for sample in wanted:
        kept = run.results.get(sample.document)
        if kept is None or _is_outdated(kept, samples.folder, run.header["identity"] == identity):
            pending.append(sample)
        elif kept.gold != sample.gold or kept.more != sample.more:
            run.add(compare_with_gold(kept, sample, schema))
    if pending:
        require_same_identity(run, identity)
        with run.locked():
            model = load_model()
            run = run.update_header(weights=_require_same_weights(run, model))
            results = _judge_all(pending, samples.folder, schema, model, batch)
            for _ in progress(pending):
                run.add(next(results))
            run = run.update_header(
                ended=datetime.now(UTC).isoformat(timespec="seconds"),
                seconds=round(sum(result.seconds for result in run.results.values()), 1),
                peak_memory=max(peak_memory(), run.header.get("peak_memory") or 0) or None,
            )
    return run, [run.results[sample.document] for sample in wanted]


def _is_outdated(kept: DocumentResult, folder: FilePath, continued: bool) -> bool:
    """Decide whether a document must be done again: it changed, or it failed in a run that is now continued."""
    return continued if kept.error is not None else kept.id != _file_id(folder / kept.document)


def _file_id(file: FilePath) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _require_same_weights(run: EvalRun, model: Model | None) -> str | None:
    """Return the model's weights; ModelError where the run's documents were answered with others."""
    weights = model.weights if model else None
    if run.results and run.header.get("weights") != weights:
        raise ModelError(
            f"The run {run.name} was made with other weights of {run.header['identity']['model']}.",
            "Start a new run with --again.",
        )
    return weights


def _judge_all(
    pending: Sequence[Sample], folder: FilePath, schema: Schema, model: Model | None, batch: int
) -> Iterator[DocumentResult]:
    """Yield the results in the order in which they are done.

    With a batch every result holds its share of the elapsed time: the seconds since the result before it.
    """
    if model is None or batch < 2 or len(pending) < 2:
        yield from (judge_document(sample, folder, schema, model) for sample in pending)
        return
    todo: queue.SimpleQueue[Sample] = queue.SimpleQueue()
    for sample in pending:
        todo.put(sample)
    done: queue.SimpleQueue[DocumentResult | BaseException] = queue.SimpleQueue()
    shared = _SharedModel(model)

    def work() -> None:
        try:
            while True:
                sample = todo.get_nowait()
                with shared.lock:
                    result = judge_document(sample, folder, schema, shared)
                done.put(result)
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


class _SharedModel:
    """A model that several threads ask at the same time.

    Everything else a thread does under `lock`, because readers are not safe for threads.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.lock = threading.Lock()
        self.name, self.weights = model.name, model.weights

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return self.model.count(text)

    def answer(self, request: Request) -> list[Answer]:
        """Answer a request; other threads work on their documents meanwhile."""
        self.lock.release()
        try:
            return self.model.answer(request)
        finally:
            self.lock.acquire()
