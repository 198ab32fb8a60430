"""Passes through a transformers model: token ids in, hidden states and logits out."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from extractor.decoding.attention import using_cache
from extractor.decoding.kv_cache import BatchedKVCache, PrefixKVCache


class ModelRunner:
    """Computes passes of one model over `PrefixKVCache`s."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.device = next(model.parameters()).device
        self.context_length = int(getattr(model.config, "max_position_embeddings", 0) or 4096)

    @property
    def output_size(self) -> int:
        """Return the size of the output layer; it is often larger than the tokenizer's vocabulary."""
        return self.model.get_output_embeddings().out_features

    def forward(self, input_ids: list[list[int]], starts: list[int], cache: PrefixKVCache) -> torch.Tensor:
        """Return the last hidden states, (rows, tokens, width), of each row's tokens.

        `starts` are the positions of the rows' first tokens. Short rows are padded on the right.
        """
        longest = max(map(len, input_ids))
        padded = torch.tensor([ids + [0] * (longest - len(ids)) for ids in input_ids], device=self.device)
        positions = torch.tensor(starts, device=self.device)[:, None] + torch.arange(longest, device=self.device)
        return self._hidden_states(padded, positions, cache)

    def forward_batch(self, requests: Sequence[tuple[PrefixKVCache, list[list[int]], list[int]]]) -> list[torch.Tensor]:
        """Compute the rows of several requests in one pass; return what `forward` would for each.

        A request is (cache, input ids, starts), as `forward` takes them.
        """
        lengths = [[len(row) for row in input_ids] for _, input_ids, _ in requests]
        if len(requests) == 1 and min(lengths[0]) == max(lengths[0]):
            [(cache, input_ids, starts)] = requests
            return [self.forward(input_ids, starts, cache)]
        ids: list[int] = []
        positions: list[int] = []
        for _, input_ids, starts in requests:
            for row, start in zip(input_ids, starts, strict=True):
                ids += row
                positions += range(start, start + len(row))
        batch = BatchedKVCache([cache for cache, _, _ in requests], lengths, self.device)
        states = self._hidden_states(
            torch.tensor([ids], device=self.device), torch.tensor([positions], device=self.device), batch
        )
        return batch.split_states(states)

    def _hidden_states(
        self, ids: torch.Tensor, positions: torch.Tensor, cache: PrefixKVCache | BatchedKVCache
    ) -> torch.Tensor:
        with using_cache(cache):
            out = self.model.get_decoder()(
                input_ids=ids, position_ids=positions, use_cache=True, **{self._cache_argument: cache}
            )
        return out.last_hidden_state

    @cached_property
    def _cache_argument(self) -> str:
        """Return the name of the model's cache argument, which transformers 5.24 renames, one model after another."""
        parameters = inspect.signature(self.model.get_decoder().forward).parameters
        return "cache" if "cache" in parameters else "past_key_values"

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """Return the logits in float32, with the scaling and capping that the model's configuration asks for."""
        logits = self.model.get_output_embeddings()(states).float()
        config = self.model.config
        if scaling := getattr(config, "logits_scaling", None):
            logits = logits / scaling
        if scale := getattr(config, "logit_scale", None):
            logits = logits * scale
        if cap := getattr(config, "final_logit_softcapping", None):
            logits = torch.tanh(logits / cap) * cap
        return logits
