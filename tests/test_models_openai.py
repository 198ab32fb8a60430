"""The server backend, with llama.cpp's server and a tiny random model, and with a fake server for failures."""

import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import gguf
import jsonschema
import numpy
import pytest
import xllamacpp
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from extractor.errors import ModelError
from extractor.models import chat_server
from extractor.models.openai import OpenAIModel, estimate_tokens, load
from extractor.types import FieldGroup, Request

SCHEMA = {
    "type": "object",
    "properties": {
        "unit": {"type": ["string", "null"], "enum": ["pump", "水泵", None]},
        "count": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["unit", "count"],
    "additionalProperties": False,
}
GRAMMAR = 'start: "{\\"unit\\": " UNIT ","\nUNIT: "\\"水泵\\"" | "\\"Pumpe\\""'
GROUP = FieldGroup("\nWhich unit?", GRAMMAR, SCHEMA, 60)
REQUEST = Request("Copy the fields.", "Inspection of pump 7, 水泵.", (GROUP, GROUP, GROUP))
CHAT = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXTRACTOR_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(chat_server, "RETRY_SECONDS", (0.01, 0.01))


# llama.cpp's server.


def write_tiny_model(path: Path, width: int = 32, seed: int = 0) -> None:
    """A one-layer llama of random weights, about 140 kB, whose tokenizer splits Chinese characters into bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(vocab_size=360, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(['{"report": "pump 7 leaks", "total": 12.5, null}'] * 3, trainer)
    bpe = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].__getitem__)

    out = gguf.GGUFWriter(path, "llama")
    out.add_block_count(1)
    out.add_context_length(2048)
    out.add_embedding_length(width)
    out.add_feed_forward_length(2 * width)
    out.add_head_count(2)
    out.add_head_count_kv(2)
    out.add_layer_norm_rms_eps(1e-6)
    out.add_rope_dimension_count(width // 2)
    out.add_vocab_size(len(tokens))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("qwen2")
    out.add_token_list(tokens)
    out.add_token_types([gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens])
    out.add_token_merges([" ".join(merge) for merge in bpe["merges"]])
    out.add_eos_token_id(2)
    out.add_add_bos_token(False)
    out.add_chat_template(CHAT)
    random = numpy.random.default_rng(seed)
    shapes = {"token_embd": (len(tokens), width), "output": (len(tokens), width)}
    shapes |= {f"blk.0.{name}": (width, width) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    shapes |= {f"blk.0.{name}": (2 * width, width) for name in ("ffn_gate", "ffn_up")}
    shapes["blk.0.ffn_down"] = (width, 2 * width)
    for name, shape in shapes.items():
        out.add_tensor(f"{name}.weight", (random.standard_normal(shape) * 0.3).astype(numpy.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        out.add_tensor(f"{name}.weight", numpy.ones(width, numpy.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of llama.cpp's server with a tiny model called `tiny`."""
    path = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    write_tiny_model(path)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.model_alias = {"tiny"}
    parameters.port = 0
    parameters.n_ctx = 1024
    parameters.n_parallel = 2
    parameters.kv_unified = True
    parameters.cpuparams.n_threads = 1
    parameters.warmup = False
    parameters.verbosity = -1
    server = xllamacpp.Server(parameters)
    yield server.listening_address
    del server


def test_llama_answers_follow_the_grammar(llama: str) -> None:
    model = OpenAIModel(llama)
    assert (model.name, model.weights) == (f"openai:{llama}/v1#tiny", "server:tiny")
    answers = model.answer(REQUEST)
    assert len(answers) == 3
    for answer in answers:
        assert answer.text in ('{"unit": "水泵",', '{"unit": "Pumpe",')
        assert answer.finished
        assert answer.tokens[0].start == 0 and answer.tokens[-1].end == len(answer.text)
        assert {at for t in answer.tokens for at in range(t.start, t.end)} == set(range(len(answer.text)))
        assert all(0 <= t.probability <= 1 and 0 <= t.mass <= 1 and 0 <= t.margin <= 1 for t in answer.tokens)
    assert model.answer(Request("", "", ())) == []


def test_llama_answers_follow_the_schema(llama: str) -> None:
    model = load(f"openai:{llama}?grammar=schema#tiny", threads=2)
    (answer,) = model.answer(Request("", "pump", (GROUP,)))
    jsonschema.validate(json.loads(answer.text), SCHEMA)
    assert answer.finished and answer.tokens


def test_llama_stops_at_the_limit(llama: str) -> None:
    (answer,) = OpenAIModel(llama).answer(Request("", "pump", (FieldGroup("", GRAMMAR, SCHEMA, 3),)))
    assert not answer.finished
    assert '{"unit": "水泵",'.startswith(answer.text[:9])


def test_llama_counts_tokens(llama: str) -> None:
    assert OpenAIModel(llama).count("pump 7") == 3
    assert OpenAIModel(llama).count("水泵") == 6


def test_llama_refuses_a_prompt_beyond_its_context(llama: str) -> None:
    with pytest.raises(ModelError) as error:
        OpenAIModel(llama).answer(Request("", "水" * 2000, (GROUP,)))
    assert "context" in error.value.message and "larger context" in error.value.hint


def test_llama_refuses_a_broken_schema(llama: str) -> None:
    broken = FieldGroup("", "", {"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}, 20)
    with pytest.raises(ModelError) as error:
        OpenAIModel(f"{llama}?grammar=schema").answer(Request("", "", (broken,)))
    assert "400" in error.value.message and "schema" in error.value.hint


def test_llama_does_not_offer_another_model(llama: str) -> None:
    with pytest.raises(ModelError) as error:
        OpenAIModel(f"{llama}/v1#large")
    assert "large" in error.value.message and "tiny" in error.value.hint


# A fake server, for what a good server does not do.

Reply = tuple[int, Any]


class Fake:
    """A server on this machine that answers `reply(path, payload)` and keeps what it was sent in `seen`."""

    def __init__(self, reply: Callable[[str, dict], Reply], models: Any = ("one",)) -> None:
        self.seen: list[tuple[str, dict, dict]] = []
        listed = (200, {"data": [{"id": name} for name in models]}) if isinstance(models, tuple) else (200, models)
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send(*listed)

            def do_POST(self) -> None:
                payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.seen.append((self.path, payload, dict(self.headers)))
                self.send(*reply(self.path, payload))

            def send(self, status: int, body: Any) -> None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", body)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> "Fake":
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()


def completion(text: Any, finish: str = "stop", **more: Any) -> Reply:
    return 200, {"choices": [{"message": {"content": text}, "finish_reason": finish, **more}]}


def entry(token: str | bytes, p: float, *others: float) -> dict[str, Any]:
    raw = token if isinstance(token, bytes) else token.encode()
    top = [{"token": "?", "logprob": math.log(other)} for other in (p, *others)]
    return {"token": raw.decode(errors="replace"), "bytes": list(raw), "logprob": math.log(p), "top_logprobs": top}


def failure(fake: Fake, tail: str = "?grammar=schema", **options: Any) -> ModelError:
    with fake, pytest.raises(ModelError) as error:
        OpenAIModel(fake.url + tail, **options).answer(Request("", "x", (GROUP,)))
    return error.value


def test_request_has_one_question_the_schema_and_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACTOR_API_KEY", "secret")
    with Fake(lambda path, payload: completion('{"a": 1}')) as fake:
        model = OpenAIModel(fake.url + "/v1/?grammar=schema")
        (answer,) = model.answer(Request("Copy.", "Text. ", (GROUP,)))
    assert answer.text == '{"a": 1}' and answer.finished and answer.tokens == ()
    ((path, payload, headers),) = fake.seen
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert payload["messages"] == [
        {"role": "system", "content": "Copy."},
        {"role": "user", "content": "Text. \nWhich unit?"},
    ]
    assert payload["response_format"]["json_schema"]["schema"] == SCHEMA
    assert payload["response_format"]["json_schema"]["strict"] is True
    assert (payload["model"], payload["temperature"], payload["max_tokens"]) == ("one", 0, 60)


def test_answers_keep_their_order_and_share_one_reading_of_the_prompt() -> None:
    groups = tuple(FieldGroup(str(number), "", SCHEMA) for number in range(7))
    with Fake(lambda path, payload: completion(payload["messages"][-1]["content"])) as fake:
        answers = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "group ", groups))
    assert [answer.text for answer in answers] == [f"group {number}" for number in range(7)]
    assert [payload["max_tokens"] for _, payload, _ in fake.seen] == [1] + [512] * 7


def test_server_that_reads_every_prompt_again_gets_one_request_at_a_time() -> None:
    abreast, most, lock = [0], [], threading.Lock()
    meet = threading.Event()

    def reply(path: str, payload: dict) -> Reply:
        with lock:
            abreast[0] += 1
            most.append(abreast[0])
        meet.wait(0.05)
        with lock:
            abreast[0] -= 1
        status, body = completion("{}")
        return status, body | {"usage": {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 0}}}

    with Fake(reply) as fake:
        model = OpenAIModel(fake.url + "?grammar=schema")
        model.answer(REQUEST)
        assert max(most) > 1
        most.clear()
        model.answer(REQUEST)
        assert max(most) == 1


