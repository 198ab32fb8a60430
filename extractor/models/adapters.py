"""Adapters: small changes to a local model's weights (LoRA), kept by their hash and added when the model is loaded.

LoRA: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models". `adapter_training` makes one; its folder
holds what peft writes (`adapter_config.json`, `adapter_model.safetensors`) and `adapter.json`, which says what it is
of. A name such as `MODEL+adapter:HASH` stands for a model with its adapter wherever a model has a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.file_hashes import cache_dir, sha256_of_files

_MARK = "+adapter:"
_FILES = ("adapter_config.json", "adapter_model.safetensors")
_DESCRIPTION = "adapter.json"
HASH_LENGTH = 16


@dataclass(frozen=True, slots=True)
class AdapterDescription:
    """What an adapter was made from, and how it did on documents that it was not trained on.

    `weights` is the SHA-256 of the model's weights, `schemas` the ids of the schemas, `documents` the SHA-256 of those
    trained on. `held_out` has the figures before and after.
    """

    model: str
    weights: str
    schemas: tuple[str, ...]
    documents: tuple[str, ...]
    made: str
    tool: str
    prompt: str
    held_out: Mapping[str, Any] = field(default_factory=dict)


def with_adapter(model: str, adapter: str | None) -> str:
    """Return the name of a model with an adapter (a hash or a folder); the model's own without one."""
    return f"{model}{_MARK}{adapter}" if adapter else model


def split_adapter(name: str) -> tuple[str, str | None]:
    """Return the name of the model, and the adapter in it, None without one."""
    model, mark, adapter = name.partition(_MARK)
    return model, adapter if mark else None


def adapters_folder() -> Path:
    """Return the folder of the adapters that were trained on this machine, each named by its hash."""
    return cache_dir() / "adapters"


def find_adapter(wanted: str) -> Path:
    """Return the folder of an adapter: one at that path, or the only one whose hash begins so. Raises ModelError."""
    given = Path(wanted).expanduser()
    if given.is_dir():
        found = [given.resolve()]
    else:
        found = [f for f in sorted(adapters_folder().glob("*")) if f.is_dir() and f.name.startswith(wanted)]
    if len(found) != 1:
        raise ModelError(
            f"there is no adapter {wanted}" if not found else f"several adapters begin with {wanted}",
            f"Those that `extractor learn --adapter` has trained are in {adapters_folder()}.",
        )
    if missing := [name for name in (*_FILES, _DESCRIPTION) if not (found[0] / name).is_file()]:
        raise ModelError(f"the adapter in {found[0]} lacks {missing[0]}", "Train it again.")
    return found[0]


def adapter_hash(folder: Path) -> str:
    """Return the first digits of the SHA-256 of an adapter's weights and settings."""
    return sha256_of_files(folder / name for name in _FILES)[:HASH_LENGTH]


def write_description(folder: Path, description: AdapterDescription) -> None:
    """Write what an adapter was made from into its folder."""
    text = json.dumps(asdict(description), ensure_ascii=False, indent=1)
    (folder / _DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def read_description(folder: Path) -> AdapterDescription:
    """Return what an adapter was made from; raise ModelError for a folder that does not say."""
    try:
        plain = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        lists = {name: tuple(plain[name]) for name in ("schemas", "documents")}
        return AdapterDescription(**{**plain, **lists})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the adapter in {folder} cannot be read: {error}", "Train it again.") from None


class AdaptedSource:
    """A source (see `sources`) whose linear weights have an adapter added; raises ModelError for that of another model.

    What is loaded is an ordinary model: an adapted one is as fast as the one it was made from.
    """

    def __init__(self, source: Any, folder: Path) -> None:
        self._source, self._folder = source, folder
        description = read_description(folder)
        if description.weights != source.digest:
            raise ModelError(
                f"the adapter {folder.name} is for other weights: those of {description.model}",
                f"Give --model {description.model}, or another adapter.",
            )
        self.name = with_adapter(source.name, adapter_hash(folder))

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the model's weights with the adapter's hash: other numbers are other weights."""
        import hashlib

        return hashlib.sha256(f"{self._source.digest} {adapter_hash(self._folder)}".encode()).hexdigest()

    @property
    def config(self) -> Any:
        """Return the model's configuration."""
        return self._source.config

    @property
    def tokenizer(self) -> Any:
        """Return the model's tokenizer."""
        return self._source.tokenizer

    def tensors(self, model: Any) -> Iterator[tuple[str, Any]]:
        """Yield the tensors, each with its change; raise ModelError where a change has no tensor to be added to."""
        changes = _read_changes(self._folder)
        for name, tensor in self._source.tensors(model):
            if (change := changes.pop(name, None)) is not None:
                first, second, scale = change
                tensor = tensor.float() + scale * (second.float() @ first.float())
            yield name, tensor
        if changes:
            raise ModelError(f"the model has no {next(iter(changes))}", "Train the adapter again with this model.")


def _read_changes(folder: Path) -> dict[str, tuple[Any, Any, float]]:
    """Return the two factors and the scale of each changed weight, by the weight's name in the model."""
    from safetensors.torch import load_file

    settings = json.loads((folder / _FILES[0]).read_text(encoding="utf-8"))
    scale = settings["lora_alpha"] / settings["r"]
    tensors = load_file(folder / _FILES[1])
    first_factor, prefix = ".lora_A.weight", "base_model.model."
    return {
        name.removeprefix(prefix).removesuffix(first_factor) + ".weight": (
            tensor,
            tensors[name.removesuffix(first_factor) + ".lora_B.weight"],
            scale,
        )
        for name, tensor in tensors.items()
        if name.endswith(first_factor)
    }
