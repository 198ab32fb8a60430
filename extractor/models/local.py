"""Models that run on this machine through transformers: int8 on a CPU, bfloat16 on a GPU."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.adapters import AdaptedSource, find_adapter, with_adapter
from extractor.models.file_hashes import cache_dir, lock_file
from extractor.models.sources import FolderSource, GGUFSource, hub_folder
from extractor.types import Answer, Request


class LocalModel:
    """A model in this process with its tokenizer; `extractor.decoding.decoder` writes its answers."""

    def __init__(self, name: str, weights: str, model: Any, tokenizer: Any) -> None:
        from extractor.decoding.decoder import Decoder

        self.name = name
        self.weights = weights
        self.decoder = Decoder(model, tokenizer)

    def count(self, text: str) -> int:
        """Return the number of tokens that the text takes in a prompt."""
        return self.decoder.count_tokens(text)

    def answer(self, request: Request) -> list[Answer]:
        """Return one answer for each field group, in their order; one that a limit cut off has `finished` False.

        Raises `ModelError` for a prompt that is longer than the model's context, `SchemaError` for a grammar that does
        not compile.
        """
        return self.decoder.answer(request)


def load_gguf(path: Path, *, name: str | None = None, **options: Any) -> LocalModel:
    """Load a model from a GGUF file; the first time it is converted, which takes a minute instead of seconds.

    The options of all loaders: `threads`, `device` (`cpu` or `cuda`), `adapter` (see `adapters.find_adapter`).
    """
    return _load(GGUFSource(path), name=name, **options)


def load_folder(folder: Path, *, name: str | None = None, **options: Any) -> LocalModel:
    """Load a model from a folder with config.json, a tokenizer and safetensors."""
    return _load(FolderSource(folder, name), name=name, **options)


def load_hub(name: str, **options: Any) -> LocalModel:
    """Load a model of the Hugging Face hub by its id (owner/name); download it first if it is missing."""
    return _load(FolderSource(hub_folder(name), name), name=name, **options)


def _load(
    source: Any,
    *,
    name: str | None,
    threads: int | None = None,
    device: str | None = None,
    adapter: str | None = None,
) -> LocalModel:
    """Load a source on `device` ("cpu" or "cuda"; by default a GPU where there is one)."""
    import torch

    from extractor.models import int8

    if adapter is not None:
        source = AdaptedSource(source, find_adapter(adapter))
        name = source.name if name is None else with_adapter(name, source.name.rpartition(":")[2])

    threads = threads or _physical_cores()
    torch.set_num_threads(threads)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        folder = cache_dir() / "int8" / f"{source.digest[:24]}-{int8.FORMAT}"
        try:
            if not int8.is_converted(folder):
                with lock_file(folder.with_suffix(".lock")):
                    if not int8.is_converted(folder):
                        int8.convert(source, folder)
        except OSError as error:
            raise ModelError(
                f"the cache cannot be written: {error}", "Set EXTRACTOR_CACHE to a folder that you may write to."
            ) from error
        layers = int8.PackedLayers(folder, threads=threads)
        # Imports transformers, which takes seconds, while the layers are packed.
        from extractor.decoding.attention import ATTENTION_NAME

        model = int8.load(folder, attention=ATTENTION_NAME, layers=layers)
        tokenizer = _load_tokenizer(folder)
    else:
        from extractor.decoding.attention import ATTENTION_NAME

        model, tokenizer = _load_on_gpu(source, device, ATTENTION_NAME), source.tokenizer
    return LocalModel(name or source.name, source.digest, model, tokenizer)


def _load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a conversion."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # AutoTokenizer would build the tokenizer of the model's own class from the words and merges in tokenizer.json, in
    # twice the time; the file describes all of it.
    kind = PreTrainedTokenizerFast if (folder / "tokenizer.json").is_file() else AutoTokenizer
    return kind.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)


def _load_on_gpu(source: Any, device: str, attention: str) -> Any:
    """Return the model in bfloat16 on a GPU."""
    import torch

    from extractor.models.modules import build_empty_model, fill_missing_buffers, set_tensor

    model = build_empty_model(source.config, attention)
    modules = dict(model.named_modules())
    for name, tensor in source.tensors(model):
        owner, _, leaf = name.rpartition(".")
        set_tensor(modules[owner], leaf, tensor.to(device=device, dtype=torch.bfloat16))
    if getattr(source.config, "tie_word_embeddings", False):
        model.get_output_embeddings().weight = model.get_input_embeddings().weight
    fill_missing_buffers(model)
    return model.to(device)


def _physical_cores() -> int:
    """Return the number of cores that this process may use; one that runs several threads counts once."""
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
