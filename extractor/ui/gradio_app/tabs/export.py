"""The Export tab: the store's records as a file for the one who asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.errors import InputError, UsageError
from extractor.ui.export_files import write_export
from extractor.ui.gradio_app.events import EVENT_OPTIONS, EventContext, TabContents, event

if TYPE_CHECKING:
    from extractor.store import Store
    from extractor.ui.export_files import ExportFiles

FORMATS = {
    "xlsx": "export.xlsx",
    "csv": "export.csv",
    "jsonl": "export.jsonl",
    "parquet": "export.parquet",
    "gold": "export.gold",
}
STATUSES = {
    "approved": "export.approved",
    "new": "export.new",
    "needs_review": "export.needs_review",
    "rejected": "export.rejected",
    "all": "export.all",
}
CONCURRENT_EXPORTS = 2


def build_tab(store: Store, export_files: ExportFiles, text: gr.I18n) -> TabContents:
    """Add the tab's components to the page; `text` translates the key of a text."""
    with gr.Row():
        schema = gr.Dropdown([], label=text("export.schema"), elem_id="export-schema")
        status = gr.Dropdown([], label=text("export.status"), elem_id="export-status")
        format = gr.Dropdown([], label=text("export.format"), elem_id="export-format")
    with gr.Row():
        evidence = gr.Checkbox(label=text("export.evidence"), elem_id="export-evidence")
        confidence = gr.Checkbox(label=text("export.confidence"), elem_id="export-confidence")
    make = gr.Button(text("export.make"), variant="primary", elem_id="export-make")
    summary = gr.Textbox(label=text("export.said"), interactive=False, visible=False, lines=2, elem_id="export-said")
    download = gr.Button(text("export.fetch"), visible=False, elem_id="export-fetch")

    @event
    def make_file(
        schema_id: str | None,
        chosen_status: str,
        chosen_format: str,
        with_evidence: bool,
        with_confidence: bool,
        context: EventContext,
    ) -> Any:
        nothing = context.word("export.nothing"), context.word("export.nothing_next")
        if chosen_format not in FORMATS or chosen_status not in STATUSES:
            raise UsageError(*nothing)
        only = "approved" if chosen_format == "gold" else None if chosen_status == "all" else chosen_status
        counts = store.records.count_by_status(schema=schema_id) if schema_id in store.schemas() else {}
        if not (counts.get(only, 0) if only else sum(counts.values())):
            raise InputError(*nothing)
        token, folder = export_files.new_folder()
        try:
            path, count, warnings = write_export(
                store,
                folder,
                who=context.user,
                schema=schema_id,
                status=only,
                format=chosen_format,
                evidence=with_evidence,
                confidence=with_confidence,
            )
        except BaseException:
            export_files.delete(token)
            raise
        export_files.add(token, context.user, path)
        size = f"{path.stat().st_size / 1e3:,.0f}"
        lines = [context.word("export.made", number=count, name=path.name, size=size), *warnings]
        label = context.word("export.fetch_named", name=path.name)
        return gr.Textbox("\n".join(lines), visible=True), gr.Button(label, link=f"/exports/{token}", visible=True)

    inputs = [schema, status, format, evidence, confidence]
    make.click(make_file, inputs, [summary, download], concurrency_limit=CONCURRENT_EXPORTS, **EVENT_OPTIONS)

    def fill(context: EventContext) -> list[Any]:
        schemas = schema_choices(store)
        return [
            gr.Dropdown(schemas, value=schemas[0][1] if schemas else None),
            gr.Dropdown([(context.word(key), value) for value, key in STATUSES.items()], value="approved"),
            gr.Dropdown([(context.word(key), value) for value, key in FORMATS.items()], value="xlsx"),
            gr.Textbox(visible=False),
            gr.Button(visible=False),
        ]

    return TabContents(fill, [schema, status, format, summary, download])


def schema_choices(store: Store) -> list[tuple[str, str]]:
    """Return the label and id of every schema that has records, the one with most of them first."""
    choices = []
    for schema_id, (name, document) in store.schemas().items():
        count = sum(store.records.count_by_status(schema=schema_id).values())
        if count:
            choices.append((count, f"{document.get('title') or name} ({name}): {count}", schema_id))
    return [(label, schema_id) for _, label, schema_id in sorted(choices, key=lambda choice: -choice[0])]
