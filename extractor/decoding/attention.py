"""Attention over a shared prompt: the attention function that transformers calls for models with a `PrefixKVCache`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface

from extractor.decoding.kv_cache import BatchedKVCache, KeysAndValues, PrefixKVCache

ATTENTION_NAME = "extractor"
"""The name under which `attend` is registered, for `attn_implementation`."""
MAX_SCORES = 1 << 25
"""Attention scores held at once (128 MiB in float32); a larger batch is computed in halves."""

_active_cache: ContextVar[PrefixKVCache | BatchedKVCache] = ContextVar("active_cache")


@contextmanager
def using_cache(cache: PrefixKVCache | BatchedKVCache) -> Iterator[None]:
    """Let `attend` use `cache` until the block ends."""
    token = _active_cache.set(cache)
    try:
        yield
    finally:
        _active_cache.reset(token)


def attend(
    module: Any, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: Any = None, *,
    scaling: float | None = None, sliding_window: int | None = None, softcap: float | None = None,
    s_aux: torch.Tensor | None = None, **_: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """Return the attention output, (rows, tokens, heads, width), of new tokens over the cache in use.

    Has the signature of transformers' attention functions. `query` is (rows, heads, new tokens, width); `keys` and
    `values` are what the cache's `update` returned; `mask` is ignored, since the cache knows what is visible. `s_aux`
    are attention sinks, one logit a head.
    """
    cache = _active_cache.get()
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    if isinstance(cache, BatchedKVCache):
        layer = module.layer_idx
        parts = [
            attend_to_prefix(part, own.prefix[layer], own.rows[layer], own.used, scale, sliding_window, softcap, s_aux)
            for own, part in cache.split(query)
        ]
        out = cache.join(parts)
    elif cache.used is None:
        out = attend_causally(query, keys, values, scale, sliding_window, softcap, s_aux)
    else:
        prefix = cache.prefix[module.layer_idx]
        out = attend_to_prefix(query, prefix, (keys, values), cache.used, scale, sliding_window, softcap, s_aux)
    return out.transpose(1, 2).contiguous(), None


def attend_causally(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor,
    scale: float, window: int | None, softcap: float | None, sinks: torch.Tensor | None,
) -> torch.Tensor:  # fmt: skip
    """Return the attention of the last tokens of one sequence over the whole sequence."""
    new, total = query.shape[2], keys.shape[2]
    is_plain = softcap is None and sinks is None
    if is_plain and new == total and (not window or window >= total):
        return functional.scaled_dot_product_attention(
            query, keys, values, is_causal=True, scale=scale, enable_gqa=True
        )
    ages = torch.arange(total - new, total, device=query.device)[:, None] - torch.arange(total, device=query.device)
    visible = (ages >= 0) if not window else (ages >= 0) & (ages < window)
    if is_plain:
        return functional.scaled_dot_product_attention(
            query, keys, values, attn_mask=visible, scale=scale, enable_gqa=True
        )
    grouped = query.unflatten(1, (keys.shape[1], -1)).flatten(2, 3)
    scores = _apply_softcap(grouped @ keys.transpose(2, 3) * scale, softcap)
    scores = scores.unflatten(2, (-1, new)).masked_fill(~visible, float("-inf"))
    weights = _softmax(scores, sinks, query.dtype).flatten(2, 3)
    return (weights @ values).unflatten(2, (-1, new)).flatten(1, 2)


def attend_to_prefix(
    query: torch.Tensor, prefix: KeysAndValues, own: KeysAndValues, used: torch.Tensor,
    scale: float, window: int | None, softcap: float | None, sinks: torch.Tensor | None,
) -> torch.Tensor:  # fmt: skip
    """Return the attention of each row's new tokens over the shared prompt and over the row's own tokens.

    The prompt's keys are read once for all rows: the rows' queries are laid side by side in one matrix product.
    """
    rows, heads, new, width = query.shape
    if rows > 1 and rows * heads * new * (prefix[0].shape[2] + own[0].shape[2]) > MAX_SCORES:
        halves = [slice(0, rows // 2), slice(rows // 2, rows)]
        parts = [
            attend_to_prefix(
                query[half], prefix, (own[0][half], own[1][half]), used[half], scale, window, softcap, sinks
            )
            for half in halves
        ]
        return torch.cat(parts)
    groups = own[0].shape[1]  # key-value heads, each shared by several query heads
    per_group = heads // groups
    grouped = query.reshape(rows, groups, per_group, new, width)
    side_by_side = grouped.permute(1, 0, 2, 3, 4).reshape(groups, rows * per_group * new, width)
    length = prefix[0].shape[2]
    prefix_scores = side_by_side @ prefix[0][0].transpose(1, 2)
    prefix_scores = prefix_scores.view(groups, rows, per_group, new, length).transpose(0, 1)
    own_scores = grouped.flatten(2, 3) @ own[0].transpose(2, 3)
    own_scores = own_scores.view(rows, groups, per_group, new, -1)
    slots = used[:, None] + torch.arange(new, device=query.device)  # of each new token
    ages = slots[:, :, None] - torch.arange(own[0].shape[2], device=query.device)
    hidden = ages < 0 if not window else (ages < 0) | (ages >= window)
    scores = torch.cat([prefix_scores, own_scores], -1).mul_(scale)
    scores = _apply_softcap(scores, softcap)
    scores[..., length:].masked_fill_(hidden[:, None, None], float("-inf"))
    if window:
        beyond = slots[:, :, None] + length - torch.arange(length, device=query.device) >= window
        scores[..., :length].masked_fill_(beyond[:, None, None], float("-inf"))
    weights = _softmax(scores, sinks, query.dtype)
    prefix_weights = weights[..., :length].transpose(0, 1).reshape(groups, rows * per_group * new, length)
    from_prefix = (prefix_weights @ prefix[1][0]).view(groups, rows, per_group, new, -1).transpose(0, 1)
    from_own = (weights[..., length:].flatten(2, 3) @ own[1]).view(rows, groups, per_group, new, -1)
    return (from_prefix + from_own).reshape(rows, heads, new, -1)


def _apply_softcap(scores: torch.Tensor, softcap: float | None) -> torch.Tensor:
    """Squash scores into -softcap..softcap, as Gemma 2 does."""
    return scores if softcap is None else torch.tanh(scores / softcap) * softcap


def _softmax(scores: torch.Tensor, sinks: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
    """Return the softmax over the last dimension; sinks, one a head, take their share and are left out."""
    if sinks is None:
        return torch.softmax(scores, -1, dtype=torch.float32).to(dtype)
    sink = sinks.view(1, scores.shape[1], scores.shape[2], 1, 1).expand(*scores.shape[:-1], 1).float()
    return torch.softmax(torch.cat([scores.float(), sink], -1), -1)[..., :-1].to(dtype)


AttentionInterface.register(ATTENTION_NAME, attend)
