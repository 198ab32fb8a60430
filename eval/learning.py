"""What corrections teach: `python -m eval.learning SET`.

The documents of a set come in random order, in several orders. Each is extracted with what the ones before it taught;
then its gold record counts as approved, and teaches too. The curve is that of the documents before: of micro-F1, of the
corrections that a person would make in each document (beside those of the same documents without lessons), and of the
fields that they would have to check, least sure first, for 99 % of the rest to be right. A document's layout has been
seen where `kind` of its line in `gold.jsonl` (or the key that `--apart` names) is that of an earlier one; without such
a key, where lessons take it for one they know.

    python -m eval.learning SET                              five orders, by structure and lessons alone
    python -m eval.learning SET --model default --orders 1   with the model
    python -m eval.learning SET --limit 20                   the first 20 documents of the set
    python -m eval.learning SET --test OTHER                 learn from SET, and be judged on all of OTHER, once
    python -m eval.learning SET --wrong 5                    five of the documents before are approved with wrong values
    python -m eval.learning SET --output FOLDER              the table and the picture (SVG) as files too

Intervals are 95 %, by a bootstrap over documents: one document is the same in every order.
"""

from __future__ import annotations

import argparse
import copy
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from extractor.errors import ExtractorError
from extractor.evaluation.discrimination import review_budget
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, SPURIOUS, WRONG, Match, match_record
from extractor.evaluation.metrics import Estimate
from extractor.evaluation.report import format_estimate
from extractor.evaluation.samples import EvalSet, Sample, load_set, load_set_schema
from extractor.extraction.pipeline import extract
from extractor.extraction.planning import match_structure
from extractor.lessons import Lesson, gold_as_approved, make_lesson
from extractor.models import Model, load_model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.types import Document
from extractor.values import normalisation

STEPS = ((0, 0), (1, 1), (2, 3), (4, 6), (7, 10), (11, 20), (21, 30), (31, 60), (61, 10_000))
"""Numbers of documents before, from and to, that are reported together."""
ROUNDS, SEED = 1_000, 0
_TO_CORRECT = (WRONG, MISSING, SPURIOUS)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One document in one order: how many came before, how many of them of its layout, and how it came out.

    `layout` is the key that tells layouts apart, empty where the set has none; `confidences` are those of the values by
    the order of `matches`; `alone` is how many values would have to be corrected without lessons.
    """

    document: str
    before: int
    seen: int
    layout: str
    matches: tuple[Match, ...]
    confidences: tuple[float, ...]
    alone: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The figures of the documents with so many before them."""

    name: str
    attempts: int
    f1: Estimate
    corrections: Estimate
    alone: Estimate
    checks: Estimate


def learn_in_order(
    samples: Sequence[Sample],
    documents: Mapping[str, Document],
    schema: Schema,
    model: Model | None,
    key: str,
    wrong: int = 0,
    alone: dict[str, int] | None = None,
) -> Iterator[Attempt]:
    """Yield how each document comes out with what the ones before it taught; the first `wrong` ones teach wrongly.

    `alone` keeps the corrections of each document without lessons from one order to the next.
    """
    alone = {} if alone is None else alone
    lessons: list[Lesson] = []
    layouts: Counter[str] = Counter()
    for n, sample in enumerate(samples):
        document = documents[sample.document]
        attempt, known = judge(sample, document, schema, model, lessons)
        if sample.document not in alone:
            matches = judge(sample, document, schema, model, [])[0][0] if lessons else attempt[0]
            alone[sample.document] = sum(m.outcome in _TO_CORRECT for m in matches)
        layout = str(sample.more.get(key, ""))
        seen = layouts[layout] if layout else known
        yield Attempt(sample.document, n, seen, layout, *attempt, alone[sample.document])
        layouts[layout] += 1
        taught = spoil(sample, document, schema, n) if n < wrong else sample
        lessons.append(teach(taught, document, schema, lessons))


def spoil(sample: Sample, document: Document, schema: Schema, seed: int) -> Sample:
    """Return the sample with another value of its kind from the document in every single field that has one.

    Of free text it is another line, as a person would select who takes the wrong one.
    """
    chosen = random.Random(seed)
    gold = copy.deepcopy(dict(sample.gold))
    lines = [line.strip() for line in re.split(r"[\n\t]", document.text) if line.strip()]
    for field in schema.fields:
        kind = normalisation.value_kind(field)
        texts = [document.text[s:e] for s, e in normalisation.find_spans(kind, document.text)] if kind else lines
        values = [normalisation.normalise_value(field, text).value for text in texts]
        parent: Any = gold
        for step in field.path[:-1]:
            parent = parent.get(step) if isinstance(parent, dict) else None
        others = [value for value in values if value is not None]
        if field.type != "array" and isinstance(parent, dict) and parent.get(field.name) is not None and others:
            parent[field.name] = chosen.choice(others)
    return replace(sample, gold=gold)


