"""Models with int8 weights: converted once into a folder, loaded from there.

Conversion holds little more than one tensor in float32 at a time. Loading maps the files: embeddings stay there, shared
by all processes that use the model; linear layers are copied into the form that their kernel needs, which torch cannot
store.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import nn

from extractor.errors import ModelError
from extractor.models.int8_kernels import KERNELS, Int8Linear, Kernel, fastest_kernel, quantise_weight
from extractor.models.modules import build_empty_model, fill_missing_buffers, set_tensor

FORMAT = 2
"""The version of the folder's layout and of the quantisation; an older one is converted again."""
SHARD_BYTES = 256 << 20
FLOAT16_LIMIT = 6e4
"""Largest absolute value that is stored as float16; embeddings with larger ones are stored as bfloat16."""


def convert(source: Any, folder: Path, *, report: Callable[[str], None] | None = None) -> None:
    """Write the quantised model into `folder`, which appears only when it is complete.

    `source` is one of `extractor.models.sources`; `report` prints a message (default: to stderr). Raises `ModelError`
    where the folder cannot be written.
    """
    from safetensors.torch import save_file

    report = report or (lambda text: print(text, file=sys.stderr, flush=True))
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        report(f"preparing {source.name} for this machine (once)")
        source.config.save_pretrained(str(partial))
        source.tokenizer.save_pretrained(str(partial))
        shard: dict[str, torch.Tensor] = {}
        number = 0

        def flush() -> None:
            nonlocal shard, number
            if shard:
                save_file(shard, str(partial / f"weights-{number:03d}.safetensors"))
                shard, number = {}, number + 1

        for name, tensor in _quantised_tensors(source, build_empty_model(source.config)):
            shard[name] = tensor.contiguous()
            if sum(held.nbytes for held in shard.values()) >= SHARD_BYTES:
                flush()
        flush()
        note = {"format": FORMAT, "name": source.name, "sha256": source.digest, "shards": number}
        (partial / "int8.json").write_text(json.dumps(note))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)
    except OSError as error:
        raise ModelError(
            f"the model cannot be converted: {error}", "Free some space, or set EXTRACTOR_CACHE to another folder."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _quantised_tensors(source: Any, model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors to store: linear weights as int8 with scales, embeddings in 16 bits, the others in float32."""
    linear = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    head = model.get_output_embeddings()
    heads = {name for name, module in model.named_modules() if module is head}
    embedding = model.get_input_embeddings()
    inputs = {name for name, module in model.named_modules() if module is embedding}
    is_tied = getattr(source.config, "tie_word_embeddings", False)
    seen: set[str] = set()
    for name, tensor in source.tensors(model):
        owner, _, leaf = name.rpartition(".")
        if owner in heads and is_tied:
            continue  # the same numbers as the input embeddings, which give the head its own copy below
        seen.add(owner)
        if leaf == "weight" and owner in linear:
            for part, stored in _quantise(tensor).items():
                yield f"{owner}.{part}", stored
        elif leaf == "weight" and owner in inputs:
            if not heads & seen and is_tied:
                for part, stored in _quantise(tensor).items():
                    for other in heads:
                        yield f"{other}.{part}", stored
            yield name, tensor.half() if tensor.abs().max() < FLOAT16_LIMIT else tensor.bfloat16()
        else:
            yield name, tensor.float()


def _quantise(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what is stored of a linear layer's weight, by name."""
    return dict(zip(("weight", "weight_scale", "weight_sums"), quantise_weight(weight), strict=True))


def is_converted(folder: Path) -> bool:
    """Decide whether `folder` has a complete conversion in the current format."""
    try:
        note = json.loads((folder / "int8.json").read_text())
        shards = len(list(folder.glob("weights-*.safetensors")))
        return note["format"] == FORMAT and note["shards"] == shards
    except (OSError, ValueError, KeyError):
        return False


class PackedLayers:
    """The layers of a conversion, each packed for its kernel by one of `threads` threads, in the order of their use.

    Packing needs neither transformers nor the model, so it can go on while both are made. `kernel` is one of `KERNELS`,
    else the fastest. `others` are the tensors of other modules by name, `kernels` and `biases` those of linear layers
    by the layer's. All tensors are read from the mapped files.
    """

    def __init__(self, folder: Path, *, kernel: str | None = None, threads: int = 1) -> None:
        from safetensors import safe_open

        tensors: dict[str, torch.Tensor] = {}
        for file in folder.glob("weights-*.safetensors"):
            with safe_open(str(file), framework="pt") as opened:
                tensors.update((name, opened.get_tensor(name)) for name in opened.keys())  # noqa: SIM118
        pack = KERNELS[kernel or fastest_kernel()]
        owners = [name.removesuffix(".weight_scale") for name in tensors if name.endswith(".weight_scale")]
        self.kernels: dict[str, Future[Kernel]] = {}
        self.biases: dict[str, torch.Tensor] = {}
        executor = ThreadPoolExecutor(threads, "pack")
        for owner in sorted(owners, key=_order_of_use):
            parts = [tensors.pop(f"{owner}.{part}") for part in ("weight", "weight_scale", "weight_sums")]
            self.kernels[owner] = executor.submit(pack, *parts)
            if f"{owner}.bias" in tensors:
                self.biases[owner] = tensors.pop(f"{owner}.bias")
        executor.shutdown(wait=False)
        self.others = tensors


def _order_of_use(name: str) -> list[int]:
    """Return the numbers in a module's name, those of its layer first; a module outside the layers comes last."""
    return [int(part) for part in name.split(".") if part.isdigit()] or [sys.maxsize]


def load(
    folder: Path, *, attention: str | None = None, kernel: str | None = None, layers: PackedLayers | None = None
) -> nn.Module:
    """Return the model of a conversion, ready to run on the CPU; its first pass waits for layers still being packed.

    `attention` names an attention implementation; `kernel` one of `KERNELS`, else the fastest. `layers` are those of
    `folder` if their packing has begun. Raises `ModelError` where a weight is missing.
    """
    from transformers import AutoConfig

    layers = layers or PackedLayers(folder, kernel=kernel)
    config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    model = build_empty_model(config, attention)
    modules = dict(model.named_modules())
    for name, tensor in layers.others.items():
        owner, _, leaf = name.rpartition(".")
        set_tensor(modules[owner], leaf, tensor)
    for owner, packed in layers.kernels.items():
        replaced, bias = modules[owner], layers.biases.get(owner)
        if bias is not None or replaced.bias is None:  # else it stays as it is, and is reported as incomplete below
            layer = Int8Linear(replaced.in_features, replaced.out_features, packed, bias)
            model.set_submodule(owner, layer)
    embedding = model.get_input_embeddings()
    embedding.register_forward_hook(lambda module, inputs, output: output.float())
    fill_missing_buffers(model)
    return model
