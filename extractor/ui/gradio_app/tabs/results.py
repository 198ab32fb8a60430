"""Results: how good the kept runs of `extractor eval` were, and how good the machine was on records people approved."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr

from extractor.errors import UsageError
from extractor.types import path_text
from extractor.ui.events import EVENT, Asking, told

if TYPE_CHECKING:
    from extractor.evaluation.report import Report
    from extractor.store import Store
    from extractor.ui.reports import Reports

RUNS = (
    "results.run",
    "results.started",
    "results.set",
    "results.model",
    "results.documents",
    "results.micro_f1",
    "results.strict",
    "results.anls",
    "results.false_fills",
)
FIGURES = ("micro_f1", "strict_micro_f1", "anls", "false_fills")
FIELDS = (
    "results.field",
    "results.gold_values",
    "results.correct",
    "results.wrong",
    "results.missing",
    "results.spurious",
    "results.f1",
)
MISTAKES = ("results.document", "results.field", "results.outcome", "results.gold", "results.got", "results.confidence")
OUTCOMES = {"wrong": "results.wrong", "missing": "results.missing", "spurious": "results.spurious"}
REVIEWED = ("results.band", "results.values", "results.accepted", "results.accuracy")
WIDTHS = ["17%", "11%", "12%", "12%", "7%", "12%", "12%", "8%", "9%"]
MOST_RUNS, MOST_MISTAKES, LONG = 200, 500, 300


def build(store: Store, reports: Reports, words: Any) -> tuple[Callable[[Asking], list[Any]], list[Any]]:
    """The tab; what comes back gives what stands in it when it is opened, and where."""
    gr.Markdown(words("results.about_reviewed"))
    records = gr.Textbox(
        label=words("results.reviewed"), show_label=False, container=False, interactive=False, elem_id="results-records"
    )
    judged = gr.Dataframe(interactive=False, wrap=True, elem_id="results-reviewed")
    gr.Markdown(words("results.about_runs"))
    kept = gr.Dataframe(interactive=False, wrap=True, max_height=300, column_widths=WIDTHS, elem_id="results-runs")
    with gr.Row():
        chosen = gr.Dropdown([], label=words("results.choose"), elem_id="results-choose", scale=3)
        whole = gr.Button(words("results.whole"), link_target="_blank", visible=False, elem_id="results-whole", scale=1)
    title = gr.Textbox(
        label=words("results.run"),
        show_label=False,
        container=False,
        interactive=False,
        visible=False,
        elem_id="results-title",
    )
    curves = gr.HTML(elem_id="results-curves", js_on_load=None)
    fields = gr.Dataframe(label=words("results.fields"), interactive=False, visible=False, max_height=420)
    mistakes = gr.Dataframe(
        label=words("results.mistakes"), interactive=False, visible=False, wrap=True, max_height=420
    )
    shown = [whole, title, curves, fields, mistakes]

    @told
    def show(name: str | None, asking: Asking) -> Any:
        return of_run(name, asking)

    def of_run(name: str | None, asking: Asking) -> list[Any]:
        if not name:
            return [gr.Button(visible=False), gr.Textbox(visible=False), "", *[gr.Dataframe(visible=False)] * 2]
        found = report(reports.folder(name))
        return [
            gr.Button(link=f"/results/{quote(name, safe='')}.html", visible=True),
            gr.Textbox(title_of(found, asking), visible=True),
            drawn(found, asking),
            gr.Dataframe(field_rows(found, asking), visible=True),
            gr.Dataframe(mistake_rows(found, asking), visible=True),
        ]

    chosen.change(show, chosen, shown, **EVENT)

    def at_first(asking: Asking) -> list[Any]:
        from extractor.evaluation.runs import kept_headers

        found = kept_headers(reports.runs)[:MOST_RUNS]
        names = [name for name, _ in found]
        rows = [run_row(name, header) for name, header in found]
        return [
            *of_people(store, asking),
            gr.Dataframe({"headers": asking.headers(*RUNS), "data": rows}),
            gr.Dropdown(names, value=None),
        ]

    return at_first, [records, judged, kept, chosen]


def title_of(found: Report, asking: Asking) -> str:
    """What the run is of, in a line."""
    identity, schema = found.run.header["identity"], found.run.header["schema"]["name"]
    counted = {"documents": len(found.judged), "values": found.tool.values}
    made = {"set": identity["set"], "schema": schema, "model": identity["model"], "tool": identity["tool"]}
    return asking.word("results.title", **counted, **made)


def run_row(name: str, header: Mapping[str, Any]) -> list[str]:
    """A kept run as its header tells it."""
    summary, identity = header.get("summary") or {}, header["identity"]
    figures = summary.get("figures") or {}
    told = [name, str(header["started"])[:16].replace("T", " "), identity["set"], identity["model"]]
    documents = str(summary.get("documents", "…"))
    return [str(cell) for cell in (*told, documents, *(figure(figures.get(key)) for key in FIGURES))]


def figure(of: Any) -> str:
    """`0.912 (0.880 – 0.940)` out of a value and its interval."""
    if not isinstance(of, list | tuple) or not of or of[0] is None:
        return "—"
    value, low, high = of
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} – {high:.3f})"


def report(folder: Path) -> Report:
    """The figures of a kept run; they take seconds to make, and are kept for the next who asks."""
    from extractor.evaluation.runs import HEADER, LINES

    return _report(
        folder, *((folder / part).stat().st_mtime_ns for part in (HEADER, LINES) if (folder / part).exists())
    )


@functools.lru_cache(maxsize=4)
def _report(folder: Path, *_: int) -> Report:
    from extractor.evaluation.runs import load_run
    from extractor.schemas import load_schema

    try:
        from extractor.evaluation.report import report
    except ModuleNotFoundError as error:
        raise UsageError(f"Results need {error.name}.", "Run `pip install 'extractor[eval]'`.") from error
    run = load_run(folder)
    return report(run, list(run.judged.values()), load_schema(run.header["schema"]["document"]))


def drawn(found: Report, asking: Asking) -> str:
    """The curves as SVG, which holds nothing but numbers and our own words."""
    from extractor.evaluation import curves

    pairs = found.confidences()
    if not pairs:
        return ""
    coverage = asking.headers("results.coverage", "results.coverage_across", "results.coverage_up")
    reliability = asking.headers("results.reliability", "results.reliability_across", "results.reliability_up")
    first = curves.coverage_svg(pairs, (coverage[0], coverage[1], coverage[2]))
    second = curves.reliability_svg(pairs, (reliability[0], reliability[1], reliability[2]))
    return f'<div class="curves"><figure>{first}</figure><figure>{second}</figure></div>'


def field_rows(found: Report, asking: Asking) -> dict[str, Any]:
    rows = []
    for f in found.tool.fields:
        counts = [f.gold, f.correct, f.wrong, f.missing, f.spurious]
        rows.append([f.name, *map(str, counts), figure((f.f1.value, f.f1.low, f.f1.high))])
    return {"headers": asking.headers(*FIELDS), "data": rows}


def mistake_rows(found: Report, asking: Asking) -> dict[str, Any]:
    rows: list[list[str]] = []
    for judged in found.judged:
        for m in judged.matches:
            if m.outcome in OUTCOMES and len(rows) < MOST_MISTAKES:
                value = judged.value_of(m) or {}
                sure = value.get("confidence")
                outcome = asking.word(OUTCOMES[m.outcome])
                told = [judged.document, path_text(m.path), outcome, _short(m.gold), _short(m.predicted)]
                rows.append([*told, "" if sure is None else f"{sure:.2f}"])
    return {"headers": asking.headers(*MISTAKES), "data": rows}


def of_people(store: Store, asking: Asking) -> list[Any]:
    """How often the machine's value was the one that people approved of, all in all and by how sure it was."""
    from extractor.evaluation.reviewed_records import reviewed

    found = reviewed(store)
    if not found.records:
        return [asking.word("results.no_records"), gr.Dataframe(visible=False)]
    rows = []
    for band in found.bands:
        name = asking.word("results.all") if band.low is None else f"{band.low:.0%} – {band.high:.0%}"
        share = figure((band.accuracy, band.least, band.most)) if band.values else "—"
        rows.append([name, f"{band.values:,}", f"{band.right:,}", share])
    told = asking.word("results.records", number=found.records, missed=found.missed)
    return [told, gr.Dataframe({"headers": asking.headers(*REVIEWED), "data": rows}, visible=True)]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else "—" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}…"