def judge(
    sample: Sample, document: Document, schema: Schema, model: Model | None, lessons: Sequence[Lesson]
) -> tuple[tuple[tuple[Match, ...], tuple[float, ...]], int]:
    """Return matches and confidences of a document, and how many lessons are of its layout."""
    extraction = extract(document, schema, model, lessons=lessons)
    printed = {v.path: v.evidence.text for v in extraction.values if v.evidence}
    matches = match_record(schema, sample.gold, extraction.data, printed)
    confidence = {v.path: v.confidence or 0.0 for v in extraction.values}
    known = (extraction.run.get("lessons") or {}).get("layout", 0)
    return (matches, tuple(confidence.get(m.path, 0.0) for m in matches)), known


def teach(sample: Sample, document: Document, schema: Schema, lessons: Sequence[Lesson]) -> Lesson:
    """Return what the sample's gold record teaches once it is approved."""
    approved = gold_as_approved(schema, sample.gold)
    return make_lesson(document, schema, approved, match_structure(document, schema), lessons)


def summarise(attempts: Sequence[Attempt], name: str) -> Point:
    """Return the figures of some attempts with their intervals."""
    by_document: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_document[attempt.document].append(attempt)
    groups = list(by_document.values())
    rows = np.array([_counts(group) for group in groups], dtype=float)
    rng = np.random.default_rng(SEED)
    draws = rng.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=ROUNDS) @ rows
    totals = rows.sum(axis=0, keepdims=True)
    checks = _checks(attempts)
    several = [_checks([a for n in rng.integers(len(groups), size=len(groups)) for a in groups[n]]) for _ in range(100)]
    return Point(
        name,
        len(attempts),
        _estimate(_f1(totals), _f1(draws)),
        _estimate(totals[:, 4] / totals[:, 6], draws[:, 4] / draws[:, 6]),
        _estimate(totals[:, 5] / totals[:, 6], draws[:, 5] / draws[:, 6]),
        _estimate(np.array([checks]), np.array(several)),
    )


def _counts(attempts: Iterable[Attempt]) -> tuple[int, ...]:
    """Return correct, wrong, missing and spurious values, corrections, those without lessons, and documents."""
    attempts = tuple(attempts)
    outcomes = Counter(m.outcome for a in attempts for m in a.matches)
    counts = tuple(outcomes[o] for o in (CORRECT, WRONG, MISSING, SPURIOUS))
    return *counts, sum(counts[1:]), sum(a.alone for a in attempts), len(attempts)


def _f1(counts: np.ndarray) -> np.ndarray:
    correct, wrong, missing, spurious = counts[:, 0], counts[:, 1], counts[:, 2], counts[:, 3]
    return 2 * correct / np.maximum(1, 2 * correct + 2 * wrong + missing + spurious)


def _checks(attempts: Sequence[Attempt]) -> float:
    """Return how many fields of a document must be checked, least sure first, for 99 % of the rest to be right."""
    pairs = [
        (c, m.outcome in (CORRECT, ABSENT)) for a in attempts for m, c in zip(a.matches, a.confidences, strict=True)
    ]
    if not pairs:
        return 0.0
    share = review_budget(np.array([c for c, _ in pairs]), np.array([right for _, right in pairs]))
    return share * len(pairs) / len(attempts)


def _estimate(value: np.ndarray, draws: np.ndarray) -> Estimate:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Estimate(float(value[0]), float(low), float(high))


def curve(attempts: Sequence[Attempt], count: Callable[[Attempt], int]) -> list[Point]:
    """Return the points of the curve over `count`, by the groups of `STEPS`; groups without documents are left out."""
    points = []
    for low, high in STEPS:
        inside = [a for a in attempts if low <= count(a) <= high]
        if inside:
            last = max(count(a) for a in inside)
            points.append(summarise(inside, str(low) if low == last else f"{low}–{last}"))
    return points


def format_curve(title: str, points: Sequence[Point]) -> str:
    """Return a Markdown table."""
    columns = (
        title,
        "documents",
        "micro-F1",
        "corrections per document",
        "without lessons",
        "fields to check for 99 %",
    )
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for p in points:
        corrections, alone, checks = (
            f"{e.value:.2f} ({e.low:.2f} to {e.high:.2f})"
            for e in (p.corrections, p.alone, p.checks)
            if e.value is not None
        )
        lines.append(f"| {p.name} | {p.attempts} | {format_estimate(p.f1)} | {corrections} | {alone} | {checks} |")
    return "\n".join(lines)


WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 480, 240, 48, 28, 44


