"""Text into tokens and back: special tokens as plain text, the chat template, llguidance's view of the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from extractor.decoding.source_text import replace_surrogates


class PromptTokenizer:
    """A transformers tokenizer as the decoder uses it; `output_size` is the size of the model's output layer."""

    def __init__(self, tokenizer: Any, output_size: int, eos_token_ids: set[int]) -> None:
        self.tokenizer = tokenizer
        self.output_size = output_size
        self.eos_token_ids = eos_token_ids

    @cached_property
    def guide(self) -> Any:
        """Return the tokenizer in llguidance's form."""
        import llguidance.hf

        size = max(self.output_size, len(self.tokenizer))  # the output layer is often larger than the vocabulary
        return llguidance.hf.from_tokenizer(self.tokenizer, n_vocab=size, eos_token=sorted(self.eos_token_ids))

    @cached_property
    def _special_tokens(self) -> re.Pattern[str] | None:
        """Return a pattern of the tokenizer's special tokens, None where it has none."""
        marks = {str(token) for token in self.tokenizer.added_tokens_decoder.values() if token.special}
        marks |= set(self.tokenizer.all_special_tokens)
        ordered = sorted((mark for mark in marks if len(mark) > 1), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of the text.

        Without `special`, text that looks like a special token (`<|im_start|>` in a document) is encoded as the
        characters that it is written with, so that a document cannot break out of its place in the prompt.
        """
        if not text:
            return []
        text = replace_surrogates(text)
        if special or self._special_tokens is None or not self._special_tokens.search(text):
            return self.tokenizer.encode(text, add_special_tokens=False)
        parts, at = [], 0
        for match in self._special_tokens.finditer(text):  # cut inside each: neither part is a special token then
            parts.append(text[at : match.start() + 1])
            at = match.start() + 1
        return [token for part in [*parts, text[at:]] for token in self.encode(part)]

    @cached_property
    def chat_frame(self) -> tuple[str, str, str]:
        """Return what the chat template puts before a system text, between it and a user text, and after that.

        A template that refuses system messages gets both texts in one user message; without a template the texts are
        separated by blank lines.
        """
        marks = "\ue000system\ue001", "\ue000user\ue001"
        template = getattr(self.tokenizer, "chat_template", None)
        if template:
            for messages in (
                [{"role": "system", "content": marks[0]}, {"role": "user", "content": marks[1]}],
                [{"role": "user", "content": f"{marks[0]}\n\n{marks[1]}"}],
            ):
                try:
                    text = self.tokenizer.apply_chat_template(
                        messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
                    )
                except Exception:  # a template may refuse system messages by raising anything
                    continue
                if text.count(marks[0]) == text.count(marks[1]) == 1 and text.index(marks[0]) < text.index(marks[1]):
                    before, rest = text.split(marks[0])
                    return before, *rest.split(marks[1])
        return self.tokenizer.bos_token or "", "\n\n", "\n\n"


def find_eos_token_ids(model: Any, tokenizer: Any) -> set[int]:
    """Return every token id that ends an answer, by the settings of the model and of the tokenizer."""
    found: set[int] = set()
    for settings in (model.config, getattr(model, "generation_config", None), tokenizer):
        value = getattr(settings, "eos_token_id", None)
        found |= set(value) if isinstance(value, list | tuple) else {value} if value is not None else set()
    return found


def decode_pieces(pieces: Sequence[bytes]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of the tokens' bytes, and each token's (start, end) in it.

    Tokens that share a character each cover the whole of it; an incomplete character at the end is left out.
    """
    encoded = b"".join(pieces)
    text = encoded.decode("utf-8", "ignore")
    offsets = [number for number, character in enumerate(text) for _ in character.encode()]  # by byte
    offsets += [len(text)] * (len(encoded) - len(offsets))
    spans = []
    at = 0
    for piece in pieces:
        end = at + len(piece)
        start = offsets[at] if at < len(offsets) else len(text)
        spans.append((start, max(start, min(offsets[end - 1] + 1, len(text)) if piece else start)))
        at = end
    return text, spans
