"""Kept runs: a folder each, with `run.json` (what was run, on what, and the metrics) and a line for each document.

Each line is flushed to the disk when its document is done, so that a run that was stopped can be continued.
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
from extractor.errors import InputError, OutputError, UsageError
from extractor.evaluation.matching import Match
from extractor.evaluation.metrics import DocumentScore
from extractor.files.atomic_files import write_text_atomically
from extractor.types import Path

HEADER_FILE, DOCUMENTS_FILE = "run.json", "documents.jsonl"


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """One document of a run: what was extracted from it, and how that compares with gold.

    `document` is its path in the set and `id` the SHA-256 of its bytes (empty where it could not be read). `values` are
    as `extract` prints them, evidence with the text `before` and `after` it; `gold_evidence` locates gold's value in
    the document, by the text of its path, where the record has it wrong. `error` is why the document failed; then all
    values of gold count as missing.
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
    def score(self) -> DocumentScore:
        """Return the matches and ANLS* of the record, for the metrics."""
        return DocumentScore(self.matches, self.anls, self.error is not None)

    @property
    def baseline_score(self) -> DocumentScore:
        """Return the matches and ANLS* of the trivial baseline, for the metrics."""
        return DocumentScore(self.baseline_matches, self.baseline_anls, self.error is not None)

    @property
    def seconds(self) -> float:
        """Return the elapsed seconds from opening the file to the record; with a batch, the document's share."""
        seconds = self.run.get("seconds", {})
        return float(seconds.get("share", seconds.get("all", 0.0)))

    def value_of(self, match: Match) -> Mapping[str, Any] | None:
        """Return the value that `match` is about, with its evidence and confidence; None where there is none."""
        wanted = list(match.record_path) if match.record_path is not None else None
        return next((v for v in self.values if v["path"] == wanted), None)


