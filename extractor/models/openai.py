"""`openai:URL[?grammar=...][#model]`: models behind a server that implements the chat completions protocol.

vLLM, llama.cpp's server and Ollama do. Each field group is one request. The server constrains the answer by
`FieldGroup.schema`, or, where it accepts Lark grammars, by `FieldGroup.grammar`, which also keeps copied values inside
the source. Servers silently ignore parameters that they do not know, so a grammar is used only after a probe has
shown that the server obeys one.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import math
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from extractor.errors import ModelError
from extractor.types import Answer, FieldGroup, Request, Token

Payload = dict[str, Any]

GRAMMARS: dict[str, Callable[[str], Payload]] = {
    "llguidance": lambda lark: {"grammar": "%llguidance {}\n" + lark},  # llama.cpp built with llguidance
    "vllm": lambda lark: {"structured_outputs": {"grammar": lark}},  # vLLM with its guidance backend
}
"""How each kind of server is handed a Lark grammar; `?grammar=` names one, or `schema` for none of them."""

OPTIONAL: Payload = {
    "logprobs": True,
    "top_logprobs": 5,
    "cache_prompt": True,
    "chat_template_kwargs": {"enable_thinking": False},  # a model that thinks first would spend `max_tokens` on it
}
"""Asked for, and left out for good once a server refuses them."""

PROBE = 'start: A\nA: %regex {"substring_chunks": ["qz", "7", "xj"]}'
PROBE_ANSWERS = frozenset({"", "qz", "7", "xj", "qz7", "7xj", "qz7xj"})
BUSY = frozenset({429, 503})
WAITS = (0.5, 2.0, 5.0, 10.0)


class OpenAIModel:
    """A model behind a chat completions server; `name`, `weights`, `count` and `answer` as every model has them.

    `url` is the server's address with or without `/v1`; `#model` picks one of several. Raises ModelError where the URL
    is unusable, nobody answers, the model is not offered, or a request is refused. The key is read from
    EXTRACTOR_API_KEY, then OPENAI_API_KEY. Redirects are not followed: documents go to the host the user named only.
    """

    def __init__(self, url: str, *, timeout: float = 600.0, workers: int = 4) -> None:
        parts = _parts(url)
        query = urllib.parse.parse_qs(parts.query)
        self._grammar = query.get("grammar", ["auto"])[0]
        if unknown := [key for key in query if key != "grammar"]:
            raise ModelError(f"The model address has an unknown setting: {unknown[0]}.", "Only ?grammar= is known.")
        if self._grammar not in ("auto", "schema", *GRAMMARS):
            choices = ", ".join(("auto", "schema", *GRAMMARS))
            raise ModelError(f"grammar={self._grammar} is unknown.", f"Use one of {choices}.")
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        self._base = f"{parts.scheme}://{parts.netloc}{path or '/v1'}"
        self._root = self._base.removesuffix("/v1")
        self._timeout = timeout
        self._workers = workers
        self._optional = dict(OPTIONAL)
        self._lock = threading.Lock()
        self._open = _opener(parts.hostname or "").open
        self._tokenizes = True
        self._model = self._choose(urllib.parse.unquote(parts.fragment))
        self.name = f"openai:{self._base}#{self._model}"
        self.weights = f"server:{self._model}"
        self.count = lru_cache(maxsize=4096)(self._count)

    def answer(self, request: Request) -> list[Answer]:
        """The answers to the rows, in order; an answer is unfinished where the server stopped it at a limit.

        Values are inside the source only where the server takes a grammar. Token probabilities are the server's own,
        from before the mask: at temperature 0 every likelier token was masked, which gives `mass` and `probability`.
        """
        if not request.groups:
            return []
        if self._grammar == "auto":
            self._grammar = self._probe()
        if len(request.groups) > 1:  # one pass over the shared beginning first, so that all rows find it in the cache
            self._complete(request, request.groups[0], max_tokens=1)
        with ThreadPoolExecutor(min(self._workers, len(request.groups))) as pool:
            found = list(pool.map(lambda row: self._complete(request, row, row.max_tokens), request.groups))
        if len(found) > 1 and any(_read_again(completion) for completion in found):
            self._workers = 1  # its places in the batch share no cache: reading the prompt once beats writing abreast
        return [self._read(completion) for completion in found]

    def _read(self, completion: Mapping[str, Any]) -> Answer:
        choice = completion["choices"][0]
        text = choice["message"].get("content") or ""
        finished = bool(text) and choice.get("finish_reason") not in ("length", "content_filter")
        return Answer(text, _tokens(text, (choice.get("logprobs") or {}).get("content") or ()), finished)

    def _complete(self, request: Request, row: FieldGroup, max_tokens: int) -> Mapping[str, Any]:
        messages = [{"role": "user", "content": request.prompt + row.question}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        if self._grammar in GRAMMARS:
            constraint = GRAMMARS[self._grammar](row.grammar)
        else:
            schema = {"name": "fields", "schema": row.schema, "strict": True}
            constraint = {"response_format": {"type": "json_schema", "json_schema": schema}}
        return self._chat({"messages": messages, "max_tokens": max_tokens, **constraint})

    def _chat(self, payload: Payload) -> Mapping[str, Any]:
        """The completion; optional parameters that the server refuses are dropped, here and from then on."""
        payload = {"model": self._model, "temperature": 0, "stream": False, **payload}
        while True:
            optional = dict(self._optional)
            try:
                found = self._call("POST", f"{self._base}/chat/completions", {**payload, **optional})
            except _Refused as refused:
                if refused.status not in (400, 422) or not optional or refused.too_long:
                    raise self._error(refused) from None
                named = [key for key in optional if key in refused.reason] or list(optional)
                with self._lock:
                    for key in [*named, *(("top_logprobs",) if "logprobs" in named else ())]:
                        self._optional.pop(key, None)
                continue
            try:
                found["choices"][0]["message"].get("content")
                return found
            except (KeyError, IndexError, TypeError, AttributeError):
                raise self._stranger() from None

    def _probe(self) -> str:
        """The kind of grammar that the server obeys, or `schema`: known by what it does, not by what it says it is."""
        hello = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8, "temperature": 0}
        for kind, constraint in GRAMMARS.items():
            try:
                payload = {"model": self._model, **hello, **constraint(PROBE)}
                found = self._call("POST", f"{self._base}/chat/completions", payload)
                if found["choices"][0]["message"]["content"] in PROBE_ANSWERS - {""}:
                    return kind
            except _Refused as refused:
                if refused.status in (401, 403, 404):
                    raise self._error(refused) from None
            except (KeyError, IndexError, TypeError):
                continue
        return "schema"

    def _choose(self, wanted: str) -> str:
        """The id of the model to use, as the server lists it."""
        try:
            found = self._call("GET", f"{self._base}/models")
        except _Refused as refused:
            if refused.status in (404, 405, 501) and wanted:  # a server without a list: take the user's word
                return wanted
            raise self._error(refused) from None
        try:
            offered = [str(entry["id"]) for entry in found["data"] or ()]
        except (KeyError, TypeError):
            raise self._stranger() from None
        if not wanted and len(offered) == 1:
            return offered[0]
        if wanted in offered or f"{wanted}:latest" in offered:  # Ollama lists `name:latest` for `name`
            return wanted
        listed = ", ".join(offered[:20]) or "none"
        hint = f"Write openai:{self._base}#NAME with one of: {listed}."
        if wanted:
            raise ModelError(f"The server does not offer the model {wanted}.", hint)
        raise ModelError(f"The server offers {len(offered) or 'no'} models; one has to be named.", hint)

    def _count(self, text: str) -> int:
        """How many tokens `text` is: by the server's own tokenizer where it offers one, estimated elsewhere."""
        if self._tokenizes:
            try:
                payload = {"model": self._model, "content": text, "prompt": text}  # llama.cpp's name and vLLM's
                found = self._call("POST", f"{self._root}/tokenize", payload)
                return int(found["count"]) if "count" in found else len(found["tokens"])
            except (_Refused, KeyError, TypeError, ValueError):
                self._tokenizes = False
        return estimated_tokens(text)

    def _call(self, method: str, url: str, payload: Payload | None = None) -> Any:
        """The JSON the server answers; raises _Refused for an HTTP error, ModelError where there is no answer."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if key := os.environ.get("EXTRACTOR_API_KEY") or os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        data = None if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        for wait in (*WAITS, None):
            try:
                with self._open(urllib.request.Request(url, data, headers, method=method), timeout=self._timeout) as r:
                    return json.loads(r.read())
            except urllib.error.HTTPError as error:
                with error:
                    refused = _Refused(error.code, _reason(error), error.headers.get("Location") or "")
                if error.code not in BUSY or wait is None:
                    raise refused from None
                time.sleep(wait)
            except ValueError:
                raise self._stranger() from None
            except (TimeoutError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
                raise self._unreachable(error) from None
        raise AssertionError("the last attempt returns or raises")

    def _unreachable(self, error: Exception) -> ModelError:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            hint = "The server is up but slow, or stuck: try a smaller model, or look at the server's log."
            return ModelError(f"The server at {self._base} gave no answer in {self._timeout:g} seconds.", hint)
        hint = f"Start the server, or correct the address; `curl {self._base}/models` should list its models."
        return ModelError(f"No server can be reached at {self._base} ({reason}).", hint)

    def _stranger(self) -> ModelError:
        hint = "The address should be that of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1."
        return ModelError(f"What answers at {self._base} does not speak the chat completions protocol.", hint)

    def _error(self, refused: _Refused) -> ModelError:
        said = f"The server at {self._base} answered {refused.status}: {refused.reason or 'no reason given'}"
        if refused.location:
            return ModelError(said, f"It sends requests on to {refused.location}; name that address if you trust it.")
        if refused.too_long:
            return ModelError(said, "Start the server with a larger context, or give fewer passages to the prompt.")
        if refused.status in (400, 422):
            return ModelError(said, "The server cannot hold this schema: use a newer server, or a simpler schema.")
        return ModelError(said, HINTS.get(refused.status, "Look at the server's log."))


HINTS = {
    401: "Set EXTRACTOR_API_KEY to the server's key.",
    403: "The key in EXTRACTOR_API_KEY may not use this server or model.",
    404: "The address or the model's name is wrong: try the address with /v1, and the name as the server lists it.",
    429: "The server is busy; try again later.",
    503: "The server is busy or still loading its model; try again later.",
}


class _Refused(Exception):
    """The server answered with an HTTP error; turned into a ModelError or into another attempt, never let out."""

    def __init__(self, status: int, reason: str, location: str = "") -> None:
        super().__init__(status, reason)
        self.status, self.reason, self.location = status, reason, location

    @property
    def too_long(self) -> bool:
        return self.status == 413 or "context" in self.reason.lower()


def load(url: str, *, threads: int | None = None, device: str | None = None, **options: Any) -> OpenAIModel:
    """The model at `url`, with or without the `openai:` in front; raises ModelError.

    `threads` and `device`, which models on this machine take, are for the server to decide and change nothing here.
    """
    return OpenAIModel(url.removeprefix("openai:"), **options)


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is: 3.5 characters each, and 1.5 where a character is a word or half of one."""
    wide = sum(1 for character in text if character >= "\u2e80")
    return math.ceil(wide / 1.5 + (len(text) - wide) / 3.5)


