"""Products of float32 activations with int8 weights, on a CPU.

Weights have one scale for each output channel; activations are quantised one row (token) at a time, with a scale and a
zero point each (dynamic quantisation, as in Zafrir et al. 2019, "Q8BERT"). The kernels of torch are given a scale of 1
and a zero point of 0, and each row's own are applied afterwards: so the result for a row does not depend on the rows
beside it. All kernels take x of shape (rows, inputs) in float32, and return (rows, outputs) in float32.

A few input channels of a language model are many times larger than the others, and would leave these few levels. So
activations are rotated, block by block, by a Hadamard matrix before they are quantised, which spreads a large channel
over its block; the weights are rotated at conversion, which leaves the product as it was (Ashkboos et al. 2024,
"QuaRot").

CPUs without VNNI add products in pairs in 16 bits, where two products of 8 bits can overflow. The scale of the weights
is chosen so that they never do (`LARGEST_PAIR`): activations have all their 8 bits, and the levels are the same, on
every CPU.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from concurrent.futures import Future

import torch
from torch import nn

# Quantised tensors are deprecated; torch is pinned. The filter is set once, because layers are packed by many threads.
warnings.filterwarnings("ignore", "torch.quantize_per_tensor, .* are deprecated", UserWarning)

TOP_LEVEL = 255
"""Largest level of an activation."""
LARGEST_PAIR = 128
"""Largest sum of the absolute levels of two adjacent weights of a row: `TOP_LEVEL` times it is a 16-bit integer."""
ROTATED_CHANNELS = 32
"""Input channels that are rotated together; fewer where the number of channels is not a multiple of it."""
PACKED_OUTPUTS = 20480
"""Outputs that FBGEMM packs at once.

It reads a weight column by column, and needs four times as long for an output layer, whose columns are larger than the
CPU's cache. In much smaller parts, products would be slower.
"""


class OnednnKernel:
    """oneDNN's kernel, for CPUs with VNNI or AMX."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor, sums: torch.Tensor) -> None:
        self.packed = torch.ops.onednn.qlinear_prepack(weight, None)
        self.scale, self.sums = scale, sums
        self.zero = torch.zeros(len(scale), dtype=torch.long)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        levels, step, zero = quantise_rows(x, torch.uint8)
        y = torch.ops.onednn.qlinear_pointwise(
            levels, 1.0, 0, self.packed, self.scale, self.zero, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


class FbgemmKernel:
    """FBGEMM's kernel, for x86 CPUs with AVX2."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor, sums: torch.Tensor) -> None:
        torch.backends.quantized.engine = "fbgemm"  # for good: other threads may be packing too
        self.packed = [
            torch.ops.quantized.linear_prepack(
                torch._make_per_channel_quantized_tensor(levels, step.double(), torch.zeros_like(step).long(), 0), None
            )
            for levels, step in zip(weight.split(PACKED_OUTPUTS), scale.split(PACKED_OUTPUTS), strict=True)
        ]
        self.sums = sums

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        levels, step, zero = quantise_rows(x, torch.float32)
        multiply = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        parts = [multiply(levels, 1.0, 0, packed) for packed in self.packed]
        y = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
        return y.addcmul_(zero, self.sums, value=-1.0).mul_(step)


class FloatKernel:
    """Float arithmetic on 8-bit weights, for all other CPUs: slow, exact, and as small in memory."""

    def __init__(self, weight: torch.Tensor, scale: torch.Tensor, sums: torch.Tensor) -> None:
        self.weight, self.scale = weight, scale

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` times the transposed weight, both as floats: (rows, inputs) in, (rows, outputs) out."""
        return nn.functional.linear(rotate_rows(x), self.weight.float()).mul_(self.scale)


Kernel = Callable[[torch.Tensor], torch.Tensor]
KERNELS: dict[str, Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Kernel]] = {
    "onednn": OnednnKernel,
    "fbgemm": FbgemmKernel,
    "plain": FloatKernel,
}
"""The kernels by name. Each is made of a weight's levels, its scales, and the sums of its levels times the scales."""

QuantisedRows = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
_last_quantised: tuple[torch.Tensor, torch.dtype, QuantisedRows] | None = None


