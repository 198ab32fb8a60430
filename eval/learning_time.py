"""What lessons cost in time: `python -m eval.learning_time SET`.

A store is filled with so many approved documents: those of the set, over and over, each time with other document ids,
and four of five times with the fingerprint of a layout of its own. Then the documents of the set are extracted by
structure alone with what the store says of each, and the CPU time of look-up and extraction is compared.

    python -m eval.learning_time SET --records 10000
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.learning import read_all, teach
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.extraction.pipeline import extract
from extractor.lessons import Lesson
from extractor.schemas import Schema
from extractor.store import Store
from extractor.types import Document

ROUNDS = 3
"""Each document is extracted so often, and its shortest time counts."""


def fill(store: Store, lessons: Sequence[Lesson], first: int, last: int) -> None:
    """Add the lessons numbered from `first` up to `last` to the store."""
    for n in range(first, last):
        lesson = lessons[n % len(lessons)]
        draw = random.Random(n)
        own = lesson.fingerprint
        if n >= len(lessons) and n % 5:
            own = tuple(sorted(draw.randrange(1 << 53) for _ in own))
        store.lessons.add(replace(lesson, document=f"{n:064x}", fingerprint=own), who="eval")


def measure(store: Store, documents: Sequence[Document], schema: Schema) -> tuple[float, float]:
    """Return the median CPU seconds of a look-up, and of look-up and extraction together."""
    looked_up, whole = [], []
    for document in documents:
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            lessons = store.lessons.find(document, schema.id)
            found = time.process_time()
            extract(document, schema, None, lessons=lessons)
            times.append((time.process_time() - start, found - start))
        whole.append(min(times)[0])
        looked_up.append(min(own for _, own in times))
    return statistics.median(looked_up), statistics.median(whole)


def main(arguments: list[str] | None = None) -> int:
    """Measure one set."""
    parser = argparse.ArgumentParser(prog="python -m eval.learning_time", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", metavar="SET", type=Path, help="a folder as for `extractor eval`")
    parser.add_argument("--schema", help="instead of the set's own schema.json")
    parser.add_argument("--records", type=int, default=10_000, help="approved documents in the store (default: 10000)")
    parser.add_argument("--limit", type=int, default=20, help="documents that are extracted (default: 20)")
    chosen = parser.parse_args(arguments)
    samples = load_set(chosen.set)
    schema = load_set_schema(samples, chosen.schema)
    wanted = samples.samples[: chosen.limit]
    found = read_all(samples, wanted)
    documents = list(found.values())
    lessons = [teach(s, found[s.document], schema, ()) for s in wanted if s.document in found]
    print("| approved documents | look-up, ms | look-up and extraction, ms |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.db") as store:
        store.add_schema(schema)
        before = 0
        for count in (0, 100, chosen.records):
            fill(store, lessons, before, count)
            before = count
            looked_up, whole = measure(store, documents, schema)
            print(f"| {count} | {1000 * looked_up:.1f} | {1000 * whole:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
