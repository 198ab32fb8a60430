"""Ours against plain `generate` with a mask and against llama.cpp: same weights, prompt, fields and threads, one run.

    python -m eval.bench [--model NAME] [--documents N] [--only ours,plain,plain-int8,llama] [--threads N] [--wrong]

Every engine answers the same twenty fields of the same reports under the same grammar, so that all can only copy from
the report. `ours` asks in groups of five; the others ask for one object with all twenty, which is their best way.
eval/README.md says what the columns mean. Needs `xllamacpp` for llama.cpp, and some 8 GB of memory for `plain`.
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
from extractor.values import equivalence, normalization

GROUP = 5
MAX_SPAN = 240
MAX_TOKENS = 1200
PREFILL = 32
"""A pass over more new tokens than this a row reads the prompt; a shorter one writes the answer."""
GOALS = {"plain": 2.5, "llama": 1.5}


@dataclass
class Work:
    """What one engine did for one document."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    prefill_tokens: int = 0
    prefill_seconds: float = 0.0
    passes: int = 0
    right: int = 0


@dataclass(frozen=True)
class Asked:
    """One report as it is put to an engine: the request, and for each row the slots that its answer fills."""

    request: Request
    slots: tuple[tuple[decoding.Slot, ...], ...]


def asked(document: BenchDocument, fields: Sequence[Field], group: int) -> Asked:
    """The request for all fields of a report, `group` fields to a row."""
    groups = [
        [(f.name, f, _slot(f, document.text)) for f in fields[at : at + group]] for at in range(0, len(fields), group)
    ]
    rows = []
    for some in groups:
        slots = [slot for _, _, slot in some]
        question = prompts.question([(key, f) for key, f, _ in some], document.text)
        rows.append(
            FieldGroup(
                question, decoding.write_grammar(slots, document.text), decoding.write_json_schema(slots), MAX_TOKENS
            )
        )
    request = Request(prompts.system(), prompts.document(document.text), tuple(rows), document.text)
    return Asked(request, tuple(tuple(slot for _, _, slot in some) for some in groups))


def _slot(f: Field, text: str) -> decoding.Slot:
    kind = normalization.value_kind(f)
    if kind is None:
        return decoding.Slot(f.name, "span", max_length=MAX_SPAN)
    found = (" ".join(text[start:end].split()) for start, end in normalization.find_spans(kind, text))
    return decoding.Slot(f.name, "literals", tuple(dict.fromkeys(found)))


def wrong(document: BenchDocument, fields: Sequence[Field], what: Asked, answers: Sequence[Answer]) -> dict[str, str]:
    """The fields that were answered wrongly, each with what was said; a blank is right where the report has none."""
    said: dict[str, str | None] = {}
    for slots, answer in zip(what.slots, answers, strict=True):
        said |= {part.key: part.text for part in decoding.parse_answer(answer, slots)}
    found = {}
    for f in fields:
        gold, text = document.truth[f.name], said.get(f.name)
        value = None if text is None else normalization.normalise_value(f, text).value
        if not (equivalence.is_equivalent(gold, value) or equivalence.is_equivalent(gold, text)):
            found[f.name] = f"{text!r} for {gold!r}"
    return found


# Engines. Each answers a request and says what it did.


class Watch:
    """Counts the passes of a transformers model, and times those that read the prompt."""

    def __init__(self, model: Any) -> None:
        self.work = Work()
        self._start = 0.0
        layers = model.get_decoder()
        before = layers.register_forward_pre_hook(self._before)
        self._hooks = [before, layers.register_forward_hook(self._after, with_kwargs=True)]

    def _before(self, *_: Any) -> None:
        self._start = time.perf_counter()

    def _after(self, module: Any, inputs: tuple, named: dict[str, Any], output: Any) -> None:
        fed = named.get("input_ids")
        fed = named.get("inputs_embeds") if fed is None else fed
        fed = inputs[0] if fed is None else fed
        rows, width = fed.shape[:2]
        if width > PREFILL:
            self.work.prefill_tokens += rows * width
            self.work.prefill_seconds += time.perf_counter() - self._start
        else:
            self.work.passes += 1

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()


class Ours:
    """The tool's own model and decode loop."""

    label = "ours (int8, batched groups)"
    group = GROUP

    def __init__(self, name: str, threads: int) -> None:
        self.model = load_model(name, threads=threads)
        self.watch = Watch(self.model.decoder.model)

    def answer(self, request: Request) -> tuple[list[Answer], Work]:
        self.watch.work = work = Work()
        return self.model.answer(request), work

    def close(self) -> None:
        self.watch.close()


class Plain:
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
        self.watch = Watch(self.model)

    def _weights(self, ours: Any, name: str) -> Any:
        import torch

        from extractor.models import int8
        from extractor.models.sources import GGUFSource

        source = GGUFSource(gguf_path(name))
        model = int8.blank(source.config)
        modules = dict(model.named_modules())
        for tensor_name, tensor in source.tensors(model):
            owner, _, leaf = tensor_name.rpartition(".")
            int8.place(modules[owner], leaf, tensor.to(torch.float32))
        if getattr(source.config, "tie_word_embeddings", False):
            model.get_output_embeddings().weight = model.get_input_embeddings().weight
        int8.revive(model)
        return model

    def answer(self, request: Request) -> tuple[list[Answer], Work]:
        import torch
        from llguidance import LLMatcher
        from transformers import LogitsProcessorList

        self.watch.work = work = Work()
        (row,) = request.groups
        text = self.tokenizer.apply_chat_template(chat(request, row), tokenize=False, add_generation_prompt=True)
        prompt = self.tokenizer(text, add_special_tokens=False, return_tensors="pt")
        start = prompt["input_ids"].shape[1]
        matcher = LLMatcher(self.guide, LLMatcher.grammar_from_lark(row.grammar))
        mask = masked(matcher, start, self.tokenizer.eos_token_id)
        with torch.inference_mode():
            out = self.model.generate(
                **prompt,
                max_new_tokens=row.max_tokens,
                do_sample=False,
                logits_processor=LogitsProcessorList([mask]),
                pad_token_id=self.tokenizer.eos_token_id,
            )
        return [Answer(self.tokenizer.decode(out[0, start:], skip_special_tokens=True))], work

    def close(self) -> None:
        self.watch.close()


