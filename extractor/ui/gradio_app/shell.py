"""The shell: Gradio's tabs, and in two of them and above them a place for our own modules.

No text of a document passes through Gradio as markup: what documents say is shown by the modules, which fetch it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.ui.events import EVENT, Asking, told
from extractor.ui.gradio_app.tabs import export, installed, results, upload
from extractor.ui.gradio_app.tabs.export import Exports
from extractor.ui.language import LANGUAGES, words
from extractor.ui.page import TITLE
from extractor.ui.reports import Reports
from extractor.ui.settings import ServerSettings
from extractor.ui.upload_ownership import Received

if TYPE_CHECKING:
    from extractor.review import ReviewService

I18N = gr.I18n(**{name: dict(words(language)) for language, name in LANGUAGES.items()})
LOAD = """const load = () => import("/static/%s").then((m) => m.mount(element), () => setTimeout(load, 2000));
load();"""
"""A module is asked for again while the server does not answer."""
AT_ONCE = 8
"""People whose events of one kind are answered side by side."""
KEEP_SECONDS = 6 * 3600
"""What Gradio has received and nobody started is thrown away after so long."""


def theme() -> Any:
    """Gradio's own, with the fonts of the machine: none is fetched."""
    sans = ["system-ui", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", font=sans, font_mono=["ui-monospace", "Consolas", "monospace"]
    )


def blocks(
    settings: ServerSettings, desk: ReviewService, received: Received, exports: Exports, reports: Reports
) -> gr.Blocks:
    """The screens."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(600, KEEP_SECONDS)) as screens:
        module("header", "header.js")
        with gr.Tabs(elem_id="tabs"):
            with tab("queue", "shell.queue"):
                module("queue-screen", "queue.js")
            with tab("review", "shell.review"):
                module("review-screen", "review.js")
            with tab("upload", "shell.upload"):
                filled(screens.load, upload.build(settings, desk, received, I18N, module))
            with tab("export", "shell.export") as opened:
                filled(opened.select, export.build(desk.store, exports, I18N))
            with tab("results", "shell.results") as opened:
                filled(opened.select, results.build(desk.store, reports, I18N))
            with tab("installed", "shell.installed") as opened:
                filled(opened.select, installed.build(settings, I18N))
    screens.queue(api_open=False, default_concurrency_limit=AT_ONCE)
    return screens


def filled(when: Callable[..., Any], built: tuple[Callable[[Asking], list[Any]], list[Any]]) -> None:
    """Have a tab filled when it is opened, in the language of whoever opens it."""
    fill, outputs = built
    when(told(fill), None, outputs, **EVENT)


def tab(name: str, word: str) -> gr.Tab:
    """A tab; its button is found by `#NAME-button`."""
    return gr.Tab(I18N(word), id=name, elem_id=name)


def module(name: str, file: str) -> gr.HTML:
    """A place on the page that a module of ours fills when it comes to be seen, and keeps."""
    return gr.HTML(
        html_template="<div></div>",
        js_on_load=LOAD % file,
        apply_default_css=False,
        elem_id=name,
    )
