"""The next token of an answer: the likeliest one that the grammar allows, and how sure the model was of it."""

from __future__ import annotations

import torch

from extractor.decoding.sequences import ActiveSequence, TokenScores
from extractor.decoding.token_mask import TokenMask
from extractor.errors import ModelError


class Sampler:
    """Greedy choice under a token mask."""

    def __init__(self, mask: TokenMask) -> None:
        self.mask = mask

    def choose(self, sequence: ActiveSequence, logits: torch.Tensor) -> tuple[int | None, TokenScores]:
        """Return the likeliest allowed token with its scores; None where no token is allowed.

        `logits` has one number for each entry of the output layer. Raises `ModelError` where they are not finite.
        """
        allowed = self.mask.find_allowed(sequence)
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
