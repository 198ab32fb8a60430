"""Models that run on this machine through transformers: int8 on a CPU, bfloat16 on a GPU."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.sources import FolderSource, GGUFSource, hub_folder
from extractor.models.weights import cache_dir, locked
from extractor.types import Answer, Request


class LocalModel:
    """A model in this process, with its tokenizer; see `extractor.decoding.decoder` for how it answers."""

    def __init__(self, name: str, weights: str, model: Any, tokenizer: Any) -> None:
        from extractor.decoding.decoder import Decoder

        self.name = name
        self.weights = weights
        self.decoder = Decoder(model, tokenizer)

    def count(self, text: str) -> int:
        """How many tokens the text takes in a prompt."""
        return self.decoder.count_tokens(text)

    def answer(self, request: Request) -> list[Answer]:
        """One answer for each row, in the rows' order; one cut off by a limit has `finished` False.

        Raises `ModelError` where the prompt is longer than the model can take in, `SchemaError` for a grammar that
        cannot be followed.
        """
        return self.decoder.answer(request)


def load_gguf(
    path: Path, *, name: str | None = None, threads: int | None = None, device: str | None = None
) -> LocalModel:
    """A model out of a GGUF file; the first time it is converted, which takes a minute, afterwards seconds."""
    return load(GGUFSource(path), name=name, threads=threads, device=device)


def load_folder(
    folder: Path, *, name: str | None = None, threads: int | None = None, device: str | None = None
) -> LocalModel:
    """A model out of a folder with config.json, a tokenizer and safetensors."""
    return load(FolderSource(folder, name), name=name, threads=threads, device=device)


def load_hub(name: str, *, threads: int | None = None, device: str | None = None) -> LocalModel:
    """A model of the Hugging Face hub by its id (owner/name), fetched where it is not here."""
    return load(FolderSource(hub_folder(name), name), name=name, threads=threads, device=device)


def load(source: Any, *, name: str | None, threads: int | None, device: str | None) -> LocalModel:
    import torch

    from extractor.decoding.attention import ATTENTION_NAME
    from extractor.models import int8

    torch.set_num_threads(threads or physical_cores())
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        folder = cache_dir() / "int8" / f"{source.digest[:24]}-{int8.FORMAT}"
        try:
            if not int8.converted(folder):
                with locked(folder.with_suffix(".lock")):
                    if not int8.converted(folder):
                        int8.convert(source, folder)
        except OSError as error:
            raise ModelError(
                f"the cache cannot be written: {error}", "Set EXTRACTOR_CACHE to a folder of your own."
            ) from error
        model, tokenizer = int8.load(folder, attention=ATTENTION_NAME), tokenizer_in(folder)
    else:
        model, tokenizer = on_device(source, device, ATTENTION_NAME), source.tokenizer
    return LocalModel(name or source.name, source.digest, model, tokenizer)


def tokenizer_in(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)


def on_device(source: Any, device: str, attention: str) -> Any:
    """The model in bfloat16 on a GPU."""
    import torch

    from extractor.models import int8

    model = int8.blank(source.config, attention)
    modules = dict(model.named_modules())
    tied = getattr(source.config, "tie_word_embeddings", False)
    for name, tensor in source.tensors(model):
        owner, _, leaf = name.rpartition(".")
        int8.place(modules[owner], leaf, tensor.to(device=device, dtype=torch.bfloat16))
    if tied:
        model.get_output_embeddings().weight = model.get_input_embeddings().weight
    int8.revive(model)
    return model.to(device)


def physical_cores() -> int:
    """The cores this process may use, each counted once however many threads it runs."""
    try:
        usable = os.sched_getaffinity(0)
    except AttributeError:
        return max(1, (os.cpu_count() or 2) // 2)
    cores = set()
    for cpu in usable:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            cores.add((topology / "core_id").read_text() + (topology / "physical_package_id").read_text())
        except OSError:
            cores.add(str(cpu))
    return max(1, len(cores))
