"""Compare this tool's decoder with plain `generate` under a mask, and with llama.cpp, on the same weights and prompts.

    python -m eval.bench [--model NAME] [--documents N] [--only ours,plain,plain-int8,llama] [--threads N] [--wrong]

Every engine answers the same twenty fields of the same reports under the same grammar, so that all can only copy from
the report. `ours` asks in groups of five; the others ask for one object with all twenty, which is faster for them.
eval/README.md explains the columns. Needs `xllamacpp` for llama.cpp, and some 8 GB of memory for `plain`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.bench_documents import SCHEMA, BenchDocument, documents
from extractor import decoding
from extractor.extraction import prompts
from extractor.models import CATALOGUE, DEFAULT, load_model
from extractor.schemas import load_schema
from extractor.types import Answer, Field, FieldGroup, Request
from extractor.values import equivalence, normalisation

FIELDS_PER_GROUP = 5
MAX_SPAN = 240
MAX_TOKENS = 1200
MIN_PREFILL_TOKENS = 32
"""A pass over more new tokens a row counts as prefill, a shorter one as writing the answer."""
GOALS = {"plain": 2.5, "llama": 1.5}
"""How many times faster than each engine this tool should be, without more mistakes."""


@dataclass
class DocumentTiming:
    """What one engine spent on one document, and how many fields it answered correctly."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    prefill_tokens: int = 0
    prefill_seconds: float = 0.0
    passes: int = 0
    right: int = 0


@dataclass(frozen=True)
class BenchRequest:
    """The request about one report, and the slots that each group's answer fills."""

    request: Request
    slots: tuple[tuple[decoding.Slot, ...], ...]


def make_request(document: BenchDocument, fields: Sequence[Field], group: int) -> BenchRequest:
    """Return the request for all fields of a report, `group` fields at a time."""
    slots = [_slot(f, document.text) for f in fields]
    starts = range(0, len(fields), group)
    groups = [
        FieldGroup(
            prompts.question([(f.name, f) for f in fields[at : at + group]], document.text),
            decoding.write_grammar(slots[at : at + group], document.text),
            decoding.write_json_schema(slots[at : at + group]),
            MAX_TOKENS,
        )
        for at in starts
    ]
    request = Request(prompts.system(), prompts.document(document.text), tuple(groups), document.text)
    return BenchRequest(request, tuple(tuple(slots[at : at + group]) for at in starts))


def _slot(f: Field, text: str) -> decoding.Slot:
    kind = normalisation.value_kind(f)
    if kind is None:
        return decoding.Slot(f.name, "span", max_length=MAX_SPAN)
    found = (" ".join(text[start:end].split()) for start, end in normalisation.find_spans(kind, text))
    return decoding.Slot(f.name, "literals", tuple(dict.fromkeys(found)))


def find_mistakes(
    document: BenchDocument, fields: Sequence[Field], asked: BenchRequest, answers: Sequence[Answer]
) -> dict[str, str]:
    """Return the fields that were answered wrongly, with both values; null is correct where the report has none."""
    texts: dict[str, str | None] = {}
    for slots, answer in zip(asked.slots, answers, strict=True):
        texts |= {found.key: found.text for found in decoding.parse_answer(answer, slots)}
    mistakes = {}
    for f in fields:
        gold, text = document.truth[f.name], texts.get(f.name)
        value = None if text is None else normalisation.normalise_value(f, text).value
        if not (equivalence.is_equivalent(gold, value) or equivalence.is_equivalent(gold, text)):
            mistakes[f.name] = f"{text!r} instead of {gold!r}"
    return mistakes


# Engines: each answers a request and reports what it spent.


class PassCounter:
    """Counts the passes of a transformers model, and times those that read the prompt."""

    def __init__(self, model: Any) -> None:
        self.timing = DocumentTiming()
        self._start = 0.0
        layers = model.get_decoder()
        before = layers.register_forward_pre_hook(self._before)
        self._hooks = [before, layers.register_forward_hook(self._after, with_kwargs=True)]

    def _before(self, *_: Any) -> None:
        self._start = time.perf_counter()

    def _after(self, module: Any, inputs: tuple, named: dict[str, Any], output: Any) -> None:
        computed = named.get("input_ids")
        computed = named.get("inputs_embeds") if computed is None else computed
        computed = inputs[0] if computed is None else computed
        rows, tokens = computed.shape[:2]
        if tokens > MIN_PREFILL_TOKENS:
            self.timing.prefill_tokens += rows * tokens
            self.timing.prefill_seconds += time.perf_counter() - self._start
        else:
            self.timing.passes += 1

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()


class OwnDecoder:
    """This tool's model and decoder."""

    label = "ours (int8, batched groups)"
    group = FIELDS_PER_GROUP

    def __init__(self, name: str, threads: int) -> None:
        self.model = load_model(name, threads=threads)
        self.counter = PassCounter(self.model.decoder.model)

    def answer(self, request: Request) -> tuple[list[Answer], DocumentTiming]:
        self.counter.timing = timing = DocumentTiming()
        return self.model.answer(request), timing

    def close(self) -> None:
        self.counter.close()


