"""What runs in the processes beside the main one: reading documents, and answering with a model.

Everything that comes back is plain data; an error comes back as a Failure, with nothing of the document in it but what
an error of ours says on purpose.
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
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.errors import ExtractorError, ModelError
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.jobs import archives
from extractor.jobs.sources import UnusableFile, fingerprint, split_name
from extractor.models import Model
from extractor.readers import detect_format, read_bytes
from extractor.schemas import Schema, load_schema
from extractor.store import SourceFile
from extractor.types import Document


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result: `kind` is the word it is counted under."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """A document that was read: `packed` is its pickle, made and opened in processes that may die."""

    packed: bytes
    kind: str
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Extracted:
    """A finished extraction: the JSON text of what `extractor extract` prints, what is known of the file, and the
    seconds that went into each stage.
    """

    text: str
    kind: str
    size: int
    seconds: float
    stages: Mapping[str, float]


# A reading process.


BEHIND = 10
"""By how much reading stands behind a model's answering: a pass of the model waits for the slowest of its threads."""


def begin_reading(memory: int, main: int, behind: int = 0) -> None:
    """Limit this process to `memory` MB of address space, keep it silent, end it with the main process, and have it
    stand `behind` others who want the same core.
    """
    _begin(main)
    os.nice(behind)
    nowhere = os.open(os.devnull, os.O_WRONLY)  # parsers print what they stumble over, and that may be a document's
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and does not hold it
        resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))


def members(name: str) -> tuple[SourceFile, ...] | Failure:
    """The documents in an archive, or why they cannot be had."""
    try:
        path, _ = split_name(name)
        _, stamp = fingerprint(path)
        return archives.list_members(path, name, stamp)
    except Exception as error:
        return _failure(error)


def read(name: str, sha: str) -> Read | Failure:
    """The document of that name, if its bytes still have that SHA-256."""
    start = time.perf_counter()
    try:
        document, kind, size = _document(name, sha)
        return Read(pickle.dumps(document, pickle.HIGHEST_PROTOCOL), kind, size, time.perf_counter() - start)
    except Exception as error:
        return _failure(error)


def read_and_extract(name: str, sha: str, schema: Mapping[str, Any]) -> Extracted | Failure:
    """What structure alone makes of the document of that name, if its bytes still have that SHA-256."""
    start = time.perf_counter()
    try:
        document, kind, size = _document(name, sha)
        seconds = time.perf_counter() - start
        text, stages = _text(document, _schema(schema), None, None, seconds)
        return Extracted(text, kind, size, time.perf_counter() - start, stages)
    except Exception as error:
        return _failure(error)


def _document(name: str, sha: str) -> tuple[Document, str, int]:
    data = archives.read_source(name)
    document = read_bytes(data, name)
    if document.id != sha:
        raise UnusableFile("changed", "The file was changed while it was being read.")
    return document, detect_format(data, name), len(data)


# A model's process.

_model: Model | None = None
_loading = threading.Lock()
_told: dict[str, float] = {}
"""Of the model's own seconds, those that have been told; it may answer several documents at a time."""


def begin_answering(main: int) -> None:
    """End this process with the main one."""
    _begin(main)


def load(make: Callable[[], Model]) -> tuple[str, str] | Failure:
    """Name and weights of the model, which is then in this process."""
    try:
        model = _loaded(make)
        return model.name, model.weights
    except Exception as error:
        return _failure(error)


def answer(
    make: Callable[[], Model], read: Read, schema: Mapping[str, Any], passage_tokens: int | None
) -> Extracted | Failure:
    """What the model makes of a document; may be called from several threads at a time."""
    start = time.perf_counter()
    try:
        document = pickle.loads(read.packed)
        model = _loaded(make)
        text, stages = _text(document, _schema(schema), model, passage_tokens, read.seconds)
        stages |= _since_told(model, stages)
        return Extracted(text, read.kind, read.size, read.seconds + time.perf_counter() - start, stages)
    except Exception as error:
        return _failure(error)


def _loaded(make: Callable[[], Model]) -> Model:
    global _model
    with _loading:
        if _model is None:
            _model = make()
    return _model


def _since_told(model: Model, stages: dict[str, float]) -> dict[str, float]:
    """What the model spent on reading prompts and on writing since this was last asked, for a model that says so."""
    own = getattr(model, "seconds", None)
    if own is None:
        return {}
    stages.pop("model", None)  # the time of a document, in which others were answered as well
    with _loading:
        new = {stage: seconds - _told.get(stage, 0.0) for stage, seconds in own.items()}
        _told.update(own)
    return new


# Both.

_schemas: dict[str, Schema] = {}


def _schema(document: Mapping[str, Any]) -> Schema:
    """The schema, read once in a process."""
    key = json.dumps(document)
    if key not in _schemas:
        _schemas[key] = load_schema(document)
    return _schemas[key]


def _text(
    document: Document, schema: Schema, model: Model | None, passage_tokens: int | None, read_seconds: float
) -> tuple[str, dict[str, float]]:
    result = extract(document, schema, model, passage_tokens=passage_tokens)
    said = as_dict(result)
    said["run"]["seconds"] = {"read": round(read_seconds, 3)} | said["run"]["seconds"]
    stages = dict(said["run"]["seconds"])
    if any(word.from_ocr for page in document.pages for word in page.words):
        stages["ocr"] = stages.pop("read")
    return json.dumps(said, ensure_ascii=True, allow_nan=False), stages


def _failure(error: Exception) -> Failure:
    if isinstance(error, UnusableFile):
        return Failure(error.kind, error.message)
    if isinstance(error, ModelError):
        return Failure("model", str(error))
    if isinstance(error, ExtractorError):
        return Failure("unreadable", str(error))
    if isinstance(error, MemoryError):
        return Failure("out_of_memory", "It takes more memory than --memory allows.")
    if isinstance(error, RecursionError):
        return Failure("too_deep", "It is nested too deeply.")
    if isinstance(error, FileNotFoundError):
        return Failure("missing", "The file is gone.")
    if isinstance(error, OSError):
        return Failure("unreadable", f"It cannot be read: {error.strerror}.")
    # Only where it happened: the message of an error that nobody foresaw may quote the document.
    frames = list(_ours(error)) or ["?"]
    return Failure("error", f"An error of the tool itself: {type(error).__name__} at {frames[-1]}.")


def _ours(error: Exception) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        if f"{os.sep}extractor{os.sep}" in frame.filename:
            yield f"{frame.filename.rpartition(f'{os.sep}extractor{os.sep}')[2]}:{frame.lineno}"


def _begin(main: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to every process; the main one says what to do
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        parent_death = 1
        ctypes.CDLL(None).prctl(parent_death, signal.SIGKILL)
    if not _alive(main):
        os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
