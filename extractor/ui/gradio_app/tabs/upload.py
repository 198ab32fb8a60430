"""Upload: files, what is wanted of them, and how far they are. An event hands them to the desk and returns."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.errors import InputError, SchemaError
from extractor.models import CATALOGUE, DEFAULT, weights
from extractor.schemas import MAX_BYTES, Schema, load_schema, shipped_schemas
from extractor.types import Path as FieldPath
from extractor.types import field_name
from extractor.ui.events import EVENT, Asking, told
from extractor.validation import compile_checks

if TYPE_CHECKING:
    from extractor.review import ReviewService
    from extractor.ui.settings import ServerSettings
    from extractor.ui.upload_ownership import Received

KINDS = (
    *(".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".docx", ".docm", ".xlsx", ".xlsm"),
    *(".xls", ".ods", ".csv", ".tsv", ".eml", ".html", ".htm", ".md", ".txt"),
)
"""The ends of names that can be chosen; what a file is, its content says."""
MOST_FILES = 500
"""Files that are handed in at once."""
TYPES = {
    "string": "upload.type_string",
    "integer": "upload.type_integer",
    "number": "upload.type_number",
    "boolean": "upload.type_boolean",
    "array": "upload.type_array",
    "json": "upload.type_json",
}
COLUMNS = ("upload.column_title", "upload.column_path", "upload.column_type", "upload.column_description")
OWN = "own"
"""The choice that stands for a schema of one's own, just sent."""


def build(
    settings: ServerSettings, desk: ReviewService, received: Received, words: Any, module: Callable[..., gr.HTML]
) -> tuple[Callable[[Asking], list[Any]], list[Any]]:
    """The tab; what comes back gives what stands in it when the page is opened, and where."""
    with gr.Row():
        with gr.Column(scale=3):
            files = gr.File(
                label=words("upload.files"),
                file_count="multiple",
                file_types=list(KINDS),
                height=260,
                elem_id="upload-files",
            )
        with gr.Column(scale=2):
            schema = gr.Dropdown(
                [], label=words("upload.schema"), info=words("upload.schema_info"), elem_id="upload-schema"
            )
            with gr.Accordion(words("upload.own"), open=False):
                own = gr.File(label=words("upload.own_info"), file_types=[".json"], height=110, elem_id="upload-own")
                wrong = gr.Textbox(
                    label=words("upload.own_wrong"), interactive=False, visible=False, lines=3, elem_id="upload-wrong"
                )
            model = gr.Dropdown(
                [], label=words("upload.model"), info=words("upload.model_info"), elem_id="upload-model"
            )
    start = gr.Button(words("upload.start"), variant="primary", elem_id="upload-start")
    done = gr.Textbox(label=words("upload.done"), interactive=False, visible=False, elem_id="upload-done")
    module("uploads", "uploads.js")
    with gr.Accordion(words("upload.fields"), open=True):
        preview = gr.Dataframe(
            interactive=False,
            wrap=True,
            max_height=420,
            elem_id="upload-preview",
            column_widths=["18%", "22%", "12%", "48%"],
        )

    def chosen(name: str | None, sent: str | None, asking: Asking) -> Schema | None:
        """The schema that is meant; raises SchemaError."""
        if name == OWN:
            return own_schema(sent, received, asking) if sent else None
        place = dict(places(settings)).get(name or "")
        return None if place is None else load_schema(place)

    @told
    def show(name: str | None, sent: str | None, asking: Asking) -> Any:
        return table(chosen(name, sent, asking), asking)

    @told
    def take_own(sent: str | None, asking: Asking) -> Any:
        there = choices(settings)
        if not sent:
            return gr.Dropdown(there, value=last_choice(desk, asking, there)), gr.Textbox(visible=False)
        try:
            found = own_schema(sent, received, asking)
        except (SchemaError, InputError) as error:
            return gr.Dropdown(there), gr.Textbox(f"{error.message}\n{error.hint}", visible=True)
        title = asking.word("upload.own_choice", title=found.title or found.name)
        return gr.Dropdown([(title, OWN), *there], value=OWN), gr.Textbox(visible=False)

    @told
    def hand_in(
        given: Sequence[str] | None, name: str | None, sent: str | None, model: str | None, asking: Asking
    ) -> Any:
        if not given:
            raise InputError(asking.word("upload.no_files"), asking.word("upload.no_files_next"))
        if len(given) > MOST_FILES:
            raise InputError(asking.word("upload.too_many", most=MOST_FILES), asking.word("upload.too_many_next"))
        found = chosen(name, sent, asking)
        if found is None:
            raise InputError(asking.word("upload.no_schema"), asking.word("upload.no_schema_next"))
        if model not in dict((value, text) for text, value in models(settings, asking)):
            raise InputError(asking.word("upload.no_model"), asking.word("upload.no_model_next"))
        if not all(received.is_of(asking.user, path) for path in given):
            raise InputError(asking.word("upload.gone"), asking.word("upload.gone_next"))
        compile_checks(found)
        named = [(received.name(asking.user, path), path) for path in given]
        taken = desk.upload(who=asking.user, files=named, schema=found, model=model)
        for path in given:
            received.done(asking.user, path)
        refused = [f"{each['name']}: {each['message']}" for each in taken["refused"]]
        said = [asking.word("upload.handed_in", number=taken["added"])] if taken["added"] else []
        return gr.File(None), gr.Textbox("\n".join([*said, *refused]), visible=True)

    schema.change(show, [schema, own], preview, **EVENT)
    own.change(take_own, own, [schema, wrong], **EVENT)
    start.click(hand_in, [files, schema, own, model], [files, done], concurrency_limit=4, **EVENT).success(
        None, None, None, js='() => {document.dispatchEvent(new Event("extractor:uploaded"))}', **EVENT
    )

    def at_first(asking: Asking) -> list[Any]:
        there, known = choices(settings), models(settings, asking)
        name = last_choice(desk, asking, there)
        return [
            gr.File(label=asking.word("upload.files_most", most=settings.max_upload)),
            gr.Dropdown(there, value=name),
            gr.Dropdown(known, value=first_model(settings)),
            table(chosen(name, None, asking), asking),
        ]

    return at_first, [files, schema, model, preview]


