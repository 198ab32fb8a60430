"""A small model with random weights, for tests: its layers and its tokenizer are real, its answers are noise."""

from __future__ import annotations

from pathlib import Path

TEXTS = [
    "The patient was 46 years old; change: -9.4 points, fee 12,345.67 yuan on 2023-05-12.",
    '{"name": "Ann", "change": -9.4, "list": ["a", "b"], "none": null, "flag": true}',
    "姓名：张三 年龄：46岁 入院诊断：社区获得性肺炎 住院费用合计 12,345.67 元 变化 -9.4",
] * 4
MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_tokenizer(template: str | None = CHATML):
    """Return a byte-level BPE tokenizer of a few hundred tokens, the special ones last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    wrapped.add_special_tokens(
        {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "additional_special_tokens": MARKS}
    )
    wrapped.chat_template = template
    return wrapped


def tiny_config(tokenizer, kind: str = "qwen2", **changes):
    """Return the configuration of a two-layer model of that architecture."""
    from transformers import AutoConfig

    settings = {
        "vocab_size": 448, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024, "head_dim": 16,
        "tie_word_embeddings": False, "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None, "pad_token_id": None,
    }  # fmt: skip
    return AutoConfig.for_model(kind, **{**settings, **changes})


def tiny_model(config, attention: str | None = None):
    """Return the model with random weights, the same at every call."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(7)
    options = {"attn_implementation": attention} if attention else {}
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, **options).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(4)  # as initialised, so small a model gives the same answer everywhere
    return model


def tiny_folder(folder: Path, **changes) -> Path:
    """Write the model as it would be downloaded (config.json, tokenizer, safetensors) and return the folder."""
    tokenizer = tiny_tokenizer()
    model = tiny_model(tiny_config(tokenizer, **changes))
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder
