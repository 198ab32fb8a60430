"""Calibrations fitted on judged documents and judged on others: how well a probability tells right from wrong.

Every value of a record counts, nulls too: one where gold has a value is wrong. What a record has no place for, such as
a list element that was not found, has no confidence either; it is counted and told, not judged.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extractor.confidence.calibration import Calibration, logistic_terms
from extractor.errors import UsageError
from extractor.evaluation.discrimination import WANTED, Telling, at_random, telling
from extractor.evaluation.figures import ROUNDS
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING
from extractor.evaluation.report import shown
from extractor.evaluation.runs import Judged, Run

FOLDS, REPEATS, INNER = 5, 3, 4
PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Inverse strengths of the penalty (scikit-learn's C) that a fit chooses from."""
LEAST = 8
"""Documents that a calibration needs at least: with fewer, one odd document decides."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of a judged document: `score` is its confidence by rule of thumb; `given` tells it from a null.

    Documents with the same `group` are never on both sides of a split. How a `field` fared says nothing of the fields
    of another kind of report: for those the name is empty. `kind` is the schema's id where kinds are told apart.
    """

    document: str
    group: str
    field: str
    signals: Mapping[str, float]
    score: float
    right: bool
    given: bool = True
    kind: str = ""


def observations(judged: Sequence[Judged], apart: str = "layout") -> list[Observation]:
    """The values of a run's documents that gold judges and that carry signals.

    Documents that have the same text under the key `apart` in `gold.jsonl` are one group; those without it stand alone.
    """
    found = []
    for d in judged:
        by_path = {tuple(v["path"]): v for v in d.values}
        group = str(d.more.get(apart) or d.document)
        for m in d.matches:
            value = by_path.get(m.record_path) if m.record_path is not None else None
            if value is not None and value.get("signals"):
                right, given = m.outcome in (CORRECT, ABSENT), value["value"] is not None
                signals = value["signals"]
                found.append(Observation(d.id, group, m.field, signals, signals.get("score", 0.0), right, given))
    return found


def unseen(judged: Sequence[Judged]) -> int:
    """How many values gold has that the records have no place for: no confidence can warn of them."""
    return sum(
        m.outcome == MISSING and (m.record_path is None or m.record_path not in {tuple(v["path"]) for v in d.values})
        for d in judged
        for m in d.matches
    )


# Fitting.


def fit(seen: Sequence[Observation], beside: Sequence[Observation] = ()) -> tuple[float, dict[str, float]]:
    """Bias and coefficients of a logistic model of being right (regularised; Platt's scaling on top).

    The penalty is the one under which documents of `seen` left out are told best; the scaling is fitted on them too.
    What is `beside` is learnt from alone. One outcome alone gives a constant.
    """
    from scipy.sparse import csr_array
    from threadpoolctl import threadpool_limits

    right = np.array([o.right for o in seen])
    if right.all() or not right.any():
        return round(_logit(right), 6), {}
    names, table = _table([*seen, *beside])
    scale = np.maximum(table.std(axis=0), 0.25)  # a flag that few values carry is not blown up
    splits = _folds([o.group for o in seen], INNER, 0) or _folds([o.document for o in seen], INNER, 0)
    with threadpool_limits(1):  # these tables are small: more threads only wait for each other
        folds = [(np.append(inside, np.arange(len(seen), len(table))), outside) for inside, outside in splits]
        few = csr_array(table / scale)  # a value has some twenty signals of hundreds: the rest is nought
        bias, weights = _fitted(few, np.array([o.right for o in (*seen, *beside)]), folds)
    pairs = zip(names, weights / scale, strict=True)
    return round(bias, 6), {name: round(float(w), 6) for name, w in pairs if abs(w) > 1e-6}