def _parts(url: str) -> urllib.parse.SplitResult:
    example = "Write it as openai:http://127.0.0.1:8080/v1, with #NAME where the server has several models."
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ModelError(f"{url or 'An empty text'} is not the address of a server.", example)
    if "@" in parts.netloc:
        raise ModelError("The server's address holds a user name or a password.", "Set EXTRACTOR_API_KEY instead.")
    return parts


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(host: str) -> urllib.request.OpenerDirector:
    """What opens URLs: never redirected, and without the environment's proxies where the server is this machine."""
    proxies = [urllib.request.ProxyHandler({})] if _is_loopback(host) else []
    return urllib.request.build_opener(_NoRedirect, *proxies)


def _read_again(completion: Mapping[str, Any]) -> bool:
    """Whether the server says that it found less than half of the prompt in its cache."""
    usage = completion.get("usage") or {}
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    return cached is not None and cached < (usage.get("prompt_tokens") or 0) / 2


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: urllib.error.HTTPError) -> str:
    """What the server says is wrong, on one line."""
    body = error.read(20_000).decode("utf-8", "replace")
    try:
        said = json.loads(body)
        said = said.get("error", said) if isinstance(said, dict) else said
        said = said.get("message", said) if isinstance(said, dict) else said
    except ValueError:
        said = body
    return " ".join(str(said).split())[:500]


