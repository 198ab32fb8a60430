"""`openai:URL[?grammar=...][#model]`: models behind a server that implements the chat completions protocol.

vLLM, llama.cpp's server and Ollama do. Each field group is one request. The server constrains the answer by
`FieldGroup.schema`, or, where it accepts Lark grammars, by `FieldGroup.grammar`, which also keeps copied values inside
the source. Servers silently ignore parameters that they do not know, so a grammar is used only after a probe has
shown that the server obeys one.
"""

from __future__ import annotations

import math
import threading
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple

from extractor.errors import ModelError
from extractor.models.chat_server import ChatServer, Payload, Refused, parse_address
from extractor.models.token_scores import locate_tokens
from extractor.types import Answer, FieldGroup, Request

GRAMMARS: dict[str, Callable[[str], Payload]] = {
    "llguidance": lambda lark: {"grammar": "%llguidance {}\n" + lark},  # llama.cpp built with llguidance
    "vllm": lambda lark: {"structured_outputs": {"grammar": lark}},  # vLLM with its guidance backend
}
"""The parameters by which each kind of server takes a Lark grammar; `?grammar=` names one, or `schema` for none."""

OPTIONAL: Payload = {
    "logprobs": True,
    "top_logprobs": 5,
    "cache_prompt": True,
    "chat_template_kwargs": {"enable_thinking": False},  # a model that thinks first would spend `max_tokens` on that
}
"""Parameters that are sent until the server refuses them."""

_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading a response raises that has another shape than the protocol says."""
_MAX_NAME = 200
"""Characters of the name of a model that are repeated in messages."""

PROBE = 'start: A\nA: %regex {"substring_chunks": ["qz", "7", "xj"]}'
PROBE_ANSWERS = frozenset({"qz", "7", "xj", "qz7", "7xj", "qz7xj"})
"""All that the probe's grammar allows, and no model would write by itself."""


