"""The scorer itself, no model: gold against gold, against the gold of other documents, and how fast it is.

`python -m eval.scorer [SET ...]`. Gold against itself has to score 1 with an interval of no width; against that of
another document (of another kind and language, where the set has one) near 0. Speed is of pairs that are hardly ever
alike, with nothing remembered from earlier ones: matching alone, and with ANLS* and all figures with their intervals.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extractor.evaluation.anls import anls
from extractor.evaluation.figures import Figures, Scored, figures
from extractor.evaluation.matching import match
from extractor.evaluation.report import shown
from extractor.evaluation.samples import EvalSet, Sample, load_set, set_schema
from extractor.schemas import Schema
from extractor.values import equivalence

SETS = Path(__file__).resolve().parent / "sets"


def scored(schema: Schema, gold: Any, record: Any) -> Scored:
    """A record held against gold, as a run keeps it."""
    matches = match(schema, gold, record)
    return Scored(matches, anls(gold, record, matches))


def of_itself(samples: EvalSet, schema: Schema) -> Figures:
    """The figures of gold as its own answer."""
    return figures([scored(schema, s.gold, s.gold) for s in samples.samples])


def of_others(samples: EvalSet, schema: Schema) -> Figures:
    """The figures of gold where each document has the answers of another."""
    return figures([scored(schema, s.gold, _other(s, samples.samples).gold) for s in samples.samples])


def _other(sample: Sample, all_: Sequence[Sample]) -> Sample:
    """The next document that is least like this one."""
    at = all_.index(sample)
    others = [*all_[at + 1 :], *all_[:at]]
    return max(others, key=lambda other: _unlike(sample, other))  # the first of those that are equally unlike


def _unlike(sample: Sample, other: Sample) -> int:
    languages = [{"zh", "en"} & set(s.more.get("notes", ())) for s in (sample, other)]
    return (sample.more.get("kind") != other.more.get("kind")) + (languages[0] != languages[1])


def speed(samples: EvalSet, schema: Schema) -> tuple[int, float, float]:
    """How many field pairs, the CPU seconds to match them, and to score them with all figures."""
    pairs = [(s.gold, _other(s, samples.samples).gold) for s in samples.samples]
    equivalence.clear_caches()
    begun = time.process_time()
    matches = [match(schema, gold, record) for gold, record in pairs]
    matched = time.process_time()
    likes = [anls(gold, record, found) for (gold, record), found in zip(pairs, matches, strict=True)]
    figures([Scored(found, like) for found, like in zip(matches, likes, strict=True)])
    return sum(map(len, matches)), matched - begun, time.process_time() - begun


def main(arguments: list[str] | None = None) -> int:
    """Prints a line a set and the speed over all; 1 where gold is not its own best answer."""
    parser = argparse.ArgumentParser(prog="python -m eval.scorer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", type=Path, help="folders (default: all that ship)")
    parser.add_argument("--schema", help="instead of the sets' own schema.json")
    chosen = parser.parse_args(arguments)
    pairs, matching, scoring, bad = 0, 0.0, 0.0, 0
    print(f"{'set':28} {'gold against gold':24} against the gold of other documents (and without zeros)")
    for folder in chosen.sets or [gold.parent for gold in sorted(SETS.glob("*/gold.jsonl"))]:
        samples = load_set(folder)
        schema = set_schema(samples, chosen.schema)
        own, other = of_itself(samples, schema).overall, of_others(samples, schema).overall
        bad += own["micro_f1"].low != 1
        print(
            f"{samples.name:28} {shown(own['micro_f1']):24} {shown(other['micro_f1'])}, {shown(other['without_zeros'])}"
        )
        n, match_seconds, score_seconds = speed(samples, schema)
        pairs, matching, scoring = pairs + n, matching + match_seconds, scoring + score_seconds
    print(f"{pairs} field pairs: {pairs / matching:,.0f} a second matched, {pairs / scoring:,.0f} with all figures")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
