"""A transformers model without weights, and putting tensors into it one by one."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from extractor.errors import ModelError


def build_empty_model(config: Any, attention: str | None = None) -> nn.Module:
    """Return the modules of the model that `config` describes, on torch's meta device, which holds no numbers.

    `attention` names the attention implementation. Raises `ModelError` for a configuration of no text model.
    """
    from transformers import AutoModelForCausalLM

    options = {"attn_implementation": attention} if attention else {}
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(
                config, dtype=torch.float32, trust_remote_code=False, **options
            ).eval()
    except (ValueError, KeyError) as error:
        raise ModelError(f"this type of model is not supported: {error}", "Use a model that generates text.") from error


def set_tensor(module: nn.Module, name: str, tensor: torch.Tensor) -> None:
    """Put a tensor into the place of the module's buffer or parameter of that name."""
    if name in module._buffers:
        module._buffers[name] = tensor
    else:
        module._parameters[name] = nn.Parameter(tensor, requires_grad=False)


def fill_missing_buffers(model: nn.Module) -> None:
    """Compute the buffers that no file contains (rotary frequencies); raise `ModelError` for a missing weight."""
    for module in model.modules():
        missing = [name for name, buffer in module._buffers.items() if buffer is not None and buffer.is_meta]
        for name in missing:
            module._buffers[name] = torch.empty_like(module._buffers[name], device="cpu")
        if missing:
            with torch.no_grad():
                model._init_weights(module)
    absent = [name for name, tensor in model.named_parameters() if tensor.is_meta]
    if absent:
        raise ModelError(f"the weights are incomplete: {', '.join(absent[:3])}", "Use another copy of the model.")
