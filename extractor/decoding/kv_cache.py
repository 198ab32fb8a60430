"""Key-value caches for many short sequences that continue one prompt.

The keys and values of the prompt are computed once and shared by all sequences, never copied (Juravsky et al. 2024,
"Hydragen: High-Throughput LLM Inference with Shared Prefixes"). The classes implement what transformers requires of a
cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional

KeysAndValues = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of one layer, each of shape (rows, heads, tokens, head width)."""
SPARE_SLOTS = 32
"""Slots that are added beyond those needed whenever a row's tensors grow."""


class PrefixKVCache:
    """Keys and values of one prompt, and of rows (sequences after the prompt), each with slots of its own.

    `prefix` and `rows` have one entry a layer. The first `used[r]` slots of row r hold tokens that stay; a pass writes
    after them, and rejected draft tokens are overwritten by the next pass.
    """

    is_compileable = False

    def __init__(self, prefix: list[KeysAndValues] | None = None) -> None:
        self.prefix: list[KeysAndValues] = prefix or []
        self.rows: list[KeysAndValues] = []
        self.used: torch.Tensor | None = None

    @property
    def prefix_length(self) -> int:
        """Return the number of prompt tokens in the cache."""
        return self.prefix[0][0].shape[2] if self.prefix else 0

    def slice_prefix(self, length: int) -> list[KeysAndValues]:
        """Return the keys and values of the first `length` tokens of the prompt."""
        return [(keys[:, :, :length], values[:, :, :length]) for keys, values in self.prefix] if length else []

    def open_rows(self, count: int, device: Any) -> None:
        """Begin `count` empty rows; from here on tokens are added to the rows instead of the prompt."""
        self.rows, self.used = [], torch.zeros(count, dtype=torch.long, device=device)

    def close_rows(self) -> None:
        """Drop all rows; from here on tokens are added to the prompt."""
        self.rows, self.used = [], None

    def keep_rows(self, numbers: Sequence[int]) -> None:
        """Drop every row except those with the given numbers."""
        index = torch.tensor(numbers, device=self.used.device)
        self.used = self.used[index]
        self.rows = [(keys[index], values[index]) for keys, values in self.rows]

    # The interface of a transformers cache.

    def get_seq_length(self, layer: int = 0) -> int:
        """Return the number of prompt tokens."""
        return self.prefix_length

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KeysAndValues:
        """Add the keys and values of new tokens in one layer; return those of the whole prompt, or of the rows."""
        if self.used is None:
            if layer < len(self.prefix):
                held = self.prefix[layer]
                keys, values = torch.cat([held[0], keys], 2), torch.cat([held[1], values], 2)
                self.prefix[layer] = keys, values
            else:
                self.prefix.append((keys.contiguous(), values.contiguous()))
            return keys, values
        new = keys.shape[2]
        slots = self.used[:, None] + torch.arange(new, device=keys.device)
        if layer == len(self.rows):
            self.rows.append((keys[:, :, :0], values[:, :, :0]))
        missing = int(slots.max()) + 1 - self.rows[layer][0].shape[2]
        row_keys, row_values = (
            functional.pad(held, (0, 0, 0, missing + SPARE_SLOTS)) if missing > 0 else held for held in self.rows[layer]
        )
        index = torch.arange(len(slots), device=keys.device)[:, None]
        row_keys[index, :, slots] = keys.transpose(1, 2)
        row_values[index, :, slots] = values.transpose(1, 2)
        self.rows[layer] = row_keys, row_values
        return row_keys, row_values


class BatchedKVCache:
    """The caches of several requests that one pass computes, their tokens concatenated into one sequence.

    Each request keeps the tensor shapes it would have alone, so that its answer does not depend on the others.
    `shapes` are (rows, new tokens) for each cache.
    """

    is_compileable = False

    def __init__(self, caches: Sequence[PrefixKVCache], shapes: Sequence[tuple[int, int]]) -> None:
        self.caches, self.shapes = caches, shapes

    def split(self, batch: torch.Tensor) -> Iterator[tuple[PrefixKVCache, torch.Tensor]]:
        """Yield each cache with its part, (rows, heads, tokens, width), of (1, heads, tokens of all, width)."""
        at = 0
        for cache, (rows, new) in zip(self.caches, self.shapes, strict=True):
            yield cache, batch[0, :, at : at + rows * new].unflatten(1, (rows, new)).transpose(0, 1)
            at += rows * new

    def get_seq_length(self, layer: int = 0) -> int:
        """Return the number of prompt tokens of the longest prompt."""
        return max(cache.prefix_length for cache in self.caches)

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KeysAndValues:
        """Add each request's keys and values to its own cache; return them as they came."""
        for (cache, own_keys), (_, own_values) in zip(self.split(keys), self.split(values), strict=True):
            cache.update(own_keys, own_values, layer)
        return keys, values
