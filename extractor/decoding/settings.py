"""The numbers that decide how answers are decoded; they change the time an answer takes, not what it says."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class DecodingSettings(Settings):
    """Sizes of batches, prompt pieces and drafts."""

    max_rows: int = threshold(
        12, unit="rows", meaning="Field groups of one request that are decoded in one pass; the others wait."
    )
    prefill_tokens: int = threshold(
        512, unit="tokens", meaning="Longest piece of a prompt that is computed at once, which bounds the memory."
    )
    draft_tokens: int = threshold(
        4, unit="tokens", meaning="Length of a draft at first and after one that was not accepted whole; 0 for none."
    )
    max_draft_tokens: int = threshold(
        16, unit="tokens", meaning="Length up to which drafts are doubled, as long as each is accepted whole."
    )
