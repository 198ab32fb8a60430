"""A model with prepared answers, for tests of everything that uses a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from extractor.types import Answer, FieldGroup, Request, Token


class ScriptedModel:
    """Answers from a queue, or from a function of (group, request), and keeps the requests in `requests`.

    A text stands for an answer with one certain token a character. Raises `AssertionError` where the queue is empty,
    since the test then asked more than it prepared for.
    """

    name = "scripted"
    weights = "0" * 64

    def __init__(self, answers: Iterable[str | Answer] | Callable[[FieldGroup, Request], str | Answer]) -> None:
        self.requests: list[Request] = []
        if callable(answers):
            self._next = answers
        else:
            queue = iter(answers)
            self._next = lambda group, request: next(queue, None)

    def count(self, text: str) -> int:
        """Return one token for every four characters, and at least one for any text."""
        return -(-len(text) // 4)

    def answer(self, request: Request) -> list[Answer]:
        """Return the next answer for each field group."""
        self.requests.append(request)
        return [self._answer(group, request) for group in request.groups]

    @property
    def questions(self) -> list[str]:
        """Return every question asked so far, in order."""
        return list(chain.from_iterable((group.question for group in request.groups) for request in self.requests))

    def _answer(self, group: FieldGroup, request: Request) -> Answer:
        answer = self._next(group, request)
        assert answer is not None, f"no answer was prepared for: {group.question}"
        if isinstance(answer, Answer):
            return answer
        return Answer(answer, tuple(Token(at, at + 1) for at in range(len(answer))))
