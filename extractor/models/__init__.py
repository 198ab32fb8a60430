"""Models behind one small seam: `load_model` gives something that counts tokens and answers requests.

Nothing heavy is imported here; torch and transformers come in with `local`, on the first load.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from extractor.errors import ModelError
from extractor.models import catalogue
from extractor.models.catalogue import CATALOGUE, DEFAULT
from extractor.types import Answer, Request

__all__ = ["CATALOGUE", "DEFAULT", "MODELS", "Model", "load_model"]


@runtime_checkable
class Model(Protocol):
    """What the pipeline needs of a model; `weights` is the SHA-256 of its weights, or a server's word for them."""

    name: str
    weights: str

    def count(self, text: str) -> int:
        """How many tokens the text takes in a prompt."""
        ...

    def answer(self, request: Request) -> list[Answer]:
        """One answer for each row of the request, in the rows' order."""
        ...


def _known(name: str, **options: Any) -> Model:
    from extractor.models.local import load_gguf
    from extractor.models.weights import pull

    model = catalogue.find(name)
    return load_gguf(pull(model), name=model.name, **options)


def _gguf(name: str, **options: Any) -> Model:
    from extractor.models.local import load_gguf

    return load_gguf(Path(name), **options)


def _folder(name: str, **options: Any) -> Model:
    from extractor.models.local import load_folder

    return load_folder(Path(name), **options)


def _hub(name: str, **options: Any) -> Model:
    from extractor.models.local import load_hub

    return load_hub(name, **options)


def _openai(name: str, **options: Any) -> Model:
    from extractor.models.openai import load

    return load(name.removeprefix("openai:"), **options)


MODELS: dict[str, Callable[..., Model]] = {
    "known": _known,
    "gguf": _gguf,
    "folder": _folder,
    "hub": _hub,
    "openai": _openai,
}


def kind_of(name: str) -> str:
    """Which backend a model's name asks for: a key of `MODELS`."""
    if name.startswith("openai:"):
        return "openai"
    if name in catalogue.CATALOGUE:
        return "known"
    path = Path(name).expanduser()
    if path.is_dir():
        return "folder"
    if path.is_file() or name.lower().endswith(".gguf"):
        return "gguf"
    looks_local = name.startswith((".", "/", "~")) or (os.sep != "/" and os.sep in name)
    if name.count("/") == 1 and not looks_local and all(name.split("/")):
        return "hub"
    if looks_local or "/" in name:
        raise ModelError(
            f"there is no model at {name}", "Give the path of a .gguf file or of a folder with safetensors."
        )
    return "known"


def load_model(name: str | None = None, **options: Any) -> Model:
    """A model ready to answer; without a name the one in `EXTRACTOR_MODEL`, else the catalogue's default.

    `name` is a catalogue name, the path of a .gguf file or of a folder with safetensors, a hub id (owner/name), or
    `openai:URL`. Options: `threads`, `device`. Weights that are not here yet are fetched. Raises `ModelError` for an
    unknown name, weights that cannot be had, and formats that could run code (pickles, a repository's own Python).
    """
    # Before torch is loaded: threads that spin while they wait make everything many times slower as soon as another
    # program wants the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    name = name or os.environ.get("EXTRACTOR_MODEL") or DEFAULT
    return MODELS[kind_of(name)](name, **options)
