"""The numbers that decide how answers are decoded; all but the last change an answer's time, not what it says."""

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
    pass_tokens: int = threshold(
        24,
        unit="tokens",
        meaning="Drafts are shortened until a pass has about so many: up to that, reading the weights takes the time.",
    )
    max_repeated_elements: int = threshold(
        4,
        unit="elements",
        meaning="A list ends after so many elements in a row that it has already: some models do not stop.",
    )
