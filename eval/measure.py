"""Run a folder of documents with gold through the tool and print how much came out right.

    python -m eval.measure FOLDER --schema NAME|FILE [--model NAME] [--limit N] [--wrong]

The folder holds `gold.jsonl`, a line a document: `{"document": path, "gold": {field: value}}`. Printed are precision,
recall and F1 under a normalised and a strict match, per field and over all (micro), each overall figure with a 95 %
interval from a bootstrap over documents, and the seconds a document took. Strict compares the evidence as printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

from extractor import metrics
from extractor.models import load_model
from extractor.pipeline import extract
from extractor.readers import read
from extractor.schemas import load_schema


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--model")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--wrong", action="store_true", help="print every field that is not right")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep what was extracted, a JSON line a document")
    arguments = parser.parse_args()
    samples = [json.loads(line) for line in (arguments.folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    schema = load_schema(arguments.schema)
    model = None if arguments.model == "none" else load_model(arguments.model)
    normal: list[dict[str, metrics.Counts]] = []
    strict: list[dict[str, metrics.Counts]] = []
    seconds, kept = [], []
    for sample in samples[: arguments.limit]:
        start = time.perf_counter()
        result = extract(read(arguments.folder / sample["document"]), schema, model)
        seconds.append(time.perf_counter() - start)
        values = {v.path[0]: v for v in result.values if len(v.path) == 1}
        rows = {}
        for name, gold in sample["gold"].items():
            v = values.get(name)
            value = v.value if v else None
            printed = v.evidence.text if v and v.evidence else value
            loose = metrics.outcome(gold, value)
            if loose == "wrong" and metrics.same(gold, printed):
                loose = "correct"
            exact = metrics.outcome(gold, printed, equal=metrics.strict)
            rows[name] = (gold, value, v.confidence if v else None, loose, exact)
            if arguments.wrong and loose not in ("correct", "absent"):
                file = Path(sample["document"]).name
                print(f"{file[:12]} {name}: gold {gold!r}, got {value!r} ({rows[name][2]})", flush=True)
        normal.append({name: metrics.count([row[3]]) for name, row in rows.items()})
        strict.append({name: metrics.count([row[4]]) for name, row in rows.items()})
        kept.append({"document": sample["document"], "seconds": seconds[-1], "rows": rows, "run": dict(result.run)})
    if arguments.save:
        lines = [json.dumps(k, ensure_ascii=False, default=str) for k in kept]
        arguments.save.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for kind, documents in (("normalised", normal), ("strict", strict)):
        print(f"\n{kind:14} precision    recall        F1")
        for name, counts in metrics.per_field(documents).items():
            print(_line(name, counts))
        whole = [sum(document.values(), metrics.Counts()) for document in documents]
        interval = metrics.bootstrap(whole)
        around = f"   95 % interval {interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
        print(_line("all (micro)", sum(whole, metrics.Counts())) + around)
    middle, most = statistics.median(seconds), max(seconds)
    print(f"\n{len(seconds)} documents, seconds per document: median {middle:.1f}, most {most:.1f}")


def _line(name: str, counts: metrics.Counts) -> str:
    shown = ("    —" if x is None else f"{x:.3f}" for x in (counts.precision, counts.recall, counts.f1))
    return f"{name:14} " + " ".join(f"{x:>9}" for x in shown)


if __name__ == "__main__":
    main()
