"""Writing one answer: the tokens that its grammar forces, and those that the model chooses."""

from __future__ import annotations

import re
from dataclasses import dataclass

import llguidance
import torch

from extractor.decoding.drafting import adapt_draft_length
from extractor.decoding.sampler import Sampler
from extractor.decoding.sequences import ActiveSequence
from extractor.decoding.settings import DecodingSettings
from extractor.decoding.tokenization import PromptTokenizer, decode_pieces
from extractor.errors import SchemaError
from extractor.types import Answer, FieldGroup, Token

_ELEMENT = re.compile(rb"\{[^{}]*\}")
_PLAIN_LIST = re.compile(rb'\{"[^"]*": \[\s*(?P<elements>"[\s\S]*)')
"""An answer that is a list of strings."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
LEXER_FUEL = 100_000_000
"""Work that llguidance may spend on a grammar before it gives up; a long source needs more than its default."""


@dataclass
class TokenCounts:
    """How many tokens the model has chosen so far, and how many were guessed right in a draft (accepted)."""

    chosen: int = 0
    accepted: int = 0


class AnswerWriter:
    """Moves sequences forward; `context_length` is the longest sequence that the model can process."""

    def __init__(self, tokenizer: PromptTokenizer, sampler: Sampler, context_length: int) -> None:
        self.tokenizer = tokenizer
        self.sampler = sampler
        self.context_length = context_length
        self.counts = TokenCounts()

    def start(self, number: int, group: FieldGroup, tail: list[int]) -> ActiveSequence:
        """Return the sequence of a field group; its first input is the question, then the `tail` of the prompt.

        Raises `SchemaError` for a grammar that does not compile.
        """
        limits = llguidance.LLParserLimits(initial_lexer_fuel=LEXER_FUEL)
        grammar = llguidance.LLMatcher.grammar_from_lark(group.grammar)
        matcher = llguidance.LLMatcher(self.tokenizer.guide, grammar, limits=limits)
        if matcher.is_error():
            raise SchemaError(
                f"the grammar of an answer cannot be compiled: {matcher.get_error()[:500]}",
                "Simplify that part of the schema.",
            )
        return ActiveSequence(number, group, matcher, self.tokenizer.encode(group.question) + tail)

    def write(self, sequence: ActiveSequence, logits: torch.Tensor, settings: DecodingSettings) -> None:
        """Write the best allowed token after the input, and go on along the draft as far as it was right.

        `logits` has one row for the last input token and one for each token of the draft.
        """
        computed, draft = len(sequence.input_ids), sequence.draft
        accepted = 0
        sequence.input_ids = []
        for at in range(len(draft) + 1):
            token, scores = self.sampler.choose(sequence, logits[at])
            self.counts.chosen += 1
            if token is None or token in self.tokenizer.eos_token_ids:
                sequence.ended = True
                sequence.finished = token is not None and sequence.matcher.is_accepting()
                break
            sequence.matcher.consume_token(token)
            sequence.write_chosen(token, scores)
            if at < len(draft) and draft[at] == token and not sequence.matcher.is_stopped():
                accepted += 1
                continue
            sequence.input_ids = [token]
            break
        self.counts.accepted += accepted
        if draft:
            adapt_draft_length(sequence, accepted, settings)
        sequence.position += computed + accepted
        sequence.draft = []
        self.advance(sequence, settings)

    def advance(self, sequence: ActiveSequence, settings: DecodingSettings) -> None:
        """Write the tokens that the grammar forces; end the sequence where it is complete or has reached a limit.

        The last forced bytes are left to the model wherever an allowed token runs over them (llguidance's
        `compute_ff_tokens` does this token healing): after a forced `}` a model that would have written `},` as one
        token could not go on with the list, and after a forced space the minus sign of ` -` would be lost.
        """
        if sequence.ended:
            return
        matcher = sequence.matcher
        if not matcher.is_stopped():
            forced = matcher.compute_ff_tokens()
            if forced:
                matcher.consume_tokens(forced)
                sequence.write_forced(forced)
        if matcher.is_error():
            sequence.ended = True
        elif matcher.is_stopped():
            sequence.ended = sequence.finished = True
        else:
            length = sequence.start + len(sequence.input_ids)
            is_too_long = length + settings.max_draft_tokens >= self.context_length
            is_limited = len(sequence.written) >= sequence.group.max_tokens or is_too_long
            sequence.ended = is_limited or self._repeats_elements(sequence, settings)

    def _repeats_elements(self, sequence: ActiveSequence, settings: DecodingSettings) -> bool:
        """Decide whether a list has come to elements that it has already, several in a row."""
        guide = self.tokenizer.guide
        end = guide.decode_bytes(sequence.written[-2:])
        if b"}" not in end and b'",' not in end:
            return False
        written = guide.decode_bytes(sequence.written)
        plain = _PLAIN_LIST.match(written)
        elements = _STRING.findall(plain["elements"]) if plain else _ELEMENT.findall(written)
        last = elements[-settings.max_repeated_elements :]
        earlier = set(elements[: -settings.max_repeated_elements])
        return len(elements) > settings.max_repeated_elements and earlier.issuperset(last)

    def read(self, sequence: ActiveSequence) -> Answer:
        """Return the answer that the sequence has written."""
        text, spans = decode_pieces([self.tokenizer.guide.decode_bytes([token]) for token in sequence.written])
        tokens = [Token(start, end, *scores) for (start, end), scores in zip(spans, sequence.scores, strict=True)]
        return Answer(text, tuple(tokens), sequence.finished)
