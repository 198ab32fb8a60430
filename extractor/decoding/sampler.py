"""The next token of an answer: the likeliest one that the grammar allows, and how sure the model was of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch

from extractor.decoding.sequences import ActiveSequence, TokenScores
from extractor.decoding.tokenization import PromptTokenizer
from extractor.errors import ModelError


class Sampler:
    """Greedy choice under a token mask."""

    def __init__(self, tokenizer: PromptTokenizer) -> None:
        self.tokenizer = tokenizer
        self._merge_cache: dict[tuple[int, bytes], bool] = {}

    def choose(self, sequence: ActiveSequence, logits: torch.Tensor) -> tuple[int | None, TokenScores]:
        """Return the likeliest allowed token with its scores; None where no token is allowed.

        `logits` has one number for each entry of the output layer. Raises `ModelError` where they are not finite.
        """
        allowed = self.exclude_split_quotes(sequence, self.allowed_tokens(sequence.matcher))
        if not len(allowed):
            return None, TokenScores(0.0, 0.0, 0.0)
        allowed_logits = logits[torch.from_numpy(allowed).to(logits.device)]
        best = torch.topk(allowed_logits, min(2, len(allowed_logits)))
        allowed_sum, full_sum = torch.logsumexp(allowed_logits, 0), torch.logsumexp(logits, 0)
        if not bool(torch.isfinite(allowed_sum) & torch.isfinite(full_sum)):
            raise ModelError(
                "the model computes numbers that are not finite",
                "Its weights are damaged or in an unsupported format: use another copy, or another model.",
            )
        shares = (best.values - allowed_sum).exp().tolist()
        mass = float((allowed_sum - full_sum).exp())
        margin = shares[0] - shares[1] if len(shares) > 1 else 1.0
        return int(allowed[int(best.indices[0])]), TokenScores(min(shares[0], 1.0), min(mass, 1.0), margin)

    def allowed_tokens(self, matcher: Any) -> np.ndarray:
        """Return the ids of the tokens that the grammar allows next, in ascending order."""
        if matcher.is_stopped():
            return np.zeros(0, dtype=np.int64)
        bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
        return allowed[allowed < self.tokenizer.output_size]

    def exclude_split_quotes(self, sequence: ActiveSequence, allowed: np.ndarray) -> np.ndarray:
        """Return `allowed` without tokens that would split what the tokenizer writes as one token with a quote.

        Where ` "$` is one token, a model that has written ` "` alone does not expect `$` and takes another allowed
        token instead. So after a lone quote no token may follow whose first character merges with it, and a lone quote
        may not be written where only such tokens can follow. (This is the problem that token healing solves for
        prompts.)
        """
        last = sequence.written[-1] if sequence.written else None
        if last in self.quote_tokens:
            kept = [token for token in allowed if not self.merges(last, int(token))]
            return np.array(kept, dtype=np.int64) if kept else allowed
        for quote in self.quote_tokens.intersection(allowed.tolist()):
            ahead = sequence.matcher.deep_copy()
            ahead.consume_token(quote)
            following = self.allowed_tokens(ahead)
            if len(following) and len(allowed) > 1 and all(self.merges(quote, int(token)) for token in following):
                allowed = allowed[allowed != quote]
        return allowed

    @cached_property
    def quote_tokens(self) -> set[int]:
        """Return the tokens that are a double quote alone, with or without a space before it."""
        encoded = (self.tokenizer.guide.tokenize_str(text) for text in ('"', ' "'))
        return {tokens[0] for tokens in encoded if len(tokens) == 1}

    def merges(self, quote: int, token: int) -> bool:
        """Decide whether the tokenizer writes the quote and the first byte of the token as one token."""
        guide = self.tokenizer.guide
        first = guide.decode_bytes([token])[:1]
        known = self._merge_cache.get((quote, first))
        if known is None:
            known = len(guide.tokenize_bytes(guide.decode_bytes([quote]) + first)) == 1
            self._merge_cache[quote, first] = known
        return known
