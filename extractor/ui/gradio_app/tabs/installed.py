"""Installed: the models and the schemas that are here, and how to get more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.models import CATALOGUE, DEFAULT, weights
from extractor.schemas import load_schema
from extractor.ui.events import EVENT, Asking, told
from extractor.ui.gradio_app.tabs.upload import choices, places, table

if TYPE_CHECKING:
    from extractor.ui.settings import ServerSettings

MODELS = (
    "installed.name",
    "installed.state",
    "installed.size",
    "installed.licence",
    "installed.origin",
    "installed.get",
)


def build(settings: ServerSettings, words: Any) -> tuple[Callable[[Asking], list[Any]], list[Any]]:
    """The tab; what comes back gives what stands in it when it is opened, and where."""
    gr.Markdown(words("installed.about_models"))
    models = gr.Dataframe(interactive=False, wrap=True, elem_id="installed-models")
    gr.Markdown(words("installed.about_schemas"))
    schema = gr.Dropdown([], label=words("installed.schema"), elem_id="installed-schema")
    about = gr.Textbox(label=words("installed.about"), interactive=False, lines=2, elem_id="installed-about")
    fields = gr.Dataframe(
        interactive=False,
        wrap=True,
        max_height=520,
        column_widths=["18%", "22%", "12%", "48%"],
        elem_id="installed-fields",
    )

    def of_schema(name: str | None, asking: Asking) -> list[Any]:
        place = dict(places(settings)).get(name or "")
        found = None if place is None else load_schema(place)
        return ["" if found is None else found.description, table(found, asking)]

    @told
    def show(name: str | None, asking: Asking) -> Any:
        return of_schema(name, asking)

    schema.change(show, schema, [about, fields], **EVENT)

    def at_first(asking: Asking) -> list[Any]:
        there = choices(settings)
        first = there[0][1] if there else None
        return [
            gr.Dataframe({"headers": asking.headers(*MODELS), "data": model_rows(asking)}),
            gr.Dropdown(there, value=first),
            *of_schema(first, asking),
        ]

    return at_first, [models, schema, about, fields]


def model_rows(asking: Asking) -> list[list[str]]:
    rows = []
    for known in CATALOGUE.values():
        here = weights.is_present(known)
        default = f" {asking.word('installed.default')}" if known.name == DEFAULT else ""
        state = asking.word("installed.here" if here else "installed.not_here")
        get = "—" if here else f"extractor models pull {known.name}"
        rows.append([known.name + default, state, f"{known.size / 1e9:.1f} GB", known.licence, known.hub, get])
    return rows
