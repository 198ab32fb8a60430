"""Greedy decoding of many answers over one prompt, each constrained by a grammar.

The prompt is computed once and shared by the answers to all field groups. In each pass every unfinished answer brings
the tokens that are certain (those that its grammar forces) and a draft of those that probably follow; a wrong draft
costs nothing but its place in the pass. Every chosen token keeps how sure the model was of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from extractor.decoding.answer_writer import AnswerWriter
from extractor.decoding.drafting import draft_from_source
from extractor.decoding.model_runner import ModelRunner
from extractor.decoding.prefill import PromptCache
from extractor.decoding.sampler import Sampler
from extractor.decoding.scheduler import Scheduler
from extractor.decoding.sequences import ActiveRequest
from extractor.decoding.settings import DecodingSettings
from extractor.decoding.source_text import join_lines
from extractor.decoding.token_mask import TokenMask
from extractor.decoding.tokenization import PromptTokenizer, find_eos_token_ids
from extractor.errors import ModelError
from extractor.types import Answer, Request

MAX_LOGIT_ROWS = 256
"""Tokens whose logits are held at once, beyond which only the rest of one request is added."""
SPARE_TOKENS = 16
"""Tokens that must be left of the model's context for an answer."""


class Decoder:
    """Answers requests with one transformers model; may be used by several threads at a time.

    `settings` take the place of `DecodingSettings.current()`. `passes` counts the passes that wrote answers.
    """

    def __init__(self, model: Any, tokenizer: Any, settings: DecodingSettings | None = None) -> None:
        if not getattr(model, "_supports_attention_backend", False) or getattr(model, "_is_stateful", False):
            raise ModelError(
                f"models of the type {model.config.model_type} are not supported",
                "Use one with ordinary attention layers: Qwen, Llama, Mistral, Phi, Gemma ...",
            )
        self.model, self.tokenizer = model, tokenizer
        self._settings = settings
        self.runner = ModelRunner(model)
        self.prompt_tokenizer = PromptTokenizer(
            tokenizer, self.runner.output_size, find_eos_token_ids(model, tokenizer)
        )
        self.prompts = PromptCache(self.runner)
        self.sampler = Sampler(TokenMask(self.prompt_tokenizer))
        self.writer = AnswerWriter(self.prompt_tokenizer, self.sampler, self.runner.context_length)
        self.scheduler = Scheduler(self._begin, self._compute_pass)
        self.passes = 0

    @property
    def settings(self) -> DecodingSettings:
        """Return the settings in force."""
        return self._settings or DecodingSettings.current()

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self.prompt_tokenizer.encode(text))

    def answer(self, request: Request) -> list[Answer]:
        """Return one answer for each field group, in their order; one that a limit cut off has `finished` False.

        The user's message is the prompt followed by the question. Raises `ModelError` for a prompt that is longer than
        the model's context and for a model that computes non-finite numbers, `SchemaError` for a grammar that does not
        compile.
        """
        active = ActiveRequest(request)
        self.scheduler.run(active)
        return [self.writer.read(sequence) for sequence in active.sequences]

    @torch.inference_mode()
    def _begin(self, active: ActiveRequest) -> None:
        """Compute the request's prompt and start its first sequences."""
        request, encode = active.request, self.prompt_tokenizer.encode
        before, between, after = self.prompt_tokenizer.chat_frame
        head = encode(before, special=True) + encode(request.system) + encode(between, special=True)
        prompt = head + encode(request.prompt)
        tail = encode(after, special=True)
        active.sequences = [self.writer.start(number, group, tail) for number, group in enumerate(request.groups)]
        active.source, _ = join_lines(request.source)
        longest = max((len(sequence.input_ids) for sequence in active.sequences), default=0)
        if len(prompt) + longest + SPARE_TOKENS > self.runner.context_length:
            raise ModelError(
                f"the prompt has {len(prompt) + longest} tokens; the model takes {self.runner.context_length}",
                "Give it fewer passages.",
            )
        if active.sequences:
            active.cache = self.prompts.prefill(prompt, len(head), self.settings.prefill_tokens)
        for sequence in active.sequences:
            sequence.prompt_length = len(prompt)
        self._open_rows(active)

    def _open_rows(self, active: ActiveRequest) -> None:
        """Start the request's next sequences once none is live; end the request where there are no more."""
        settings = self.settings
        while not active.live and active.opened < len(active.sequences):
            active.live = active.sequences[active.opened : active.opened + settings.max_rows]
            active.opened += len(active.live)
            active.cache.open_rows(len(active.live), self.runner.device)
            for sequence in active.live:
                self.writer.advance(sequence, settings)
            active.drop_ended()
        if not active.live:
            self.scheduler.end(active)

    @torch.inference_mode()
    def _compute_pass(self, requests: Sequence[ActiveRequest]) -> None:
        """Compute every live sequence's input and draft, and write what the model chooses."""
        settings = self.settings
        longest = settings.pass_tokens // sum(len(active.live) for active in requests) - 1
        for active in requests:
            for sequence in active.live:
                sequence.draft = draft_from_source(sequence, active.source, self.prompt_tokenizer, settings, longest)
        states = self.runner.forward_batch(
            [
                (
                    active.cache,
                    [sequence.input_ids + sequence.draft for sequence in active.live],
                    [sequence.start for sequence in active.live],
                )
                for active in requests
            ]
        )
        self.passes += 1
        waiting: list[tuple[ActiveRequest, torch.Tensor]] = []
        for active, own in zip(requests, states, strict=True):
            waiting.append((active, self._states_to_choose_after(active, own)))
            if sum(len(rows) for _, rows in waiting) >= MAX_LOGIT_ROWS or active is requests[-1]:
                self._write(waiting)
                waiting = []

    def _states_to_choose_after(self, active: ActiveRequest, states: torch.Tensor) -> torch.Tensor:
        """Return, sequence by sequence, the states of the last input token and of the draft's tokens."""
        where = [
            (number, len(sequence.input_ids) - 1 + at)
            for number, sequence in enumerate(active.live)
            for at in range(len(sequence.draft) + 1)
        ]
        index = torch.tensor(where, device=self.runner.device)
        return states[index[:, 0], index[:, 1]]

    def _write(self, waiting: Sequence[tuple[ActiveRequest, torch.Tensor]]) -> None:
        """Write the next tokens of each request's sequences; an error ends its own request only."""
        logits = self.runner.logits(torch.cat([states for _, states in waiting]))
        settings = self.settings
        at = 0
        for active, states in waiting:
            own, at = logits[at : at + len(states)], at + len(states)
            try:
                for sequence in active.live:
                    count = len(sequence.draft) + 1
                    self.writer.write(sequence, own[:count], settings)
                    own = own[count:]
                active.cache.used = torch.tensor(
                    [sequence.position for sequence in active.live], device=self.runner.device
                )
                active.drop_ended()
                self._open_rows(active)
            except Exception as error:
                self.scheduler.end(active, error)
