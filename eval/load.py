"""Hand in many documents over the HTTP API while people review: `python -m eval.load`.

A server of its own is started (`extractor serve`, no model), with a store of its own. Some threads hand in small
letters by the Python client, as programs do, while others work as reviewers: each looks at the list of records, opens
one that nobody has decided, reads its values with their evidence, corrects one, and approves it. When all documents
are done, each submission has to have exactly one record with the values of its letter, and each approval that was
answered has to be in the store. Printed are how long it took, and how long reads took as the client sees it (median,
95th percentile, longest); the run fails where something is lost, or where the 95th percentile is above the limit.

    python -m eval.load --submissions 1000 --reviewers 5
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.browsing import serve_app
from extractor.client import ApiError, Client

LIMIT_MS = 200.0
"""The longest that 95 of 100 reads may take."""
KIND = "load-letter"
SCHEMA = {
    "type": "object",
    "title": "Load letter",
    "properties": {
        "number": {"type": "string", "title": "Letter number"},
        "customer": {"type": "string", "title": "Customer"},
        "total": {"type": "number", "title": "Total due"},
    },
}
LETTER = "Letter\n\nLetter number: L-{number}\nCustomer: Customer {number}\nTotal due: {number}.50\n"
CHANGED = "Corrected Ltd"
LISTED = 50
"""Records of a page that a reviewer looks at; the client asks for no second page then."""
PAUSE = 0.05
"""Seconds that a reviewer waits where there is nothing to decide."""


@dataclass
class LoadResult:
    """What a run did: `lost` are the letters without exactly one right record, `undone` approvals not in the store."""

    seconds: float
    submissions: int
    approved: int
    lost: list[int]
    undone: list[int]
    errors: list[str]
    reads: list[float] = field(repr=False)
    """Milliseconds of each read."""

    @property
    def p95(self) -> float:
        """Return the milliseconds within which 95 of 100 reads were answered."""
        return statistics.quantiles(self.reads, n=20, method="inclusive")[-1]

    def report(self) -> str:
        """Return the figures in a few lines."""
        return (
            f"{self.submissions} submissions in {self.seconds:.0f} s, {len(self.lost)} lost; {self.approved} approved "
            f"meanwhile, {len(self.undone)} of them not in the store; {len(self.errors)} other errors\n"
            f"{len(self.reads)} reads: median {statistics.median(self.reads):.0f} ms, 95 % within {self.p95:.0f} ms, "
            f"longest {max(self.reads):.0f} ms"
        )


def run_load(connect: Callable[[], Client], submissions: int, reviewers: int, submitters: int = 4) -> LoadResult:
    """Hand in letters of the kind `KIND` while reviewers work, and check that nothing was lost.

    `connect()` returns a client whose token may read, submit and review; each thread has its own.
    """
    run = _Run(connect, submissions)
    began = time.perf_counter()
    handing_in = [threading.Thread(target=run.hand_in, args=(n, submitters)) for n in range(submitters)]
    reviewing = [threading.Thread(target=run.review, args=(n, reviewers)) for n in range(reviewers)]
    for thread in (*handing_in, *reviewing):
        thread.start()
    for thread in handing_in:
        thread.join()
    client = connect()
    records = {number: client.wait(submission, seconds=3600.0) for number, submission in run.submitted.items()}
    seconds = time.perf_counter() - began
    run.ended.set()
    for thread in reviewing:
        thread.join()
    seen: dict[int, dict[str, Any]] = {number: client.record(number) for group in records.values() for number in group}
    lost = [number for number in range(submissions) if not _is_right(number, records.get(number, []), seen)]
    undone = [record for record in run.approved if seen.get(record, {}).get("status") != "approved"]
    return LoadResult(seconds, submissions, len(run.approved), lost, undone, run.errors, run.reads)


def _is_right(number: int, records: list[int], seen: dict[int, dict[str, Any]]) -> bool:
    if len(records) != 1:
        return False
    data = seen[records[0]]["data"]
    return data["number"] == f"L-{number}" and data["customer"] in (f"Customer {number}", CHANGED)


class _Run:
    """What the threads of a run share."""

    def __init__(self, connect: Callable[[], Client], submissions: int) -> None:
        self._connect, self._number = connect, submissions
        self.ended = threading.Event()
        self.submitted: dict[int, int] = {}
        self.approved: list[int] = []
        self.errors: list[str] = []
        self.reads: list[float] = []

    def hand_in(self, part: int, parts: int) -> None:
        client = self._connect()
        for number in range(part, self._number, parts):
            letter = LETTER.format(number=number).encode()
            try:
                answer = client.submit(letter, name=f"letter-{number}.txt", kind=KIND, model="none")
                self.submitted[number] = answer["id"]
            except (ApiError, OSError) as error:
                self.errors.append(f"letter {number}: {error}")

    def review(self, part: int, parts: int) -> None:
        client = self._connect()
        while not self.ended.is_set():
            try:
                self._review_one(client, part, parts)
            except ApiError as error:
                if error.status != 409:  # somebody else was quicker
                    self.errors.append(f"reviewer {part}: {error.status} {error}")
            except OSError as error:
                self.errors.append(f"reviewer {part}: {error}")

    def _review_one(self, client: Client, part: int, parts: int) -> None:
        listed = self._read(lambda: list(itertools.islice(client.records(status="open", kind=KIND), LISTED)))
        own = [row["id"] for row in listed if row["id"] % parts == part]
        if not own:
            self.ended.wait(PAUSE)
            return
        record = self._read(lambda: client.record(own[0]))
        self._read(lambda: client.evidence(own[0]))
        changed = client.correct(own[0], ["customer"], CHANGED, revision=record["revision"])
        client.approve(own[0], revision=changed["revision"], force=True)
        self.approved.append(own[0])

    def _read(self, ask: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        answer = ask()
        self.reads.append(1000 * (time.perf_counter() - began))
        return answer


def write_schema(folder: Path) -> Path:
    """Write the kind of the letters into a folder of schemas inside another, and return it."""
    schemas = folder / "schemas"
    schemas.mkdir()
    (schemas / f"{KIND}.json").write_text(json.dumps(SCHEMA), "utf-8")
    return schemas


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000, metavar="N")
    parser.add_argument("--reviewers", type=int, default=5, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        schemas = write_schema(Path(folder))
        with serve_app(Path(folder), "--model", "none", "--schema-folder", str(schemas)) as app:
            command = [sys.executable, "-m", "extractor.cli", "tokens", "new", "load", "--store", str(app.store)]
            scopes = ["--scope", "read", "--scope", "submit", "--scope", "review"]
            secret = subprocess.run([*command, *scopes], capture_output=True, text=True, check=True).stdout.split()[-1]
            result = run_load(lambda: Client(app.address, secret), arguments.submissions, arguments.reviewers)
    print(result.report())
    for error in result.errors[:20]:
        print(f"  {error}")
    return 1 if result.lost or result.undone or result.errors or result.p95 > LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main())
