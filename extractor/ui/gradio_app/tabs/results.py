"""The Results tab: kept runs of `extractor eval`, and how good the machine was on records that people approved."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr

from extractor.errors import UsageError
from extractor.types import path_text
from extractor.ui.gradio_app.events import EVENT_OPTIONS, EventContext, TabContents, event

if TYPE_CHECKING:
    from extractor.evaluation.report import EvalReport
    from extractor.store import Store
    from extractor.ui.reports import Reports

RUN_HEADERS = (
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
RUN_WIDTHS = ["17%", "11%", "12%", "12%", "7%", "12%", "12%", "8%", "9%"]
FIGURES = ("micro_f1", "strict_micro_f1", "anls", "false_fills")
FIELD_HEADERS = (
    "results.field",
    "results.gold_values",
    "results.correct",
    "results.wrong",
    "results.missing",
    "results.spurious",
    "results.f1",
)
MISTAKE_HEADERS = (
    "results.document",
    "results.field",
    "results.outcome",
    "results.gold",
    "results.got",
    "results.confidence",
)
OUTCOME_TEXTS = {"wrong": "results.wrong", "missing": "results.missing", "spurious": "results.spurious"}
REVIEWED_HEADERS = ("results.band", "results.values", "results.accepted", "results.accuracy")
PEOPLE_FIGURES = ("corrected", "accepted", "approved", "rejected", "flagged")
PEOPLE_HEADERS = (
    "results.day",
    "results.person",
    "results.person_corrected",
    "results.person_accepted",
    "results.person_approved",
    "results.person_rejected",
    "results.person_flagged",
)
MAX_RUNS, MAX_MISTAKES = 200, 500
MAX_CELL = 300
"""Characters of a value that are shown."""
NO_FIGURE = "—"


def build_tab(store: Store, reports: Reports, text: gr.I18n) -> TabContents:
    """Add the tab's components to the page; `text` translates the key of a text."""
    gr.Markdown(text("results.about_reviewed"))
    records = gr.Textbox(
        label=text("results.reviewed"),
        show_label=False,
        container=False,
        interactive=False,
        lines=1,
        max_lines=4,
        elem_id="results-records",
    )
    reviewed_values = gr.Dataframe(interactive=False, wrap=True, elem_id="results-reviewed")
    about_people = gr.Markdown(text("results.about_people"), visible=False)
    people = gr.Dataframe(interactive=False, wrap=True, max_height=300, visible=False, elem_id="results-people")
    gr.Markdown(text("results.about_runs"))
    runs = gr.Dataframe(
        interactive=False, wrap=True, max_height=300, column_widths=RUN_WIDTHS, visible=False, elem_id="results-runs"
    )
    with gr.Row(visible=False) as choice:
        chosen = gr.Dropdown([], label=text("results.choose"), elem_id="results-choose", scale=3)
        report = gr.Button(text("results.whole"), link_target="_blank", visible=False, elem_id="results-whole", scale=1)
    title = gr.Textbox(
        label=text("results.run"),
        show_label=False,
        container=False,
        interactive=False,
        visible=False,
        elem_id="results-title",
    )
    curves = gr.HTML(elem_id="results-curves", js_on_load=None)
    fields = gr.Dataframe(label=text("results.fields"), interactive=False, visible=False, max_height=420)
    mistakes = gr.Dataframe(label=text("results.mistakes"), interactive=False, visible=False, wrap=True, max_height=420)

    def show_run(name: str | None, context: EventContext) -> list[Any]:
        if not name:
            return [gr.Button(visible=False), gr.Textbox(visible=False), "", *[gr.Dataframe(visible=False)] * 2]
        found = load_report(reports.folder(name))
        return [
            gr.Button(link=f"/results/{quote(name, safe='')}.html", visible=True),
            gr.Textbox(run_title(found, context), visible=True),
            curves_html(found, context),
            gr.Dataframe(field_table(found, context), visible=True),
            gr.Dataframe(mistake_table(found, context), visible=True),
        ]

    chosen.change(event(show_run), chosen, [report, title, curves, fields, mistakes], **EVENT_OPTIONS)

    def fill(context: EventContext) -> list[Any]:
        from extractor.evaluation.runs import list_runs

        kept = list_runs(reports.runs)[:MAX_RUNS]
        names = [name for name, _ in kept]
        rows = [run_row(name, header) for name, header in kept]
        days = people_rows(store)
        return [
            *reviewed_contents(store, context),
            gr.Markdown(visible=bool(days)),
            gr.Dataframe({"headers": context.words(*PEOPLE_HEADERS), "data": days}, visible=bool(days)),
            gr.Dataframe({"headers": context.words(*RUN_HEADERS), "data": rows}, visible=bool(rows)),
            gr.Row(visible=bool(rows)),
            gr.Dropdown(names, value=None),
        ]

    return TabContents(fill, [records, reviewed_values, about_people, people, runs, choice, chosen])


def load_report(folder: Path) -> EvalReport:
    """Return the figures of a kept run; they take seconds to compute, so the last few are kept.

    Raises UsageError where the libraries of the `eval` extra are missing.
    """
    from extractor.evaluation.runs import DOCUMENTS_FILE, HEADER_FILE

    changed = ((folder / part).stat().st_mtime_ns for part in (HEADER_FILE, DOCUMENTS_FILE) if (folder / part).exists())
    return _compute_report(folder, *changed)


