"""The token mask: which tokens may come next, by the grammar and by how the tokenizer writes quotes and blanks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from extractor.decoding.sequences import ActiveSequence
from extractor.decoding.tokenization import PromptTokenizer


class TokenMask:
    """Finds the allowed tokens of a sequence; what it learns of the tokenizer is kept."""

    def __init__(self, tokenizer: PromptTokenizer) -> None:
        self.tokenizer = tokenizer
        self._merges: dict[int, np.ndarray] = {}

    def find_allowed(self, sequence: ActiveSequence) -> np.ndarray:
        """Return the ids of the tokens that may follow what the sequence has written, in ascending order."""
        return self.exclude_split_tokens(sequence, self.allowed_tokens(sequence.matcher))

    def allowed_tokens(self, matcher: Any) -> np.ndarray:
        """Return the ids of the tokens that the grammar allows next, in ascending order."""
        if matcher.is_stopped():
            return np.zeros(0, dtype=np.int64)
        bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
        return allowed[allowed < self.tokenizer.output_size]

    def exclude_split_tokens(self, sequence: ActiveSequence, allowed: np.ndarray) -> np.ndarray:
        """Return `allowed` without tokens that would split what the tokenizer writes as one token.

        Where ` "$` is one token, a model that has written ` "` alone does not expect `$` and takes another allowed
        token instead. So after a lone quote or blank no token may follow that merges with it, and a
        lone quote or blank may not be written where only such tokens can follow. (This is the problem that token
        healing solves for prompts.)
        """
        last = sequence.written[-1] if sequence.written else None
        if last in self.merging_tokens:
            kept = allowed[~self.merging(last, allowed)]
            return kept if len(kept) else allowed
        for opening in self.merging_tokens.intersection(allowed.tolist()):
            ahead = sequence.matcher.deep_copy()
            ahead.consume_token(opening)
            following = self.allowed_tokens(ahead)
            if len(following) and len(allowed) > 1 and all(self.merges(opening, token) for token in following.tolist()):
                allowed = allowed[allowed != opening]
        return allowed

    @cached_property
    def merging_tokens(self) -> set[int]:
        """Return the tokens that are a double quote, a blank, or both: they merge with much that follows."""
        encoded = (self.tokenizer.guide.tokenize_str(text) for text in ('"', ' "', " "))
        return {tokens[0] for tokens in encoded if len(tokens) == 1}

    def merging(self, opening: int, tokens: np.ndarray) -> np.ndarray:
        """Return for each token whether it merges with the opening one, as booleans of the tokens' shape."""
        known = self._known(opening)
        for token in tokens[known[tokens] < 0].tolist():
            known[token] = self.merges(opening, token)
        return known[tokens] == 1

    def merges(self, opening: int, token: int) -> bool:
        """Decide whether the tokenizer, given the text of both tokens, would not begin with the opening token."""
        known = self._known(opening)
        if known[token] < 0:
            guide = self.tokenizer.guide
            known[token] = guide.tokenize_bytes(guide.decode_bytes([opening, token]))[0] != opening
        return bool(known[token])

    def _known(self, opening: int) -> np.ndarray:
        """Return what is known of each token after the opening one: 1 where they merge, 0 where not, else -1."""
        if opening not in self._merges:
            self._merges[opening] = np.full(self.tokenizer.output_size, -1, dtype=np.int8)
        return self._merges[opening]