def test_grammar_is_used_only_where_the_server_obeys_it() -> None:
    def vllm(path: str, payload: dict) -> Reply:
        return completion("7" if "structured_outputs" in payload else "Hello!")

    with Fake(vllm) as fake:
        OpenAIModel(fake.url).answer(Request("", "x", (GROUP,)))
    assert fake.seen[-1][1]["structured_outputs"] == {"grammar": GRAMMAR}
    assert "response_format" not in fake.seen[-1][1]

    def strict(path: str, payload: dict) -> Reply:
        refused = "grammar" in payload or "structured_outputs" in payload
        return (400, {"error": {"message": "unknown parameter"}}) if refused else completion("Hello!")

    for reply in (strict, lambda path, payload: completion("Hello!")):
        with Fake(reply) as fake:
            OpenAIModel(fake.url).answer(Request("", "x", (GROUP,)))
        assert fake.seen[-1][1]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_refused_optional_parameters_are_not_sent_again() -> None:
    def reply(path: str, payload: dict) -> Reply:
        if "logprobs" in payload:
            return 400, {"error": {"message": "logprobs are not supported by this model"}}
        if "cache_prompt" in payload:
            return 422, {"detail": "extra fields are not permitted"}
        return completion("{}")

    with Fake(reply) as fake:
        model = OpenAIModel(fake.url + "?grammar=schema")
        model.answer(Request("", "x", (GROUP,)))
        assert len(fake.seen) == 3
        model.answer(Request("", "x", (GROUP,)))
        assert len(fake.seen) == 4


