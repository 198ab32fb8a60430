"""The page: Gradio's tabs, and in two of them and above them places that our own scripts fill.

No text of a document passes through Gradio as markup: our scripts fetch what documents say and show it as text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.ui.gradio_app.events import EVENT_OPTIONS, TabContents, event
from extractor.ui.gradio_app.page import TITLE
from extractor.ui.gradio_app.tabs import export, installed, results, upload
from extractor.ui.language import LANGUAGES, words

if TYPE_CHECKING:
    from extractor.review import ReviewService
    from extractor.ui.export_files import ExportFiles
    from extractor.ui.gradio_app.upload_ownership import UploadOwnership
    from extractor.ui.reports import Reports
    from extractor.ui.settings import ServerSettings

TRANSLATIONS = gr.I18n(**{tag: dict(words(language)) for language, tag in LANGUAGES.items()})
LOAD_SCRIPT = """const load = () => import("/static/%s").then((m) => m.mount(element), () => setTimeout(load, 2000));
load();"""
"""Loads one of our scripts; it is asked for again every two seconds while the server does not answer."""
CONCURRENT_EVENTS = 8
"""Events of one kind that are answered at the same time."""
DELETE_EVERY, KEEP_SECONDS = 600, 6 * 3600
"""How often Gradio looks for uploads that nobody started, and how old they are when it deletes them, in seconds."""
FONTS = ["system-ui", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
"""Of the machine: none is fetched."""


THEME_COLORS = {
    "body_text_color_subdued": "#565d6b",
    "body_text_color_subdued_dark": "#b4bac6",
    "block_info_text_color": "#565d6b",
    "block_info_text_color_dark": "#b4bac6",
    "input_placeholder_color": "#565d6b",
    "input_placeholder_color_dark": "#b4bac6",
    "button_primary_background_fill": "#1d5fd1",
    "button_primary_background_fill_dark": "#1d5fd1",
    "button_primary_background_fill_hover": "#174ca8",
    "button_primary_background_fill_hover_dark": "#174ca8",
}
"""Colours in place of those of the theme that have less contrast than 4.5 to 1 with what is behind them."""


def make_theme() -> Any:
    """Return Gradio's basic theme with the fonts of the machine, and with colours that everybody can read."""
    monospace = ["ui-monospace", "Consolas", "monospace"]
    theme = gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=FONTS, font_mono=monospace)
    return theme.set(**THEME_COLORS)


def build_screens(
    settings: ServerSettings,
    service: ReviewService,
    ownership: UploadOwnership,
    export_files: ExportFiles,
    reports: Reports,
) -> gr.Blocks:
    """Return the page with all of its tabs."""
    blocks = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(DELETE_EVERY, KEEP_SECONDS))
    with blocks:
        module("header", "header.js")
        with gr.Tabs(elem_id="tabs"):
            with _tab("queue", "shell.queue"):
                module("queue-screen", "queue.js")
            with _tab("review", "shell.review"):
                module("review-screen", "review.js")
            with _tab("upload", "shell.upload") as tab:
                _fill_on(blocks.load, upload.build_tab(settings, service, ownership, TRANSLATIONS, module, tab))
            with _tab("kinds", "shell.kinds"):
                module("kinds-screen", "kinds.js")
            with _tab("lessons", "shell.lessons"):
                module("lessons-screen", "lessons.js")
            with _tab("export", "shell.export") as tab:
                _fill_on(tab.select, export.build_tab(service.store, export_files, TRANSLATIONS))
            with _tab("results", "shell.results") as tab:
                _fill_on(tab.select, results.build_tab(service.store, reports, TRANSLATIONS))
            with _tab("installed", "shell.installed") as tab:
                _fill_on(tab.select, installed.build_tab(settings, service, TRANSLATIONS))
                module("tokens-screen", "tokens.js")
    blocks.queue(api_open=False, default_concurrency_limit=CONCURRENT_EVENTS)
    return blocks


def _fill_on(trigger: Callable[..., Any], contents: TabContents) -> None:
    """Have a tab filled when it is opened, in the language of whoever opens it."""
    trigger(event(contents.fill), None, contents.components, **EVENT_OPTIONS)


def _tab(name: str, word: str) -> gr.Tab:
    """Return a tab; `#NAME-button` is its button."""
    return gr.Tab(TRANSLATIONS(word), id=name, elem_id=name)


def module(name: str, file: str) -> gr.HTML:
    """Return a place on the page that a script of ours fills when it comes into view.

    The template is constant and holds no value: Gradio evaluates values in templates, and leaves a place alone whose
    template does not change.
    """
    return gr.HTML(html_template="<div></div>", js_on_load=LOAD_SCRIPT % file, apply_default_css=False, elem_id=name)
