"""Weights in 8 bits on a CPU: quantised once, one scale per output channel, and multiplied by activations quantised
with one scale per token.

The one room that knows torch's quantised kernels. `convert` writes a source to a folder, `load` builds the model from
it; both hold little more than one tensor in float at a time.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from extractor.errors import ModelError

FORMAT = 1
SHARD = 256 << 20
HALF_MAX = 6e4


# Kernels: x (rows, inputs) in float32 times packed int8 weights.
#
# Each row of x is quantised over its own range, with zero on the grid. The kernels are told a scale of 1 and a zero
# point of 0, and the row's own are put right afterwards: so a row comes out the same whatever rows stand beside it.


class Onednn:
    """oneDNN, for CPUs with VNNI or AMX."""

    levels = 255

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        self.packed = torch.ops.onednn.qlinear_prepack(weight, None)
        self.scale = scale
        self.zero = torch.zeros(len(scale), dtype=torch.long)
        self.sums = weight.sum(1, dtype=torch.float32).mul_(scale)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        levels, step, zero = quantised_rows(x, self.levels, torch.uint8)
        y = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, 0, self.packed, self.scale, self.zero, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


class Fbgemm:
    """FBGEMM, for any x86 with AVX2; without VNNI its sums of two products are 16 bits wide, so 7-bit activations."""

    levels = 255 if torch.cpu._is_vnni_supported() else 127

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        engine = torch.backends.quantized.engine
        torch.backends.quantized.engine = "fbgemm"
        zero = torch.zeros(len(scale), dtype=torch.long)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # quantised tensors are to go, and torch is pinned
            self.packed = torch.ops.quantized.linear_prepack(
                torch._make_per_channel_quantized_tensor(weight, scale.double(), zero, 0), None
            )
        torch.backends.quantized.engine = engine
        self.sums = weight.sum(1, dtype=torch.float32).mul_(scale)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        levels, step, zero = quantised_rows(x, self.levels, torch.float32)
        y = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(levels, 1.0, 0, self.packed)
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


def quantised_rows(x: torch.Tensor, top: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each row in levels 0..top, with its step and its zero point: `(levels - zero) * step` is nearest to x.

    Layers that are given the same tensor one after another (query, key and value) share the work.
    """
    global _last
    if _last is not None and _last[0] is x and _last[1] == (top, dtype):
        return _last[2]
    low, high = x.amin(-1, keepdim=True).clamp_max_(0.0), x.amax(-1, keepdim=True)
    step = high.clamp_min_(0.0).sub_(low).clamp_min_(1e-8).div_(top)
    zero = low.div_(step).neg_().round_()
    levels = x.div(step).add_(zero).clamp_(0, top)
    if not dtype.is_floating_point:
        levels = levels.add_(0.5).to(dtype)  # cutting off a positive number's fraction, so +0.5 rounds
    _last = x, (top, dtype), (levels, step, zero)
    return levels, step, zero


_last: tuple | None = None


class Plain:
    """Float arithmetic on 8-bit weights, for every other CPU: slow, right, and no more memory than the others."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        self.weight, self.scale = weight, scale

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.weight.float()).mul_(self.scale)


KERNELS: dict[str, type] = {"onednn": Onednn, "fbgemm": Fbgemm, "plain": Plain}


def kernel() -> str:
    """The name of the fastest kernel that is right on this CPU."""
    engines = torch.backends.quantized.supported_engines
    if "onednn" in engines and torch.cpu._is_vnni_supported():
        return "onednn"
    if "fbgemm" in engines and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        return "fbgemm"
    return "plain"


class Int8Linear(nn.Module):
    """A linear layer over int8 weights; float32 in, float32 out."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None, use: str) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.multiply = KERNELS[use](weight, scale)
        self.bias = bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.multiply(x)
        return y if self.bias is None else y.add_(self.bias)