def test_token_probabilities_are_computed_from_unmasked_ones() -> None:
    chinese = "水".encode()
    entries = [entry("\n", 0.9), entry('{"', 0.4, 0.3), entry("a", 0.2, 0.6, 0.1), entry(chinese[:2], 0.5)]
    entries += [entry(chinese[2:] + b'"', 0.8), entry("", 0.9)]
    with Fake(lambda path, payload: completion('{"a水"', logprobs={"content": entries})) as fake:
        (answer,) = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "x", (GROUP,)))
    assert [(token.start, token.end) for token in answer.tokens] == [(0, 2), (2, 3), (3, 4), (3, 5)]
    first, second = answer.tokens[:2]
    assert (first.probability, first.mass, first.margin) == pytest.approx((0.4, 1.0, 0.1))
    assert (second.probability, second.mass, second.margin) == pytest.approx((0.5, 0.4, 0.25))


def test_tokens_that_do_not_spell_the_text_are_dropped() -> None:
    logprobs = {"content": [entry("{", 0.4), entry("}", 0.4)]}
    with Fake(lambda path, payload: completion('{"a"', logprobs=logprobs)) as fake:
        (answer,) = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "x", (GROUP,)))
    assert answer.tokens == ()


@pytest.mark.parametrize(("text", "finish"), [('{"a', "length"), (None, "stop"), ("{", "content_filter")])
def test_truncated_answer_is_unfinished(text: str | None, finish: str) -> None:
    with Fake(lambda path, payload: completion(text, finish)) as fake:
        (answer,) = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "x", (GROUP,)))
    assert not answer.finished and answer.text == (text or "")