def quantise_rows(x: torch.Tensor, dtype: torch.dtype) -> QuantisedRows:
    """Return each rotated row in levels 0..`TOP_LEVEL`, its step and its zero point.

    `(levels - zero) * step` approximates `rotate_rows(x)`, and zero is always a level. Levels of a floating `dtype` are
    neither rounded nor limited: that is left to the kernel. The last result is kept, because several layers (query,
    key, value) are given the same tensor one after another.
    """
    global _last_quantised
    if _last_quantised is not None and _last_quantised[0] is x and _last_quantised[1] == dtype:
        return _last_quantised[2]
    rotated = rotate_rows(x)
    low, high = rotated.amin(-1, keepdim=True).clamp_max_(0.0), rotated.amax(-1, keepdim=True)
    step = high.clamp_min_(0.0).sub_(low).clamp_min_(1e-8).div_(TOP_LEVEL)
    zero = low.div_(step).neg_().round_()
    levels = rotated.div_(step).add_(zero)
    if not dtype.is_floating_point:
        levels = levels.add_(0.5).clamp_(0, TOP_LEVEL).to(dtype)  # conversion truncates, so adding 0.5 rounds
    _last_quantised = x, dtype, (levels, step, zero)
    return levels, step, zero


_hadamard: dict[int, torch.Tensor] = {}


def rotate_rows(x: torch.Tensor) -> torch.Tensor:
    """Return a new tensor in which the last dimension of `x`, (..., channels), is rotated block by block.

    The products of rotated rows are those of the rows. A block is every n-th channel, n being the number of blocks.
    """
    size = math.gcd(x.shape[-1], ROTATED_CHANNELS)
    if size not in _hadamard:
        _hadamard[size] = _make_hadamard(size)
    blocks = x.reshape(-1, size, x.shape[-1] // size)
    # One product for each row, all of one shape: with rows joined in one product, the last digits of a row would depend
    # on the number of rows.
    return torch.bmm(_hadamard[size].expand(len(blocks), size, size), blocks).view(x.shape)


def _make_hadamard(size: int) -> torch.Tensor:
    """Return the Hadamard matrix of a size that is a power of two, scaled to be orthogonal (Sylvester's matrix)."""
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix / math.sqrt(size)


def fastest_kernel() -> str:
    """Return the name of the fastest kernel that computes correctly on this CPU."""
    engines = torch.backends.quantized.supported_engines
    if "onednn" in engines and torch.cpu._is_vnni_supported():
        return "onednn"
    if "fbgemm" in engines and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        return "fbgemm"
    return "plain"


class Int8Linear(nn.Module):
    """A linear layer with int8 weights of a kernel's; float32 in, float32 out.

    `kernel` gives the kernel, (rows, inputs) to (rows, outputs), and may still be computing it: the first call waits.
    """

    def __init__(self, inputs: int, outputs: int, kernel: Future[Kernel], bias: torch.Tensor | None) -> None:
        super().__init__()
        self.in_features, self.out_features = inputs, outputs
        self.kernel = kernel
        self.multiply: Kernel | None = None
        self.bias = bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the layer's output."""
        if self.multiply is None:
            self.multiply = self.kernel.result()
        y = self.multiply(x)
        return y if self.bias is None else y.add_(self.bias)


def quantise_weight(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a weight's levels, (outputs, inputs) in int8, with scales and sums, (outputs,) in float32.

    `levels * scale` approximates `rotate_rows(weight)`, and a sum is that of a row of it.
    """
    levels = torch.empty(weight.shape, dtype=torch.int8)
    scale, sums = torch.empty(len(weight)), torch.empty(len(weight))
    for at in range(0, len(weight), 8192):  # in parts, to bound the memory
        rows = slice(at, at + 8192)
        rotated = rotate_rows(weight[rows])
        pairs = nn.functional.pad(rotated.abs(), (0, weight.shape[1] % 2)).unflatten(1, (-1, 2)).sum(2)
        scale[rows] = pairs.amax(1).div_(LARGEST_PAIR - 1).clamp_min_(1e-12)  # rounding adds up to 1 to a pair
        rounded = rotated.div_(scale[rows, None]).round_()
        levels[rows] = rounded.to(torch.int8)
        sums[rows] = rounded.sum(1).mul_(scale[rows])
    return levels, scale, sums
