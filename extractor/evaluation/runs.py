"""Kept runs: a folder each, with `run.json` (what was run, on what, how it came out) and a line for each document.

Each line is flushed to the disk when its document is done, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from filelock import FileLock, Timeout

import extractor
from extractor.atomic_files import write_text_atomically
from extractor.errors import InputError, OutputError, UsageError
from extractor.evaluation.figures import Scored
from extractor.evaluation.matching import Match
from extractor.types import Path

HEADER, LINES = "run.json", "documents.jsonl"


@dataclass(frozen=True, slots=True)
class Judged:
    """One document of a run: what came out of it, and how that compares with gold.

    `document` is its path in the set and `id` the SHA-256 of its bytes (empty where it could not be read). `values` are
    as `extract` prints them, evidence with the text `before` and `after` it; `gold_evidence` says where gold stands in
    the document, by the text of its path, where the record has it wrong. `error` is why the document failed; then
    nothing of it was scored but that all is missing.
    """

    document: str
    gold: Mapping[str, Any]
    matches: tuple[Match, ...]
    id: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    data: Any = None
    values: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()
    run: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[Mapping[str, Any], ...] = ()
    gold_evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    anls: float = 0.0
    baseline: Any = None
    baseline_matches: tuple[Match, ...] = ()
    baseline_anls: float = 0.0
    error: str | None = None

    @property
    def scored(self) -> Scored:
        return Scored(self.matches, self.anls, self.error is not None)

    @property
    def scored_baseline(self) -> Scored:
        return Scored(self.baseline_matches, self.baseline_anls, self.error is not None)

    @property
    def seconds(self) -> float:
        """Wall seconds from opening the file to the record; its share of them where several were done at a time."""
        seconds = self.run.get("seconds", {})
        return float(seconds.get("share", seconds.get("all", 0.0)))

    def value_of(self, match: Match) -> Mapping[str, Any] | None:
        """The value (with evidence, confidence, method, problems) that `match` is about, None where there is none."""
        wanted = list(match.record_path) if match.record_path is not None else None
        return next((v for v in self.values if v["path"] == wanted), None)


@dataclass(frozen=True, slots=True)
class Run:
    """A kept run; `header` is what `run.json` holds, `judged` its documents by their path in the set."""

    folder: FilePath
    header: dict[str, Any]
    judged: dict[str, Judged]

    @property
    def name(self) -> str:
        return self.folder.name

    def add(self, judged: Judged) -> None:
        """Keep one finished document: it is on the disk when this returns. Raises OutputError."""
        line = json.dumps(asdict(judged), ensure_ascii=False, allow_nan=False) + "\n"
        try:
            with open(self.folder / LINES, "ab") as file:
                file.write(line.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        self.judged[judged.document] = judged

    @contextmanager
    def held(self) -> Iterator[None]:
        """While it lasts no other process adds documents to the run; UsageError where one is at it already."""
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout:
            raise UsageError(
                f"Another process is adding documents to the run {self.name}.",
                "Wait until it is done, or begin a run of your own with --again.",
            ) from None

    def tell(self, **more: Any) -> Run:
        """The run with more in its header, which is on the disk when this returns."""
        header = {**self.header, **more}
        write_text_atomically(self.folder / HEADER, json.dumps(header, ensure_ascii=False, indent=1) + "\n")
        return replace(self, header=header)


def runs_folder() -> FilePath:
    """Where runs are kept unless told otherwise: `eval/runs` of a checkout, else the user's data folder."""
    checkout = FilePath(extractor.__file__).resolve().parent.parent / "eval"
    if checkout.is_dir():
        return checkout / "runs"
    base = os.environ.get("XDG_DATA_HOME")
    return (FilePath(base) if base else FilePath.home() / ".local" / "share") / "extractor" / "runs"


def kept_headers(runs: FilePath) -> list[tuple[str, dict[str, Any]]]:
    """Name and header of every kept run, the newest first; what is no run is left out."""
    found = []
    for file in runs.glob(f"*/{HEADER}"):
        try:
            header = json.loads(file.read_text("utf-8"))
            _ = header["identity"]["set"], header["identity"]["model"], header["schema"]["name"]
            found.append((str(header["started"]), file.parent.name, header))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other file of that name, or one that is being written
    return [(name, header) for _, name, header in sorted(found, key=lambda f: f[:2], reverse=True)]