def test_busy_server_is_asked_again() -> None:
    replies = iter([(503, {"error": {"message": "Loading model"}}), completion("{}")])
    with Fake(lambda path, payload: next(replies)) as fake:
        (answer,) = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "x", (GROUP,)))
    assert answer.text == "{}"
    assert "loading" in failure(Fake(lambda path, payload: (503, {"error": "Loading model"}))).hint


def test_model_has_to_be_named_where_there_are_several() -> None:
    with Fake(lambda path, payload: completion("{}"), ("a", "b:latest")) as fake:
        with pytest.raises(ModelError) as error:
            OpenAIModel(fake.url)
        assert "a, b:latest" in error.value.hint
        assert OpenAIModel(fake.url + "#b").weights == "server:b"


@pytest.mark.parametrize(
    ("reply", "message", "hint"),
    [
        (
            (401, {"error": {"message": "Invalid key", "code": "invalid_api_key"}}),
            "invalid_api_key",
            "EXTRACTOR_API_KEY",
        ),
        ((404, {"detail": "Not Found"}), "404", "/v1"),
        ((400, {"error": {"message": "unsupported schema keyword: not"}}), "400", "simpler schema"),
        ((500, b"<html>broken</html>"), "500", "log"),
        ((302, "http://elsewhere.invalid/"), "302", "elsewhere.invalid"),
        ((200, b"<html>hello</html>"), "chat completions", "OpenAI-compatible"),
        ((200, {"choices": []}), "chat completions", "OpenAI-compatible"),
    ],
)
def test_refusals_are_reported_with_a_next_step(reply: Reply, message: str, hint: str) -> None:
    error = failure(Fake(lambda path, payload: reply))
    assert message in error.message and hint in error.hint


@pytest.mark.parametrize("status", [400, 401, 413, 422, 500])
@pytest.mark.parametrize("key", ["message", "code", "type"])
def test_server_that_quotes_the_prompt_puts_nothing_of_it_into_messages(status: int, key: str) -> None:
    def reply(path: str, payload: dict) -> Reply:
        return status, {"error": {"message": "no", key: payload["messages"][-1]["content"]}}

    with Fake(reply) as fake, pytest.raises(ModelError) as error:
        OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "the IBAN of Ann", (GROUP,)))
    assert "IBAN" not in str(error.value) and str(status) in error.value.message
    if key == "message":  # what --debug shows
        assert "IBAN" in str(error.value.__cause__)


def test_response_that_is_no_http_is_not_quoted() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            connection.recv(1000)
            connection.sendall(b"IBAN of Ann\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ModelError) as error:
            OpenAIModel(f"http://127.0.0.1:{listening.getsockname()[1]}#one")
    assert "IBAN" not in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b'{"choices": {"0": 1}}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": "hello"}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": ["a"]}}]}',
        b'{"choices": [{"message": {"content": {"a": 1}}}]}',
        b'{"choices": [{"message": {"content": "a"}, "logprobs": []}], "usage": 5}',
        b'{"choices": [{"message": {"content": "a"}, "logprobs": {"content": [5]}}]}',
        b'{"choices": [{"message": {"content": "a"}, "logprobs": {"content": [{"bytes": [999]}]}}]}',
        b'{"choices": [{"message": {"content": "a"}, "logprobs": {"content": [{"token": "a", "top_logprobs": 7}]}}]}',
        b'{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens_details": {"cached_tokens": "x"}}}',
    ],
)
def test_response_of_another_shape_is_an_error_of_the_model(body: bytes) -> None:
    error = failure(Fake(lambda path, payload: (200, body)))
    assert "chat completions protocol" in error.message


