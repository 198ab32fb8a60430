"""Adapters: LoRA trained on approved documents, judged on others, kept by hash, and added when a model is loaded."""

import json
from dataclasses import replace

import pytest
import torch
from test_lessons import SCHEMA, permit, read_text
from tiny_model import tiny_folder

from extractor.cli import main
from extractor.errors import InputError, ModelError
from extractor.evaluation.extraction_f1 import measure_f1
from extractor.learning.adapters import ApprovedDocument, learn_adapter, make_examples
from extractor.models import find_backend, load_model, open_source, with_adapter
from extractor.models.adapter_training import AdapterSettings, load_full_model
from extractor.models.adapters import AdaptedSource, adapter_hash, find_adapter, read_description, split_adapter
from extractor.settings import replaced

FAST = replace(AdapterSettings(), epochs=3, learning_rate=5e-3, accumulated=2)


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    """Keep the adapters of all tests of this module in one folder."""
    folder = tmp_path_factory.mktemp("adapters") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXTRACTOR_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_folder(tmp_path_factory.mktemp("model") / "tiny", max_position_embeddings=4096))


@pytest.fixture(scope="module")
def learnt(model, cache):
    """Train one adapter for several tests; return the result, what was reported, and what is kept then."""
    said = []
    with replaced(FAST):
        result = learn_adapter(approved(range(5)), model, measure_f1, device="cpu", threads=1, report=said.append)
    return result, said, [folder.name for folder in (cache / "adapters").iterdir()]


def approved(numbers):
    return [ApprovedDocument(read_text(permit(n)[0]), SCHEMA, permit(n)[1]) for n in numbers]


def test_examples_are_the_questions_that_the_model_is_asked_with_the_right_answers():
    [example] = make_examples(approved([2])[0])
    text, gold = permit(2)
    assert text.splitlines()[0] in example.prompt
    answer = json.loads(example.answer.rstrip(",") + "}")
    assert answer["keeper"] == gold["keeper"]
    assert answer["witness"] is None
    assert answer["starts"] == "5 April 2021"  # as printed, not as ISO 8601
    taught = [example.answer[start:end] for start, end in example.taught]
    assert f'"{gold["keeper"]}",' in taught and "null," in taught


def test_what_nobody_decided_on_is_asked_and_does_not_count():
    [document] = approved([2])
    [example] = make_examples(replace(document, gold={"keeper": permit(2)[1]["keeper"]}))
    assert len(json.loads(example.answer.rstrip(",") + "}")) > 1
    assert [example.answer[start:end] for start, end in example.taught] == [f'"{permit(2)[1]["keeper"]}",']


def test_an_adapter_is_trained_judged_kept_and_used(model, cache, learnt):
    result, said, names = learnt
    assert result.loss_after < result.loss_before
    assert (result.trained, result.held_out) == (4, 1)
    assert result.hash is not None and result.folder == cache / "adapters" / result.hash
    assert adapter_hash(result.folder) == result.hash
    description = read_description(result.folder)
    assert description.schemas == (SCHEMA.id,)
    assert len(description.documents) == 4
    assert description.held_out["loss_after"] == result.loss_after
    assert names == [result.hash]
    assert any("held out" in line for line in said)

    plain, adapted = load_model(model, threads=1), load_model(with_adapter(model, result.hash[:6]), threads=1)
    assert adapted.weights != plain.weights
    assert adapted.name.endswith(f"+adapter:{result.hash}")


def test_adding_an_adapter_gives_the_numbers_that_peft_gives(model, learnt):
    from peft import PeftModel

    result = learnt[0]
    source = open_source(model)
    merged = load_full_model(AdaptedSource(source, result.folder), "cpu")
    wrapped = PeftModel.from_pretrained(load_full_model(source, "cpu"), str(result.folder)).eval()
    ids = torch.arange(1, 40)[None]
    with torch.no_grad():
        own, theirs = merged(input_ids=ids).logits, wrapped(input_ids=ids).logits
        before = load_full_model(source, "cpu")(input_ids=ids).logits
    assert torch.allclose(own, theirs, atol=1e-4)
    assert not torch.allclose(own, before, atol=1e-2)


def test_an_adapter_that_does_not_help_is_not_kept(model, tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    with replaced(replace(FAST, epochs=1, learning_rate=0.0)):
        result = learn_adapter(approved(range(4)), model, measure_f1, device="cpu", threads=1)
    assert result.hash is None and result.folder is None
    assert not list((tmp_path / "adapters").iterdir())


def test_too_few_documents_train_nothing(model):
    with pytest.raises(InputError, match="too few"):
        learn_adapter(approved(range(3)), model, measure_f1)


def test_an_adapter_is_for_its_own_weights_alone(learnt, tmp_path):
    result = learnt[0]
    other = tiny_folder(tmp_path / "other", intermediate_size=96)
    with pytest.raises(ModelError, match="other weights"):
        load_model(with_adapter(str(other), result.hash))
    with pytest.raises(ModelError, match="server"):
        load_model(with_adapter("openai:http://localhost:1", result.hash))
    with pytest.raises(ModelError, match="no adapter"):
        find_adapter("ffff")


def test_a_name_holds_its_adapter():
    assert split_adapter(with_adapter("a/b", "12ab")) == ("a/b", "12ab")
    assert split_adapter("a/b") == ("a/b", None)
    assert find_backend(with_adapter("a/b", "12ab")) == "hub"


def test_the_command_trains_on_a_set_and_extracts_with_the_result(model, tmp_path, monkeypatch, capsys):
    from test_learn import write_set

    monkeypatch.setenv("EXTRACTOR_STORE", str(tmp_path / "store.db"))
    folder = write_set(tmp_path / "set", range(4))
    with replaced(FAST):
        assert main(["learn", str(folder), "--adapter", "--model", model, "--device", "cpu", "--threads", "1"]) == 0
    out, said = capsys.readouterr()
    hash_ = out.strip()
    assert f"--adapter {hash_}" in said
    form = str(folder / "permit-0.txt")
    command = ["extract", form, "--schema", str(folder / "schema.json"), "--model", model, "--threads", "1"]
    assert main([*command, "--adapter", hash_]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert run["model"].endswith(f"+adapter:{hash_}")
    assert main([*command[:-4], "--model", "none", "--adapter", hash_]) == 2
