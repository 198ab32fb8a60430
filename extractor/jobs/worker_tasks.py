"""The functions that run in worker processes: reading documents, and extracting from them with a model.

What comes back is plain data. An error comes back as a TaskFailure that quotes nothing of the document, except what one
of our own errors quotes on purpose.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.classification import (
    UnknownKind,
    choice_json,
    choose_schema,
    classifier_of,
    is_kind_set,
    profile_document,
)
from extractor.errors import ExtractorError, ModelError
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.jobs import archives
from extractor.jobs.parts import attachment_parts, page_parts
from extractor.jobs.sources import UnusableFile, fingerprint, split_name
from extractor.lessons import Lesson
from extractor.models import Model
from extractor.readers import describe_failure, detect_format, read_bytes
from extractor.readers.page_pool import ReadingTimeSettings
from extractor.schemas import Schema, load_schema
from extractor.settings import replaced
from extractor.splitting import find_parts
from extractor.store import SourceFile, Store
from extractor.types import Document


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why there is no result; failures are counted by their `kind`."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A document that was read.

    `packed` is its pickle, which is made and opened only in processes that may die. `kind` is the file's format, `size`
    its bytes, `seconds` the time that reading took.
    """

    packed: bytes
    kind: str
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """A finished extraction.

    `text` is the JSON that `extractor extract` prints; with it come the file's format, its size in bytes, and the
    seconds in all and of each stage.
    """

    text: str
    kind: str
    size: int
    seconds: float
    stages: Mapping[str, float]


# A process that reads.


SHARE_FOR_READING = 0.7
"""Of the time limit of a document, how much may go by before no further page is read by OCR."""
_time_limit: float | None = None


def init_reader(memory: int, main: int, niceness: int = 0, time_limit: float | None = None) -> None:
    """Prepare a process that reads: limit its address space to `memory` MB, silence it, and lower its priority.

    It ends when the process `main` does. `niceness` is added to its nice value. A document that takes longer than
    `time_limit` seconds is lost, so that a long one is rather read in part.
    """
    global _time_limit
    _time_limit = time_limit
    _init_worker(main)
    os.nice(niceness)
    null = os.open(os.devnull, os.O_WRONLY)  # parsers print what they stumble over, which may quote a document
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)
    with contextlib.suppress(ValueError, OSError):  # macOS accepts the limit but does not enforce it
        resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))


def list_members(name: str) -> tuple[SourceFile, ...] | TaskFailure:
    """Return the documents in the archive of that name, or why it cannot be opened."""
    try:
        path, _ = split_name(name)
        _, stamp = fingerprint(path)
        return archives.list_members(path, name, stamp)
    except Exception as error:
        return _failure(error)


@dataclass(frozen=True, slots=True)
class SingleDocument:
    """A file that is one document, with its SHA-256 and its stamp."""

    sha: str
    stamp: str


def split_file(name: str, given: Mapping[str, Any]) -> tuple[SourceFile, ...] | SingleDocument | TaskFailure:
    """Return the documents in the file of that name, where it holds several: a mail's attachments, or pages of a PDF.

    `given` is the schema; where it is a kind set, the kinds of pages tell documents apart as well.
    """
    try:
        path, _ = split_name(name)
        _, stamp = fingerprint(path)
        data, sha = archives.read_document_bytes(name)
        kind = detect_format(data, name)
        members: tuple[SourceFile, ...] = ()
        if kind == "eml":
            members = attachment_parts(name, data, stamp)
        elif kind == "pdf":
            found = find_parts(read_bytes(data, name), classifier_of(given) if is_kind_set(given) else None)
            members = page_parts(name, sha, stamp, found) if len(found) > 1 else ()
        return members or SingleDocument(sha, stamp)
    except Exception as error:
        return _failure(error)


def read_document(name: str, sha: str) -> ReadResult | TaskFailure:
    """Read the document of that name, provided that its bytes still have that SHA-256."""
    start = time.perf_counter()
    try:
        document, kind, size = _read(name, sha)
        return ReadResult(pickle.dumps(document, pickle.HIGHEST_PROTOCOL), kind, size, time.perf_counter() - start)
    except Exception as error:
        return _failure(error)


def read_and_extract(
    name: str, sha: str, schema: Mapping[str, Any], lessons: str | None = None
) -> ExtractionResult | TaskFailure:
    """Read the document of that name and extract from it without a model, provided that it still has that SHA-256.

    `lessons` is the place of the store whose lessons are used, None for none.
    """
    start = time.perf_counter()
    try:
        document, kind, size = _read(name, sha)
        seconds = time.perf_counter() - start
        text, stages = _extract(document, schema, None, None, seconds, lessons)
        return ExtractionResult(text, kind, size, time.perf_counter() - start, stages)
    except Exception as error:
        return _failure(error)


def _read(name: str, sha: str) -> tuple[Document, str, int]:
    """Return the document, its format and its size in bytes; raise UnusableFile where its SHA-256 is another one."""
    data, found = archives.read_document_bytes(name)
    if found != sha:
        raise UnusableFile("changed", "The file was changed while it was being read.")
    own = ReadingTimeSettings.current()
    if _time_limit is not None:
        own = replace(own, seconds=min(own.seconds, SHARE_FOR_READING * _time_limit))
    with replaced(own):
        return replace(read_bytes(data, name), id=sha), detect_format(data, name), len(data)


# A process with a model.