class PlainGenerate:
    """transformers' `generate` with a mask for every token, as most tools do it, on float32 weights."""

    label = "plain generate + mask (fp32)"
    group = len(SCHEMA["properties"])

    def __init__(self, name: str, threads: int) -> None:
        import llguidance.hf

        ours = load_model(name, threads=threads)
        self.tokenizer = ours.decoder.tokenizer
        self.model = self._weights(ours, name)
        self.model.generation_config.eos_token_id = self.tokenizer.eos_token_id
        self.guide = llguidance.hf.from_tokenizer(self.tokenizer, n_vocab=self.model.config.vocab_size)
        self.counter = PassCounter(self.model)

    def _weights(self, ours: Any, name: str) -> Any:
        import torch

        from extractor.models.modules import build_empty_model, fill_missing_buffers, set_tensor
        from extractor.models.sources import GGUFSource

        source = GGUFSource(gguf_path(name))
        model = build_empty_model(source.config)
        modules = dict(model.named_modules())
        for tensor_name, tensor in source.tensors(model):
            owner, _, leaf = tensor_name.rpartition(".")
            set_tensor(modules[owner], leaf, tensor.to(torch.float32))
        if getattr(source.config, "tie_word_embeddings", False):
            model.get_output_embeddings().weight = model.get_input_embeddings().weight
        fill_missing_buffers(model)
        return model

    def answer(self, request: Request) -> tuple[list[Answer], DocumentTiming]:
        import torch
        from llguidance import LLMatcher
        from transformers import LogitsProcessorList

        self.counter.timing = timing = DocumentTiming()
        (group,) = request.groups
        text = self.tokenizer.apply_chat_template(
            chat_messages(request, group), tokenize=False, add_generation_prompt=True
        )
        prompt = self.tokenizer(text, add_special_tokens=False, return_tensors="pt")
        start = prompt["input_ids"].shape[1]
        matcher = LLMatcher(self.guide, LLMatcher.grammar_from_lark(group.grammar))
        mask = make_mask(matcher, start, self.tokenizer.eos_token_id)
        with torch.inference_mode():
            out = self.model.generate(
                **prompt,
                max_new_tokens=group.max_tokens,
                do_sample=False,
                logits_processor=LogitsProcessorList([mask]),
                pad_token_id=self.tokenizer.eos_token_id,
            )
        return [Answer(self.tokenizer.decode(out[0, start:], skip_special_tokens=True))], timing

    def close(self) -> None:
        self.counter.close()


class PlainGenerateInt8(PlainGenerate):
    """The same on this tool's int8 weights: shows what the decoder alone is worth."""

    label = "plain generate + mask (int8)"

    def _weights(self, ours: Any, name: str) -> Any:
        ours.decoder.model.set_attn_implementation("sdpa")
        return ours.decoder.model


def make_mask(matcher: Any, start: int, end_token: int) -> Callable[[Any, Any], Any]:
    """Return a logits processor that allows the tokens that the grammar allows next."""
    import numpy
    import torch
    from transformers import LogitsProcessor

    class Mask(LogitsProcessor):
        read = start

        def __call__(self, ids: Any, scores: Any) -> Any:
            matcher.consume_tokens(ids[0, self.read :].tolist())
            self.read = ids.shape[1]
            allowed = torch.zeros(scores.shape[-1], dtype=torch.bool)
            if matcher.is_stopped():
                allowed[end_token] = True
            else:
                bits = numpy.frombuffer(matcher.compute_bitmask(), dtype=numpy.uint8)
                one = torch.from_numpy(numpy.unpackbits(bits, bitorder="little").astype(bool))
                allowed[: len(one)] = one[: len(allowed)]
            return scores.masked_fill(~allowed, float("-inf"))

    return Mask()


class LlamaCpp:
    """llama.cpp from a prebuilt wheel, on the GGUF file itself, with the same grammar."""

    label = "llama.cpp (same GGUF)"
    group = len(SCHEMA["properties"])

    def __init__(self, name: str, threads: int, context: int = 8192) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(gguf_path(name))
        parameters.n_ctx = context
        parameters.n_parallel = 1
        parameters.n_gpu_layers = 0
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.verbosity = -1
        parameters.port = 0
        self.server = xllamacpp.Server(parameters)

    def answer(self, request: Request) -> tuple[list[Answer], DocumentTiming]:
        (group,) = request.groups
        payload = {
            "messages": chat_messages(request, group),
            "grammar": "%llguidance {}\n" + group.grammar,
            "max_tokens": group.max_tokens,
            "temperature": 0,
            "cache_prompt": True,
        }
        found = self.server.handle_chat_completions(payload)
        if "choices" not in found:
            raise SystemExit(f"llama.cpp refused the request: {found}")
        took = found["timings"]
        timing = DocumentTiming(
            prefill_tokens=took["prompt_n"], prefill_seconds=took["prompt_ms"] / 1000, passes=took["predicted_n"]
        )
        return [Answer(found["choices"][0]["message"]["content"])], timing

    def close(self) -> None:
        del self.server


