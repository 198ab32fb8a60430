"""A model that says what it was told to say, for tests of everything that stands on a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from extractor.types import Answer, FieldGroup, Request, Token


class ScriptedModel:
    """Answers from a queue, or from a function of (row, request); keeps the requests it was asked.

    A text stands for an answer with one sure token a character. An empty queue raises `AssertionError`: a test
    asked for more than it prepared.
    """

    name = "scripted"
    weights = "0" * 64

    def __init__(self, answers: Iterable[str | Answer] | Callable[[FieldGroup, Request], str | Answer]) -> None:
        self.requests: list[Request] = []
        if callable(answers):
            self._next = answers
        else:
            queue = iter(answers)
            self._next = lambda row, request: next(queue, None)

    def count(self, text: str) -> int:
        """One token for every four characters, and at least one for any text."""
        return -(-len(text) // 4)

    def answer(self, request: Request) -> list[Answer]:
        self.requests.append(request)
        return [self._answer(row, request) for row in request.groups]

    @property
    def questions(self) -> list[str]:
        """Every question asked so far, in order."""
        return list(chain.from_iterable((row.question for row in request.groups) for request in self.requests))

    def _answer(self, row: FieldGroup, request: Request) -> Answer:
        said = self._next(row, request)
        assert said is not None, f"no answer was prepared for: {row.question}"
        if isinstance(said, Answer):
            return said
        return Answer(said, tuple(Token(at, at + 1) for at in range(len(said))))