def _tokens(text: str, entries: Sequence[Mapping[str, Any]]) -> tuple[Token, ...]:
    """The tokens of `text` with their probabilities; none where the server's tokens do not spell the text.

    White space that the server stripped off the text, and an end token, are left out. A character may be spread over
    several tokens: each of them then covers it whole.
    """
    spelt = [bytes(entry["bytes"]) if entry.get("bytes") else str(entry.get("token", "")).encode() for entry in entries]
    encoded = text.encode()
    at = -b"".join(spelt).find(encoded)
    if not encoded or at > 0:
        return ()
    character = [index for index, char in enumerate(text) for _ in char.encode()]  # the character of each byte
    tokens = []
    for entry, piece in zip(entries, spelt, strict=True):
        start, end = max(at, 0), min(at + len(piece), len(encoded))
        at += len(piece)
        if start < end:
            tokens.append(Token(character[start], character[end - 1] + 1, *_confidence(entry)))
    return tuple(tokens)


def _confidence(entry: Mapping[str, Any]) -> tuple[float, float, float]:
    """(probability, mass, margin) out of log-probabilities from before the mask.

    Decoding is greedy, so whatever was likelier than the chosen token was masked, and what was less likely may not
    have been: the mass is an upper bound, the margin a lower one.
    """
    chosen = _probability(entry.get("logprob"))
    others = [_probability(other.get("logprob")) for other in entry.get("top_logprobs") or ()]
    mass = max(chosen, 1.0 - sum(other for other in others if other > chosen))
    if mass <= 0.0:
        return 0.0, 0.0, 0.0
    below = sorted((other for other in others if other <= chosen), reverse=True)
    if chosen in below:
        below.remove(chosen)  # the chosen token is in its own list
    return chosen / mass, mass, (chosen - max(below, default=0.0)) / mass


def _probability(logprob: Any) -> float:
    return min(1.0, math.exp(logprob)) if isinstance(logprob, int | float) and logprob > -700 else 0.0
