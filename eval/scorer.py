"""The scorer itself, without a model: gold against gold, against the gold of other documents, and its speed.

`python -m eval.scorer [SET ...]`. Gold against itself must score 1 with an interval of no width; against that of
another document (of another kind and language, where the set has one) near 0. Speed is measured on pairs with few
values in common and with empty caches: of matching alone, and with ANLS* and all metrics with their intervals.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extractor.evaluation.anls import compute_anls
from extractor.evaluation.matching import match_record
from extractor.evaluation.metrics import DocumentScore, SetMetrics, compute_metrics
from extractor.evaluation.report import format_estimate
from extractor.evaluation.samples import EvalSet, Sample, load_set, load_set_schema
from extractor.schemas import Schema
from extractor.values import equivalence

SETS = Path(__file__).resolve().parent / "sets"


def score_record(schema: Schema, gold: Any, record: Any) -> DocumentScore:
    """Return the score of a record compared with gold, as a run keeps it."""
    matches = match_record(schema, gold, record)
    return DocumentScore(matches, compute_anls(gold, record, matches))


def score_gold_against_itself(samples: EvalSet, schema: Schema) -> SetMetrics:
    """Return the metrics of gold as its own record."""
    return compute_metrics([score_record(schema, s.gold, s.gold) for s in samples.samples])


def score_gold_against_others(samples: EvalSet, schema: Schema) -> SetMetrics:
    """Return the metrics of gold where each document has the gold of another as its record."""
    return compute_metrics(
        [score_record(schema, s.gold, _other_sample(s, samples.samples).gold) for s in samples.samples]
    )


def _other_sample(sample: Sample, all_: Sequence[Sample]) -> Sample:
    """Return the sample most unlike this one; of equally unlike ones, the next."""
    at = all_.index(sample)
    others = [*all_[at + 1 :], *all_[:at]]
    return max(others, key=lambda other: _dissimilarity(sample, other))


def _dissimilarity(sample: Sample, other: Sample) -> int:
    languages = [{"zh", "en"} & set(s.more.get("notes", ())) for s in (sample, other)]
    return (sample.more.get("kind") != other.more.get("kind")) + (languages[0] != languages[1])


def measure_speed(samples: EvalSet, schema: Schema) -> tuple[int, float, float]:
    """Return the number of field pairs, the CPU seconds to match them, and to score them with all metrics."""
    pairs = [(s.gold, _other_sample(s, samples.samples).gold) for s in samples.samples]
    equivalence.clear_caches()
    start = time.process_time()
    matches = [match_record(schema, gold, record) for gold, record in pairs]
    matched = time.process_time()
    scores = [compute_anls(gold, record, found) for (gold, record), found in zip(pairs, matches, strict=True)]
    compute_metrics([DocumentScore(found, score) for found, score in zip(matches, scores, strict=True)])
    return sum(map(len, matches)), matched - start, time.process_time() - start


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each set and the speed over all; return 1 where gold does not score 1 against itself."""
    parser = argparse.ArgumentParser(prog="python -m eval.scorer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", type=Path, help="folders (default: all that ship)")
    parser.add_argument("--schema", help="instead of the sets' own schema.json")
    chosen = parser.parse_args(arguments)
    pairs, matching, scoring, bad = 0, 0.0, 0.0, 0
    print(f"{'set':28} {'gold against gold':24} against the gold of other documents (and without zeros)")
    for folder in chosen.sets or [gold.parent for gold in sorted(SETS.glob("*/gold.jsonl"))]:
        samples = load_set(folder)
        schema = load_set_schema(samples, chosen.schema)
        own, other = (
            score_gold_against_itself(samples, schema).overall,
            score_gold_against_others(samples, schema).overall,
        )
        bad += own["micro_f1"].low != 1
        print(
            f"{samples.name:28} {format_estimate(own['micro_f1']):24} {format_estimate(other['micro_f1'])}, "
            f"{format_estimate(other['without_zeros'])}"
        )
        n, match_seconds, score_seconds = measure_speed(samples, schema)
        pairs, matching, scoring = pairs + n, matching + match_seconds, scoring + score_seconds
    print(f"{pairs} field pairs: {pairs / matching:,.0f} a second matched, {pairs / scoring:,.0f} with all metrics")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