def places(settings: ServerSettings) -> list[tuple[str, Any]]:
    """What stands for each schema that can be chosen, and where it is: in the folder, or shipped."""
    found: list[tuple[str, Any]] = []
    if settings.schema_folder is not None:
        found += [(f"folder:{file.stem}", file) for file in sorted(settings.schema_folder.glob("*.json"))]
    found += [(f"shipped:{name}", name) for name, _ in shipped_schemas()]
    return found


def choices(settings: ServerSettings) -> list[tuple[str, str]]:
    """The schemas to choose from: what is shown, and what stands for it. Files that are no schema are left out."""
    found = []
    for key, place in places(settings):
        try:
            schema = load_schema(place)
            compile_checks(schema)
        except SchemaError:
            continue  # the server said so when it was started
        found.append((f"{schema.title} ({schema.name})" if schema.title else schema.name, key))
    return found


def last_choice(desk: ReviewService, asking: Asking, there: Sequence[tuple[str, str]]) -> str | None:
    """The schema of the user's newest upload; None where that is not to be had: a wrong one is not chosen for them."""
    newest = next(iter(desk.uploads(who=asking.user)["rows"]), {}).get("schema")
    return next((key for _, key in there if key.partition(":")[2] == newest), None)


def own_schema(path: str, received: Received, asking: Asking) -> Schema:
    """The schema in a file that the user has sent; raises SchemaError or InputError."""
    if not received.is_of(asking.user, path):
        raise InputError(asking.word("upload.gone"), asking.word("upload.gone_next"))
    if os.path.getsize(path) > MAX_BYTES:
        raise SchemaError(asking.word("upload.own_large"), asking.word("upload.own_large_next"))
    found = load_schema(Path(path))
    compile_checks(found)
    return found


def models(settings: ServerSettings, asking: Asking) -> list[tuple[str, str]]:
    """The models to choose from: the one the server was started with, those in the catalogue, and none."""
    found = []
    own = settings.model or os.environ.get("EXTRACTOR_MODEL")
    if own and own != "none" and own not in CATALOGUE:
        found.append((own, own))
    for known in CATALOGUE.values():
        key = "upload.model_here" if weights.is_present(known) else "upload.model_fetched"
        found.append((asking.word(key, name=known.name, size=f"{known.size / 1e9:.1f}"), known.name))
    return [*found, (asking.word("upload.model_none"), "none")]


def first_model(settings: ServerSettings) -> str:
    """The model of the server, else the default where its weights are here: nothing is fetched unasked."""
    own = settings.model or os.environ.get("EXTRACTOR_MODEL")
    return own or (DEFAULT if weights.is_present(CATALOGUE[DEFAULT]) else "none")


def table(schema: Schema | None, asking: Asking) -> Any:
    """The fields of a schema, a row each."""
    rows = []
    for path, field in schema.all_fields() if schema is not None else ():
        unit = f" ({field.unit})" if field.unit else ""
        said = field.description or json.dumps(field.enum, ensure_ascii=False) if field.enum else field.description
        kind = asking.word(TYPES[field.type]) + unit
        rows.append([field.title or field.name or "—", _shown(path), kind, said or ""])
    return gr.Dataframe({"headers": asking.headers(*COLUMNS), "data": rows})


def _shown(path: FieldPath) -> str:
    """The path as in figures: `items[].amount`."""
    return field_name(tuple(0 if step == "*" else step for step in path))
