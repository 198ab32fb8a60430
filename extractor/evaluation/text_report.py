"""Reports as text: tables for a terminal, and a Markdown row for a log of results."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from extractor.evaluation.compare import BETTER, OTHER, WORSE, Comparison
from extractor.evaluation.matching import MISSING, SPURIOUS, WRONG
from extractor.evaluation.metrics import METRIC_NAMES, Estimate, FieldMetrics
from extractor.evaluation.report import EvalReport, format_estimate
from extractor.types import path_text

BREAKDOWN_WIDTH = 24
MAX_FIELDS, MAX_CHANGES = 60, 60
"""The most rows that a terminal is given; the HTML report has all of them."""
COLUMNS = (
    "date",
    "set",
    "documents",
    "schema",
    "model",
    "micro-F1 (95 % interval)",
    "strict",
    "macro-F1",
    "ANLS*",
    "false fills",
    "baseline",
    "s/document",
)
"""The columns of the table that `format_summary` returns."""


def format_report(report: EvalReport) -> str:
    """Return the report as compact tables of plain text."""
    lines = [report.title, ""]
    lines.append(f"{'':32} {'tool':>24}   {'trivial baseline':>24}")
    for key, name in METRIC_NAMES.items():
        tool, baseline = report.tool.overall[key], report.baseline.overall[key]
        if tool.value is not None or baseline.value is not None:
            lines.append(f"{name:32} {format_estimate(tool):>24}   {format_estimate(baseline):>24}")
    fields = _fields_with_most_mistakes(report)
    width = max([len("field"), *(len(f.name) for f in fields)])
    lines += ["", f"{'field':{width}}  gold right wrong missing false  F1 (95 % interval)       strict baseline"]
    baseline_f1 = {f.name: f.f1 for f in report.baseline.fields}
    for f in fields:
        counts = f"{f.gold:5} {f.correct:5} {f.wrong:5} {f.missing:7} {f.spurious:5}"
        baseline = baseline_f1.get(f.name, Estimate(None))
        lines.append(
            f"{f.name:{width}} {counts}  {format_estimate(f.f1):24} {_short(f.strict_f1):>6} {_short(baseline):>8}"
        )
    if len(fields) < len(report.tool.fields):
        others = len(report.tool.fields) - len(fields)
        lines.append(f"and {others} fields with no more mistakes than these; --output has them all")
    for by, groups in report.groups.items():
        lines += ["", f"{by:{BREAKDOWN_WIDTH}} documents  micro-F1"]
        for name, metrics in groups.items():
            lines.append(
                f"{name:{BREAKDOWN_WIDTH}} {metrics.documents:9}  {format_estimate(metrics.overall['micro_f1'])}"
            )
    lines += ["", *_footer(report)]
    return "\n".join(lines) + "\n"


def _fields_with_most_mistakes(report: EvalReport) -> list[FieldMetrics]:
    """Return the fields with most mistakes, in the report's order; all of them where there are few."""
    by_mistakes = sorted(report.tool.fields, key=lambda f: -(f.wrong + f.missing + f.spurious))
    kept = {f.name for f in by_mistakes[:MAX_FIELDS]}
    return [f for f in report.tool.fields if f.name in kept]


def _footer(report: EvalReport) -> Iterator[str]:
    """Yield the lines below the tables: seconds, confidence, failed documents, fields that were not scored."""
    seconds = [d.seconds for d in report.results if d.error is None]
    if seconds and (batch := _batch_size(report)):
        mean, all_ = statistics.mean(seconds), sum(seconds)
        yield f"seconds per document: mean {mean:.1f}, all {all_:.0f}; {batch} documents put to the model at a time"
    elif seconds:
        middle, most = statistics.median(seconds), max(seconds)
        yield f"seconds per document: median {middle:.1f}, most {most:.1f}, all {sum(seconds):.0f}"
    if seconds:
        yield f"confidence is {report.calibration}"
    yield from _mask_line(report)
    failed = [d for d in report.results if d.error is not None]
    if failed:
        yield f"{len(failed)} document{'s' if len(failed) > 1 else ''} failed, all of their fields counted as missing:"
        for document in failed:
            yield f"  {document.document}: {str(document.error).splitlines()[0]}"
    if report.unscored:
        yield f"gold has fields that the schema lacks; they were not scored: {', '.join(report.unscored)}"