def quantised(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(int8 weights, one scale per row) with which `int8 * scale` is nearest to `weight`."""
    scale = weight.abs().amax(1).div_(127.0).clamp_min_(1e-12)
    levels = torch.empty(weight.shape, dtype=torch.int8)
    for at in range(0, len(weight), 8192):
        rows = slice(at, at + 8192)
        levels[rows] = weight[rows].div(scale[rows, None]).round_().clamp_(-127, 127).to(torch.int8)
    return levels, scale


# Conversion and loading.


def blank(config: Any, attention: str | None = None) -> nn.Module:
    """The model's modules without weights."""
    from transformers import AutoModelForCausalLM

    options = {"attn_implementation": attention} if attention else {}
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(
                config, dtype=torch.float32, trust_remote_code=False, **options
            ).eval()
    except (ValueError, KeyError) as error:
        raise ModelError(f"this kind of model cannot be used: {error}", "Use a model that writes text.") from error


def entries(source: Any, model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """What is stored of each tensor: linear weights in int8 with a scale, embeddings in 16 bits, the rest as it is."""
    linear = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    head = model.get_output_embeddings()
    heads = {name for name, module in model.named_modules() if module is head}
    embedding = model.get_input_embeddings()
    inputs = {name for name, module in model.named_modules() if module is embedding}
    seen: set[str] = set()
    for name, tensor in source.tensors(model):
        owner, _, leaf = name.rpartition(".")
        if owner in heads and getattr(source.config, "tie_word_embeddings", False):
            continue  # the same as the input embeddings, which bring their own copy for the head
        seen.add(owner)
        if leaf == "weight" and owner in linear:
            levels, scale = quantised(tensor)
            yield name, levels
            yield f"{name}_scale", scale
        elif leaf == "weight" and owner in inputs:
            if not heads & seen and getattr(source.config, "tie_word_embeddings", False):
                levels, scale = quantised(tensor)
                for other in heads:
                    yield f"{other}.weight", levels
                    yield f"{other}.weight_scale", scale
            yield name, tensor.half() if tensor.abs().max() < HALF_MAX else tensor.bfloat16()
        else:
            yield name, tensor.float()


def convert(source: Any, folder: Path, *, say: Callable[[str], None] | None = None) -> None:
    """Writes the source, quantised, into `folder`; nothing is there until all of it is."""
    from safetensors.torch import save_file

    say = say or (lambda text: print(text, file=sys.stderr, flush=True))
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        say(f"preparing {source.name} for this machine (once)")
        source.config.save_pretrained(str(partial))
        source.tokenizer.save_pretrained(str(partial))
        shard: dict[str, torch.Tensor] = {}
        number = 0

        def flush() -> None:
            nonlocal shard, number
            if shard:
                save_file(shard, str(partial / f"weights-{number:03d}.safetensors"))
                shard, number = {}, number + 1

        for name, tensor in entries(source, blank(source.config)):
            shard[name] = tensor.contiguous()
            if sum(held.nbytes for held in shard.values()) >= SHARD:
                flush()
        flush()
        note = {"format": FORMAT, "name": source.name, "sha256": source.digest, "shards": number}
        (partial / "int8.json").write_text(json.dumps(note))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)
    except OSError as error:
        raise ModelError(
            f"the model cannot be prepared: {error}", "Free some space, or set EXTRACTOR_CACHE."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def converted(folder: Path) -> bool:
    """Whether `folder` holds a whole conversion of this format."""
    try:
        note = json.loads((folder / "int8.json").read_text())
        shards = len(list(folder.glob("weights-*.safetensors")))
        return note["format"] == FORMAT and note["shards"] == shards
    except (OSError, ValueError, KeyError):
        return False


def load(folder: Path, *, attention: str | None = None, use: str | None = None) -> nn.Module:
    """The model out of a conversion, ready to run on the CPU; `use` names a kernel."""
    from safetensors import safe_open
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    model = blank(config, attention)
    use = use or kernel()
    modules = dict(model.named_modules())
    waiting: dict[str, dict[str, torch.Tensor]] = {}
    linear = {name: module.bias is not None for name, module in modules.items() if isinstance(module, nn.Linear)}
    for file in sorted(folder.glob("weights-*.safetensors")):
        with safe_open(str(file), framework="pt") as opened:
            for name in opened.keys():  # noqa: SIM118
                owner, _, leaf = name.rpartition(".")
                tensor = opened.get_tensor(name)
                if owner not in linear:
                    place(modules[owner], leaf, tensor.clone())  # a clone, so that the file is let go of
                    continue
                parts = waiting.setdefault(owner, {})
                parts[leaf] = tensor
                if len(parts) == 2 + linear[owner]:
                    bias = parts["bias"].clone() if linear[owner] else None
                    layer = Int8Linear(parts["weight"], parts["weight_scale"].clone(), bias, use)
                    model.set_submodule(owner, layer)
                    del waiting[owner]
    embedding = model.get_input_embeddings()
    embedding.register_forward_hook(lambda module, inputs, output: output.float())
    revive(model)
    return model


def place(module: nn.Module, leaf: str, tensor: torch.Tensor) -> None:
    if leaf in module._buffers:
        module._buffers[leaf] = tensor
    else:
        module._parameters[leaf] = nn.Parameter(tensor, requires_grad=False)


def revive(model: nn.Module) -> None:
    """Fills the buffers that no file holds (the rotary frequencies); raises `ModelError` where a weight is missing."""
    for module in model.modules():
        blanks = [name for name, buffer in module._buffers.items() if buffer is not None and buffer.is_meta]
        for name in blanks:
            module._buffers[name] = torch.empty_like(module._buffers[name], device="cpu")
        if blanks:
            with torch.no_grad():
                model._init_weights(module)
    left = [name for name, tensor in model.named_parameters() if tensor.is_meta]
    if left:
        raise ModelError(f"the weights are not complete: {', '.join(left[:3])}", "Use another copy of the model.")
