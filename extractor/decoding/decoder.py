"""Greedy decoding of many answers over one prompt, each held to a grammar.

The prompt is computed once; its keys and values are shared by all rows, never copied. In each pass every unfinished row
is fed what it is certain of (tokens its grammar forces) and a guess (what follows in the source after the span it is
writing); a wrong guess costs nothing but its place in the pass. Every chosen token keeps how sure the model was.
"""

from __future__ import annotations

import inspect
import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise, takewhile
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from extractor.decoding.grammar import SEPARATORS, escaped, flatten
from extractor.errors import ModelError, SchemaError
from extractor.types import Answer, FieldGroup, Request, Token

ATTENTION = "extractor"
ROWS = 12
CHUNK = 512
DRAFT = 4
DRAFT_MOST = 16
FUEL = 100_000_000
SCORES = 1 << 25  # attention scores held at once: 128 MiB
LOGITS = 256  # tokens whose logits are held at once, and those of one request more


# Attention over a shared prefix.


class Store:
    """Keys and values of one prompt, and after it those of each row in its own slots.

    `used[r]` slots of row r are taken; a pass writes after them, and what turns out wrong is written over by the next.
    Handed to a transformers model as its cache.
    """

    is_compileable = False

    def __init__(self) -> None:
        self.prefix: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.rows: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.used: torch.Tensor | None = None

    @property
    def length(self) -> int:
        """How many tokens of the prompt are held."""
        return self.prefix[0][0].shape[2] if self.prefix else 0

    def beginning(self, length: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The keys and values of the first tokens of the prompt."""
        return [(keys[:, :, :length], values[:, :, :length]) for keys, values in self.prefix] if length else []

    def open(self, rows: int, device: Any) -> None:
        self.rows, self.used = [], torch.zeros(rows, dtype=torch.long, device=device)

    def close(self) -> None:
        self.rows, self.used = [], None

    def keep(self, rows: Sequence[int]) -> None:
        """Drops every row but these."""
        index = torch.tensor(rows, device=self.used.device)
        self.used = self.used[index]
        self.rows = [(keys[index], values[index]) for keys, values in self.rows]

    # What transformers asks of a cache.

    def get_seq_length(self, layer: int = 0) -> int:
        return self.length

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.used is None:
            if layer < len(self.prefix):
                held = self.prefix[layer]
                keys, values = torch.cat([held[0], keys], 2), torch.cat([held[1], values], 2)
                self.prefix[layer] = keys, values
            else:
                self.prefix.append((keys.contiguous(), values.contiguous()))
            return keys, values
        new = keys.shape[2]
        slots = self.used[:, None] + torch.arange(new, device=keys.device)
        if layer == len(self.rows):
            self.rows.append((keys[:, :, :0], values[:, :, :0]))
        room = int(slots.max()) + 1 - self.rows[layer][0].shape[2]
        held_keys, held_values = (
            functional.pad(held, (0, 0, 0, room + 32)) if room > 0 else held for held in self.rows[layer]
        )
        index = torch.arange(len(slots), device=keys.device)[:, None]
        held_keys[index, :, slots] = keys.transpose(1, 2)
        held_values[index, :, slots] = values.transpose(1, 2)
        self.rows[layer] = held_keys, held_values
        return held_keys, held_values


class Together:
    """The stores of several requests whose rows one pass computes, their tokens laid one after another.

    Every request keeps the shape it has alone, so that it is answered the same whatever others stand beside it.
    """

    is_compileable = False

    def __init__(self, stores: Sequence[Store], shapes: Sequence[tuple[int, int]]) -> None:
        self.stores, self.shapes = stores, shapes

    def parts(self, of_all: torch.Tensor) -> Iterator[tuple[Store, torch.Tensor]]:
        """Each store with its (rows, heads, tokens, width) of (1, heads, tokens of all, width)."""
        at = 0
        for store, (rows, new) in zip(self.stores, self.shapes, strict=True):
            yield store, of_all[0, :, at : at + rows * new].unflatten(1, (rows, new)).transpose(0, 1)
            at += rows * new

    def get_seq_length(self, layer: int = 0) -> int:
        return max(store.length for store in self.stores)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        for (store, own_keys), (_, own_values) in zip(self.parts(keys), self.parts(values), strict=True):
            store.update(own_keys, own_values, layer)
        return keys, values


_store: ContextVar[Store | Together] = ContextVar("store")


def attend(
    module: Any, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: Any = None, *,
    scaling: float | None = None, sliding_window: int | None = None, softcap: float | None = None,
    s_aux: torch.Tensor | None = None, **_: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """transformers' attention function for a `Store`: rows attend to the shared prompt and to themselves."""
    store = _store.get()
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    if isinstance(store, Together):
        at = module.layer_idx
        parts = [
            shared(own, each.prefix[at], each.rows[at], each.used, scale, sliding_window, softcap, s_aux)
            for each, own in store.parts(query)
        ]
        out = torch.cat([part.transpose(0, 1).flatten(1, 2) for part in parts], 1)[None]
    elif store.used is None:
        out = causal(query, keys, values, scale, sliding_window, softcap, s_aux)
    else:
        prefix = store.prefix[module.layer_idx]
        out = shared(query, prefix, (keys, values), store.used, scale, sliding_window, softcap, s_aux)
    return out.transpose(1, 2).contiguous(), None


def causal(query, keys, values, scale, window, softcap, sinks) -> torch.Tensor:
    """Attention of the last tokens of one sequence to all of it."""
    new, total = query.shape[2], keys.shape[2]
    plain = softcap is None and sinks is None
    if plain and new == total and (not window or window >= total):
        return functional.scaled_dot_product_attention(
            query, keys, values, is_causal=True, scale=scale, enable_gqa=True
        )
    ages = torch.arange(total - new, total, device=query.device)[:, None] - torch.arange(total, device=query.device)
    seen = (ages >= 0) if not window else (ages >= 0) & (ages < window)
    if plain:
        return functional.scaled_dot_product_attention(
            query, keys, values, attn_mask=seen, scale=scale, enable_gqa=True
        )
    grouped = query.unflatten(1, (keys.shape[1], -1)).flatten(2, 3)
    scores = capped(grouped @ keys.transpose(2, 3) * scale, softcap)
    scores = scores.unflatten(2, (-1, new)).masked_fill(~seen, float("-inf"))
    weights = softened(scores, sinks, query.dtype).flatten(2, 3)
    return (weights @ values).unflatten(2, (-1, new)).flatten(1, 2)


def shared(query, prefix, own, used, scale, window, softcap, sinks) -> torch.Tensor:
    """Attention of each row's new tokens to the prompt, which all rows share, and to the row's own tokens.

    The prompt's keys are read once for all rows: their queries are laid side by side.
    """
    rows, heads, new, width = query.shape
    if rows > 1 and rows * heads * new * (prefix[0].shape[2] + own[0].shape[2]) > SCORES:
        parts = [slice(0, rows // 2), slice(rows // 2, rows)]
        return torch.cat(
            [
                shared(query[part], prefix, (own[0][part], own[1][part]), used[part], scale, window, softcap, sinks)
                for part in parts
            ]
        )
    groups = own[0].shape[1]
    per = heads // groups
    grouped = query.reshape(rows, groups, per, new, width)
    aside = grouped.permute(1, 0, 2, 3, 4).reshape(groups, rows * per * new, width)
    length = prefix[0].shape[2]
    to_prompt = (aside @ prefix[0][0].transpose(1, 2)).view(groups, rows, per, new, length).transpose(0, 1)
    to_own = grouped.flatten(2, 3) @ own[0].transpose(2, 3)
    to_own = to_own.view(rows, groups, per, new, -1)
    places = used[:, None] + torch.arange(new, device=query.device)  # each new token's slot
    ages = places[:, :, None] - torch.arange(own[0].shape[2], device=query.device)
    hidden = ages < 0 if not window else (ages < 0) | (ages >= window)
    scores = torch.cat([to_prompt, to_own], -1).mul_(scale)
    scores = capped(scores, softcap)
    scores[..., length:].masked_fill_(hidden[:, None, None], float("-inf"))
    if window:
        far = places[:, :, None] + length - torch.arange(length, device=query.device) >= window
        scores[..., :length].masked_fill_(far[:, None, None], float("-inf"))
    weights = softened(scores, sinks, query.dtype)
    of_prompt = weights[..., :length].transpose(0, 1).reshape(groups, rows * per * new, length) @ prefix[1][0]
    of_own = weights[..., length:].flatten(2, 3) @ own[1]
    out = of_prompt.view(groups, rows, per, new, -1).transpose(0, 1) + of_own.view(rows, groups, per, new, -1)
    return out.reshape(rows, heads, new, -1)


def capped(scores: torch.Tensor, softcap: float | None) -> torch.Tensor:
    return scores if softcap is None else torch.tanh(scores / softcap) * softcap


def softened(scores: torch.Tensor, sinks: torch.Tensor | None, dtype: torch.dtype) -> torch.Tensor:
    """Softmax; `sinks`, one a head, take part in the sum and are left out."""
    if sinks is None:
        return torch.softmax(scores, -1, dtype=torch.float32).to(dtype)
    sink = sinks.view(1, scores.shape[1], scores.shape[2], 1, 1).expand(*scores.shape[:-1], 1).float()
    return torch.softmax(torch.cat([scores.float(), sink], -1), -1)[..., :-1].to(dtype)


def _register() -> None:
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, attend)


_register()


# Grammars.


def holdable(schema: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The schema less what a grammar cannot hold, and the keywords that were left out, for checking afterwards.

    Tried with the grammar compiler itself: keywords that it does not know, formats it does not know, patterns with
    look-around or back-references, and `oneOf` between branches that overlap (taken as `anyOf`).
    """
    import llguidance

    schema = json.loads(json.dumps(schema))
    if not isinstance(schema, dict):
        return {}, (json.dumps(schema),)
    dropped: list[str] = []
    for _ in range(100):
        options = {**SEPARATORS, "coerce_one_of": "oneOf" in dropped}
        grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=options)
        error = llguidance.LLMatcher.validate_grammar(grammar)
        if not error:
            break
        found = culprits(error)
        if not found:
            return {}, (*dict.fromkeys([*dropped, "everything"]),)
        if "oneOf" in found:
            schema["x-guidance"] = {**SEPARATORS, "coerce_one_of": True}
        for word in found:
            if word != "oneOf":
                schema = without(schema, word)
        if set(found) <= set(dropped):
            return {}, (*dict.fromkeys([*dropped, "everything"]),)
        dropped += found
    return schema, tuple(dict.fromkeys(dropped))


def culprits(error: str) -> list[str]:
    """The keywords that the compiler's message blames."""
    if "Unimplemented keys:" in error:
        return json.loads(error.split("Unimplemented keys:")[1].split("]")[0] + "]")
    if "oneOf" in error:
        return ["oneOf"]
    if "Unknown format" in error:
        return ["format"]
    if "look" in error or "backreference" in error or "regex" in error.lower():
        return ["pattern"]
    if "Properties only supported" in error:
        return ["minProperties", "maxProperties"]
    return []


def without(schema: Any, word: str) -> Any:
    """The schema with every use of a keyword taken out; properties that happen to be called so stay."""
    if isinstance(schema, list):
        return [without(part, word) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
    return {
        key: {name: without(part, word) for name, part in value.items()}
        if key in named and isinstance(value, dict)
        else value
        if key in ("const", "enum", "default", "examples")
        else without(value, word)
        for key, value in schema.items()
        if key != word
    }


# Decoding.


@dataclass
class Line:
    """One row on its way: what it has written, and what it is yet to be fed, `start` tokens into the sequence."""

    number: int
    row: FieldGroup
    matcher: Any
    feed: list[int]
    written: list[int] = field(default_factory=list)
    tokens: list[tuple[float, float, float, bool]] = field(default_factory=list)
    draft: list[int] = field(default_factory=list)
    reach: int = 0
    start: int = 0
    position: int = 0
    finished: bool = False
    ended: bool = False

    def force(self, tokens: Sequence[int]) -> None:
        self.written += tokens
        self.tokens += [(1.0, 1.0, 1.0, True)] * len(tokens)
        self.feed += tokens


@dataclass(eq=False)
class Party:
    """One request on its way: its rows, of which up to `Decoder.rows` are live at a time, and its own store."""

    request: Request
    source: str = ""
    lines: list[Line] = field(default_factory=list)
    begun: int = 0
    live: list[Line] = field(default_factory=list)
    store: Store = field(default_factory=Store)
    error: BaseException | None = None
    ended: bool = False


class Decoder:
    """Answers requests with one transformers model.

    Requests that come from several threads at a time are answered together, one pass for the rows of all: on a CPU a
    pass takes little longer for many tokens than for few. It keeps the last prompt's keys and values: what the next
    prompt begins with as well is not computed again.
    """

    def __init__(self, model: Any, tokenizer: Any, *, rows: int = ROWS, draft: int = DRAFT) -> None:
        if not getattr(model, "_supports_attention_backend", False) or getattr(model, "_is_stateful", False):
            raise ModelError(
                f"models of the kind {model.config.model_type} cannot be used here",
                "Use one built of ordinary attention layers: Qwen, Llama, Mistral, Phi, Gemma ...",
            )
        self.model, self.tokenizer = model, tokenizer
        self.rows, self.draft = rows, draft
        self.device = next(model.parameters()).device
        self._door = threading.Condition()
        self._arrived: deque[Party] = deque()
        self._at_work: list[Party] = []
        self._led = False
        self.limit = int(getattr(model.config, "max_position_embeddings", 0) or 4096)
        self.store, self.held, self._pieces = Store(), [], [0]
        self.seconds = {"prefill": 0.0, "decode": 0.0}
        self.stats = {"prefilled": 0, "reused": 0, "passes": 0, "chosen": 0, "forced": 0, "drafted": 0, "accepted": 0}

    # Tokens.

    @cached_property
    def guide(self) -> Any:
        """The tokenizer as llguidance knows it."""
        import llguidance.hf

        return llguidance.hf.from_tokenizer(self.tokenizer, n_vocab=self.width, eos_token=sorted(self.ends))

    @cached_property
    def width(self) -> int:
        """How many tokens the output layer speaks of; often more than the tokenizer has."""
        return max(self.model.get_output_embeddings().out_features, len(self.tokenizer))

    @cached_property
    def ends(self) -> set[int]:
        found: set[int] = set()
        for settings in (self.model.config, getattr(self.model, "generation_config", None), self.tokenizer):
            value = getattr(settings, "eos_token_id", None)
            found |= set(value) if isinstance(value, list | tuple) else {value} if value is not None else set()
        return found

    @cached_property
    def _special(self) -> Any:
        """Matches the tokenizer's special tokens where a text only looks like them."""
        import re

        marks = {str(token) for token in self.tokenizer.added_tokens_decoder.values() if token.special}
        marks |= set(self.tokenizer.all_special_tokens)
        ordered = sorted((mark for mark in marks if len(mark) > 1), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The text's tokens. Without `special`, `<|im_start|>` in a document is the letters it is written with."""
        if not text:
            return []
        text = text.encode("utf-8", "replace").decode("utf-8")
        if special or self._special is None or not self._special.search(text):
            return self.tokenizer.encode(text, add_special_tokens=False)
        parts, at = [], 0
        for match in self._special.finditer(text):  # cut inside each: neither half is a special token any more
            parts.append(text[at : match.start() + 1])
            at = match.start() + 1
        return [token for part in [*parts, text[at:]] for token in self.encode(part)]

    @cached_property
    def _frame(self) -> tuple[str, str, str]:
        """The model's chat template around a system text and a user text: before, between, after."""
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
                except Exception:  # a template may refuse system messages in any way it likes
                    continue
                if text.count(marks[0]) == text.count(marks[1]) == 1 and text.index(marks[0]) < text.index(marks[1]):
                    before, rest = text.split(marks[0])
                    return before, *rest.split(marks[1])
        return self.tokenizer.bos_token or "", "\n\n", "\n\n"

    # Answers.

    def answer(self, request: Request) -> list[Answer]:
        """One answer for each row, in the rows' order; one that a limit cut off has `finished` False.

        The user's message is the prompt with the question right after it. Raises `ModelError` for a prompt beyond the
        model's context and for numbers that are none, `SchemaError` for a grammar that does not compile.
        """
        party = Party(request)
        with self._door:
            self._arrived.append(party)
            while self._led and not party.ended:
                self._door.wait()
            if not party.ended:
                self._led = True  # nobody computes, so this thread does, for all who are here, until it has its own
        if not party.ended:
            try:
                with torch.inference_mode():
                    while not party.ended:
                        self._step()
            finally:
                with self._door:
                    self._led = False
                    self._door.notify_all()
        if party.error is not None:
            raise party.error
        return [self._answer(line) for line in party.lines]

    def _step(self) -> None:
        """Begin with the requests that have arrived, and compute one pass of all that are at work."""
        try:
            while self._arrived:
                self._at_work.append(self._arrived.popleft())
                self._begin(self._at_work[-1])
            if self._at_work:
                self._pass(self._at_work)
        except BaseException as error:
            for party in list(self._at_work):
                self._end(party, error)
            raise

    def _begin(self, party: Party) -> None:
        """Read the request's prompt and open its first rows; what is wrong with it is its own error."""
        try:
            request = party.request
            before, between, after = self._frame
            head = self.encode(before, special=True) + self.encode(request.system) + self.encode(between, special=True)
            prompt = head + self.encode(request.prompt)
            tail = self.encode(after, special=True)
            party.lines = [self._line(number, row, tail) for number, row in enumerate(request.groups)]
            party.source, _ = flatten(request.source)
            longest = max((len(line.feed) for line in party.lines), default=0)
            if len(prompt) + longest + 16 > self.limit:
                raise ModelError(
                    f"the prompt has {len(prompt) + longest} tokens; the model takes {self.limit}",
                    "Give it fewer passages.",
                )
            if party.lines:
                with self._timed("prefill"):
                    party.store = self._prefill(prompt, len(head))
            for line in party.lines:
                line.start = len(prompt)
            self._open(party)
        except Exception as error:
            self._end(party, error)

    def _open(self, party: Party) -> None:
        """Make the request's next rows live; it has ended when there are none."""
        while not party.live and party.begun < len(party.lines):
            lines = party.lines[party.begun : party.begun + self.rows]
            party.begun += len(lines)
            party.store.open(len(lines), self.device)
            for line in lines:
                self._advance(line)
            party.live = self._drop_ended(party.store, lines)
        if not party.live:
            self._end(party)

    def _end(self, party: Party, error: BaseException | None = None) -> None:
        party.store.close()
        self._at_work.remove(party)
        with self._door:
            party.error, party.ended = error, True
            self._door.notify_all()

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - start

    def _line(self, number: int, row: FieldGroup, tail: list[int]) -> Line:
        import llguidance

        limits = llguidance.LLParserLimits(initial_lexer_fuel=FUEL)
        matcher = llguidance.LLMatcher(self.guide, llguidance.LLMatcher.grammar_from_lark(row.grammar), limits=limits)
        if matcher.is_error():
            raise SchemaError(
                f"a grammar cannot be used: {matcher.get_error()[:500]}", "Simplify that part of the schema."
            )
        return Line(number, row, matcher, self.encode(row.question) + tail)

    def _prefill(self, prompt: list[int], head: int = 0) -> Store:
        """The prompt computed, in pieces so that memory stays bounded, but for what the last one began with as well.

        Its first `head` tokens are a piece of their own, for they are those of every prompt. Only whole pieces are
        taken from the last prompt: numbers differ in their last digits by the piece they were computed in, and what was
        asked before must not change an answer.
        """
        pieces = sorted({0, head, *range(head, len(prompt), CHUNK), len(prompt)})
        shared = next(
            (at for at, (a, b) in enumerate(zip(prompt, self.held, strict=False)) if a != b),
            min(len(prompt), len(self.held)),
        )
        ours, theirs = pairwise(pieces), set(pairwise(self._pieces))
        same = max((end for start, end in takewhile(theirs.__contains__, ours) if end <= shared), default=0)
        before, self.store = self.store, Store()  # the last one's rows may still be at work
        self.store.prefix = before.beginning(same)
        self.held, self._pieces = prompt[:same], [at for at in pieces if at <= same]
        self.stats["reused"] += same
        self.stats["prefilled"] += len(prompt) - same
        for at, end in pairwise(at for at in pieces if at >= same):
            self._forward([prompt[at:end]], [at])
            self.held = prompt[:end]
            self._pieces.append(end)
        return self.store

    def _forward(self, feeds: list[list[int]], starts: list[int], store: Store | None = None) -> torch.Tensor:
        """The last layer's states for what each row is fed, short rows padded on the right."""
        longest = max(map(len, feeds))
        ids = torch.tensor([feed + [0] * (longest - len(feed)) for feed in feeds], device=self.device)
        places = torch.tensor(starts, device=self.device)[:, None] + torch.arange(longest, device=self.device)
        return self._computed(ids, places, self.store if store is None else store)

    def _forward_all(self, parts: Sequence[tuple[Store, list[list[int]], list[int]]]) -> list[torch.Tensor]:
        """The states of several requests' rows (store, feeds, starts), computed in one pass."""
        if len(parts) == 1:
            [(store, feeds, starts)] = parts
            return [self._forward(feeds, starts, store)]
        shapes, ids, places = [], [], []
        for _, feeds, starts in parts:
            longest = max(map(len, feeds))
            shapes.append((len(feeds), longest))
            for feed, start in zip(feeds, starts, strict=True):
                ids += feed + [0] * (longest - len(feed))
                places += range(start, start + longest)
        together = Together([store for store, _, _ in parts], shapes)
        states = self._computed(
            torch.tensor([ids], device=self.device), torch.tensor([places], device=self.device), together
        )
        pieces = states[0].split([rows * new for rows, new in shapes])
        return [piece.unflatten(0, shape) for piece, shape in zip(pieces, shapes, strict=True)]

    def _computed(self, ids: torch.Tensor, places: torch.Tensor, store: Store | Together) -> torch.Tensor:
        token = _store.set(store)
        try:
            held = {self._cache_word: store}
            out = self.model.get_decoder()(input_ids=ids, position_ids=places, use_cache=True, **held)
        finally:
            _store.reset(token)
        return out.last_hidden_state

    @cached_property
    def _cache_word(self) -> str:
        """What the model calls its cache: transformers 5.24 renamed it, one kind of model after another."""
        return (
            "cache" if "cache" in inspect.signature(self.model.get_decoder().forward).parameters else "past_key_values"
        )

    def _logits(self, states: torch.Tensor) -> torch.Tensor:
        logits = self.model.get_output_embeddings()(states).float()
        config = self.model.config
        if scaling := getattr(config, "logits_scaling", None):
            logits = logits / scaling
        if scale := getattr(config, "logit_scale", None):
            logits = logits * scale
        if cap := getattr(config, "final_logit_softcapping", None):
            logits = torch.tanh(logits / cap) * cap
        return logits

    def _pass(self, parties: Sequence[Party]) -> None:
        """Feed every live row of the requests, take what the model says, and open the next rows of those that ended."""
        at_work = list(parties)
        with self._timed("decode"):
            for party in at_work:
                for line in party.live:
                    line.draft = self._guess(line, party.source)
            parts = [
                (
                    party.store,
                    [line.feed + line.draft for line in party.live],
                    [line.start + line.position for line in party.live],
                )
                for party in at_work
            ]
            states = self._forward_all(parts)
            self.stats["passes"] += 1
            wanted: list[tuple[Party, torch.Tensor]] = []
            for party, own in zip(at_work, states, strict=True):
                wanted.append((party, self._asked(party, own)))
                if sum(len(rows) for _, rows in wanted) >= LOGITS or party is at_work[-1]:
                    self._take(wanted)
                    wanted = []

    def _asked(self, party: Party, states: torch.Tensor) -> torch.Tensor:
        """The states after which a token is chosen: the last fed one of each row, and its draft's."""
        where = [
            (number, len(line.feed) - 1 + at)
            for number, line in enumerate(party.live)
            for at in range(len(line.draft) + 1)
        ]
        index = torch.tensor(where, device=self.device)
        return states[index[:, 0], index[:, 1]]

    def _take(self, wanted: Sequence[tuple[Party, torch.Tensor]]) -> None:
        logits = self._logits(torch.cat([states for _, states in wanted]))
        at = 0
        for party, states in wanted:
            own, at = logits[at : at + len(states)], at + len(states)
            try:
                for line in party.live:
                    count = len(line.draft) + 1
                    self._choose(line, own[:count])
                    own = own[count:]
                party.store.used = torch.tensor([line.position for line in party.live], device=self.device)
                party.live = self._drop_ended(party.store, party.live)
                self._open(party)
            except Exception as error:
                self._end(party, error)

    def _drop_ended(self, store: Store, live: list[Line]) -> list[Line]:
        kept = [number for number, line in enumerate(live) if not line.ended]
        if kept and len(kept) < len(live):
            store.keep(kept)
        return [live[number] for number in kept]

    def _choose(self, line: Line, logits: torch.Tensor) -> None:
        """Takes the best allowed token after what was fed, then on through the draft as far as it was right."""
        fed, drafted = len(line.feed), line.draft
        right = 0
        line.feed = []
        for at in range(len(drafted) + 1):
            token, sure = self._pick(line, logits[at])
            self.stats["chosen"] += 1
            if token is None or token in self.ends:
                line.ended, line.finished = True, token is not None and line.matcher.is_accepting()
                break
            line.matcher.consume_token(token)
            line.written.append(token)
            line.tokens.append((*sure, False))
            if at < len(drafted) and drafted[at] == token and not line.matcher.is_stopped():
                right += 1
                continue
            line.feed = [token]
            break
        self.stats["drafted"] += len(drafted)
        self.stats["accepted"] += right
        if drafted:  # as long as guesses come true, longer ones
            line.reach = min(2 * line.reach, DRAFT_MOST) if right == len(drafted) else self.draft
        line.position += fed + right
        line.draft = []
        self._advance(line)

    def _pick(self, line: Line, logits: torch.Tensor) -> tuple[int | None, tuple[float, float, float]]:
        """The likeliest allowed token, and how sure: its share of what is allowed, what is allowed, its lead."""
        allowed = self._unmerged(line, self._allowed(line.matcher))
        if not len(allowed):
            return None, (0.0, 0.0, 0.0)
        some = logits[torch.from_numpy(allowed).to(logits.device)]
        best = torch.topk(some, min(2, len(some)))
        total, whole = torch.logsumexp(some, 0), torch.logsumexp(logits, 0)
        if not bool(torch.isfinite(total) & torch.isfinite(whole)):
            raise ModelError(
                "the model's numbers broke down", "Its weights are damaged, or of a kind that is not supported."
            )
        shares = (best.values - total).exp().tolist()
        mass = float((total - whole).exp())
        margin = shares[0] - shares[1] if len(shares) > 1 else 1.0
        return int(allowed[int(best.indices[0])]), (min(shares[0], 1.0), min(mass, 1.0), margin)

    def _allowed(self, matcher: Any) -> np.ndarray:
        """The tokens that the grammar allows next."""
        if matcher.is_stopped():
            return np.zeros(0, dtype=np.int64)
        bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
        return allowed[allowed < self.model.get_output_embeddings().out_features]

    def _unmerged(self, line: Line, allowed: np.ndarray) -> np.ndarray:
        """The allowed tokens less those that no tokenizer writes after, or as, an opening quote.

        Where ` "$` is one token, a model that has seen ` "` expects no `$` any more and takes what else is allowed.
        So after a lone quote nothing may follow that merges with it, and a lone quote after which only such things can
        follow may not be written.
        """
        last = line.written[-1] if line.written else None
        if last in self._quotes:
            kept = [token for token in allowed if not self._merges(last, int(token))]
            return np.array(kept, dtype=np.int64) if kept else allowed
        for quote in self._quotes.intersection(allowed.tolist()):
            ahead = line.matcher.deep_copy()
            ahead.consume_token(quote)
            following = self._allowed(ahead)
            if len(following) and len(allowed) > 1 and all(self._merges(quote, int(token)) for token in following):
                allowed = allowed[allowed != quote]
        return allowed

    @cached_property
    def _quotes(self) -> set[int]:
        """The tokens that are a lone double quote, with or without a space before it."""
        tokens = (self.guide.tokenize_str(text) for text in ('"', ' "'))
        return {found[0] for found in tokens if len(found) == 1}

    def _merges(self, quote: int, token: int) -> bool:
        """Whether the quote and the first character of the token are one token."""
        first = self.guide.decode_bytes([token])[:1]
        known = self._merged.get((quote, first))
        if known is None:
            known = len(self.guide.tokenize_bytes(self.guide.decode_bytes([quote]) + first)) == 1
            self._merged[quote, first] = known
        return known

    @cached_property
    def _merged(self) -> dict[tuple[int, bytes], bool]:
        return {}

    def _advance(self, line: Line) -> None:
        """Writes what the grammar forces, and ends the row where nothing more can come or its limit is reached.

        A last forced token of white space, or of a lone quote, is left to the model: it often belongs to the next (` -`
        is one token, and with a space forced before it a minus sign is lost).
        """
        if line.ended:
            return
        if not line.matcher.is_stopped():
            forced = self.guide.tokenize_bytes(line.matcher.compute_ff_bytes())
            if forced and self.guide.decode_bytes(forced[-1:]).strip() in (b"", b'"'):
                forced = forced[:-1]
            if forced:
                line.matcher.consume_tokens(forced)
                line.force(forced)
                self.stats["forced"] += len(forced)
        if line.matcher.is_error():
            line.ended = True
        elif line.matcher.is_stopped():
            line.ended = line.finished = True
        else:
            place = line.start + line.position + len(line.feed)
            line.ended = len(line.written) >= line.row.max_tokens or place + DRAFT_MOST >= self.limit

    def _guess(self, line: Line, source: str) -> list[int]:
        """What follows in the source after the string that is being written, as far as the grammar allows it."""
        if not self.draft or not source:
            return []
        value = opened(self.guide.decode_bytes(line.written[-64:]).decode("utf-8", "ignore"))
        if not value:
            return []
        at = source.find(value)
        if at < 0:
            return []
        line.reach = line.reach or self.draft
        after = source[at + len(value) : at + len(value) + 8 * line.reach]
        tokens = self.guide.tokenize_str(escaped(after))[: line.reach] if after else []
        return tokens[: line.matcher.validate_tokens(tokens)]

    def _answer(self, line: Line) -> Answer:
        pieces = [self.guide.decode_bytes([token]) for token in line.written]
        text, spans = spelt(pieces)
        tokens = [
            Token(start, end, share, mass, margin, forced)
            for (start, end), (share, mass, margin, forced) in zip(spans, line.tokens, strict=True)
        ]
        return Answer(text, tuple(tokens), line.finished)


def opened(text: str) -> str:
    """The value of the string that is open at the end of some JSON, unescaped; empty where none is."""
    quote = text.rfind('"')
    while quote > 0 and (len(text[:quote]) - len(text[:quote].rstrip("\\"))) % 2:
        quote = text.rfind('"', 0, quote)
    if quote < 0 or not text[:quote].rstrip(" ").endswith((":", "[", ",")):
        return ""
    try:
        return json.loads(text[quote:] + '"', strict=False)
    except ValueError:
        return ""


def spelt(pieces: Sequence[bytes]) -> tuple[str, list[tuple[int, int]]]:
    """The text that the pieces spell, and where each stands in it.

    Pieces that share a character each cover it whole; bytes at the end that are no character yet are left out.
    """
    whole = b"".join(pieces)
    text = whole.decode("utf-8", "ignore")
    places = [number for number, character in enumerate(text) for _ in character.encode()]
    places += [len(text)] * (len(whole) - len(places))
    spans = []
    at = 0
    for piece in pieces:
        end = at + len(piece)
        start = places[at] if at < len(places) else len(text)
        spans.append((start, max(start, min(places[end - 1] + 1, len(text)) if piece else start)))
        at = end
    return text, spans
