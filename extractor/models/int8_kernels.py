"""Products of float32 activations with int8 weights, on a CPU.

Weights have one scale for each output channel; activations are quantised one row (token) at a time, with a scale and a
zero point each (dynamic quantisation, as in Zafrir et al. 2019, "Q8BERT"). The kernels of torch are given a scale of 1
and a zero point of 0, and each row's own are applied afterwards: so the result for a row does not depend on the rows
beside it. All kernels take x of shape (rows, inputs) in float32, and return (rows, outputs) in float32.
"""

from __future__ import annotations

import warnings

import torch
from torch import nn


class OnednnKernel:
    """oneDNN's kernel, for CPUs with VNNI or AMX."""

    levels = 255

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        self.packed = torch.ops.onednn.qlinear_prepack(weight, None)
        self.scale = scale
        self.zero = torch.zeros(len(scale), dtype=torch.long)
        self.sums = weight.sum(1, dtype=torch.float32).mul_(scale)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        levels, step, zero = quantise_rows(x, self.levels, torch.uint8)
        y = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, 0, self.packed, self.scale, self.zero, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


class FbgemmKernel:
    """FBGEMM's kernel, for x86 CPUs with AVX2.

    Without VNNI it adds two products in 16 bits, so activations are limited to 7 bits.
    """

    levels = 255 if torch.cpu._is_vnni_supported() else 127

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        engine = torch.backends.quantized.engine
        torch.backends.quantized.engine = "fbgemm"
        zero = torch.zeros(len(scale), dtype=torch.long)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch is pinned: quantised tensors are deprecated there
            self.packed = torch.ops.quantized.linear_prepack(
                torch._make_per_channel_quantized_tensor(weight, scale.double(), zero, 0), None
            )
        torch.backends.quantized.engine = engine
        self.sums = weight.sum(1, dtype=torch.float32).mul_(scale)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        levels, step, zero = quantise_rows(x, self.levels, torch.float32)
        y = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(levels, 1.0, 0, self.packed)
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


class FloatKernel:
    """Float arithmetic on 8-bit weights, for all other CPUs: slow, exact, and as small in memory."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor) -> None:
        self.weight, self.scale = weight, scale

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        return nn.functional.linear(x, self.weight.float()).mul_(self.scale)


KERNELS: dict[str, type] = {"onednn": OnednnKernel, "fbgemm": FbgemmKernel, "plain": FloatKernel}

QuantisedRows = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
_last_quantised: tuple[torch.Tensor, tuple[int, torch.dtype], QuantisedRows] | None = None


def quantise_rows(x: torch.Tensor, top: int, dtype: torch.dtype) -> QuantisedRows:
    """Return each row in levels 0..top, its step and its zero point: `(levels - zero) * step` approximates x.

    Zero is always a level. The last result is kept, because several layers (query, key, value) are given the same
    tensor one after another.
    """
    global _last_quantised
    if _last_quantised is not None and _last_quantised[0] is x and _last_quantised[1] == (top, dtype):
        return _last_quantised[2]
    low, high = x.amin(-1, keepdim=True).clamp_max_(0.0), x.amax(-1, keepdim=True)
    step = high.clamp_min_(0.0).sub_(low).clamp_min_(1e-8).div_(top)
    zero = low.div_(step).neg_().round_()
    levels = x.div(step).add_(zero).clamp_(0, top)
    if not dtype.is_floating_point:
        levels = levels.add_(0.5).to(dtype)  # conversion truncates, so adding 0.5 rounds
    _last_quantised = x, (top, dtype), (levels, step, zero)
    return levels, step, zero


def fastest_kernel() -> str:
    """Return the name of the fastest kernel that computes correctly on this CPU."""
    engines = torch.backends.quantized.supported_engines
    if "onednn" in engines and torch.cpu._is_vnni_supported():
        return "onednn"
    if "fbgemm" in engines and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        return "fbgemm"
    return "plain"


class Int8Linear(nn.Module):
    """A linear layer with int8 weights; float32 in, float32 out."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None, kernel: str) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.multiply = KERNELS[kernel](weight, scale)
        self.bias = bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the layer's output."""
        y = self.multiply(x)
        return y if self.bias is None else y.add_(self.bias)


def quantise_weight(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return int8 weights, and one scale for each row, such that `int8 * scale` approximates `weight`."""
    scale = weight.abs().amax(1).div_(127.0).clamp_min_(1e-12)
    levels = torch.empty(weight.shape, dtype=torch.int8)
    for at in range(0, len(weight), 8192):  # in parts, to bound the memory
        rows = slice(at, at + 8192)
        levels[rows] = weight[rows].div(scale[rows, None]).round_().clamp_(-127, 127).to(torch.int8)
    return levels, scale