ENGINES: dict[str, Callable[[str, int], Any]] = {
    "ours": OwnDecoder,
    "plain": PlainGenerate,
    "plain-int8": PlainGenerateInt8,
    "llama": LlamaCpp,
}


def chat_messages(request: Request, group: FieldGroup) -> list[dict[str, str]]:
    """Return the messages that ask for one field group."""
    return [
        {"role": "system", "content": request.system},
        {"role": "user", "content": request.prompt + group.question},
    ]


def gguf_path(name: str) -> Path:
    """Return the GGUF file of a model; download that of a known one if it is missing."""
    from extractor.models.weights import pull

    return Path(pull(name)) if name in CATALOGUE else Path(name)


# Measuring.


@dataclass
class EngineResult:
    """The timings of one engine over all documents."""

    label: str
    timings: list[DocumentTiming] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(timing.seconds for timing in self.timings)


def measure(key: str, arguments: argparse.Namespace, fields: Sequence[Field]) -> Iterator[DocumentTiming]:
    """Yield the engine's timing for each document, after an uncounted question that loads what is missing."""
    (unread,) = documents(1, arguments.seed + 1)
    loading = time.perf_counter()
    with closing(ENGINES[key](arguments.model, arguments.threads)) as engine:
        engine.answer(make_request(unread, fields[:1], engine.group).request)
        print(f"  {key} start: {time.perf_counter() - loading:.1f} s", file=sys.stderr, flush=True)
        for report in documents(arguments.documents, arguments.seed):
            asked = make_request(report, fields, engine.group)
            start, cpu = time.perf_counter(), time.process_time()
            answers, timing = engine.answer(asked.request)
            timing.seconds, timing.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
            mistakes = find_mistakes(report, fields, asked, answers)
            timing.right = len(fields) - len(mistakes)
            took = f"{timing.seconds:.1f} s ({timing.cpu_seconds:.1f} s of CPU)"
            print(f"  {key} {report.name}: {took}, {timing.right} right", file=sys.stderr, flush=True)
            if arguments.wrong:
                for name, mistake in mistakes.items():
                    print(f"    {name}: {mistake}", file=sys.stderr)
            yield timing
    gc.collect()


def format_table(results: dict[str, EngineResult], fields: int) -> str:
    """Return the figures of all engines, and how the tool's own compares with each of the others."""
    lines = [f"{'':30} prefill tokens/s  passes  s/document  fields right"]
    for result in results.values():
        timings = result.timings
        speed = sum(timing.prefill_tokens for timing in timings) / (
            sum(timing.prefill_seconds for timing in timings) or 1
        )
        passes = statistics.median(timing.passes for timing in timings)
        share = f"{sum(timing.right for timing in timings)}/{len(timings) * fields}"
        lines.append(f"{result.label:30} {speed:16.0f}  {passes:6.0f}  {result.seconds:10.1f}  {share:>12}")
    ours = results.get("ours")
    for key, other in results.items():
        if ours is None or other is ours:
            continue
        ratios = [a.seconds / b.seconds for a, b in zip(other.timings, ours.timings, strict=True)]
        ratio = statistics.median(ratios)
        more_right = sum(t.right for t in ours.timings) - sum(t.right for t in other.timings)
        goal = (
            f"; goal {GOALS[key]}: {'met' if ratio >= GOALS[key] and more_right >= 0 else 'missed'}"
            if key in GOALS
            else ""
        )
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        lines.append(f"ours is {ratio:.2f} times {other.label} ({spread}), {more_right:+d} fields right{goal}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT, help="a known name or a .gguf file")
    parser.add_argument("--documents", type=int, default=6)
    parser.add_argument("--only", default=",".join(ENGINES), help="engines, with commas between them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--wrong", action="store_true", help="print every field that is not right")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep every document's figures as JSON")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    if unknown := [key for key in chosen if key not in ENGINES]:
        parser.error(f"no engine {unknown[0]!r}; there are {', '.join(ENGINES)}")
    fields = load_schema(SCHEMA).fields
    busy = os.getloadavg()[0]
    results = {}
    for key in chosen:
        results[key] = EngineResult(ENGINES[key].label)
        results[key].timings += measure(key, arguments, fields)
    print(
        f"{arguments.model}, {arguments.documents} documents of {len(fields)} fields, {arguments.threads} threads, ",
        end="",
    )
    print(f"load {busy:.1f} at the start")
    print(format_table(results, len(fields)))
    if arguments.save:
        kept = {key: [vars(timing) for timing in result.timings] for key, result in results.items()}
        arguments.save.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
