"""Products with int8 weights: the rotation, the limits that no CPU overflows, and the error against floats."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import tiny_config, tiny_folder, tiny_model, tiny_tokenizer

from extractor import models
from extractor.errors import ModelError
from extractor.models import int8, int8_kernels
from extractor.models.int8_kernels import (
    KERNELS,
    LARGEST_PAIR,
    TOP_LEVEL,
    Int8Linear,
    quantise_rows,
    quantise_weight,
    rotate_rows,
)

USABLE = [name for name in KERNELS if name == "plain" or name in torch.backends.quantized.supported_engines]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def matrices(rows: int, inputs: int, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (rows, inputs) of activations and (outputs, inputs) of weights."""
    torch.manual_seed(1)
    return torch.randn(rows, inputs), torch.randn(outputs, inputs)


def rotated_product(x: torch.Tensor, levels: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the product with a quantised weight, computed in float64."""
    return rotate_rows(x).double() @ (levels.double() * scale.double()[:, None]).T


def error_bound(x: torch.Tensor, levels: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return how far each product may be off: half a step of the row for each weight, and float32's own rounding."""
    low, high = rotate_rows(x).amin(1).clamp_max(0), rotate_rows(x).amax(1).clamp_min(0)
    step = (high - low) / TOP_LEVEL
    return step[:, None] * (levels.float().abs().sum(1) * scale) * 0.51 + 1e-5


@pytest.mark.parametrize("channels", [7, 48, 64, 896])
def test_rotation_changes_no_product(channels):
    x, weight = matrices(9, channels, 5)
    torch.testing.assert_close(rotate_rows(x) @ rotate_rows(weight).T, x @ weight.T, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rotate_rows(rotate_rows(x)), x)  # Sylvester's matrix is its own inverse
    assert rotate_rows(x[None, None]).shape == (1, 1, 9, channels)


def test_model_with_rotated_layers_gives_the_same_output():
    class Rotated(torch.nn.Module):
        def __init__(self, layer: torch.nn.Linear) -> None:
            super().__init__()
            self.weight, self.bias = rotate_rows(layer.weight), layer.bias

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.linear(rotate_rows(x), self.weight, self.bias)

    model = tiny_model(tiny_config(tiny_tokenizer()), "sdpa")
    ids = torch.arange(10, 60)[None]
    with torch.no_grad():
        expected = model(ids).logits
        for name, layer in [each for each in model.named_modules() if isinstance(each[1], torch.nn.Linear)]:
            model.set_submodule(name, Rotated(layer))
        torch.testing.assert_close(model(ids).logits, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("inputs", [31, 64, 96])
def test_levels_of_a_weight_approximate_it_and_no_pair_is_too_large(inputs):
    _, weight = matrices(1, inputs, 50)
    weight[0], weight[1], weight[2] = 3.0, rotate_rows(torch.full((inputs,), -2.0)), 0.0
    weight[3] = rotate_rows(torch.eye(inputs)[4] * 7)  # one large level
    levels, scale, sums = quantise_weight(weight)
    rotated = rotate_rows(weight)
    assert ((levels * scale[:, None] - rotated).abs() <= scale[:, None] * 0.501).all()
    pairs = torch.nn.functional.pad(levels.int().abs(), (0, inputs % 2)).unflatten(1, (-1, 2)).sum(2)
    assert pairs.max() <= LARGEST_PAIR and pairs.amax(1)[3:].min() >= LARGEST_PAIR - 2
    assert TOP_LEVEL * LARGEST_PAIR < 1 << 15
    torch.testing.assert_close(sums, (levels.float() * scale[:, None]).sum(1), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kernel", USABLE)
@pytest.mark.parametrize(("rows", "inputs", "outputs"), [(1, 64, 48), (7, 31, 5), (40, 1536, 96), (3, 4864, 33)])
def test_kernel_is_within_half_a_step_of_the_float_product(kernel, rows, inputs, outputs):
    x, weight = matrices(rows, inputs, outputs)
    levels, scale, sums = quantise_weight(weight)
    found = KERNELS[kernel](levels, scale, sums)(x)
    assert found.shape == (rows, outputs) and found.dtype == torch.float32
    assert ((found - rotated_product(x, levels, scale)).abs() <= error_bound(x, levels, scale)).all()


@pytest.mark.parametrize("kernel", USABLE)
@pytest.mark.parametrize("share", [0.5, 1.0, 0.25])
def test_kernel_does_not_overflow(kernel, share):
    """The largest activations on the largest pairs of weights, whichever way a pair is divided."""
    inputs = 256
    pair = torch.tensor([share, 1 - share])
    weight = torch.stack([pair.repeat(inputs // 2), -pair.repeat(inputs // 2)])
    x = torch.ones(3, inputs)
    x[1] = -1
    x[2, ::2] = -1
    levels, scale, sums = quantise_weight(rotate_rows(weight))
    x = rotate_rows(x)
    found = KERNELS[kernel](levels, scale, sums)(x)
    assert levels.int().abs().unflatten(1, (-1, 2)).sum(2).min() >= LARGEST_PAIR - 2
    assert ((found - rotated_product(x, levels, scale)).abs() <= error_bound(x, levels, scale)).all()


@pytest.mark.parametrize("kernel", USABLE)
def test_large_channels_leave_levels_to_the_others(kernel):
    x, weight = matrices(20, 512, 64)
    x[:, [3, 100, 377]] *= 100
    weight[:, [3, 100, 377]] /= 100
    found = KERNELS[kernel](*quantise_weight(weight))(x)
    exact = x @ weight.T
    assert (found - exact).norm() / exact.norm() < 0.12  # 0.24 without the rotation


@pytest.mark.parametrize("kernel", [name for name in USABLE if name != "plain"])
@pytest.mark.parametrize("inputs", [64, 896])
def test_result_for_a_row_does_not_depend_on_other_rows(kernel, inputs):
    x, weight = matrices(70, inputs, 48)
    x *= torch.tensor([0.01, 1, 100, 1, 1, 0, 1] * 10)[:, None]
    x[4] = 2.5
    multiply = KERNELS[kernel](*quantise_weight(weight))
    together = multiply(x)
    assert torch.equal(torch.cat([multiply(row[None].clone()) for row in x]), together)
    assert torch.equal(torch.cat([multiply(x[:3].clone()), multiply(x[3:].clone())]), together)


def test_layer_packed_in_parts_gives_the_same_numbers(monkeypatch):
    if "fbgemm" not in USABLE:
        pytest.skip("torch has no FBGEMM on this CPU")
    x, weight = matrices(6, 64, 50)
    quantised = quantise_weight(weight)
    whole = KERNELS["fbgemm"](*quantised)(x)
    monkeypatch.setattr(int8_kernels, "PACKED_OUTPUTS", 16)
    assert torch.equal(KERNELS["fbgemm"](*quantised)(x), whole)


def test_rows_are_quantised_once_for_layers_of_one_input():
    x, weight = matrices(4, 64, 8)
    pack = KERNELS[int8_kernels.fastest_kernel()]
    with ThreadPoolExecutor(2) as packing:
        packed = [packing.submit(pack, *quantise_weight(weight * n)) for n in (1, 2)]
        first, second = (Int8Linear(64, 8, kernel, torch.ones(8))(x) for kernel in packed)
    torch.testing.assert_close(second - 1, 2 * (first - 1))
    assert quantise_rows(x, torch.float32)[0] is quantise_rows(x, torch.float32)[0]
    levels, step, zero = quantise_rows(x, torch.uint8)
    assert levels.dtype == torch.uint8 and ((levels - zero) * step - rotate_rows(x)).abs().max() <= step.max() * 0.51


def test_conversion_of_an_older_version_is_made_again(tmp_path, cache, capsys):
    folder = tiny_folder(tmp_path / "tiny")
    models.load_model(str(folder), device="cpu")
    [note] = (cache / "int8").glob("*/int8.json")
    written = json.loads(note.read_text())
    note.write_text(json.dumps({**written, "format": written["format"] - 1}))
    shard = note.with_name("weights-000.safetensors")
    before = shard.stat().st_mtime_ns
    capsys.readouterr()
    models.load_model(str(folder), device="cpu")
    assert "preparing tiny" in capsys.readouterr().err
    assert json.loads(note.read_text()) == written and shard.stat().st_mtime_ns > before
    models.load_model(str(folder), device="cpu")
    assert capsys.readouterr().err == ""


def converted(tmp_path, cache) -> Path:
    """Return the folder of the tiny model's conversion."""
    models.load_model(str(tiny_folder(tmp_path / "tiny", attention_bias=True)), device="cpu")
    [note] = (cache / "int8").glob("*/int8.json")
    return note.parent


def test_layers_are_packed_in_the_order_of_their_use_while_the_model_is_made(tmp_path, cache):
    folder = converted(tmp_path, cache)
    layers = int8.PackedLayers(folder, threads=2)
    names = list(layers.kernels)
    assert [name.split(".")[2] for name in names[:-1]] == ["0"] * 7 + ["1"] * 7 and names[-1] == "lm_head"
    ids = torch.arange(10, 60)[None]
    with torch.inference_mode():
        found = [
            int8.load(folder, attention="sdpa", layers=given)(ids).logits
            for given in (layers, int8.PackedLayers(folder), None)
        ]
    assert torch.equal(found[0], found[1]) and torch.equal(found[0], found[2])


def test_error_in_packing_is_raised_by_the_first_pass(tmp_path, cache, monkeypatch):
    folder = converted(tmp_path, cache)

    def fail(*_: torch.Tensor) -> None:
        raise MemoryError("no memory for a layer")

    monkeypatch.setitem(KERNELS, "failing", fail)
    model = int8.load(folder, attention="sdpa", kernel="failing")
    with pytest.raises(MemoryError, match="no memory for a layer"):
        model(torch.arange(10, 20)[None])


@pytest.mark.parametrize("part", ["weight", "bias"])
def test_conversion_without_a_tensor_is_reported(tmp_path, cache, part):
    folder = converted(tmp_path, cache)
    [shard] = folder.glob("*.safetensors")
    tensors = load_file(shard)
    owner = "model.layers.1.self_attn.q_proj"
    missing = {name for name in tensors if name.startswith(f"{owner}.{part}")}
    assert missing
    save_file({name: tensor for name, tensor in tensors.items() if name not in missing}, shard)
    with pytest.raises(ModelError, match=f"incomplete: {owner}"):
        int8.load(folder, attention="sdpa")


def test_fastest_kernel_is_one_that_can_run():
    assert int8_kernels.fastest_kernel() in USABLE
