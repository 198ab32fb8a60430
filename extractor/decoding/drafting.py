"""Drafts: the tokens that probably come next, taken from the source.

An answer copies from the source, so after part of a value the source itself tells how it goes on. A draft is checked in
the same pass that computes the next token and costs nothing but its place in that pass. (Yang et al. 2023, "Inference
with Reference: Lossless Acceleration of Large Language Models".)
"""

from __future__ import annotations

import json

from extractor.decoding.sequences import ActiveSequence
from extractor.decoding.settings import DecodingSettings
from extractor.decoding.source_text import escape_json
from extractor.decoding.tokenization import PromptTokenizer

TAIL_TOKENS = 64
"""Tokens at the end of an answer in which the open string is looked for."""
CHARACTERS_PER_TOKEN = 8
"""Characters of the source that are tokenised for each token of a draft."""


def draft_from_source(
    sequence: ActiveSequence, source: str, tokenizer: PromptTokenizer, settings: DecodingSettings, longest: int
) -> list[int]:
    """Return the tokens that follow, in `source`, the first occurrence of the string being written.

    Returns at most `longest`, and only as many as the grammar allows; none where no string is open, or the source does
    not contain it.
    """
    if not settings.draft_tokens or not source or longest < 1:
        return []
    guide = tokenizer.guide
    value = find_open_string(guide.decode_bytes(sequence.written[-TAIL_TOKENS:]).decode("utf-8", "ignore"))
    if not value:
        return []
    at = source.find(value)
    if at < 0:
        return []
    sequence.draft_length = sequence.draft_length or settings.draft_tokens
    following = source[at + len(value) : at + len(value) + CHARACTERS_PER_TOKEN * sequence.draft_length]
    tokens = guide.tokenize_str(escape_json(following))[: min(sequence.draft_length, longest)] if following else []
    return tokens[: sequence.matcher.validate_tokens(tokens)]


def adapt_draft_length(sequence: ActiveSequence, accepted: int, settings: DecodingSettings) -> None:
    """Double the length of the next draft after one that was accepted whole, else reset it."""
    if accepted == len(sequence.draft):
        sequence.draft_length = min(2 * sequence.draft_length, settings.max_draft_tokens)
    else:
        sequence.draft_length = settings.draft_tokens


def find_open_string(text: str) -> str:
    """Return the unescaped content of the string that is open at the end of some JSON; empty where none is."""
    quote = text.rfind('"')
    while quote > 0 and (len(text[:quote]) - len(text[:quote].rstrip("\\"))) % 2:
        quote = text.rfind('"', 0, quote)
    if quote < 0 or not text[:quote].rstrip(" ").endswith((":", "[", ",")):
        return ""
    try:
        return json.loads(text[quote:] + '"', strict=False)
    except ValueError:
        return ""
