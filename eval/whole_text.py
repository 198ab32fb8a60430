"""Compare extractions with what the same model writes in llama.cpp, given the whole text and the JSON Schema.

    python -m eval.whole_text [SET ...] [--rows N] [--limit N] [--model NAME] [--threads N] [--save FILE]

The other side is what a short script would do: the document's text and the schema in one prompt, and the schema as the
grammar of the answer. Both sides read the same text and are judged alike; they take turns, so that a slow moment of the
machine meets both. `--rows` adds a generated list of so many rows. Needs `xllamacpp`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.bench import LlamaCpp
from eval.bench_documents import make_list
from extractor.evaluation import matching
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.extraction import extract, prompts
from extractor.models import DEFAULT, Model, load_model
from extractor.readers import read, read_bytes
from extractor.schemas import Schema, load_schema
from extractor.types import Document

MAX_TOKENS = 4000
"""Longest answer of llama.cpp."""
CONTEXT_TOKENS = 16384
LIST_SEED = 7


@dataclass(frozen=True)
class Task:
    """A document with its schema and its gold record; `source` is the JSON Schema as written."""

    group: str
    name: str
    document: Document
    schema: Schema
    source: Mapping[str, Any]
    gold: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one side made of one document: counts of outcomes, and the seconds it took."""

    group: str
    name: str
    side: str
    right: int
    wrong: int
    missing: int
    spurious: int
    seconds: float
    error: str = ""


def set_tasks(folder: Path, limit: int | None) -> Iterator[Task]:
    """Yield the documents of a set."""
    found = load_set(folder)
    schema = load_set_schema(found)
    source = json.loads((folder / "schema.json").read_text("utf-8"))
    for sample in found.samples[:limit]:
        document = read(found.folder / sample.document)
        yield Task(found.name, sample.document, document, schema, source, sample.gold)


def list_task(rows: int) -> Task:
    """Return a generated list with so many rows."""
    listed = make_list(rows, LIST_SEED)
    document = read_bytes(listed.text.encode(), f"{listed.name}.txt")
    return Task(f"list of {rows} rows", listed.name, document, load_schema(listed.schema), listed.schema, listed.gold)


class WholeText:
    """llama.cpp with the whole text and the schema in the prompt, and the schema as the grammar of the answer."""

    def __init__(self, model: str, threads: int) -> None:
        self._engine = LlamaCpp(model, threads, context=CONTEXT_TOKENS)

    def record(self, task: Task) -> Any:
        """Return the record that the model writes; raise ValueError for a refusal or an answer that is cut off."""
        question = (
            f"{prompts.document(task.document.text)}\nFill in this JSON Schema from the document above:\n"
            f"{json.dumps(task.source, ensure_ascii=False)}\nAnswer with one JSON object."
        )
        payload = {
            "messages": [{"role": "system", "content": prompts.system()}, {"role": "user", "content": question}],
            "response_format": {"type": "json_schema", "json_schema": {"schema": task.source}},
            "max_tokens": MAX_TOKENS,
            "temperature": 0,
        }
        found = self._engine.server.handle_chat_completions(payload)
        if "choices" not in found:
            raise ValueError(f"refused: {found.get('error', found)}")
        return json.loads(found["choices"][0]["message"]["content"])


def judge(task: Task, side: str, make: Callable[[Task], Any]) -> Outcome:
    """Return the outcome of one side on one document; what it raises leaves every value of gold missing."""
    start = time.perf_counter()
    error = ""
    try:
        record = make(task)
    except Exception as raised:
        record, error = None, f"{type(raised).__name__}: {raised}"[:300]
    seconds = time.perf_counter() - start
    found = matching.match_record(task.schema, task.gold, record)
    counts = {name: sum(m.outcome == name for m in found) for name in ("correct", "wrong", "missing", "spurious")}
    return Outcome(task.group, task.name, side, *counts.values(), seconds=round(seconds, 2), error=error)


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Return the figures of both sides by group, and how many times faster the first one is."""
    lines = [
        "| documents | n | ours: right, wrong, F1 | whole text: right, wrong, F1 | seconds, ours | whole text | times |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for group in dict.fromkeys(o.group for o in outcomes):
        ours = [o for o in outcomes if o.group == group and o.side == "ours"]
        theirs = [o for o in outcomes if o.group == group and o.side == "whole text"]
        ratio = statistics.median(b.seconds / (a.seconds or 0.001) for a, b in zip(ours, theirs, strict=True))
        cells = [group, str(len(ours)), _counts(ours), _counts(theirs)]
        cells += [f"{statistics.median(o.seconds for o in side):.1f}" for side in (ours, theirs)]
        lines.append("| " + " | ".join([*cells, f"{ratio:.2f}"]) + " |")
    return "\n".join(lines)


def _counts(outcomes: Sequence[Outcome]) -> str:
    right, wrong, missing, spurious = (
        sum(getattr(o, name) for o in outcomes) for name in ("right", "wrong", "missing", "spurious")
    )
    given, wanted = right + wrong + spurious, right + wrong + missing
    f1 = 2 * right / (given + wanted) if given + wanted else 0.0
    return f"{right} of {wanted}, {wrong + spurious}, {f1:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET")
    parser.add_argument("--rows", type=int, metavar="N", help="add a generated list of N rows")
    parser.add_argument("--limit", type=int, help="only the first so many documents of each set")
    parser.add_argument("--model", default=DEFAULT, help="a known name or a .gguf file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep every document's figures as JSON")
    arguments = parser.parse_args()
    if not arguments.sets and not arguments.rows:
        parser.error("name a set, or give --rows")
    tasks = [task for folder in arguments.sets for task in set_tasks(folder, arguments.limit)]
    tasks += [list_task(arguments.rows)] if arguments.rows else []
    model: Model = load_model(arguments.model, threads=arguments.threads)
    whole_text = WholeText(arguments.model, arguments.threads)
    sides = {"ours": lambda task: extract(task.document, task.schema, model).data, "whole text": whole_text.record}
    outcomes = []
    print(f"{arguments.model}, {arguments.threads} threads, load {os.getloadavg()[0]:.1f} at the start")
    for task in tasks:
        for side, make in sides.items():
            outcomes.append(judge(task, side, make))
            print(f"  {json.dumps(asdict(outcomes[-1]), ensure_ascii=False)}", file=sys.stderr, flush=True)
    print(format_table(outcomes))
    if arguments.save:
        arguments.save.write_text(json.dumps([asdict(o) for o in outcomes], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
