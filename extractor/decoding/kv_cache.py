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

    No place is computed for nothing: rows are padded only where they are laid side by side for attention. Each request
    keeps the tensor shapes it would have alone, so that its answer does not depend on the others. `lengths` are the
    numbers of new tokens of each cache's rows.
    """

    is_compileable = False

    def __init__(self, caches: Sequence[PrefixKVCache], lengths: Sequence[Sequence[int]], device: Any) -> None:
        self.caches = caches
        self._places: list[torch.Tensor] = []
        self._filled: list[torch.Tensor] = []
        at = 0
        for own in lengths:
            longest, places, filled = max(own), [], []
            for row, length in enumerate(own):
                places.append([at + min(token, length - 1) for token in range(longest)])
                filled += range(row * longest, row * longest + length)
                at += length
            self._places.append(torch.tensor(places, device=device))
            self._filled.append(torch.tensor(filled, device=device))

    def split(self, batch: torch.Tensor) -> Iterator[tuple[PrefixKVCache, torch.Tensor]]:
        """Yield each cache with its part, (rows, heads, tokens, width), of (1, heads, tokens of all, width)."""
        for cache, places in zip(self.caches, self._places, strict=True):
            yield cache, batch[0].index_select(1, places.flatten()).unflatten(1, places.shape).transpose(0, 1)

    def join(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return (1, heads, tokens of all, width) of each request's part, (rows, heads, tokens, width)."""
        joined = [
            part.transpose(0, 1).flatten(1, 2).index_select(1, filled)
            for part, filled in zip(parts, self._filled, strict=True)
        ]
        return torch.cat(joined, 1)[None]

    def split_states(self, states: torch.Tensor) -> list[torch.Tensor]:
        """Return each request's states, (rows, tokens, width), of (1, tokens of all, width)."""
        return [states[0][places] for places in self._places]

    def get_seq_length(self, layer: int = 0) -> int:
        """Return the number of prompt tokens of the longest prompt."""
        return max(cache.prefix_length for cache in self.caches)

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any) -> KeysAndValues:
        """Add each request's keys and values to its own cache; return them as they came."""
        for (cache, own_keys), (_, own_values) in zip(self.split(keys), self.split(values), strict=True):
            cache.update(own_keys, own_values, layer)
        return keys, values