def _mask_line(report: EvalReport) -> Iterator[str]:
    """Yield how often the token mask left little of what the model would have written; nothing without a model."""
    counts: Counter[str] = Counter()
    for result in report.results:
        counts.update(result.run.get("choices", {}))
    total = counts.pop("all", 0)
    if total:
        shares = (
            f"{number / total:.2%} with less than {name.removeprefix('mass_under_')} of the model's own distribution"
            for name, number in counts.items()
        )
        yield f"choices under the token mask: {total}; {', '.join(shares)}"


def format_mistakes(report: EvalReport) -> str:
    """Return every field that is not right, one on a line."""
    lines = []
    for result in report.results:
        for m in result.matches:
            if m.outcome in (WRONG, MISSING, SPURIOUS):
                confidence = (result.value_of(m) or {}).get("confidence")
                sure = "" if confidence is None else f" ({confidence:.2f})"
                where = f"{result.document} {path_text(m.path)}"
                lines.append(f"{where}: {m.outcome}: gold {m.gold!r}, got {m.predicted!r}{sure}")
    return "\n".join(lines) + "\n" if lines else "no mistakes\n"


def format_summary(reports: Sequence[EvalReport]) -> str:
    """Return the runs as a Markdown table, a row each, for a log of results."""
    rows = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for report in reports:
        of = report.tool.overall
        seconds = [d.seconds for d in report.results if d.error is None]
        identity = report.run.header["identity"]
        failed = f" ({report.tool.failed} failed)" if report.tool.failed else ""
        cells = [
            report.run.header["started"][:10],
            identity["set"],
            f"{report.tool.documents}{failed}",
            report.run.header["schema"]["name"],
            identity["model"],
            format_estimate(of["micro_f1"]),
            _short(of["strict_micro_f1"]),
            _short(of["macro_f1"]),
            _short(of["anls"]),
            _short(of["false_fills"]),
            _short(report.baseline.overall["micro_f1"]),
            _seconds_per_document(report, seconds),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _batch_size(report: EvalReport) -> int:
    """Return how many documents were put to the model at a time, at most; 0 where each was done alone."""
    return max((int(d.run.get("batch", 0)) for d in report.results), default=0)


def _seconds_per_document(report: EvalReport, seconds: Sequence[float]) -> str:
    """Return the median seconds of documents done alone; with a batch, the mean and the batch size."""
    if not seconds:
        return "—"
    batch = _batch_size(report)
    return f"{statistics.mean(seconds):.1f}, {batch} at a time" if batch else f"{statistics.median(seconds):.1f}"


def format_changes(comparison: Comparison) -> str:
    """Return what changed since another run, and whether the difference is more than noise."""
    before, after = (Estimate(value) for value in (comparison.before, comparison.after))
    alone = (
        f", {comparison.only_before} there alone, {comparison.only_after} here alone"
        if comparison.only_before or comparison.only_after
        else ""
    )
    lines = [f"compared with {comparison.name}: {comparison.documents} documents in both{alone}"]
    for change in comparison.changes[:MAX_CHANGES]:
        before_text, after_text = (f"{outcome} {value!r}" for outcome, value in (change.before, change.after))
        lines.append(
            f"  {change.verdict:6} {change.document} {change.path}: gold {change.gold!r}: {before_text} -> {after_text}"
        )
    if len(comparison.changes) > MAX_CHANGES:
        lines.append(f"  and {len(comparison.changes) - MAX_CHANGES} more; --output has them all")
    counted = ", ".join(f"{comparison.count(verdict)} {verdict}" for verdict in (BETTER, WORSE, OTHER))
    lines.append(f"{len(comparison.changes)} fields changed: {counted}")
    lines.append(f"micro-F1 {_short(before)} -> {_short(after)}, difference {format_difference(comparison)}")
    return "\n".join(lines) + "\n"


def format_difference(comparison: Comparison) -> str:
    """Return the difference with its interval, the share of resamples opposed to it, and the verdict."""
    difference = comparison.difference
    interval = f" ({difference.low:+.3f} to {difference.high:+.3f})" if difference.low is not None else ""
    opposed = f"; {comparison.opposed:.1%} of resamples say the opposite" if difference.value else ""
    verdict = "more than noise" if comparison.is_significant else "no more than noise"
    return f"{difference.value:+.3f}{interval}{opposed}: {verdict}"


def _short(estimate: Estimate) -> str:
    return "—" if estimate.value is None else f"{estimate.value:.3f}"
