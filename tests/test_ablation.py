"""What a rule is worth: settings changed alone, records compared in pairs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pytest

from eval import ablate
from eval.answer_cache import CachedModel
from extractor.candidates import key_value
from extractor.evaluation.samples import Sample
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.settings import Settings, recorded, replaced, rule, threshold
from extractor.types import FieldGroup, Request


@dataclass(frozen=True)
class LetterSettings(Settings):
    """Rules of a made-up algorithm."""

    reads_labels: bool = rule(True, meaning="A value behind its label is read.", chosen="six letters")
    reads_twice: bool = rule(False, meaning="Nothing looks at this one.")
    size: int = threshold(4, unit="characters", meaning="Nothing looks at this one either.")


@dataclass(frozen=True)
class HarmfulSettings(Settings):
    """Rules of a made-up algorithm that does harm."""

    ignores_labels: bool = rule(True, meaning="A value behind its label is not read.")


SCHEMA = {
    "title": "Letter",
    "type": "object",
    "properties": {
        "sent": {"type": ["string", "null"], "format": "date", "x-labels": ["Sent on"], "description": "when it left"},
        "number": {"type": ["integer", "null"], "x-labels": ["Number of copies"], "description": "how many copies"},
    },
}


@pytest.fixture
def groups():
    return FieldGroup("a?", "start: A", {}), FieldGroup("b?", "start: B", {})


@pytest.fixture
def letters(tmp_path):
    """Six letters, whose labels give every value."""
    folder = tmp_path / "letters"
    (folder / "documents").mkdir(parents=True)
    lines = []
    for n in range(1, 7):
        (folder / "documents" / f"{n}.txt").write_text(f"Sent on: 2021-03-0{n}\nNumber of copies: 1{n}\n", "utf-8")
        gold = {"sent": f"2021-03-0{n}", "number": 10 + n}
        lines.append(json.dumps({"document": f"documents/{n}.txt", "gold": gold}))
    (folder / "gold.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    return folder


@pytest.fixture
def switchable(monkeypatch):
    """Labels are read only where the made-up rule says so, and the made-up settings are the only ones."""
    find = key_value.match_labelled_values

    def found(*arguments):
        return find(*arguments) if LetterSettings.current().reads_labels else {}

    monkeypatch.setattr(key_value, "match_labelled_values", found)
    monkeypatch.setattr(ablate, "all_settings", lambda: [LetterSettings])


def test_settings_are_replaced_until_the_block_ends():
    with replaced(LetterSettings(size=9)):
        assert LetterSettings.current().size == 9
        with replaced(LetterSettings(reads_labels=False)):
            assert LetterSettings.current() == LetterSettings(reads_labels=False)
        assert LetterSettings.current().size == 9
    assert LetterSettings.current() == LetterSettings()


def test_settings_that_are_read_are_recorded():
    key = {(LetterSettings, name) for name in ("reads_labels", "reads_twice", "size")}
    with recorded() as reads:
        assert LetterSettings.current().size == 4
    LetterSettings.current().reads_labels  # noqa: B018 - after the block nothing is recorded
    assert reads == {(LetterSettings, "size")}
    with replaced(LetterSettings(size=9)), recorded() as reads:
        assert LetterSettings.current() == LetterSettings(size=9)
    assert reads == key
    with recorded() as reads:
        assert "size=4" in f"{LetterSettings.current()}" and {LetterSettings.current(): 1}[LetterSettings()] == 1
    assert reads == key


def test_only_what_a_setting_can_change_is_computed_again(letters, monkeypatch):
    done = []

    def note(stage, function):
        def noted(*arguments):
            if stage == "read" and arguments[0].stem == "1":
                LetterSettings.current().size  # noqa: B018 - the first letter alone is read by it
            if stage == "extract" and "2021-03-02" in arguments[0].text:
                LetterSettings.current().reads_twice  # noqa: B018 - and the second extracted
            done.append(stage)
            return function(*arguments)

        return noted

    monkeypatch.setattr(ablate, "read", note("read", ablate.read))
    monkeypatch.setattr(ablate, "extract", note("extract", ablate.extract))
    samples, schema = ablate._set(str(letters))
    trials = [ablate.RecordTrial("letters", sample, letters, schema, None) for sample in samples.samples]
    assert sorted(done) == ["extract"] * 6 + ["read"] * 6
    expected = {"reads_labels": (0, []), "reads_twice": (1, ["extract"]), "size": (1, ["read"])}
    for variant in ablate.list_variants([LetterSettings], (), thresholds=True):
        done.clear()
        ablation = ablate.Ablation([trial.measure([variant]) for trial in trials])
        assert (ablation.measure(variant).read_by, done) == expected[variant.name]


def test_settings_that_change_nothing_are_tried_together(letters, monkeypatch):
    extracted = []

    def extract(document, *arguments):
        read = LetterSettings.current()
        extracted.append((read.reads_labels, read.reads_twice, read.size))
        return ablate_extract(document if read.reads_labels else read_bytes(b"nothing", "a.txt"), *arguments)

    ablate_extract = ablate.extract
    monkeypatch.setattr(ablate, "extract", extract)
    samples, schema = ablate._set(str(letters))
    trial = ablate.RecordTrial("letters", samples.samples[0], letters, schema, None)
    variants = list(ablate.list_variants([LetterSettings], (), thresholds=True))
    outcome = trial.measure(variants)
    assert [variant.trial for variant in variants if variant.trial in outcome.changed] == [
        "LetterSettings.reads_labels=False"
    ]
    assert extracted == [
        (True, False, 4),
        (False, True, 2),  # all of them; half and one and a half times a number are never in force together
        (False, False, 4),
        (True, True, 2),
        (True, False, 6),
    ]


def test_document_that_was_slow_to_read_is_not_read_again(letters, switchable, monkeypatch):
    read = ablate.read
    monkeypatch.setattr(ablate, "read", lambda file: (LetterSettings.current().size, read(file))[1])
    samples, schema = ablate._set(str(letters))
    for slow, settings_read in ((-1.0, {"LetterSettings.reads_labels"}), (None, {"LetterSettings.size"})):
        trial = ablate.RecordTrial("letters", samples.samples[0], letters, schema, None, slow=slow)
        read_by = trial.measure([]).settings_read
        assert settings_read <= read_by and (slow is None or "LetterSettings.size" not in read_by)


def test_run_goes_on_with_what_is_kept(letters, switchable, monkeypatch, tmp_path, capsys):
    arguments = ["--sets", str(letters), "--keep", str(tmp_path / "kept")]
    assert ablate.main([*arguments, "--limit", "2"]) == 0
    assert "2 documents" in capsys.readouterr().out
    done = []
    extract = ablate.extract
    monkeypatch.setattr(ablate, "extract", lambda *arguments: done.append(arguments[0].text) or extract(*arguments))
    assert ablate.main(arguments) == 0
    assert "6 documents, model none, micro-F1 1.0000" in capsys.readouterr().out
    assert not any("2021-03-01" in text or "2021-03-02" in text for text in done) and len(done) == 8  # 4, each twice
    monkeypatch.setattr(ablate, "read", lambda file: pytest.fail("read"))
    monkeypatch.setattr(ablate, "extract", lambda *arguments: pytest.fail("extracted"))
    assert ablate.main([*arguments, "--minutes", "1"]) == 0
    assert "6 documents" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        ablate.main([*arguments, "--minutes", "0"])


def test_what_functions_remember_hides_no_setting(tmp_path):
    """A function that remembers its results must have all settings that it depends on among its arguments."""
    (tmp_path / "1.txt").write_text("Order\n\nNumber of copies: 3\n\nArticle\tQuantity\nPen\t3\nPaper\t12\n", "utf-8")
    items = {"article": {"type": "string"}, "count": {"type": "integer", "title": "Quantity"}}
    lines = {"type": "array", "items": {"type": "object", "properties": items}}
    schema = load_schema(SCHEMA | {"properties": SCHEMA["properties"] | {"lines": lines}})
    ablate.all_settings()  # only classes whose modules have been imported are recorded
    for name, module in list(sys.modules.items()):
        for value in vars(module).values() if name.startswith("extractor") else ():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    first, again = (
        ablate.RecordTrial("set", Sample("1.txt", {}), tmp_path, schema, None).settings_read for _ in range(2)
    )
    assert first == again and {"ColumnNameSettings", "LabelSimilaritySettings"} <= {cls.__name__ for cls, _ in first}


def test_rule_that_helps_is_distinguished_from_one_that_changes_nothing(letters, switchable, capsys, tmp_path):
    table = tmp_path / "table.md"
    assert ablate.main(["--sets", str(letters), "--output", str(table)]) == 0
    rows = {line.split("|")[1].strip(): line for line in table.read_text("utf-8").splitlines() if "Settings." in line}
    assert list(rows) == [
        "LetterSettings.reads_labels",
        "LetterSettings.reads_twice",
    ]  # no numbers without --thresholds
    assert (
        "| +1.0000 (+1.0000 to +1.0000) | 6 | 0, 12 | helps | letters +1.0000 |" in rows["LetterSettings.reads_labels"]
    )
    assert "| +0.0000 (+0.0000 to +0.0000) | 0 | 0, 0 | never read |  |" in rows["LetterSettings.reads_twice"]
    assert "6 documents, model none, micro-F1 1.0000" in capsys.readouterr().out


def test_rule_that_harms_is_named(letters, monkeypatch, capsys):
    find = key_value.match_labelled_values

    def found(*arguments):
        return {} if HarmfulSettings.current().ignores_labels else find(*arguments)

    monkeypatch.setattr(key_value, "match_labelled_values", found)
    monkeypatch.setattr(ablate, "all_settings", lambda: [HarmfulSettings])
    assert ablate.main(["--sets", str(letters)]) == 0
    assert "| -1.0000 (-1.0000 to -1.0000) | 6 | 12, 0 | harms | letters -1.0000 |" in capsys.readouterr().out


TRUE_TABLE = """<document><table><region>
<cell start-row="0" start-col="0"><content>Pen</content></cell>
<cell start-row="0" start-col="1"><content>3</content></cell>
<cell start-row="1" start-col="0"><content>Paper</content></cell>
<cell start-row="1" start-col="1"><content>12</content></cell>
</region></table></document>"""


def test_tables_are_judged_by_their_neighbouring_cells(tmp_path, switchable, monkeypatch, capsys):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "goods-str.xml").write_text(TRUE_TABLE, "utf-8")
    for name in ("goods", "without"):  # only the first has its true tables beside it
        (folder / f"{name}.pdf").write_bytes(b"")
    texts = {True: "Article\tCount\nPen\t3\nPaper\t12\n", False: "Article\tCount\nPen\t3\n"}
    monkeypatch.setattr(
        ablate, "read", lambda file: read_bytes(texts[LetterSettings.current().reads_labels].encode(), "a.txt")
    )
    assert ablate.main(["--tables", str(folder)]) == 0
    told = capsys.readouterr().out
    # four pairs are true, and three stand there because of the header; without the last row one of the four is left
    assert "1 documents, model none, micro-F1 0.7273" in told
    assert "| +0.4773 | 1 | 0, 3 | within noise | reports +0.4773 |" in told


def test_settings_without_effect_on_records_are_not_tried():
    rooms = {cls.__module__.split(".")[1] for cls in ablate.all_settings() if cls.__module__.startswith("extractor.")}
    assert "evaluation" not in rooms and {"layout", "values", "candidates"} <= rooms


def test_numbers_are_halved_and_raised_by_half(letters, switchable, capsys):
    assert ablate.main(["--sets", str(letters), "--only", "LetterSettings.size", "--limit", "1"]) == 0
    tried = [line.split("|")[2:4] for line in capsys.readouterr().out.splitlines() if "LetterSettings.size" in line]
    assert [[cell.strip() for cell in row] for row in tried] == [["4", "2"], ["4", "6"]]


def test_list_names_unit_meaning_and_origin(switchable, capsys):
    assert ablate.main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert "LetterSettings: Rules of a made-up algorithm." in listed
    assert "reads_labels = True: A value behind its label is read. [six letters]" in listed
    assert "size = 4 characters: Nothing looks at this one either." in listed


def test_unknown_setting_is_refused(switchable, capsys):
    with pytest.raises(SystemExit) as refused:
        ablate.main(["--only", "NoSuchSettings"])
    assert refused.value.code == 2 and "--list prints them" in capsys.readouterr().err


def test_same_question_is_put_to_the_model_once(tmp_path, groups):
    asked = Request("system", "prompt", groups, "source")
    first = CachedModel(tmp_path, lambda: ScriptedModel(['{"a": "one",', '{"b": null,']))
    answers = first.answer(asked)
    again = CachedModel(tmp_path, lambda: pytest.fail("loaded"))
    assert again.answer(asked) == answers and (again.name, again.weights) == (first.name, first.weights)
    assert (first.asked, again.found) == (2, 2)


def test_answers_of_other_weights_are_not_mixed(tmp_path, groups):
    other = ScriptedModel(['{"c": null,'])
    other.weights = "1" * 64
    CachedModel(tmp_path, lambda: ScriptedModel([]))
    with pytest.raises(ValueError, match="holds the answers of"):
        CachedModel(tmp_path, lambda: other).answer(Request("system", "another prompt", groups[:1], "source"))
