"""Reports as text: tables for a terminal, and a Markdown row for a log of results."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from extractor.evaluation.compare import BETTER, OTHER, WORSE, Comparison
from extractor.evaluation.figures import NAMES, FieldFigures, Figure
from extractor.evaluation.matching import MISSING, SPURIOUS, WRONG
from extractor.evaluation.report import Report, shown
from extractor.types import path_text

BREAKDOWN_WIDTH = 24
MOST_FIELDS, MOST_CHANGES = 60, 60
"""Rows that a terminal is given at most; the HTML report has all."""
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
"""Of the table that `summary` makes."""


def terminal(report: Report) -> str:
    """The report as compact tables of plain text."""
    lines = [report.title, ""]
    lines.append(f"{'':32} {'tool':>24}   {'trivial baseline':>24}")
    for key, name in NAMES.items():
        tool, rough = report.tool.overall[key], report.rough.overall[key]
        if tool.value is not None or rough.value is not None:
            lines.append(f"{name:32} {shown(tool):>24}   {shown(rough):>24}")
    fields = _worst(report)
    width = max([len("field"), *(len(f.name) for f in fields)])
    lines += ["", f"{'field':{width}}  gold right wrong missing false  F1 (95 % interval)       strict baseline"]
    rough_f1 = {f.name: f.f1 for f in report.rough.fields}
    for f in fields:
        counts = f"{f.gold:5} {f.correct:5} {f.wrong:5} {f.missing:7} {f.spurious:5}"
        rough = rough_f1.get(f.name, Figure(None))
        lines.append(f"{f.name:{width}} {counts}  {shown(f.f1):24} {_short(f.strict_f1):>6} {_short(rough):>8}")
    if len(fields) < len(report.tool.fields):
        others = len(report.tool.fields) - len(fields)
        lines.append(f"and {others} fields with no more mistakes than these; --output has them all")
    for by, parts in report.parts.items():
        lines += ["", f"{by:{BREAKDOWN_WIDTH}} documents  micro-F1"]
        for name, part in parts.items():
            lines.append(f"{name:{BREAKDOWN_WIDTH}} {part.documents:9}  {shown(part.overall['micro_f1'])}")
    lines += ["", *_footer(report)]
    return "\n".join(lines) + "\n"


def _worst(report: Report) -> list[FieldFigures]:
    """The fields with most mistakes, in their order; all of them where there are few."""
    by_mistakes = sorted(report.tool.fields, key=lambda f: -(f.wrong + f.missing + f.spurious))
    kept = {f.name for f in by_mistakes[:MOST_FIELDS]}
    return [f for f in report.tool.fields if f.name in kept]


def _footer(report: Report) -> Iterator[str]:
    seconds = [d.seconds for d in report.judged if d.error is None]
    if seconds and (at_a_time := _at_a_time(report)):
        mean, all_ = statistics.mean(seconds), sum(seconds)
        yield f"seconds per document: mean {mean:.1f}, all {all_:.0f}; {at_a_time} documents were asked at a time"
    elif seconds:
        middle, most = statistics.median(seconds), max(seconds)
        yield f"seconds per document: median {middle:.1f}, most {most:.1f}, all {sum(seconds):.0f}"
    if seconds:
        yield f"confidence is {report.calibration}"
    failed = [d for d in report.judged if d.error is not None]
    if failed:
        yield f"{len(failed)} document{'s' if len(failed) > 1 else ''} failed, with all fields counted as missing:"
        for document in failed:
            yield f"  {document.document}: {str(document.error).splitlines()[0]}"
    if report.unscored:
        yield f"gold has fields that the schema has not; they were not scored: {', '.join(report.unscored)}"


def mistakes(report: Report) -> str:
    """Every field that is not right, a line each."""
    lines = []
    for judged in report.judged:
        for m in judged.matches:
            if m.outcome in (WRONG, MISSING, SPURIOUS):
                value = judged.value_of(m)
                sure = "" if value is None or value["confidence"] is None else f" ({value['confidence']:.2f})"
                lines.append(
                    f"{judged.document} {path_text(m.path)}: {m.outcome}: gold {m.gold!r}, got {m.predicted!r}{sure}"
                )
    return "\n".join(lines) + "\n" if lines else "no mistakes\n"


def summary(reports: Sequence[Report]) -> str:
    """The runs as a Markdown table, a row each, ready for a log of results."""
    rows = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for report in reports:
        of = report.tool.overall
        seconds = [d.seconds for d in report.judged if d.error is None]
        identity = report.run.header["identity"]
        failed = f" ({report.tool.failed} failed)" if report.tool.failed else ""
        cells = [
            report.run.header["started"][:10],
            identity["set"],
            f"{report.tool.documents}{failed}",
            report.run.header["schema"]["name"],
            identity["model"],
            shown(of["micro_f1"]),
            _short(of["strict_micro_f1"]),
            _short(of["macro_f1"]),
            _short(of["anls"]),
            _short(of["false_fills"]),
            _short(report.rough.overall["micro_f1"]),
            _a_document(report, seconds),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _at_a_time(report: Report) -> int:
    """How many documents were asked at a time, at most; 0 where each was done alone."""
    return max((int(d.run.get("batch", 0)) for d in report.judged), default=0)


def _a_document(report: Report, seconds: Sequence[float]) -> str:
    """Median seconds of documents done alone; the mean, and how many at a time, where they were done together."""
    if not seconds:
        return "—"
    at_a_time = _at_a_time(report)
    return (
        f"{statistics.mean(seconds):.1f}, {at_a_time} at a time" if at_a_time else f"{statistics.median(seconds):.1f}"
    )


def changes(comparison: Comparison) -> str:
    """What changed since another run, and whether the difference is more than noise."""
    c = comparison
    before, after = (Figure(value) for value in (c.before, c.after))
    alone = f", {c.only_before} there alone, {c.only_after} here alone" if c.only_before or c.only_after else ""
    lines = [f"compared with {c.name}: {c.documents} documents in both{alone}"]
    for change in c.changes[:MOST_CHANGES]:
        was, is_ = (f"{outcome} {value!r}" for outcome, value in (change.before, change.after))
        lines.append(f"  {change.verdict:6} {change.document} {change.path}: gold {change.gold!r}: {was} -> {is_}")
    if len(c.changes) > MOST_CHANGES:
        lines.append(f"  and {len(c.changes) - MOST_CHANGES} more; --output has them all")
    counted = ", ".join(f"{c.count(verdict)} {verdict}" for verdict in (BETTER, WORSE, OTHER))
    lines.append(f"{len(c.changes)} fields changed: {counted}")
    lines.append(f"micro-F1 {_short(before)} -> {_short(after)}, difference {verdict_of(c)}")
    return "\n".join(lines) + "\n"


def verdict_of(comparison: Comparison) -> str:
    """The difference with its interval, the share of resamples against it, and what follows."""
    shift = comparison.difference
    around = f" ({shift.low:+.3f} to {shift.high:+.3f})" if shift.low is not None else ""
    against = f"; {comparison.against:.1%} of resamples say the opposite" if shift.value else ""
    said = "more than noise" if comparison.more_than_noise else "no more than noise"
    return f"{shift.value:+.3f}{around}{against}: {said}"


def _short(figure: Figure) -> str:
    return "—" if figure.value is None else f"{figure.value:.3f}"
