"""The nouns of the store: what is kept, as frozen dataclasses; standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from extractor.errors import ExtractorError, OutputError
from extractor.types import Path

STATUSES = ("new", "needs_review", "approved", "rejected")
"""What a record can be: `new` holds nothing doubtful, `needs_review` does, the other two are a person's word."""

FINISHED = ("done", "reused", "failed", "set_aside", "cancelled", "unpacked")
"""The states in which a job is through with a task; the others are `waiting` and `leased`."""


class StoreError(OutputError):
    """The store cannot be opened, read or written."""


class Conflict(ExtractorError):
    """Somebody else changed the record first; `current` is the record as it now is, and nothing was changed."""

    def __init__(self, message: str, hint: str, current: Record) -> None:
        super().__init__(message, hint)
        self.current = current


@dataclass(frozen=True, slots=True)
class Version:
    """What extracts: the tool, its prompts, the model and its weights, and the options that change what comes out."""

    tool: str
    prompt: str
    model: str | None = None
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """SHA-256 over all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def extraction_key(document: str, schema: str, version: str) -> str:
    """The identity of an extraction: the same bytes, schema and version are extracted once, whatever the name."""
    return hashlib.sha256(f"{document}\n{schema}\n{version}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """A name under which a document was found; a file in an archive is `archive.zip!/name`."""

    name: str
    document: str
    seen: str


@dataclass(frozen=True, slots=True)
class StoredExtraction:
    """What a machine said about a document, as `extractor extract` prints it; never changed once stored."""

    id: str
    document: str
    schema: str
    version: Version
    at: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that a person put in the place of another, or accepted (`how` is then `accepted`, and nothing changed).

    `how` says by what means, `revision` is the record's after it. `evidence` is where in the document the new value
    stands (`start`, `end`, `text`, `boxes`), or, of a list, `rows`: the position that each element had before, null for
    new ones. What takes another correction back names its revision in `undoes`.
    """

    path: Path
    old: Any
    new: Any
    how: str
    who: str
    at: str
    revision: int
    reason: str = ""
    evidence: Mapping[str, Any] | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewAction:
    """A person's act on a record other than a correction: `claimed`, `taken` (from somebody else), `released`,
    `approved`, `rejected`, `reopened`, `flagged`.
    """

    action: str
    who: str
    at: str
    revision: int
    note: str = ""


def current_approvals(acts: Iterable[ReviewAction]) -> list[ReviewAction]:
    """The approvals that stand: one for each person, since the record was last reopened, flagged or rejected."""
    standing: dict[str, ReviewAction] = {}
    for act in acts:
        if act.action == "approved":
            standing.setdefault(act.who, act)
        elif act.action in ("rejected", "reopened", "flagged"):
            standing.clear()
    return list(standing.values())


def open_flag(acts: Iterable[ReviewAction]) -> ReviewAction | None:
    """Somebody's doubt that nobody has answered since."""
    decided = [act for act in acts if act.action in ("approved", "rejected", "reopened", "flagged")]
    return decided[-1] if decided and decided[-1].action == "flagged" else None


@dataclass(frozen=True, slots=True)
class Record:
    """One document under one schema: what the machine said, and what people made of it.

    `result` is the extraction as `extractor extract` prints it (`document`, `data`, `values`, `problems`, `run`);
    `data` is its record with the corrections in place. `revision` counts changes, from 1. `claimed_by` holds whoever
    is at work on it until `claimed_until`. `sources` are all names the document was found under.

    `doubts` counts the reasons to look at it by their kind, `to_check` its fields that need a look, `risk` how many of
    its values are wrong as far as can be told (`review_status`). `approvals` is how many people approved of it as it
    now is, `approved_by` the first of them; `flagged` is 1 while somebody's doubt stands; `exported` is when it last
    was.
    """

    id: int
    document: str
    schema: str
    schema_name: str
    status: str
    revision: int
    problems: int
    confidence: float | None
    extraction: str
    data: Any
    result: Mapping[str, Any]
    corrections: tuple[Correction, ...]
    sources: tuple[str, ...]
    claimed_by: str | None
    claimed_until: str | None
    created: str
    updated: str
    doubts: Mapping[str, int] = field(default_factory=dict)
    to_check: int = 0
    risk: float = 0.0
    approvals: int = 0
    approved_by: str | None = None
    flagged: int = 0
    exported: str | None = None


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are asked for: `status` is one of STATUSES, `open` (new or needs_review), `flagged`, `second`
    (approved by one person, and that is not the one who asks), or None for all; `reason` a kind of doubt; `schema` an
    id or a name; `search` is looked for in the names of documents.
    """

    status: str | None = None
    schema: str | None = None
    reason: str | None = None
    job: int | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What a list of records shows of one, told without reading it; see `Record`."""

    id: int
    document: str
    schema: str
    schema_name: str
    status: str
    revision: int
    problems: int
    confidence: float | None
    doubts: Mapping[str, int]
    to_check: int
    risk: float
    claimed_by: str | None
    claimed_until: str | None
    created: str
    updated: str
    exported: str | None
    sources: tuple[str, ...]
    approvals: tuple[ReviewAction, ...]
    flag: ReviewAction | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its name; `settings` are those it was started with. `state`: running, stopped, finished, cancelled."""

    id: int
    name: str
    schema: str
    version: Version | None
    settings: Mapping[str, Any]
    state: str
    created: str
    updated: str


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Where the documents of a job are; `found` is the sum of all others."""

    done: int = 0
    reused: int = 0
    failed: int = 0
    set_aside: int = 0
    cancelled: int = 0
    left: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        return self.done + self.reused + self.failed + self.set_aside + self.cancelled + self.left


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document to be worked on, by its name and, as far as known, its stamp and its SHA-256.

    `stamp` changes when the file does (size and time of change). With a `kind` it cannot be worked on, and `message`
    says why.
    """

    name: str
    stamp: str = ""
    document: str | None = None
    kind: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One document of a job. `tries` counts how often it was begun, `deaths` how often it took its process with it."""

    id: int
    job: int
    name: str
    state: str
    stamp: str = ""
    document: str | None = None
    extraction: str | None = None
    kind: str | None = None
    message: str = ""
    tries: int = 0
    deaths: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task ended: `state` is one of FINISHED, or `waiting` for another try.

    `done` comes with a `result` (the extraction as JSON data), `unpacked` with the `members` of the archive.
    """

    task: Task
    state: str
    kind: str | None = None
    message: str = ""
    result: Mapping[str, Any] | None = None
    document_kind: str = ""
    size: int = 0
    members: tuple[SourceFile, ...] = ()
    seconds: float = 0.0
    died: bool = False


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit: `subject` was changed from `old` to `new`. `hash` covers all of it and `previous`."""

    seq: int
    at: str
    who: str
    action: str
    subject: str
    old: Any
    new: Any
    reason: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Run:
    """A measurement: what was measured with which settings, and the figures that came out."""

    id: int
    name: str
    at: str
    settings: Mapping[str, Any]
    figures: Mapping[str, Any]
