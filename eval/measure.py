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
from typing import Any

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
    normal: list[list[tuple[str, Any, Any, bool]]] = []
    strict: list[list[tuple[str, Any, Any, bool]]] = []
    seconds, kept = [], []
    for sample in samples[: arguments.limit]:
        start = time.perf_counter()
        result = extract(read(arguments.folder / sample["document"]), schema, model)
        seconds.append(time.perf_counter() - start)
        values = {v.path[0]: v for v in result.values if len(v.path) == 1}
        rows, exact = [], []
        for name, gold in sample["gold"].items():
            v = values.get(name)
            value = None if v is None else v.value
            printed = v.evidence.text if v is not None and v.evidence else value
            right = metrics.same(gold, value) or metrics.same(gold, printed)
            rows.append((name, gold, value, right))
            exact.append((name, gold, printed, metrics.strict(gold, printed)))
            if arguments.wrong and not right:
                sure = v.confidence if v is not None else None
                print(f"{Path(sample['document']).name[:12]} {name}: gold {gold!r}, got {value!r} ({sure})", flush=True)
        normal.append(rows)
        strict.append(exact)
        kept.append({"document": sample["document"], "seconds": seconds[-1], "rows": rows, "run": dict(result.run)})
    if arguments.save:
        lines = [json.dumps(k, ensure_ascii=False, default=str) for k in kept]
        arguments.save.write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = dict.fromkeys(name for rows in normal for name, *_ in rows)
    for kind, documents in (("normalised", normal), ("strict", strict)):
        print(f"\n{kind:12} precision  recall     F1")
        for name in names:
            print(
                f"{name:12} "
                + "  ".join(f"{x:9.3f}" for x in scores([[r for r in rows if r[0] == name] for rows in documents]))
            )
        low, high = metrics.bootstrap(documents, lambda some: scores(some)[2])
        print(
            f"{'all (micro)':12} "
            + "  ".join(f"{x:9.3f}" for x in scores(documents))
            + f"   95 % interval {low:.3f} to {high:.3f}"
        )
    print(
        f"\n{len(seconds)} documents, seconds per document: median {statistics.median(seconds):.1f}, most {max(seconds):.1f}"
    )


def scores(documents: list[list[tuple[str, Any, Any, bool]]]) -> tuple[float, float, float]:
    """Precision, recall and F1 over the fields of some documents."""
    rows = [row for document in documents for row in document]
    right = sum(row[3] for row in rows if row[1] is not None)
    predicted = sum(row[2] is not None for row in rows)
    wanted = sum(row[1] is not None for row in rows)
    precision, recall = right / predicted if predicted else 0.0, right / wanted if wanted else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0


if __name__ == "__main__":
    main()
