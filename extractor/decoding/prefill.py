"""Prefill: computing the keys and values of a prompt, and reusing those of the prompt before."""

from __future__ import annotations

from itertools import pairwise, takewhile

from extractor.decoding.kv_cache import PrefixKVCache
from extractor.decoding.model_runner import ModelRunner


class PromptCache:
    """The last prompt's keys and values in `cache`, for the `tokens` that have been computed.

    `computed` and `reused` count tokens over all prompts.
    """

    def __init__(self, runner: ModelRunner) -> None:
        self._runner = runner
        self.cache = PrefixKVCache()
        self.tokens: list[int] = []
        self._boundaries = [0]
        self.computed = self.reused = 0

    def prefill(self, prompt: list[int], head_length: int, piece_length: int) -> PrefixKVCache:
        """Return a cache of the prompt; what the last prompt began with as well is not computed again.

        The prompt is computed in pieces of at most `piece_length` tokens, so that memory stays bounded. Its first
        `head_length` tokens, which all prompts share, are a piece of their own. Only whole pieces are reused: the last
        digits of the numbers depend on the piece in which a token was computed, and an answer must not depend on the
        requests before it.
        """
        boundaries = sorted({0, head_length, *range(head_length, len(prompt), piece_length), len(prompt)})
        shared = next(
            (at for at, (new, old) in enumerate(zip(prompt, self.tokens, strict=False)) if new != old),
            min(len(prompt), len(self.tokens)),
        )
        last_pieces = set(pairwise(self._boundaries))
        common = takewhile(last_pieces.__contains__, pairwise(boundaries))
        reused = max((end for _, end in common if end <= shared), default=0)
        self.cache = PrefixKVCache(self.cache.slice_prefix(reused))  # a new one: the last one's rows may be in use
        self.tokens, self._boundaries = prompt[:reused], [at for at in boundaries if at <= reused]
        self.reused += reused
        self.computed += len(prompt) - reused
        for start, end in pairwise(at for at in boundaries if at >= reused):
            self._runner.forward([prompt[start:end]], [start], self.cache)
            self.tokens = prompt[:end]
            self._boundaries.append(end)
        return self.cache