class PlainInt8(Plain):
    """The same on our int8 weights: what the decode loop alone is worth."""

    label = "plain generate + mask (int8)"

    def _weights(self, ours: Any, name: str) -> Any:
        ours.decoder.model.set_attn_implementation("sdpa")
        return ours.decoder.model


def masked(matcher: Any, start: int, end_token: int) -> Callable[[Any, Any], Any]:
    """A logits processor that allows what the grammar allows next, one token at a time."""
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


class Llama:
    """llama.cpp out of a prebuilt wheel, on the GGUF file itself, its own grammar engine holding the same grammar."""

    label = "llama.cpp (same GGUF)"
    group = len(SCHEMA["properties"])

    def __init__(self, name: str, threads: int) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(gguf_path(name))
        parameters.n_ctx = 8192
        parameters.n_parallel = 1
        parameters.n_gpu_layers = 0
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.verbosity = -1
        parameters.port = 0
        self.server = xllamacpp.Server(parameters)

    def answer(self, request: Request) -> tuple[list[Answer], Work]:
        (row,) = request.groups
        payload = {
            "messages": chat(request, row),
            "grammar": "%llguidance {}\n" + row.grammar,
            "max_tokens": row.max_tokens,
            "temperature": 0,
            "cache_prompt": True,
        }
        found = self.server.handle_chat_completions(payload)
        if "choices" not in found:
            raise SystemExit(f"llama.cpp refused the request: {found}")
        took = found["timings"]
        work = Work(
            prefill_tokens=took["prompt_n"], prefill_seconds=took["prompt_ms"] / 1000, passes=took["predicted_n"]
        )
        return [Answer(found["choices"][0]["message"]["content"])], work

    def close(self) -> None:
        del self.server


ENGINES: dict[str, Callable[[str, int], Any]] = {"ours": Ours, "plain": Plain, "plain-int8": PlainInt8, "llama": Llama}


def chat(request: Request, row: FieldGroup) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": request.system},
        {"role": "user", "content": request.prompt + row.question},
    ]


def gguf_path(name: str) -> Path:
    """The GGUF file of a model, fetched where it is a known one that is not here."""
    from extractor.models.weights import pull

    return Path(pull(name)) if name in CATALOGUE else Path(name)


# The run.


@dataclass
class Result:
    """One engine over all documents."""

    label: str
    works: list[Work] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(work.seconds for work in self.works)


def measured(key: str, arguments: argparse.Namespace, fields: Sequence[Field]) -> Iterator[Work]:
    """What the engine does for each document, after a question that is not counted: nothing is then loaded late."""
    (unread,) = documents(1, arguments.seed + 1)
    with closing(ENGINES[key](arguments.model, arguments.threads)) as engine:
        engine.answer(asked(unread, fields[:1], engine.group).request)
        for report in documents(arguments.documents, arguments.seed):
            what = asked(report, fields, engine.group)
            start, cpu = time.perf_counter(), time.process_time()
            answers, work = engine.answer(what.request)
            work.seconds, work.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
            mistakes = wrong(report, fields, what, answers)
            work.right = len(fields) - len(mistakes)
            took = f"{work.seconds:.1f} s ({work.cpu_seconds:.1f} s of CPU)"
            print(f"  {key} {report.name}: {took}, {work.right} right", file=sys.stderr, flush=True)
            if arguments.wrong:
                for name, said in mistakes.items():
                    print(f"    {name}: {said}", file=sys.stderr)
            yield work
    gc.collect()


def table(results: dict[str, Result], fields: int) -> str:
    """The figures of all engines, and ours against each of the others."""
    lines = [f"{'':30} prefill tokens/s  passes  s/document  fields right"]
    for result in results.values():
        works = result.works
        speed = sum(work.prefill_tokens for work in works) / (sum(work.prefill_seconds for work in works) or 1)
        passes = statistics.median(work.passes for work in works)
        share = f"{sum(work.right for work in works)}/{len(works) * fields}"
        lines.append(f"{result.label:30} {speed:16.0f}  {passes:6.0f}  {result.seconds:10.1f}  {share:>12}")
    ours = results.get("ours")
    for key, other in results.items():
        if ours is None or other is ours:
            continue
        ratios = [a.seconds / b.seconds for a, b in zip(other.works, ours.works, strict=True)]
        ratio, fewer = statistics.median(ratios), sum(w.right for w in ours.works) - sum(w.right for w in other.works)
        goal = (
            f"; goal {GOALS[key]}: {'met' if ratio >= GOALS[key] and fewer >= 0 else 'missed'}" if key in GOALS else ""
        )
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        lines.append(f"ours is {ratio:.2f} times {other.label} ({spread}), {fewer:+d} fields right{goal}")
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
        results[key] = Result(ENGINES[key].label)
        results[key].works += measured(key, arguments, fields)
    print(
        f"{arguments.model}, {arguments.documents} documents of {len(fields)} fields, {arguments.threads} threads, ",
        end="",
    )
    print(f"load {busy:.1f} at the start")
    print(table(results, len(fields)))
    if arguments.save:
        kept = {key: [vars(work) for work in result.works] for key, result in results.items()}
        arguments.save.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
