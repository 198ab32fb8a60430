"""Training an adapter: LoRA by peft on questions with their right answers, on a CPU or a GPU alike."""

from __future__ import annotations

import importlib.util
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from extractor.decoding.tokenization import PromptTokenizer, decode_pieces, find_eos_token_ids
from extractor.errors import ModelError
from extractor.models.modules import build_empty_model, fill_missing_buffers, set_tensor
from extractor.settings import Settings, threshold

_IGNORED = -100
"""The label of a token that the loss leaves out, as transformers has it."""


@dataclass(frozen=True)
class AdapterSettings(Settings):
    """How an adapter is trained."""

    rank: int = threshold(16, meaning="Rank of the changes: the inner size of their two factors.")
    scale: float = threshold(2.0, meaning="What a change is multiplied by (lora_alpha / rank).")
    dropout: float = threshold(0.05, meaning="Share of a change's inputs that are left out in each step.")
    learning_rate: float = threshold(2e-4, meaning="AdamW's, at the start; it falls to nothing along a cosine.")
    epochs: int = threshold(
        4, unit="passes", meaning="Over all examples; the one that does best on those held out is kept."
    )
    accumulated: int = threshold(4, unit="examples", meaning="Whose gradients are added up before a step.")
    max_tokens: int = threshold(4096, unit="tokens", meaning="Longer examples are left out.")
    seed: int = threshold(0, meaning="Of the order of examples and of the factors.")


@dataclass(frozen=True, slots=True)
class Example:
    """A question about a document and its right answer, as the decoder puts and reads them.

    `taught` are the stretches of `answer` that a person decided on: only these count.
    """

    system: str
    prompt: str
    question: str
    answer: str
    taught: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Training:
    """What a training came to: the mean negative log probability of a right token on examples held out, in nats.

    `losses` are those after each epoch; the adapter is that of the lowest. `left_out` examples were too long.
    """

    before: float
    losses: tuple[float, ...]
    examples: int
    left_out: int

    @property
    def after(self) -> float:
        """Return the loss of the adapter that was kept."""
        return min(self.losses, default=self.before)


def require_peft() -> None:
    """Raise ModelError where peft is not installed."""
    if importlib.util.find_spec("peft") is None:
        raise ModelError("training an adapter needs peft", "Install it: pip install 'extractor[adapters]'")


def train_adapter(
    source: Any,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    folder: Path,
    *,
    device: str | None = None,
    report: Callable[[str], None] = lambda text: None,
) -> Training:
    """Train an adapter of a model (one of `sources`) and write it into `folder`, as it was at its best on `held_out`.

    `device` is `cpu` or `cuda`, by default a GPU where there is one. Raises ModelError without peft, and where all
    examples are too long.
    """
    require_peft()
    from peft import LoraConfig, get_peft_model

    settings = AdapterSettings.current()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(settings.seed)
    model = load_full_model(source, device)
    tokenizer = PromptTokenizer(source.tokenizer, source.config.vocab_size, find_eos_token_ids(model, source.tokenizer))
    wanted = [_encode(example, tokenizer) for example in examples]
    judged = [_encode(example, tokenizer) for example in held_out]
    kept = [each for each in wanted if len(each[0]) <= settings.max_tokens]
    judged = [each for each in judged if len(each[0]) <= settings.max_tokens]
    if not kept or not judged:
        raise ModelError(
            f"no example has at most {settings.max_tokens} tokens", "Approve shorter documents, or more of them."
        )
    before = _loss(model, judged, device)
    report(f"before training: {before:.4f} nats for each token of a right answer")
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=round(settings.rank * settings.scale),
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    adapted: Any = get_peft_model(model, config)
    adapted.config.use_cache = False
    adapted.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    adapted.enable_input_require_grads()
    losses: list[float] = []
    for epoch in _epochs(adapted, kept, settings, device):
        losses.append(_loss(adapted, judged, device))
        report(f"pass {epoch + 1} of {settings.epochs}: {losses[-1]:.4f}")
        if losses[-1] == min(losses):
            adapted.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    return Training(before, tuple(losses), len(kept), len(wanted) - len(kept))


def load_full_model(source: Any, device: str) -> Any:
    """Return the model of a source with its weights unquantised: float32 on a CPU, bfloat16 on a GPU."""
    kind = torch.float32 if device == "cpu" else torch.bfloat16
    model = build_empty_model(source.config)
    modules = dict(model.named_modules())
    for name, tensor in source.tensors(model):
        owner, _, leaf = name.rpartition(".")
        set_tensor(modules[owner], leaf, tensor.to(device=device, dtype=kind))
    if getattr(source.config, "tie_word_embeddings", False):
        model.get_output_embeddings().weight = model.get_input_embeddings().weight
    fill_missing_buffers(model)
    return model.to(device)


def _epochs(model: Any, examples: Sequence[tuple[list[int], list[int]]], settings: AdapterSettings, device: str) -> Any:
    """Train, and yield the number of each epoch when it is over."""
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=settings.learning_rate)
    steps = settings.epochs * math.ceil(len(examples) / settings.accumulated)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.5 * (1 + math.cos(math.pi * n / steps)))
    order = random.Random(settings.seed)
    for epoch in range(settings.epochs):
        model.train()
        shuffled = order.sample(list(examples), len(examples))
        for first in range(0, len(shuffled), settings.accumulated):
            batch = shuffled[first : first + settings.accumulated]
            tokens = sum(label != _IGNORED for _, labels in batch for label in labels)
            for ids, labels in batch:
                (_summed_loss(model, ids, labels, device) / tokens).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        model.eval()
        yield epoch


def _summed_loss(model: Any, ids: Sequence[int], labels: Sequence[int], device: str) -> torch.Tensor:
    """Return the negative log probability of all the labelled tokens; only their logits are computed."""
    first = next(n for n, label in enumerate(labels) if label != _IGNORED)
    kept = len(ids) - first + 1
    logits = model(input_ids=torch.tensor([ids], device=device), logits_to_keep=kept).logits[0, :-1].float()
    wanted = torch.tensor(labels[first:], device=device)
    return torch.nn.functional.cross_entropy(logits, wanted, ignore_index=_IGNORED, reduction="sum")


def _loss(model: Any, examples: Sequence[tuple[list[int], list[int]]], device: str) -> float:
    """Return the mean negative log probability of the labelled tokens."""
    with torch.no_grad():
        total = sum(float(_summed_loss(model, ids, labels, device)) for ids, labels in examples)
    return total / sum(label != _IGNORED for _, labels in examples for label in labels)


def _encode(example: Example, tokenizer: PromptTokenizer) -> tuple[list[int], list[int]]:
    """Return the tokens of an example as the decoder puts them together, and their labels."""
    encode = tokenizer.encode
    before, between, after = tokenizer.chat_frame
    ids = encode(before, special=True) + encode(example.system) + encode(between, special=True)
    ids += encode(example.prompt) + encode(example.question) + encode(after, special=True)
    answer = encode(example.answer)
    _, spans = decode_pieces([tokenizer.guide.decode_bytes([token]) for token in answer])
    is_taught = [any(start < last and first < end for first, last in example.taught) for start, end in spans]
    labels = [_IGNORED] * len(ids)
    labels += [token if taught else _IGNORED for token, taught in zip(answer, is_taught, strict=True)]
    return ids + answer, labels
