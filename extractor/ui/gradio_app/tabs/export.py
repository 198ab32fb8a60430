"""Export: the store's records as a file, made in a folder of its own, given to the one who asked, and deleted."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from extractor.errors import InputError, UsageError
from extractor.ui.events import EVENT, Asking, told

if TYPE_CHECKING:
    from extractor.store import Store

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
KEEP_SECONDS = 900.0
"""A file is there to be fetched for so long."""
MOST_FILES = 20
"""Files of one user that are there at the same time; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that somebody asked for."""

    user: str
    path: Path
    at: float


class Exports:
    """Files that were asked for: each is its user's alone, under a name that cannot be guessed, and soon gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._made: dict[str, Made] = {}
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier server left
        folder.mkdir(mode=0o700, parents=True)

    def folder(self) -> tuple[str, Path]:
        """A word for a new export, and an empty folder for it."""
        self.clean()
        word = secrets.token_urlsafe(24)
        place = self._folder / word
        place.mkdir(mode=0o700)
        return word, place

    def keep(self, word: str, user: str, path: Path) -> None:
        with self._lock:
            self._made[word] = Made(user, path, time.time())
            mine = [w for w, made in self._made.items() if made.user == user]
        for old in mine[:-MOST_FILES]:
            self.drop(old)

    def find(self, word: str, user: str) -> Path | None:
        """The user's file of that word, None where there is none (any more)."""
        self.clean()
        made = self._made.get(word)
        return made.path if made is not None and made.user == user else None

    def clean(self) -> None:
        """Delete what has been there long enough."""
        now = time.time()
        with self._lock:
            old = [word for word, made in self._made.items() if now - made.at > KEEP_SECONDS]
        for word in old:
            self.drop(word)

    def drop(self, word: str) -> None:
        with self._lock:
            self._made.pop(word, None)
        shutil.rmtree(self._folder / word, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def build(store: Store, exports: Exports, words: Any) -> tuple[Callable[[Asking], list[Any]], list[Any]]:
    """The tab; what comes back gives what stands in it when it is opened, and where."""
    with gr.Row():
        schema = gr.Dropdown([], label=words("export.schema"), elem_id="export-schema")
        status = gr.Dropdown([], label=words("export.status"), elem_id="export-status")
        format = gr.Dropdown([], label=words("export.format"), elem_id="export-format")
    with gr.Row():
        evidence = gr.Checkbox(label=words("export.evidence"), elem_id="export-evidence")
        confidence = gr.Checkbox(label=words("export.confidence"), elem_id="export-confidence")
    make = gr.Button(words("export.make"), variant="primary", elem_id="export-make")
    said = gr.Textbox(label=words("export.said"), interactive=False, visible=False, lines=2, elem_id="export-said")
    fetch = gr.Button(words("export.fetch"), visible=False, elem_id="export-fetch")

    @told
    def made(name: str | None, which: str, form: str, proof: bool, sure: bool, asking: Asking) -> Any:
        if form not in FORMATS or which not in STATUSES:
            raise UsageError(asking.word("export.nothing"), asking.word("export.nothing_next"))
        status = "approved" if form == "gold" else None if which == "all" else which
        there = store.records.count_by_status(schema=name) if name in store.schemas() else {}
        if not (there.get(status, 0) if status else sum(there.values())):
            raise InputError(asking.word("export.nothing"), asking.word("export.nothing_next"))
        word, folder = exports.folder()
        try:
            path, count, warnings = written(store, folder, asking.user, name, status, form, proof, sure)
        except BaseException:
            exports.drop(word)
            raise
        exports.keep(word, asking.user, path)
        size = f"{path.stat().st_size / 1e3:,.0f}"
        text = "\n".join([asking.word("export.made", number=count, name=path.name, size=size), *warnings])
        return gr.Textbox(text, visible=True), gr.Button(
            asking.word("export.fetch_named", name=path.name), link=f"/exports/{word}", visible=True
        )

    make.click(made, [schema, status, format, evidence, confidence], [said, fetch], concurrency_limit=2, **EVENT)

    def at_first(asking: Asking) -> list[Any]:
        there = choices(store)
        return [
            gr.Dropdown(there, value=there[0][1] if there else None),
            gr.Dropdown([(asking.word(key), value) for value, key in STATUSES.items()], value="approved"),
            gr.Dropdown([(asking.word(key), value) for value, key in FORMATS.items()], value="xlsx"),
            gr.Textbox(visible=False),
            gr.Button(visible=False),
        ]

    return at_first, [schema, status, format, said, fetch]


def choices(store: Store) -> list[tuple[str, str]]:
    """The schemas that there are records of, the one with most of them first: what is shown, and its id."""
    found = []
    for key, (name, document) in store.schemas().items():
        count = sum(store.records.count_by_status(schema=key).values())
        if count:
            found.append((count, f"{document.get('title') or name} ({name}): {count}", key))
    return [(text, key) for _, text, key in sorted(found, key=lambda f: -f[0])]


def written(
    store: Store, folder: Path, who: str, schema: str, status: str | None, form: str, evidence: bool, confidence: bool
) -> tuple[Path, int, list[str]]:
    """The one file that holds the records, how many those are, and what it could not hold."""
    from extractor.exports import GOLD, export

    name = re.sub(r"[^\w.-]+", "-", store.schemas()[schema][0]).strip("-.") or "records"
    place = folder / "files"
    place.mkdir()
    told = export(
        store,
        str(place / (name if form == GOLD else f"{name}.{form}")),
        format=form,
        schema=schema,
        status=status,
        evidence=evidence,
        confidence=confidence,
        bom=True,
        who=who,
    )
    files = sorted(p for p in place.rglob("*") if p.is_file())
    if len(files) == 1:
        return files[0], told.records, list(told)
    whole = folder / f"{name}.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(place))
    return whole, told.records, list(told)