def draw_curves(title: str, curves: Mapping[str, Sequence[Point]]) -> str:
    """Return the curves of micro-F1 with their intervals as an SVG picture; the groups of `STEPS` are evenly spaced."""
    names = list(dict.fromkeys(p.name.split("–")[0] for points in curves.values() for p in points))
    names.sort(key=int)
    step = (WIDTH - LEFT - 20) / max(1, len(names) - 1)
    parts = [f'<text x="{LEFT}" y="16" font-weight="bold">{escape(title)}</text>']
    for tenth in range(0, 11, 2):
        y = _height(tenth / 10)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 12}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    for n, name in enumerate(names):
        parts.append(
            f'<text x="{LEFT + n * step:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(name)}</text>'
        )
    middle = (LEFT + WIDTH) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">documents approved before</text>')
    for colour, (name, points) in zip(("#1460aa", "#b4500f", "#2d7d32"), curves.items(), strict=False):
        places = [(LEFT + names.index(p.name.split("–")[0]) * step, p.f1) for p in points if p.f1.value is not None]
        line = " ".join(f"{x:.1f},{_height(f1.value or 0.0):.1f}" for x, f1 in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, f1 in places:
            low, high = _height(f1.low or 0.0), _height(f1.high or 0.0)
            parts.append(f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="{colour}"/>')
        at = HEIGHT - BOTTOM - 10 - 16 * list(curves).index(name)
        parts.append(f'<text x="{WIDTH - 16}" y="{at}" text-anchor="end" fill="{colour}">{escape(name)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _height(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def read_all(samples: EvalSet, wanted: Sequence[Sample]) -> dict[str, Document]:
    """Return the documents that can be read; the others are named."""
    documents = {}
    for sample in wanted:
        try:
            documents[sample.document] = read(samples.folder / sample.document)
        except ExtractorError as error:
            print(f"left out: {sample.document}: {error}")
    return documents


def report(name: str, attempts: Sequence[Attempt], output: Path | None) -> None:
    """Print the tables, and write them and the picture where wanted."""
    overall = curve(attempts, lambda a: a.before)
    tables = [format_curve("documents before", overall)]
    curves = {"by all documents before": overall}
    if any(a.layout for a in attempts):
        by_layout = curve(attempts, lambda a: a.seen)
        curves["by those of its layout"] = by_layout
        tables.append(format_curve("of the same layout before", by_layout))
    groups = {"seen": [a for a in attempts if a.seen], "not seen": [a for a in attempts if a.before and not a.seen]}
    points = [summarise(inside, group) for group, inside in groups.items() if inside]
    tables.append(format_curve("layout", points))
    text = "\n\n".join(tables)
    print(text)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "learning.md").write_text(f"# {name}\n\n{text}\n", encoding="utf-8")
        (output / "learning.svg").write_text(draw_curves(name, curves), encoding="utf-8")


def judge_apart(
    learnt: EvalSet, tested: EvalSet, schema: Schema, model: Model | None, numbers: Sequence[int], order: int
) -> None:
    """Print the figures of one set after lessons from so many documents of another."""
    documents = read_all(learnt, learnt.samples)
    wanted = read_all(tested, tested.samples)
    samples = [s for s in learnt.samples if s.document in documents]
    random.Random(order).shuffle(samples)
    lessons: list[Lesson] = []
    points = []
    alone: dict[str, int] = {}
    for n in range(len(samples) + 1):
        if n in numbers or n == len(samples):
            attempts = []
            for sample in tested.samples:
                if sample.document in wanted:
                    outcome, known = judge(sample, wanted[sample.document], schema, model, lessons)
                    if not lessons:
                        alone[sample.document] = sum(m.outcome in _TO_CORRECT for m in outcome[0])
                    attempts.append(Attempt(sample.document, n, known, "", *outcome, alone[sample.document]))
            points.append(summarise(attempts, str(n)))
        if n < len(samples):
            lessons.append(teach(samples[n], documents[samples[n].document], schema, lessons))
    print(format_curve(f"learnt from {learnt.name}, judged on {tested.name}", points))


def main(arguments: list[str] | None = None) -> int:
    """Measure one set."""
    parser = argparse.ArgumentParser(prog="python -m eval.learning", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", metavar="SET", type=Path, help="a folder as for `extractor eval`")
    parser.add_argument("--schema", help="instead of the set's own schema.json")
    parser.add_argument("--model", default="none", help="name of a model, or none (default)")
    parser.add_argument("--orders", type=int, default=5, help="random orders (default: 5)")
    parser.add_argument(
        "--wrong", type=int, default=0, metavar="N", help="the first N documents of an order teach wrongly"
    )
    parser.add_argument("--limit", type=int, help="the first so many documents of the set only")
    parser.add_argument("--apart", default="kind", metavar="KEY", help="key in gold.jsonl that tells layouts apart")
    parser.add_argument("--test", type=Path, metavar="OTHER", help="judge on this set after learning from SET")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="write the table and the picture there too")
    chosen = parser.parse_args(arguments)
    samples = load_set(chosen.set)
    schema = load_set_schema(samples, chosen.schema)
    model = None if chosen.model == "none" else load_model(chosen.model)
    if chosen.test:
        judge_apart(samples, load_set(chosen.test), schema, model, (0, 3, 10, 30), SEED)
        return 0
    wanted = samples.samples[: chosen.limit]
    documents = read_all(samples, wanted)
    attempts: list[Attempt] = []
    alone: dict[str, int] = {}
    for order in range(chosen.orders):
        shuffled = [s for s in wanted if s.document in documents]
        random.Random(order).shuffle(shuffled)
        attempts += learn_in_order(shuffled, documents, schema, model, chosen.apart, chosen.wrong, alone)
    report(samples.name, attempts, chosen.output)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