@dataclass(frozen=True, slots=True)
class EvalRun:
    """A kept run; `header` is what `run.json` holds, `results` its documents by their path in the set."""

    folder: FilePath
    header: dict[str, Any]
    results: dict[str, DocumentResult]

    @property
    def name(self) -> str:
        """Return the name of the run's folder."""
        return self.folder.name

    def add(self, result: DocumentResult) -> None:
        """Append the result of a finished document; it is on the disk when this returns. Raises OutputError."""
        line = json.dumps(asdict(result), ensure_ascii=False, allow_nan=False) + "\n"
        try:
            with open(self.folder / DOCUMENTS_FILE, "ab") as file:
                file.write(line.encode("utf-8", "backslashreplace"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _write_error(self.folder, error) from error
        self.results[result.document] = result

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from adding documents to the run; UsageError where one is adding some already."""
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout:
            raise UsageError(
                f"Another process is adding documents to the run {self.name}.",
                "Wait until it is done, or start another run with --again.",
            ) from None

    def update_header(self, **changes: Any) -> EvalRun:
        """Return the run with `changes` in its header, which is on the disk when this returns."""
        header = {**self.header, **changes}
        write_text_atomically(self.folder / HEADER_FILE, json.dumps(header, ensure_ascii=False, indent=1) + "\n")
        return replace(self, header=header)


def runs_folder() -> FilePath:
    """Return where runs are kept by default: `eval/runs` of a checkout, else the user's data folder."""
    checkout = FilePath(extractor.__file__).resolve().parent.parent / "eval"
    if checkout.is_dir():
        return checkout / "runs"
    base = os.environ.get("XDG_DATA_HOME")
    return (FilePath(base) if base else FilePath.home() / ".local" / "share") / "extractor" / "runs"


def list_runs(runs: FilePath) -> list[tuple[str, dict[str, Any]]]:
    """Return name and header of every kept run, newest first; other files in the folder are ignored."""
    found = []
    for file in runs.glob(f"*/{HEADER_FILE}"):
        try:
            header = json.loads(file.read_text("utf-8"))
            _ = header["identity"]["set"], header["identity"]["model"], header["schema"]["name"]
            found.append((str(header["started"]), file.parent.name, header))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other file of that name, or one that is being written
    return [(name, header) for _, name, header in sorted(found, key=lambda f: f[:2], reverse=True)]


def find_run(runs: FilePath, identity: Mapping[str, Any], name: str | None = None) -> EvalRun | None:
    """Return the newest kept run of that identity, None where there is none; with `name`, the run of that name.

    UsageError where the run of that name is of another set or schema. It may be of another model or other code: then it
    can be shown, and `require_same_identity` keeps new documents out of it.
    """
    if name is not None:
        if not (runs / name / HEADER_FILE).is_file():
            return None
        run = load_run(runs / name)
        require_same_identity(run, {key: identity[key] for key in ("set", "schema")})
        return run
    found = []
    for header in runs.glob(f"*/{HEADER_FILE}"):
        try:
            kept = json.loads(header.read_text("utf-8"))
            if kept["identity"] == identity:
                found.append((kept["started"], header.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other file of that name, or one that was being written
    return load_run(max(found)[1]) if found else None


def require_same_identity(run: EvalRun, identity: Mapping[str, Any]) -> None:
    """Raise UsageError where the run was made with another value of anything that `identity` names."""
    other = [key for key, value in identity.items() if run.header["identity"].get(key) != value]
    if other:
        raise UsageError(
            f"The run {run.name} was made with another {', '.join(other)}.", "Start a new run with --again or --run."
        )


def start_run(runs: FilePath, header: Mapping[str, Any], name: str | None = None) -> EvalRun:
    """Create an empty run; without `name` it is named by date, set and model. Raises OutputError and UsageError."""
    identity = header["identity"]
    model = re.sub(r"[^\w.-]+", "-", FilePath(str(identity["model"])).name).strip("-") or "model"
    base = name or f"{date.today()}-{identity['set']}-{model}"
    for n in range(1, 10_000):
        folder = runs / (base if n == 1 else f"{base}-{n}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if name is not None and not (folder / HEADER_FILE).exists():
                raise UsageError(f"{folder} exists already and is not a run.", "Give another name.") from None
            continue
        except OSError as error:
            raise _write_error(folder, error) from error
        return EvalRun(folder, dict(header), {}).update_header()
    raise UsageError(f"There are too many runs named {base}.", "Name this one with --run.")


def open_run(runs: FilePath, name: str) -> EvalRun:
    """Return the kept run called `name`: a folder, or the name of one in `runs`. InputError where there is none."""
    for folder in (FilePath(name), runs / name):
        if (folder / HEADER_FILE).is_file():
            return load_run(folder)
    known = sorted(p.parent.name for p in runs.glob(f"*/{HEADER_FILE}"))[-5:]
    hint = f"The newest in {runs}: {', '.join(known)}." if known else f"There are no runs in {runs} yet."
    raise InputError(f"There is no run {name}.", hint)


def load_run(folder: FilePath) -> EvalRun:
    """Return the run in `folder`; a last line that a crash cut off is removed from the file. Raises InputError."""
    try:
        header = json.loads((folder / HEADER_FILE).read_text("utf-8"))
        data = (folder / DOCUMENTS_FILE).read_bytes() if (folder / DOCUMENTS_FILE).exists() else b""
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read the run {folder}: {error}", "Run the set again with --again.") from None
    results: dict[str, DocumentResult] = {}
    at = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("it is cut off")
            document = _parse_result(json.loads(line))
            results[document.document] = document  # the last line of a document counts
        except (ValueError, KeyError, TypeError) as error:
            if at + len(line) < len(data):
                raise InputError(
                    f"{folder / DOCUMENTS_FILE}, line {number}: {error}",
                    "Remove the line, or run the set again with --again.",
                ) from None
            os.truncate(folder / DOCUMENTS_FILE, at)
        at += len(line)
    return EvalRun(folder, header, results)


def _write_error(folder: FilePath, error: OSError) -> OutputError:
    return OutputError(f"Cannot keep the run in {folder}: {error.strerror}", "Name a folder with --runs FOLDER.")


def _parse_result(line: Mapping[str, Any]) -> DocumentResult:
    matches = {key: tuple(map(_parse_match, line[key])) for key in ("matches", "baseline_matches")}
    lists = {key: tuple(line[key]) for key in ("values", "problems", "pages")}
    return DocumentResult(**{**line, **matches, **lists})


def _parse_match(found: Mapping[str, Any]) -> Match:
    return Match(**{**found, "gold_path": _path(found["gold_path"]), "record_path": _path(found["record_path"])})


def _path(steps: list[str | int] | None) -> Path | None:
    return None if steps is None else tuple(steps)
