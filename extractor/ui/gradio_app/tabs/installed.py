"""The tab of models and schemas: what is on this machine, and how to get more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.models import CATALOGUE, DEFAULT, weights
from extractor.ui.gradio_app.events import EVENT_OPTIONS, EventContext, TabContents, event
from extractor.ui.gradio_app.tabs.upload import FIELD_WIDTHS, field_table, load_place, schema_choices, schema_places

if TYPE_CHECKING:
    from extractor.review import ReviewService
    from extractor.ui.settings import ServerSettings

MODEL_HEADERS = (
    "installed.name",
    "installed.state",
    "installed.size",
    "installed.licence",
    "installed.origin",
    "installed.get",
)


def build_tab(settings: ServerSettings, service: ReviewService, text: gr.I18n) -> TabContents:
    """Add the tab's components to the page; `text` translates the key of a text."""
    gr.Markdown(text("installed.about_models"))
    models = gr.Dataframe(interactive=False, wrap=True, elem_id="installed-models")
    gr.Markdown(text("installed.about_schemas"))
    schema = gr.Dropdown([], label=text("installed.schema"), elem_id="installed-schema")
    about = gr.Textbox(label=text("installed.about"), interactive=False, lines=2, elem_id="installed-about")
    fields = gr.Dataframe(
        interactive=False, wrap=True, max_height=520, column_widths=FIELD_WIDTHS, elem_id="installed-fields"
    )

    def describe(choice: str | None, context: EventContext) -> list[Any]:
        place = dict(schema_places(settings, service)).get(choice or "")
        found = None if place is None else load_place(place)
        description = "" if found is None else found.description
        return [gr.Textbox(description, visible=bool(description)), field_table(found, context)]

    schema.change(event(describe), schema, [about, fields], **EVENT_OPTIONS)

    def fill(context: EventContext) -> list[Any]:
        choices = schema_choices(settings, service)
        first = choices[0][1] if choices else None
        return [
            gr.Dataframe({"headers": context.words(*MODEL_HEADERS), "data": model_rows(context)}),
            gr.Dropdown(choices, value=first),
            *describe(first, context),
        ]

    return TabContents(fill, [models, schema, about, fields])


def model_rows(context: EventContext) -> list[list[str]]:
    """Return a row of `MODEL_HEADERS` for each model of the catalogue."""
    rows = []
    for model in CATALOGUE.values():
        present = weights.is_present(model)
        default = f" {context.word('installed.default')}" if model.name == DEFAULT else ""
        state = context.word("installed.here" if present else "installed.not_here")
        command = "—" if present else f"extractor models pull {model.name}"
        rows.append([model.name + default, state, f"{model.size / 1e9:.1f} GB", model.licence, model.hub, command])
    return rows
