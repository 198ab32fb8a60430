"""What a calibration achieved, as plain text for a terminal."""

from __future__ import annotations

import math

from extractor.evaluation.calibrate import CalibrationResult
from extractor.evaluation.discrimination import TARGET_ACCURACY
from extractor.evaluation.report import format_estimate


def format_calibration(result: CalibrationResult) -> str:
    """Return the metrics of a calibration as compact tables."""
    after, before, n = result.after, result.before, result.values
    right = 1 - result.wrong / n
    general = result.calibration.schema is None
    method = (
        "each kind of report judged by a fit on the others"
        if general
        else f"judged by fits on other documents, {result.repeats} times over, {result.groups} groups kept whole"
    )
    lines = [
        f"{result.calibration.name}: {result.documents} documents, {n} fields, {right:.1%} right; {method}",
        *([f"also learnt from: {', '.join(result.other_sets)}"] if result.other_sets else []),
        "",
        f"{'':28} {'calibrated':>24}   {'uncalibrated score':>24}   at random",
        _row("AUROC, all fields", format_estimate(after.auroc), format_estimate(before.auroc), "0.500"),
        _row(
            "AUROC, nulls left out",
            format_estimate(after.auroc_non_null),
            format_estimate(before.auroc_non_null),
            "0.500",
        ),
        _row(f"ECE, {len(after.bins)} bins of equal mass", f"{after.ece:.3f}", f"{before.ece:.3f}"),
        _row("Brier score", f"{after.brier:.3f}", f"{before.brier:.3f}"),
        _row(
            f"to review for {TARGET_ACCURACY:.0%} right",
            format_estimate(after.review_budget),
            format_estimate(before.review_budget),
            f"{result.random_budget:.3f}",
        ),
        "",
        _budget_sentences(result),
        "",
        "confidence  right  fields",
        *(f"{b.confidence:10.3f}  {b.accuracy:5.3f}  {round(b.count / result.repeats):6}" for b in after.bins),
        "",
        "most confident fields " + "".join(f"{share:6.0%}" for share, _ in after.coverage),
        "of them right         " + "".join(f"{accuracy:6.1%}" for _, accuracy in after.coverage),
        "by uncalibrated score " + "".join(f"{accuracy:6.1%}" for _, accuracy in before.coverage),
    ]
    if result.unrepresented:
        lines += [
            "",
            f"{result.unrepresented} values of gold have no place in the records (list elements that were not found): "
            "no confidence warns of them, and they are not among the fields above.",
        ]
    return "\n".join(lines) + "\n"


def _row(name: str, after: str, before: str, random: str = "") -> str:
    return f"{name:28} {after:>24}   {before:>24}" + (f"       {random}" if random else "")


def _budget_sentences(result: CalibrationResult) -> str:
    """Return the review budget in words: it is the number that people care about."""
    budget, n = result.after.review_budget, result.values
    assert budget.value is not None
    interval = f"{_count(budget.low, n)} to {_count(budget.high, n)}" if budget.low is not None else "none"
    reviewed, accuracy = result.after.self_reported
    by_score = result.before.review_budget.value or 0.0
    return (
        f"For {TARGET_ACCURACY:.0%} right a person has to review {_count(budget.value, n)} of {n} fields (95 % "
        f"interval {interval}), lowest confidence first; by uncalibrated score {_count(by_score, n)}, at random "
        f"{_count(result.random_budget, n)}.\nStopping where the confidence itself says so: "
        f"{_count(reviewed, n)} reviewed, {accuracy:.2%} right."
    )


def _count(share: float | None, n: int) -> int:
    return 0 if share is None else math.ceil(share * n - 1e-9)