def test_half_a_surrogate_pair_in_an_answer_is_replaced() -> None:
    with Fake(lambda path, payload: completion("a\ud800")) as fake:
        (answer,) = OpenAIModel(fake.url + "?grammar=schema").answer(Request("", "x", (GROUP,)))
    assert answer.text == "a?"


@pytest.mark.parametrize("body", [b"{}", b'{"count": 1e999}', b'{"tokens": 7}', b'"count"', b"null"])
def test_tokens_are_estimated_where_the_server_counts_nonsense(body: bytes) -> None:
    with Fake(lambda path, payload: (200, body)) as fake:
        assert OpenAIModel(fake.url + "#one").count("seven characters") == 5


def serve_bytes(head: bytes, chunk: bytes, pause: float, stop: threading.Event) -> int:
    """Return the port of a server that sends `head`, then `chunk` every `pause` seconds until it is told to stop."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listening.accept()
        with listening, connection:
            connection.recv(10_000)
            try:
                connection.sendall(head)
                while not stop.wait(pause):
                    connection.sendall(chunk)
            except OSError:
                return

    threading.Thread(target=answer, daemon=True).start()
    return listening.getsockname()[1]


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "]
)
def test_server_that_drips_is_given_up_after_the_timeout(head: bytes) -> None:
    stop = threading.Event()
    with pytest.raises(ModelError, match=r"0\.5 seconds"):
        OpenAIModel(f"http://127.0.0.1:{serve_bytes(head, b' ', 0.05, stop)}#one", timeout=0.5)
    stop.set()


def test_response_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_server, "MAX_RESPONSE_BYTES", 1 << 20)
    stop = threading.Event()
    port = serve_bytes(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 100_000, 0.0, stop)
    with pytest.raises(ModelError, match="more than 1 MB"):
        OpenAIModel(f"http://127.0.0.1:{port}#one", timeout=60)
    stop.set()


def test_server_that_cannot_be_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(ModelError) as error:
        OpenAIModel(f"http://127.0.0.1:{port}")
    assert "No server can be reached" in error.value.message and "Start the server" in error.value.hint


def test_slow_server_is_given_up_after_the_timeout() -> None:
    wait = threading.Event()
    error = failure(Fake(lambda path, payload: (wait.wait(1), completion("{}"))[1]), timeout=0.2)
    assert "0.2 seconds" in error.message


def test_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with Fake(lambda path, payload: completion("{}")) as fake:
        assert OpenAIModel(fake.url).weights == "server:one"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "file:///etc/passwd",
        "ftp://a/b",
        "http://",
        "http://a:b@c/",
        "http://a:x/",
        "http://h?g=1",
    ],
)
def test_unusable_address_is_refused(url: str) -> None:
    with pytest.raises(ModelError) as error:
        load(f"openai:{url}")
    assert error.value.hint


def test_tokens_are_estimated_where_the_server_does_not_count() -> None:
    with Fake(lambda path, payload: (404, {})) as fake:
        model = OpenAIModel(fake.url)
        assert model.count("seven characters") == estimate_tokens("seven characters") == 5
        assert model.count("检查报告") == 3
        assert len(fake.seen) == 1
    with Fake(lambda path, payload: (200, {"count": 9})) as fake:
        assert OpenAIModel(fake.url).count("x") == 9
