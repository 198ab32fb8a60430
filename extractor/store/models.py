"""What the store holds, as frozen dataclasses; standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from extractor.errors import ExtractorError, OutputError
from extractor.types import Path

STATUSES = ("new", "needs_review", "approved", "rejected")
"""States of a record: `new` has no doubts, `needs_review` has some, the other two are a person's decision."""

FINAL_STATES = ("done", "reused", "failed", "set_aside", "cancelled", "unpacked")
"""States in which a job is done with a task; the others are `waiting` and `leased`."""


class StoreError(OutputError):
    """The store cannot be opened, read or written."""


class Conflict(ExtractorError):
    """Somebody else changed or holds the record; `current` is the record as it now is, and nothing was changed."""

    def __init__(self, message: str, hint: str, current: Record) -> None:
        super().__init__(message, hint)
        self.current = current


class ReportKindChanged(ExtractorError):
    """Somebody else saved the kind of report meanwhile, or another one has its name; nothing was saved."""

    kind = "kind_changed"


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A version of a kind of report that somebody saved: its schema under a name.

    `name` is what commands and files call it, `title` what people do. `schema` is the id of `document`, which is the
    schema with the name and the version in it. `sample` is the SHA-256 of the document that it was made from, empty
    without one.
    """

    name: str
    version: int
    title: str
    schema: str
    document: Mapping[str, Any]
    who: str
    at: str
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What extracts: the tool, its prompts, the model and its weights, and the options that change the result."""

    tool: str
    prompt: str
    model: str | None = None
    weights: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The SHA-256 over all of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def extraction_key(document: str, schema: str, version: str) -> str:
    """Return the id of an extraction: the same bytes, schema and version are extracted once, whatever the name."""
    return hashlib.sha256(f"{document}\n{schema}\n{version}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """A name under which a document was found; a file in an archive is `archive.zip!/name`."""

    name: str
    document: str
    seen: str


@dataclass(frozen=True, slots=True)
class StoredExtraction:
    """The result of an extraction, as `extractor extract` prints it; never changed once it is stored."""

    id: str
    document: str
    schema: str
    version: Version
    at: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that a person put in the place of another, or confirmed (`how` is then `accepted`, `new` equals `old`).

    `how` says by what means, `revision` is the record's after it. `evidence` is where in the document the new value is
    (`start`, `end`, `text`, `boxes`); of a list it has `rows`: the position that each element had before, null for new
    ones. A correction that undoes another one names that one's revision in `undoes`.
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
    """What a person did with a record other than correcting it.

    `action` is `claimed`, `taken` (from somebody else), `released`, `approved`, `rejected`, `reopened`, `flagged`,
    `assigned`, `deleted`, `restored` or `extracted_again`. `how` is `opened` where the person had the record before
    them, `selected` where they chose it from a list, `automatic` where no person did it.
    """

    action: str
    who: str
    at: str
    revision: int
    note: str = ""
    how: str = "opened"


def current_approvals(actions: Iterable[ReviewAction]) -> list[ReviewAction]:
    """Return the approvals that are in force: one for each person, since the last reopening, flag or rejection."""
    approvals: dict[str, ReviewAction] = {}
    for action in actions:
        if action.action == "approved":
            approvals.setdefault(action.who, action)
        elif action.action in ("rejected", "reopened", "flagged"):
            approvals.clear()
    return list(approvals.values())


def open_flag(actions: Iterable[ReviewAction]) -> ReviewAction | None:
    """Return the flag that nobody has answered yet, None if there is none."""
    decisions = [a for a in actions if a.action in ("approved", "rejected", "reopened", "flagged")]
    return decisions[-1] if decisions and decisions[-1].action == "flagged" else None


@dataclass(frozen=True, slots=True)
class Record:
    """One document under one schema: what the machine extracted, and what people made of it.

    `result` is the extraction as `extractor extract` prints it (`document`, `data`, `values`, `problems`, `run`);
    `data` is its record with the corrections in place. `revision` counts changes, from 1. `claimed_by` works on it
    until `claimed_until`. `sources` are all names under which the document was found.

    `doubts` counts the reasons for review by kind, `to_check` the fields that need review; `risk` is the expected
    number of wrong values among them (see `review_status`). `approvals` is the number of people who approved it as it
    now is, `approved_by` the first of them; `flagged` is 1 while somebody's flag is open; `exported` is the time of the
    last export.

    `base` is the revision at which the document was extracted again: `corrections` are the later ones, `earlier` those
    before, which are history. `replaced_by` is the record of another kind in whose favour this one was given up,
    `deleted` the time at which it was put into the bin, `assigned` the person who is to review it.
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
    base: int = 0
    replaced_by: int | None = None
    deleted: str | None = None
    assigned: str | None = None
    earlier: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are wanted.

    `status` is one of STATUSES, `open` (new or needs_review), `flagged`, `second` (approved by one person other than
    the one who asks), `bin` (deleted, and not gone for good yet), or None for all that are not in the bin; `schema` is
    an id or a name; `reason` a kind of doubt; `job` a number; `search` is looked for in the names of documents and in
    the values; `assigned` is a person, or empty for records that are assigned to nobody; `numbers` names the records.
    """

    status: str | None = None
    schema: str | None = None
    reason: str | None = None
    job: int | None = None
    search: str = ""
    assigned: str | None = None
    numbers: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What a list shows of a record without the record being read; the fields are as in `Record`."""

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
    deleted: str | None
    assigned: str | None
    sources: tuple[str, ...]
    approvals: tuple[ReviewAction, ...]
    flag: ReviewAction | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job; `settings` are those it was started with, `state` is running, stopped, finished or cancelled."""

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
    """The number of a job's documents in each state; `failures` counts those of `failed` and `set_aside` by kind."""

    done: int = 0
    reused: int = 0
    failed: int = 0
    set_aside: int = 0
    cancelled: int = 0
    left: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """The number of all documents."""
        return self.done + self.reused + self.failed + self.set_aside + self.cancelled + self.left


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document to be worked on: its name and, where known, its stamp and its SHA-256.

    `stamp` changes when the file does (size and modification time). A file with a `kind` cannot be worked on; `message`
    says why. `handin` is the number of the hand-in that it belongs to, `replaces` that of the record that its
    extraction is to replace.
    """

    name: str
    stamp: str = ""
    document: str | None = None
    kind: str | None = None
    message: str = ""
    handin: int | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class HandIn:
    """A file that a person handed in: its task's name (`source`), and the name that it had; `deleted` as in Record."""

    id: int
    who: str
    at: str
    source: str
    name: str
    schema: str
    model: str
    deleted: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A program's permission to act for a person (`who`) within `scopes`; times are in ISO 8601."""

    id: int
    name: str
    scopes: tuple[str, ...]
    who: str
    created: str
    used: str | None = None
    revoked: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events, each signed with `secret`.

    `seq` is the last line of the audit log that it was told of; after `tries` failures (the newest is `failure`) it is
    tried again when it is `due`, in seconds since 1970.
    """

    id: int
    url: str
    secret: str
    events: tuple[str, ...]
    who: str
    created: str
    seq: int
    tries: int
    due: float
    failure: str


@dataclass(frozen=True, slots=True)
class Task:
    """One document of a job. `tries` counts how often it was begun, `deaths` how often its process died.

    `handin` and `replaces` are as in SourceFile.
    """

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
    handin: int | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """How a task ended: `state` is one of FINAL_STATES, or `waiting` for another attempt.

    With `done` there is a `result` (the extraction as JSON data), with `unpacked` there are the `members` of the
    archive.
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
    """One line of the audit log: `subject` was changed from `old` to `new`. `hash` covers all of it and `previous`."""

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