_model: Model | None = None
_model_lock = threading.Lock()
_reported_seconds: dict[str, float] = {}
"""The model's own seconds that were already reported, by stage; it may answer several documents at a time."""


def init_model_worker(main: int) -> None:
    """Prepare a process with a model: it ends when the process `main` does."""
    _init_worker(main)


def load_shared_model(load: Callable[[], Model]) -> tuple[str, str] | TaskFailure:
    """Load the model into this process and return its name and the hash of its weights."""
    try:
        model = _shared_model(load)
        return model.name, model.weights
    except Exception as error:
        return _failure(error)


def extract_with_model(
    load: Callable[[], Model],
    read: ReadResult,
    schema: Mapping[str, Any],
    passage_tokens: int | None,
    lessons: str | None = None,
) -> ExtractionResult | TaskFailure:
    """Extract from a document with this process's model; may be called from several threads at a time.

    `lessons` is the place of the store whose lessons are used, None for none.
    """
    start = time.perf_counter()
    try:
        document = pickle.loads(read.packed)
        model = _shared_model(load)
        text, stages = _extract(document, schema, model, passage_tokens, read.seconds, lessons)
        stages |= _unreported_seconds(model, stages)
        return ExtractionResult(text, read.kind, read.size, read.seconds + time.perf_counter() - start, stages)
    except Exception as error:
        return _failure(error)


def _shared_model(load: Callable[[], Model]) -> Model:
    """Return this process's model, loading it at the first call."""
    global _model
    with _model_lock:
        if _model is None:
            _model = load()
    return _model


def _unreported_seconds(model: Model, stages: dict[str, float]) -> dict[str, float]:
    """Return the model's seconds for prefill and decoding since the last report, if the model counts them.

    The `model` stage is then taken out of `stages`: during it other documents were answered as well.
    """
    own = getattr(model, "seconds", None)
    if own is None:
        return {}
    stages.pop("model", None)
    with _model_lock:
        new = {stage: seconds - _reported_seconds.get(stage, 0.0) for stage, seconds in own.items()}
        _reported_seconds.update(own)
    return new


# Both kinds of process.

_schemas: dict[str, Schema] = {}


def _cached_schema(document: Mapping[str, Any]) -> Schema:
    """Load a JSON Schema, once in each process."""
    key = json.dumps(document)
    if key not in _schemas:
        _schemas[key] = load_schema(document)
    return _schemas[key]


_stores: dict[str, Store] = {}
_stores_lock = threading.Lock()


def _find_lessons(place: str | None, document: Document, schema: Schema) -> Sequence[Lesson]:
    """Return what the store at that place teaches about a document; it is opened once in each process."""
    if place is None:
        return ()
    with _stores_lock:
        store = _stores.get(place) or _stores.setdefault(place, Store(place))
    return store.lessons.find(document, schema.id)


def _extract(
    document: Document,
    given: Mapping[str, Any],
    model: Model | None,
    passage_tokens: int | None,
    read_seconds: float,
    lessons: str | None = None,
) -> tuple[str, dict[str, float]]:
    """Return the extraction as JSON text, and the seconds of each stage (`ocr` instead of `read` for scans).

    Of the kind set `given`, the kind of the document is found out; how sure that is stands in the run's `kind`. The
    document's profile is added, by which others are known to be of its kind once a person has approved it. `lessons` is
    the place of the store whose lessons are used, None for none.
    """
    choice = None
    if is_kind_set(given):
        schema, choice = choose_schema(document, given)
    else:
        schema = _cached_schema(given)
    found = _find_lessons(lessons, document, schema)
    result = as_dict(extract(document, schema, model, passage_tokens=passage_tokens, lessons=found))
    result["document"]["profile"] = profile_document(document).to_json()
    if choice is not None:
        result["run"]["kind"] = choice_json(choice)
    result["run"]["seconds"] = {"read": round(read_seconds, 3)} | result["run"]["seconds"]
    stages = dict(result["run"]["seconds"])
    if any(word.from_ocr for page in document.pages for word in page.words):
        stages["ocr"] = stages.pop("read")
    return json.dumps(result, ensure_ascii=True, allow_nan=False), stages


def _failure(error: Exception) -> TaskFailure:
    """Turn an exception into its kind of failure and a message that quotes nothing of the document."""
    if isinstance(error, UnusableFile):
        return TaskFailure(error.kind, error.message)
    if isinstance(error, ModelError):
        return TaskFailure("model", str(error))
    if isinstance(error, UnknownKind):
        return TaskFailure("unknown_kind", str(error))
    if isinstance(error, ExtractorError):
        return TaskFailure("unreadable", str(error))
    if isinstance(error, MemoryError):
        return TaskFailure("out_of_memory", "Reading it takes more memory than --memory allows.")
    if isinstance(error, RecursionError):
        return TaskFailure("too_deep", "It is nested too deeply.")
    if isinstance(error, FileNotFoundError):
        return TaskFailure("missing", "The file is gone.")
    if isinstance(error, OSError):
        return TaskFailure("unreadable", f"It cannot be read: {error.strerror}.")
    # Only the place in the code: the message of an unforeseen error may quote the document.
    return TaskFailure("error", f"An error of the tool itself: {describe_failure(error)}.")


def _init_worker(main: int) -> None:
    """Set up signals, core dumps and the end of this process together with the process `main`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the main one decides what to do
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of linux/prctl.h
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if not _is_running(main):
        os._exit(1)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