@functools.lru_cache(maxsize=4)
def _compute_report(folder: Path, *_: int) -> EvalReport:
    from extractor.evaluation.runs import load_run
    from extractor.schemas import load_schema

    try:
        from extractor.evaluation.report import build_report
    except ModuleNotFoundError as error:
        raise UsageError(f"Results need {error.name}.", "Run `pip install 'extractor[eval]'`.") from error
    run = load_run(folder)
    return build_report(run, list(run.results.values()), load_schema(run.header["schema"]["document"]))


def run_title(report: EvalReport, context: EventContext) -> str:
    """Return in a line what was evaluated."""
    identity = report.run.header["identity"]
    return context.word(
        "results.title",
        documents=len(report.results),
        values=report.tool.values,
        set=identity["set"],
        schema=report.run.header["schema"]["name"],
        model=identity["model"],
        tool=identity["tool"],
    )


def run_row(name: str, header: Mapping[str, Any]) -> list[str]:
    """Return a row of `RUN_HEADERS` for a kept run, from its header."""
    summary, identity = header.get("summary") or {}, header["identity"]
    figures = summary.get("figures") or {}
    started = str(header["started"])[:16].replace("T", " ")
    cells = [name, started, identity["set"], identity["model"], summary.get("documents", "…")]
    return [str(cell) for cell in (*cells, *(figure_text(figures.get(key)) for key in FIGURES))]


def figure_text(figure: Any) -> str:
    """Return a value and its interval as `0.912 (0.880 – 0.940)`."""
    if not isinstance(figure, list | tuple) or not figure or figure[0] is None:
        return NO_FIGURE
    value, low, high = figure
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} – {high:.3f})"


def curves_html(report: EvalReport, context: EventContext) -> str:
    """Return the curves as SVG, which holds nothing but numbers and our own texts."""
    from extractor.evaluation import curves

    pairs = report.confidences()
    if not pairs:
        return ""
    coverage = context.words("results.coverage", "results.coverage_across", "results.coverage_up")
    reliability = context.words("results.reliability", "results.reliability_across", "results.reliability_up")
    first = curves.coverage_svg(pairs, (coverage[0], coverage[1], coverage[2]))
    second = curves.reliability_svg(pairs, (reliability[0], reliability[1], reliability[2]))
    return f'<div class="curves"><figure>{first}</figure><figure>{second}</figure></div>'


def field_table(report: EvalReport, context: EventContext) -> dict[str, Any]:
    """Return the results of each field as a table."""
    rows = []
    for field in report.tool.fields:
        counts = [field.gold, field.correct, field.wrong, field.missing, field.spurious]
        f1 = figure_text((field.f1.value, field.f1.low, field.f1.high))
        rows.append([field.name, *map(str, counts), f1])
    return {"headers": context.words(*FIELD_HEADERS), "data": rows}


def mistake_table(report: EvalReport, context: EventContext) -> dict[str, Any]:
    """Return the values that were wrong, missing or spurious as a table."""
    rows: list[list[str]] = []
    for result in report.results:
        for match in result.matches:
            if match.outcome not in OUTCOME_TEXTS or len(rows) >= MAX_MISTAKES:
                continue
            confidence = (result.value_of(match) or {}).get("confidence")
            rows.append(
                [
                    result.document,
                    path_text(match.path),
                    context.word(OUTCOME_TEXTS[match.outcome]),
                    _cell_text(match.gold),
                    _cell_text(match.predicted),
                    "" if confidence is None else f"{confidence:.2f}",
                ]
            )
    return {"headers": context.words(*MISTAKE_HEADERS), "data": rows}


def reviewed_contents(store: Store, context: EventContext) -> list[Any]:
    """Return how often people approved the machine's value, in all and by confidence: a sentence and a table."""
    from extractor.evaluation.reviewed_records import measure_reviewed_records

    found = measure_reviewed_records(store)
    if not found.records:
        return [context.word("results.no_records"), gr.Dataframe(visible=False)]
    rows = []
    for band in found.bands:
        name = context.word("results.all") if band.low is None else f"{band.low:.0%} – {band.high:.0%}"
        share = figure_text((band.accuracy, band.accuracy_low, band.accuracy_high)) if band.values else NO_FIGURE
        rows.append([name, f"{band.values:,}", f"{band.right:,}", share])
    sentences = [context.word("results.records", number=found.records, missed=found.missed)]
    if found.unseen:
        sentences.append(context.word("results.unseen", number=found.unseen))
    if found.automatic:
        sentences.append(context.word("results.automatic", number=found.automatic))
    if found.sampled:
        sentences.append(context.word("results.sampled", number=found.sampled, wrong=found.sampled_wrong))
    return [
        "\n".join(sentences),
        gr.Dataframe({"headers": context.words(*REVIEWED_HEADERS), "data": rows}, visible=True),
    ]


def people_rows(store: Store) -> list[list[str]]:
    """Return what was done on each day by each person, a row of `PEOPLE_HEADERS` each."""
    return [[row["day"], row["who"], *(f"{row[name]:,}" for name in PEOPLE_FIGURES)] for row in store.records.figures()]


def _cell_text(value: Any) -> str:
    text = value if isinstance(value, str) else NO_FIGURE if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…"