class OpenAIModel:
    """A model behind a chat completions server; `name`, `weights`, `count` and `answer` as `Model` has them.

    `url` is the server's address with or without `/v1`; `#model` names one of several models. `timeout` is in seconds,
    `workers` the number of simultaneous requests. Raises `ModelError` for an unusable URL, a server that cannot be
    reached, a model that it does not offer, and a refused request.
    """

    def __init__(self, url: str, *, timeout: float = 600.0, workers: int = 4) -> None:
        parts = parse_address(url)
        query = urllib.parse.parse_qs(parts.query)
        self._grammar = query.get("grammar", ["auto"])[0]
        if unknown := [key for key in query if key != "grammar"]:
            raise ModelError(f"The model address has an unknown setting: {unknown[0]}.", "Only ?grammar= is known.")
        if self._grammar not in ("auto", "schema", *GRAMMARS):
            choices = ", ".join(("auto", "schema", *GRAMMARS))
            raise ModelError(f"grammar={self._grammar} is unknown.", f"Use one of {choices}.")
        self._server = ChatServer(parts, timeout)
        self._workers = workers
        self._optional = dict(OPTIONAL)
        self._lock = threading.Lock()
        self._counts_tokens = True
        self._model = self._choose_model(urllib.parse.unquote(parts.fragment))
        self.name = f"openai:{self._server.base}#{self._model}"
        self.weights = f"server:{self._model}"
        self.count = lru_cache(maxsize=4096)(self._count)

    def answer(self, request: Request) -> list[Answer]:
        """Return one answer for each field group; it is unfinished where the server stopped it at a limit.

        Values are inside the source only where the server takes a grammar. The probabilities of tokens are the server's
        own, before masking; see `token_scores` for what they give. Raises `ModelError`.
        """
        groups = request.groups
        if not groups:
            return []
        if self._grammar == "auto":
            self._grammar = self._find_grammar()
        if len(groups) > 1:  # reads the shared prompt into the server's cache before the others need it
            self._complete(request, groups[0], max_tokens=1)
        with ThreadPoolExecutor(min(self._workers, len(groups))) as pool:
            found = list(pool.map(lambda group: self._complete(request, group, group.max_tokens), groups))
        if len(found) > 1 and any(completion.missed_prompt_cache for completion in found):
            self._workers = 1  # simultaneous requests share no cache: one after another is faster
        return [completion.answer for completion in found]

    def _complete(self, request: Request, group: FieldGroup, max_tokens: int) -> _Completion:
        messages = [{"role": "user", "content": request.prompt + group.question}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        if self._grammar in GRAMMARS:
            constraint = GRAMMARS[self._grammar](group.grammar)
        else:
            schema = {"name": "fields", "schema": group.schema, "strict": True}
            constraint = {"response_format": {"type": "json_schema", "json_schema": schema}}
        return self._chat({"messages": messages, "max_tokens": max_tokens, **constraint})

    def _chat(self, payload: Payload) -> _Completion:
        """Return the completion, its shape checked; optional parameters that the server refuses are not sent again."""
        payload = {"model": self._model, "temperature": 0, "stream": False, **payload}
        while True:
            optional = dict(self._optional)
            try:
                found = self._server.call("POST", f"{self._server.base}/chat/completions", {**payload, **optional})
            except Refused as refused:
                if refused.status not in (400, 422) or not optional or refused.is_too_long:
                    raise self._server.refusal_error(refused) from refused
                named = [key for key in optional if key in refused.reason] or list(optional)
                with self._lock:
                    for key in [*named, *(("top_logprobs",) if "logprobs" in named else ())]:
                        self._optional.pop(key, None)
                continue
            try:
                return _parse_completion(found)
            except _MALFORMED as error:
                raise self._server.protocol_error() from error

    def _find_grammar(self) -> str:
        """Return the kind of grammar that the server obeys, or `schema`: judged by its answer to a probe."""
        hello = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8, "temperature": 0}
        for kind, constraint in GRAMMARS.items():
            try:
                payload = {"model": self._model, **hello, **constraint(PROBE)}
                found = self._server.call("POST", f"{self._server.base}/chat/completions", payload)
                if found["choices"][0]["message"]["content"] in PROBE_ANSWERS:
                    return kind
            except Refused as refused:
                if refused.status in (401, 403, 404):
                    raise self._server.refusal_error(refused) from refused
            except _MALFORMED:
                continue
        return "schema"

    def _choose_model(self, wanted: str) -> str:
        """Return the id of the model to use; without `wanted` the only one that the server offers."""
        try:
            found = self._server.call("GET", f"{self._server.base}/models")
        except Refused as refused:
            if refused.status in (404, 405, 501) and wanted:  # a server without a list: trust the user
                return wanted
            raise self._server.refusal_error(refused) from refused
        try:
            offered = [str(entry["id"])[:_MAX_NAME] for entry in found["data"] or ()]
        except _MALFORMED as error:
            raise self._server.protocol_error() from error
        if not wanted and len(offered) == 1:
            return offered[0]
        if wanted in offered or f"{wanted}:latest" in offered:  # Ollama lists `name:latest` for `name`
            return wanted
        listed = ", ".join(offered[:20]) or "none"
        hint = f"Write openai:{self._server.base}#NAME with one of: {listed}."
        if wanted:
            raise ModelError(f"The server does not offer the model {wanted}.", hint)
        raise ModelError(f"The server offers {len(offered) or 'no'} models; one has to be named.", hint)

    def _count(self, text: str) -> int:
        """Return the number of tokens by the server's tokenizer, or an estimate where it does not offer that."""
        if self._counts_tokens:
            try:
                payload = {"model": self._model, "content": text, "prompt": text}  # llama.cpp's name and vLLM's
                found = self._server.call("POST", f"{self._server.root}/tokenize", payload)
                return max(0, int(found["count"]) if "count" in found else len(found["tokens"]))
            except (Refused, *_MALFORMED):
                self._counts_tokens = False
        return estimate_tokens(text)


def load(url: str, *, threads: int | None = None, device: str | None = None, **options: Any) -> OpenAIModel:
    """Return the model at `url`, with or without the prefix `openai:`; raises `ModelError`.

    `threads` and `device`, which local models take, are up to the server and have no effect here.
    """
    return OpenAIModel(url.removeprefix("openai:"), **options)


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens: 3.5 characters each, 1.5 in scripts whose characters are words or half words."""
    wide = sum(1 for character in text if character >= "\u2e80")
    return math.ceil(wide / 1.5 + (len(text) - wide) / 3.5)


class _Completion(NamedTuple):
    """An answer, and whether the server reports that it found less than half of the prompt in its cache."""

    answer: Answer
    missed_prompt_cache: bool


def _parse_completion(found: Any) -> _Completion:
    """Return what a response says; raise one of _MALFORMED where it has not the shape of a completion."""
    choice = found["choices"][0]
    text = choice["message"].get("content") or ""
    if not isinstance(text, str):
        raise TypeError("the content is not text")
    text = text.encode("utf-8", "replace").decode()  # without halves of surrogate pairs, which no text file can hold
    finished = bool(text) and choice.get("finish_reason") not in ("length", "content_filter")
    tokens = locate_tokens(text, (choice.get("logprobs") or {}).get("content") or ())
    usage = found.get("usage") or {}
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    missed_prompt_cache = cached is not None and cached < (usage.get("prompt_tokens") or 0) / 2
    return _Completion(Answer(text, tokens, finished), missed_prompt_cache)