def find_run(runs: FilePath, identity: Mapping[str, Any], name: str | None = None) -> Run | None:
    """The newest kept run of that identity, None where there is none; with `name` the run of that name.

    UsageError where the run of that name is of another set or schema. It may be of another model or other code: then it
    can be shown, and `refuse_others` keeps new documents out of it.
    """
    if name is not None:
        if not (runs / name / HEADER).is_file():
            return None
        run = load_run(runs / name)
        refuse_others(run, {key: identity[key] for key in ("set", "schema")})
        return run
    found = []
    for header in runs.glob(f"*/{HEADER}"):
        try:
            kept = json.loads(header.read_text("utf-8"))
            if kept["identity"] == identity:
                found.append((kept["started"], header.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other file of that name, or one that was being written
    return load_run(max(found)[1]) if found else None


def refuse_others(run: Run, identity: Mapping[str, Any]) -> None:
    """Return when the run was made of what `identity` names; else raise UsageError: the two do not belong together."""
    other = [key for key, value in identity.items() if run.header["identity"].get(key) != value]
    if other:
        raise UsageError(
            f"The run {run.name} was made with another {', '.join(other)}.", "Begin a new run, with --again or --run."
        )


def start_run(runs: FilePath, header: Mapping[str, Any], name: str | None = None) -> Run:
    """A new, empty run; without `name` it is called by date, set and model. Raises OutputError."""
    identity = header["identity"]
    model = re.sub(r"[^\w.-]+", "-", FilePath(str(identity["model"])).name).strip("-") or "model"
    base = name or f"{date.today()}-{identity['set']}-{model}"
    for n in range(1, 10_000):
        folder = runs / (base if n == 1 else f"{base}-{n}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if name is not None and not (folder / HEADER).exists():
                raise UsageError(f"{folder} is there already and is no run.", "Give another name.") from None
            continue
        except OSError as error:
            raise _unwritable(folder, error) from error
        return Run(folder, dict(header), {}).tell()
    raise UsageError(f"There are too many runs named {base}.", "Give this one a name with --run.")


def named_run(runs: FilePath, name: str) -> Run:
    """The kept run that `name` stands for: a folder, or the name of one in `runs`. InputError where there is none."""
    for folder in (FilePath(name), runs / name):
        if (folder / HEADER).is_file():
            return load_run(folder)
    known = sorted(p.parent.name for p in runs.glob(f"*/{HEADER}"))[-5:]
    hint = f"The newest in {runs}: {', '.join(known)}." if known else f"There are no runs in {runs} yet."
    raise InputError(f"There is no run {name}.", hint)


def load_run(folder: FilePath) -> Run:
    """The run in `folder`; a last line that was cut off by a crash is taken off the file. Raises InputError."""
    try:
        header = json.loads((folder / HEADER).read_text("utf-8"))
        data = (folder / LINES).read_bytes() if (folder / LINES).exists() else b""
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read the run {folder}: {error}", "Run the set again with --again.") from None
    judged: dict[str, Judged] = {}
    at = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("it is cut off")
            document = _from_json(json.loads(line))
            judged[document.document] = document  # a document that was done again counts as it was last
        except (ValueError, KeyError, TypeError) as error:
            if at + len(line) < len(data):
                raise InputError(
                    f"{folder / LINES}, line {number}: {error}", "Take the line out, or run the set again with --again."
                ) from None
            os.truncate(folder / LINES, at)
        at += len(line)
    return Run(folder, header, judged)


def _unwritable(folder: FilePath, error: OSError) -> OutputError:
    return OutputError(f"Cannot keep the run in {folder}: {error.strerror}", "Name a folder with --runs FOLDER.")


def _from_json(line: Mapping[str, Any]) -> Judged:
    matches = {key: tuple(map(_match, line[key])) for key in ("matches", "baseline_matches")}
    lists = {key: tuple(line[key]) for key in ("values", "problems", "pages")}
    return Judged(**{**line, **matches, **lists})


def _match(found: Mapping[str, Any]) -> Match:
    return Match(**{**found, "gold_path": _path(found["gold_path"]), "record_path": _path(found["record_path"])})


def _path(steps: list[str | int] | None) -> Path | None:
    return None if steps is None else tuple(steps)
