"""Tokens of an answer with their probabilities, from the log-probabilities of a chat completions server."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from extractor.types import Token


def locate_tokens(text: str, entries: Sequence[Mapping[str, Any]]) -> tuple[Token, ...]:
    """Return the tokens of `text`; none where the server's `logprobs.content` does not spell the text.

    White space that the server stripped from the text, and an end token, are left out. Several tokens may share a
    character: each then covers the whole of it.
    """
    pieces = [
        bytes(entry["bytes"]) if entry.get("bytes") else str(entry.get("token", "")).encode() for entry in entries
    ]
    encoded = text.encode()
    at = -b"".join(pieces).find(encoded)
    if not encoded or at > 0:
        return ()
    character_of_byte = [number for number, character in enumerate(text) for _ in character.encode()]
    tokens = []
    for entry, piece in zip(entries, pieces, strict=True):
        start, end = max(at, 0), min(at + len(piece), len(encoded))
        at += len(piece)
        if start < end:
            tokens.append(Token(character_of_byte[start], character_of_byte[end - 1] + 1, *_scores(entry)))
    return tuple(tokens)


def _scores(entry: Mapping[str, Any]) -> tuple[float, float, float]:
    """Return (probability, mass, margin) as in `Token`, from log-probabilities before masking.

    Decoding is greedy, so all that was likelier than the chosen token was masked, while what was less likely may not
    have been: the mass is an upper bound, the margin a lower one.
    """
    chosen = _probability(entry.get("logprob"))
    others = [_probability(other.get("logprob")) for other in entry.get("top_logprobs") or ()]
    mass = max(chosen, 1.0 - sum(other for other in others if other > chosen))
    if mass <= 0.0:
        return 0.0, 0.0, 0.0
    below = sorted((other for other in others if other <= chosen), reverse=True)
    if chosen in below:
        below.remove(chosen)  # the chosen token is itself among the top ones
    return chosen / mass, mass, (chosen - max(below, default=0.0)) / mass


def _probability(logprob: Any) -> float:
    return min(1.0, math.exp(logprob)) if isinstance(logprob, int | float) and logprob > -700 else 0.0
