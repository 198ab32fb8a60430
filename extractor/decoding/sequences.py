"""The state of answers that are being decoded: one `ActiveSequence` a field group, one `ActiveRequest` a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from extractor.decoding.kv_cache import PrefixKVCache
from extractor.types import FieldGroup, Request


class TokenScores(NamedTuple):
    """How sure the model was of a token: see `extractor.types.Token`."""

    probability: float = 1.0
    mass: float = 1.0
    margin: float = 1.0
    forced: bool = False


FORCED = TokenScores(forced=True)


@dataclass
class ActiveSequence:
    """The answer to one field group, as far as it is written.

    `written` are the tokens of the answer, with `scores`. `input_ids` are the tokens that the next pass computes, the
    first of them `position` tokens after the `prompt_length` tokens of the prompt; `draft` are the guessed tokens that
    follow them. `ended` says that nothing more is written, `finished` that the answer is complete.
    """

    number: int
    group: FieldGroup
    matcher: Any
    input_ids: list[int]
    written: list[int] = field(default_factory=list)
    scores: list[TokenScores] = field(default_factory=list)
    draft: list[int] = field(default_factory=list)
    draft_length: int = 0
    prompt_length: int = 0
    position: int = 0
    finished: bool = False
    ended: bool = False

    @property
    def start(self) -> int:
        """Return the position of `input_ids` in the whole sequence."""
        return self.prompt_length + self.position

    def write_forced(self, tokens: Sequence[int]) -> None:
        """Write tokens that the grammar forces."""
        self.written += tokens
        self.scores += [FORCED] * len(tokens)
        self.input_ids += tokens

    def write_chosen(self, token: int, scores: TokenScores) -> None:
        """Write a token that the model chose."""
        self.written.append(token)
        self.scores.append(scores)


@dataclass(eq=False)
class ActiveRequest:
    """A request that is being answered, with the sequences for its field groups.

    The first `opened` sequences have been started; those of them that have not ended are `live`, in the order of the
    cache's rows. `source` is the request's source on one line.
    """

    request: Request
    source: str = ""
    sequences: list[ActiveSequence] = field(default_factory=list)
    opened: int = 0
    live: list[ActiveSequence] = field(default_factory=list)
    cache: PrefixKVCache = field(default_factory=PrefixKVCache)
    error: BaseException | None = None
    ended: bool = False

    def drop_ended(self) -> None:
        """Take the sequences that have ended out of `live` and out of the cache."""
        kept = [number for number, sequence in enumerate(self.live) if not sequence.ended]
        if kept and len(kept) < len(self.live):
            self.cache.keep_rows(kept)
        self.live = [self.live[number] for number in kept]
