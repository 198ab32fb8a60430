"""Models behind one small interface: `load_model` returns something that counts tokens and answers requests.

Read this module first, then `scripted` (the fake for tests), `local` (models on this machine) with `sources`,
`modules`, `int8` and `int8_kernels`, `adapters` and `adapter_training`, `catalogue` and `weights` (models known by
name) with `file_hashes`, and `openai` (models behind a server) with `chat_server` and `token_scores`. Nothing heavy is
imported here: torch and transformers are imported when a local model is first loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from extractor.errors import ModelError
from extractor.models import catalogue
from extractor.models.adapters import split_adapter, with_adapter
from extractor.models.catalogue import CATALOGUE, DEFAULT
from extractor.types import Answer, Request

__all__ = ["CATALOGUE", "DEFAULT", "MODELS", "Model", "find_backend", "load_model", "open_source", "with_adapter"]


@runtime_checkable
class Model(Protocol):
    """What the pipeline needs of a model; `weights` is their SHA-256, or for a server its own name for them."""

    name: str
    weights: str

    def count(self, text: str) -> int:
        """Return the number of tokens that the text takes in a prompt."""
        ...

    def answer(self, request: Request) -> list[Answer]:
        """Return one answer for each field group of the request, in their order."""
        ...


def _load_known(name: str, **options: Any) -> Model:
    from extractor.models.local import load_gguf
    from extractor.models.weights import pull

    entry = catalogue.find(name)
    return load_gguf(pull(entry), name=entry.name, **options)


def _load_gguf(name: str, **options: Any) -> Model:
    from extractor.models.local import load_gguf

    return load_gguf(Path(name), **options)


def _load_folder(name: str, **options: Any) -> Model:
    from extractor.models.local import load_folder

    return load_folder(Path(name), **options)


def _load_hub(name: str, **options: Any) -> Model:
    from extractor.models.local import load_hub

    return load_hub(name, **options)


def _load_openai(name: str, **options: Any) -> Model:
    from extractor.models.openai import load

    return load(name.removeprefix("openai:"), **options)


MODELS: dict[str, Callable[..., Model]] = {
    "known": _load_known,
    "gguf": _load_gguf,
    "folder": _load_folder,
    "hub": _load_hub,
    "openai": _load_openai,
}
"""The backends: a function that loads a model by its name, for each kind of name."""


def find_backend(name: str) -> str:
    """Return the key in `MODELS` of the backend for a model's name; raise `ModelError` for a path to nothing."""
    name, _ = split_adapter(name)
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
            f"there is no model at {name}", "Give the path of a .gguf file, or of a folder with .safetensors files."
        )
    return "known"


def load_model(name: str | None = None, **options: Any) -> Model:
    """Return a model that is ready to answer.

    `name` is a name in the catalogue, the path of a .gguf file or of a folder with safetensors, a hub id (owner/name),
    or `openai:URL`; without it, the name is taken from `EXTRACTOR_MODEL`, or else the catalogue's default. An adapter
    is named after it (`adapters.with_adapter`). Options are `threads` and `device`. Missing weights are downloaded.
    Raises `ModelError` for an unknown name, for weights that cannot be downloaded, and for formats that could run code
    (pickles, a repository's own Python).
    """
    # Set before torch is loaded: threads that spin while they wait slow everything down many times as soon as another
    # program uses the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    name, adapter = split_adapter(name or os.environ.get("EXTRACTOR_MODEL") or DEFAULT)
    backend = find_backend(name)
    if adapter is None:
        return MODELS[backend](name, **options)
    if backend == "openai":
        raise ModelError("a model behind a server takes no adapter of this machine", "Leave --adapter out.")
    return MODELS[backend](name, adapter=adapter, **options)


def open_source(name: str) -> Any:
    """Return the weights of a model on this machine as one of `sources`, downloaded if they are missing.

    Raises `ModelError` as `load_model` does, and for a model behind a server.
    """
    from extractor.models.sources import FolderSource, GGUFSource, hub_folder
    from extractor.models.weights import pull

    backend = find_backend(name)
    if backend == "openai":
        raise ModelError("the weights of a model behind a server are not here", "Give a model of this machine.")
    if backend == "folder":
        return FolderSource(Path(name))
    if backend == "hub":
        return FolderSource(hub_folder(name), name)
    return GGUFSource(pull(catalogue.find(name)) if backend == "known" else Path(name))