def _fitted(table: Any, right: np.ndarray, folds: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[float, np.ndarray]:
    """Bias and weights: the penalty chosen on the folds, the logits scaled as those of left-out documents should be."""
    from sklearn.linear_model import LogisticRegression

    def model(penalty: float) -> Any:
        return LogisticRegression(C=penalty, max_iter=2000)

    judged = np.sort(np.concatenate([outside for _, outside in folds]))
    best, told, chosen = np.inf, np.zeros(len(judged)), PENALTIES[0]
    for penalty in PENALTIES:
        logits = np.zeros(len(right))
        for inside, outside in folds:
            if right[inside].all() or not right[inside].any():
                logits[outside] = _logit(right[inside])
            else:
                logits[outside] = model(penalty).fit(table[inside], right[inside]).decision_function(table[outside])
        loss = float(np.mean(np.logaddexp(0, np.where(right, -logits, logits))[judged]))
        if loss < best:
            best, told, chosen = loss, logits[judged], penalty
    fitted = model(chosen).fit(table, right)
    platt = LogisticRegression(C=1.0, max_iter=2000).fit(told[:, None], right[judged])
    slope = float(platt.coef_[0, 0])
    if slope <= 0:  # on documents left out it told right from wrong no better than chance
        return _logit(right[judged]), np.zeros(table.shape[1])
    return slope * float(fitted.intercept_[0]) + float(platt.intercept_[0]), slope * fitted.coef_[0]


def _logit(right: np.ndarray) -> float:
    """Of the share of right ones, short of never and always."""
    share = (right.sum() + 0.5) / (len(right) + 1)
    return float(np.log(share / (1 - share)))


def _table(seen: Sequence[Observation]) -> tuple[list[str], np.ndarray]:
    rows = [logistic_terms(o.field, o.signals) for o in seen]
    names = sorted({name for row in rows for name in row})
    column = {name: n for n, name in enumerate(names)}
    table = np.zeros((len(rows), len(names)))
    for n, row in enumerate(rows):
        for name, x in row.items():
            table[n, column[name]] = x
    return names, table


def _folds(groups: Sequence[str], count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions inside and outside of each fold; a group is never split, and folds hold about as many groups each."""
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    fold = {name: n % count for n, name in enumerate(names)}
    which = np.array([fold[g] for g in groups])
    parts = [(np.flatnonzero(which != n), np.flatnonzero(which == n)) for n in range(min(count, len(names)))]
    return [(inside, outside) for inside, outside in parts if len(inside)]


def _calibration(seen: Sequence[Observation], beside: Sequence[Observation], **made_of: Any) -> Calibration:
    bias, coefficients = fit(seen, beside)
    documents = tuple(sorted({o.document for o in (*seen, *beside)}))
    edge = round(1 / (len(seen) + 2), 6)
    return Calibration(documents=documents, bias=bias, coefficients=coefficients, edge=edge, **made_of)


Progress = Callable[[Sequence[Any]], Iterable[Any]]
"""What goes through a sequence and tells a person how far it is."""


def cross_fitted(
    seen: Sequence[Observation],
    beside: Sequence[Observation] = (),
    repeats: int = REPEATS,
    progress: Progress = iter,
) -> np.ndarray:
    """For every repeat, split otherwise each time, the observations' probabilities by fits on other groups.

    What is `beside` is learnt from every time, and not judged. Where observations have kinds, those are the groups.
    """
    groups = [o.kind or o.group for o in seen]
    found = np.zeros((repeats, len(seen)))
    splits = [(repeat, *split) for repeat in range(repeats) for split in _folds(groups, FOLDS, repeat + 1)]
    for repeat, inside, outside in progress(splits):
        known = [seen[i] for i in inside]
        calibration = _calibration(known, beside, name="", schema=None, model="", weights=None)
        for i in outside:
            found[repeat, i] = calibration.probability(seen[i].field, seen[i].signals)
    return found


# The whole of it.


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration fitted on all documents of its runs, and what its like came to on documents they had not seen.

    `after` judges those probabilities, `before` the score by rule of thumb; `at_random` is the review budget without
    either. `beside` names the sets that were learnt from too. `unseen` counts what no confidence can warn of.
    """

    calibration: Calibration
    beside: tuple[str, ...]
    values: int
    documents: int
    groups: int
    wrong: int
    unseen: int
    after: Telling
    before: Telling
    at_random: float

    @property
    def better(self) -> bool:
        """Whether it is more honest than the score and, as far as the interval tells, orders values no worse.

        A general one has to save work as well.
        """
        after, before = self.after, self.before
        ordered = (after.auroc.high or after.auroc.value or 0) >= (before.auroc.value or 0)
        honest = after.brier < before.brier and ordered
        saves = (after.budget.value or 0) <= (before.budget.value or 0)
        return honest and (saves or self.calibration.schema is not None)


def calibrate(
    runs: Sequence[tuple[Run, Sequence[Judged]]],
    beside: Sequence[tuple[Run, Sequence[Judged]]] = (),
    apart: str = "layout",
    rounds: int = ROUNDS,
    progress: Progress = iter,
) -> Calibrated:
    """A calibration of the runs' documents, with its held-out figures.

    One run gives the calibration of its kind of report; from those `beside` it learns too, what signals are worth, and
    is not judged on them. Several runs, of different schemas, give a general one, judged each time on a kind that it
    was not fitted on. UsageError where the runs are of different models, are too small, or were kept without signals.
    """
    identities = [run.header["identity"] for run, _ in runs]
    weights, model, prompt, tool = _made_of([run.header for run, _ in (*runs, *beside)])
    general = len({i["schema"] for i in identities}) > 1
    seen = [o for run, judged in runs for o in _observed(run, judged, apart, strange=general)]
    learnt = [o for run, judged in beside for o in _observed(run, judged, apart, strange=True)]
    documents, groups = {o.document for o in seen}, {o.kind or o.group for o in seen}
    if len(documents) < LEAST or len(groups) < 2:
        raise UsageError(
            f"{len(documents)} documents in {len(groups)} groups have values with signals: too few to calibrate.",
            f"Give a set of at least {LEAST}; a run of an older version of the tool has to be made anew (--again).",
        )
    repeats = 1 if general else REPEATS
    told = cross_fitted(seen, learnt, repeats, progress).ravel()
    right, given = np.array([o.right for o in seen]), np.array([o.given for o in seen])
    owner = [o.document for o in seen]
    after = telling(told, np.tile(right, repeats), np.tile(given, repeats), owner * repeats, rounds)
    before = telling(np.array([o.score for o in seen]), right, given, owner, rounds)
    calibration = _calibration(
        seen,
        learnt,
        name=" + ".join(dict.fromkeys(i["set"] for i in identities)),
        schema=None if general else identities[0]["schema"],
        schema_name="" if general else runs[0][0].header["schema"]["name"],
        model=model,
        weights=weights,
        prompt=prompt,
        tool=tool,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        held_out=_figures(after, before, len(seen), len(documents), len(groups)),
    )
    return Calibrated(
        calibration,
        tuple(run.header["identity"]["set"] for run, _ in beside),
        len(seen),
        len(documents),
        len(groups),
        int((~right).sum()),
        sum(unseen(judged) for _, judged in runs),
        after,
        before,
        at_random(right),
    )


def _made_of(headers: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """Weights, model, prompt and tool of all the runs; UsageError where they differ."""
    found = {
        (h.get("weights"), h["identity"]["model"], h["identity"]["prompt"], h["identity"]["tool"]) for h in headers
    }
    if len(found) > 1:
        raise UsageError("The runs are not of one model, prompt and version of the tool.", "Run the sets again.")
    return found.pop()


def _observed(run: Run, judged: Sequence[Judged], apart: str, strange: bool) -> list[Observation]:
    """A run's observations; those of a `strange` kind of report without their fields' names."""
    found = observations(judged, apart)
    return [replace(o, field="", kind=run.header["identity"]["schema"]) for o in found] if strange else found


def _figures(after: Telling, before: Telling, values: int, documents: int, groups: int) -> dict[str, Any]:
    """The held-out figures as they are kept in the calibration's file."""
    budget, by_score = after.budget, before.budget
    return {
        "values": values,
        "documents": documents,
        "groups": groups,
        "auroc": _rounded(after.auroc.value, after.auroc.low, after.auroc.high),
        "auroc_given": _rounded(after.auroc_given.value, after.auroc_given.low, after.auroc_given.high),
        "ece": round(after.ece, 4),
        "bins": len(after.bins),
        "brier": round(after.brier, 4),
        "budget": _rounded(budget.value, budget.low, budget.high),
        "budget_by_score": _rounded(by_score.value, by_score.low, by_score.high),
    }


def _rounded(*found: float | None) -> list[float | None]:
    return [None if x is None else round(x, 4) for x in found]


# For a terminal.


def text(c: Calibrated) -> str:
    """What a calibration came to, as compact tables of plain text."""
    after, before, n = c.after, c.before, c.values
    right = 1 - c.wrong / n
    whose = (
        "each kind of report judged by a fit on the others"
        if c.calibration.schema is None
        else (f"judged by fits on other documents, {REPEATS} times over, {c.groups} groups kept whole")
    )
    lines = [
        f"{c.calibration.name}: {c.documents} documents, {n} fields, {right:.1%} right; {whose}",
        *([f"learnt from too: {', '.join(c.beside)}"] if c.beside else []),
        "",
        f"{'':28} {'calibrated':>24}   {'by rule of thumb':>24}   at random",
        f"{'AUROC, all fields':28} {shown(after.auroc):>24}   {shown(before.auroc):>24}       0.500",
        f"{'AUROC, values given':28} {shown(after.auroc_given):>24}   {shown(before.auroc_given):>24}       0.500",
        f"{f'ECE, {len(after.bins)} bins of equal mass':28} {after.ece:24.3f}   {before.ece:24.3f}",
        f"{'Brier score':28} {after.brier:24.3f}   {before.brier:24.3f}",
        f"{f'to look at for {WANTED:.0%} right':28} {shown(after.budget):>24}   {shown(before.budget):>24}       "
        f"{c.at_random:.3f}",
        "",
        _in_words(c),
        "",
        "confidence  right  fields",
        *(
            f"{b.confidence:10.3f}  {b.accuracy:5.3f}  {round(b.count / (REPEATS if c.calibration.schema else 1)):6}"
            for b in after.bins
        ),
        "",
        "surest fields kept    " + "".join(f"{share:6.0%}" for share, _ in after.coverage),
        "of them right         " + "".join(f"{accuracy:6.1%}" for _, accuracy in after.coverage),
        "by rule of thumb      " + "".join(f"{accuracy:6.1%}" for _, accuracy in before.coverage),
    ]
    if c.unseen:
        lines += [
            "",
            f"{c.unseen} values of gold have no place in the records (list elements that were not found): no "
            "confidence warns of them, and they are not among the fields above.",
        ]
    return "\n".join(lines) + "\n"


def _in_words(c: Calibrated) -> str:
    """The number people care about."""
    budget, n = c.after.budget, c.values
    assert budget.value is not None
    around = f"{_count(budget.low, n)} to {_count(budget.high, n)}" if budget.low is not None else "none"
    looked, then = c.after.trusted
    by_score = c.before.budget.value or 0.0
    return (
        f"For {WANTED:.0%} right a person has to look at {_count(budget.value, n)} of {n} fields (95 % interval "
        f"{around}), least sure first; by rule of thumb at {_count(by_score, n)}, at random at "
        f"{_count(c.at_random, n)}.\nStopping where the confidence itself says so: {_count(looked, n)} looked at, "
        f"{then:.2%} right."
    )


def _count(share: float | None, n: int) -> int:
    return 0 if share is None else math.ceil(share * n - 1e-9)
