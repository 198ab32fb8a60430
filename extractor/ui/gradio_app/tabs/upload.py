"""The Upload tab: files, what to extract from them, and how far they are.

An event hands the files over to the review service and returns; they are extracted in the background.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.classification import AUTO, make_kind_set
from extractor.errors import InputError, SchemaError
from extractor.models import CATALOGUE, DEFAULT, weights
from extractor.schemas import MAX_BYTES, Schema, load_schema, shipped_schemas
from extractor.types import Path as FieldPath
from extractor.types import field_name
from extractor.ui.gradio_app.events import EVENT_OPTIONS, EventContext, TabContents, event
from extractor.ui.offered_kinds import offered_kinds
from extractor.validation import compile_checks

if TYPE_CHECKING:
    from extractor.review import ReviewService
    from extractor.ui.gradio_app.upload_ownership import UploadOwnership
    from extractor.ui.settings import ServerSettings

EXTENSIONS = (
    *(".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".docx", ".docm", ".xlsx", ".xlsm"),
    *(".xls", ".ods", ".csv", ".tsv", ".eml", ".html", ".htm", ".xml", ".json", ".jsonl", ".md", ".txt"),
)
"""Which files can be chosen; what a file is, its content says."""
MAX_FILES = 500
"""Files in one upload."""
CONCURRENT_UPLOADS = 4
TYPE_TEXTS = {
    "string": "upload.type_string",
    "integer": "upload.type_integer",
    "number": "upload.type_number",
    "boolean": "upload.type_boolean",
    "array": "upload.type_array",
    "json": "upload.type_json",
}
FIELD_HEADERS = ("upload.column_title", "upload.column_path", "upload.column_type", "upload.column_description")
FIELD_WIDTHS = ["18%", "22%", "12%", "48%"]
OWN = "own"
"""The choice that stands for a schema that the user has just sent."""
AFTER_UPLOAD = '() => {document.dispatchEvent(new Event("extractor:uploaded"))}'
"""Has the list of uploads, which is a script of ours, load again."""


def build_tab(
    settings: ServerSettings,
    service: ReviewService,
    ownership: UploadOwnership,
    text: gr.I18n,
    module: Callable[..., gr.HTML],
    tab: gr.Tab,
) -> TabContents:
    """Add the tab's components to the page.

    `text` translates the key of a text; `module` adds a place that a script of ours fills; `tab` is the tab itself.
    """
    with gr.Row():
        with gr.Column(scale=3):
            files = gr.File(
                label=text("upload.files"),
                file_count="multiple",
                file_types=list(EXTENSIONS),
                height=260,
                elem_id="upload-files",
            )
        with gr.Column(scale=2):
            schema = gr.Dropdown(
                [], label=text("upload.schema"), info=text("upload.schema_info"), elem_id="upload-schema"
            )
            with gr.Accordion(text("upload.own"), open=False):
                own = gr.File(label=text("upload.own_info"), file_types=[".json"], height=110, elem_id="upload-own")
                own_error = gr.Textbox(
                    label=text("upload.own_wrong"), interactive=False, visible=False, lines=3, elem_id="upload-wrong"
                )
            split = gr.Checkbox(
                settings.split, label=text("upload.split"), info=text("upload.split_info"), elem_id="upload-split"
            )
            model = gr.Dropdown([], label=text("upload.model"), info=text("upload.model_info"), elem_id="upload-model")
    start = gr.Button(text("upload.start"), variant="primary", elem_id="upload-start")
    summary = gr.Textbox(label=text("upload.done"), interactive=False, visible=False, elem_id="upload-done")
    module("uploads", "uploads.js")
    with gr.Accordion(text("upload.fields"), open=True) as fields:
        preview = gr.Dataframe(
            interactive=False, wrap=True, max_height=420, elem_id="upload-preview", column_widths=FIELD_WIDTHS
        )

    def chosen_schema(choice: str | None, own_path: str | None, context: EventContext) -> Schema | None:
        """Return the schema that is chosen, None where there is none; raises SchemaError."""
        if choice == OWN:
            return load_own_schema(own_path, ownership, context) if own_path else None
        if choice == AUTO:
            return make_kind_set(list(offered_kinds(settings, service.store).values()))
        place = dict(schema_places(settings, service)).get(choice or "")
        return None if place is None else load_place(place)

    def shown_schema(choice: str | None, own_path: str | None, context: EventContext) -> Schema | None:
        """Return the schema whose fields are listed: none where the kind is yet to be found out."""
        return None if choice == AUTO else chosen_schema(choice, own_path, context)

    @event
    def show_fields(choice: str | None, own_path: str | None, context: EventContext) -> Any:
        shown = shown_schema(choice, own_path, context)
        return field_table(shown, context), gr.Accordion(visible=shown is not None)

    @event
    def take_own_schema(own_path: str | None, context: EventContext) -> Any:
        choices = offered_choices(settings, service, context)
        if not own_path:
            return gr.Dropdown(choices, value=first_choice(choices, settings.schema)), gr.Textbox(visible=False)
        try:
            found = load_own_schema(own_path, ownership, context)
        except (SchemaError, InputError) as error:
            return gr.Dropdown(choices), gr.Textbox(f"{error.message}\n{error.hint}", visible=True)
        title = context.word("upload.own_choice", title=found.title or found.name)
        return gr.Dropdown([(title, OWN), *choices], value=OWN), gr.Textbox(visible=False)

    @event
    def upload(
        sent: Sequence[str] | None,
        choice: str | None,
        own_path: str | None,
        model_name: str | None,
        split_files: bool | None,
        context: EventContext,
    ) -> Any:
        if not sent:
            raise InputError(context.word("upload.no_files"), context.word("upload.no_files_next"))
        if len(sent) > MAX_FILES:
            raise InputError(context.word("upload.too_many", most=MAX_FILES), context.word("upload.too_many_next"))
        found = chosen_schema(choice, own_path, context)
        if found is None:
            raise InputError(context.word("upload.no_schema"), context.word("upload.no_schema_next"))
        if model_name not in {value for _, value in model_choices(settings, context)}:
            raise InputError(context.word("upload.no_model"), context.word("upload.no_model_next"))
        if not all(ownership.owns(context.user, path) for path in sent):
            raise InputError(context.word("upload.gone"), context.word("upload.gone_next"))
        compile_checks(found)
        named = [(ownership.original_name(context.user, path), path) for path in sent]
        result = service.upload(who=context.user, files=named, schema=found, model=model_name, split=bool(split_files))
        for path in sent:
            ownership.release(context.user, path)
        lines = [context.word("upload.handed_in", number=result["added"])] if result["added"] else []
        lines += [f"{each['name']}: {context.word('failed.' + each['kind'])}" for each in result["refused"]]
        return gr.File(None), gr.Textbox("\n".join(lines), visible=True)

    @event
    def refresh_choices(choice: str | None, context: EventContext) -> Any:
        if choice == OWN:
            return gr.Dropdown()
        choices = offered_choices(settings, service, context)
        if choice in {key for _, key in choices}:
            return gr.Dropdown(choices)
        # Without a choice the page has not been filled yet; a kind that is gone is to be chosen anew by a person.
        return gr.Dropdown(choices, value=None if choice else first_choice(choices, settings.schema))

    tab.select(refresh_choices, schema, schema, **EVENT_OPTIONS)
    schema.change(show_fields, [schema, own], [preview, fields], **EVENT_OPTIONS)
    own.change(take_own_schema, own, [schema, own_error], **EVENT_OPTIONS)
    inputs = [files, schema, own, model, split]
    sending = start.click(upload, inputs, [files, summary], concurrency_limit=CONCURRENT_UPLOADS, **EVENT_OPTIONS)
    sending.success(None, None, None, js=AFTER_UPLOAD, **EVENT_OPTIONS)

    def fill(context: EventContext) -> list[Any]:
        choices = offered_choices(settings, service, context)
        choice = first_choice(choices, settings.schema)
        shown = shown_schema(choice, None, context)
        return [
            gr.File(label=context.word("upload.files_most", most=settings.max_upload)),
            gr.Dropdown(choices, value=choice),
            gr.Dropdown(model_choices(settings, context), value=first_model(settings)),
            field_table(shown, context),
            gr.Accordion(visible=shown is not None),
        ]

    return TabContents(fill, [files, schema, model, preview, fields])


def schema_places(settings: ServerSettings, service: ReviewService) -> list[tuple[str, Any]]:
    """Return a key for each schema that can be chosen, and what it is: saved, in the schema folder, or shipped."""
    places: list[tuple[str, Any]] = [(f"kind:{schema.name}", schema) for schema in service.kinds.schemas()]
    if settings.schema_folder is not None:
        places += [(f"folder:{file.stem}", file) for file in sorted(settings.schema_folder.glob("*.json"))]
    places += [(f"shipped:{name}", name) for name, _ in shipped_schemas()]
    return places


def load_place(place: Any) -> Schema:
    """Return the schema of one of `schema_places`; raises SchemaError."""
    return place if isinstance(place, Schema) else load_schema(place)


def schema_choices(settings: ServerSettings, service: ReviewService) -> list[tuple[str, str]]:
    """Return the label and key of each schema that can be chosen; files that are no schemas are left out."""
    choices = []
    for key, place in schema_places(settings, service):
        try:
            schema = load_place(place)
            compile_checks(schema)
        except SchemaError:
            continue  # the server reported it when it was started
        choices.append((f"{schema.title} ({schema.name})" if schema.title else schema.name, key))
    return choices


def offered_choices(settings: ServerSettings, service: ReviewService, context: EventContext) -> list[tuple[str, str]]:
    """Return the schemas that can be chosen; where there are several, having the kind found out comes first."""
    choices = schema_choices(settings, service)
    return [(context.word("upload.find_out"), AUTO), *choices] if len(choices) > 1 else choices


def first_choice(choices: Sequence[tuple[str, str]], wanted: str) -> str | None:
    """Return the key of the choice that is preselected: the kind of the name `wanted`, else the first.

    That has the kind found out where there are several, as a wrong kind that nobody chose would be overlooked.
    """
    keys = [key for _, key in choices]
    return next((key for key in keys if key.partition(":")[2] == wanted), next(iter(keys), None))


def load_own_schema(path: str, ownership: UploadOwnership, context: EventContext) -> Schema:
    """Return the schema in a file that the user has sent; raises SchemaError or InputError."""
    if not ownership.owns(context.user, path):
        raise InputError(context.word("upload.gone"), context.word("upload.gone_next"))
    if os.path.getsize(path) > MAX_BYTES:
        raise SchemaError(context.word("upload.own_large"), context.word("upload.own_large_next"))
    schema = load_schema(Path(path))
    compile_checks(schema)
    return schema


def model_choices(settings: ServerSettings, context: EventContext) -> list[tuple[str, str]]:
    """Return the label and name of each model: the one the server was started with, the catalogue's, and none."""
    choices = []
    own = settings.model or os.environ.get("EXTRACTOR_MODEL")
    if own and own != "none" and own not in CATALOGUE:
        choices.append((own, own))
    for model in CATALOGUE.values():
        key = "upload.model_here" if weights.is_present(model) else "upload.model_fetched"
        choices.append((context.word(key, name=model.name, size=f"{model.size / 1e9:.1f}"), model.name))
    return [*choices, (context.word("upload.model_none"), "none")]


def first_model(settings: ServerSettings) -> str:
    """Return the server's model, else the default where its weights are here: nothing is downloaded unasked."""
    own = settings.model or os.environ.get("EXTRACTOR_MODEL")
    return own or (DEFAULT if weights.is_present(CATALOGUE[DEFAULT]) else "none")


def field_table(schema: Schema | None, context: EventContext) -> Any:
    """Return the fields of a schema as a table, a row of `FIELD_HEADERS` each."""
    rows = []
    for path, field in schema.all_fields() if schema is not None else ():
        unit = f" ({field.unit})" if field.unit else ""
        description = field.description
        if not description and field.enum:
            description = "; ".join(str(choice) for choice in field.enum if choice is not None)
        kind = context.word(TYPE_TEXTS[field.type]) + unit
        rows.append([field.title or field.name or "—", _display_path(path), kind, description or ""])
    return gr.Dataframe({"headers": context.words(*FIELD_HEADERS), "data": rows})


def _display_path(path: FieldPath) -> str:
    """Return the path as figures name it: `items[].amount`."""
    return field_name(tuple(0 if step == "*" else step for step in path))
