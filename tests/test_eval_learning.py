"""The curve of what corrections teach."""

import json
from xml.etree import ElementTree

import pytest
from test_lessons import permit, ticket

from eval import learning
from extractor.evaluation.matching import ABSENT, CORRECT, MISSING, WRONG, Match


def attempt(document: str, before: int, outcomes: list[str], confidences: list[float]) -> learning.Attempt:
    matches = tuple(Match((f"f{n}",), (f"f{n}",), "text", "a", "a", o, o) for n, o in enumerate(outcomes))
    return learning.Attempt(document, before, before, "", matches, tuple(confidences), 2)


def test_figures_count_corrections_and_fields_to_check():
    attempts = [
        attempt("a", 0, [CORRECT, WRONG, ABSENT], [0.9, 0.2, 0.8]),
        attempt("b", 1, [CORRECT, MISSING, ABSENT], [0.9, 0.1, 0.3]),
    ]
    point = learning.summarise(attempts, "0–1")
    assert point.f1.value == pytest.approx(4 / 7)
    assert point.corrections.value == 1.0
    assert point.alone.value == 2.0
    assert point.checks.value == pytest.approx(1.0, abs=0.05)  # the two wrong ones are the least sure
    assert point.f1.low <= point.f1.value <= point.f1.high


def test_a_set_is_measured_and_drawn(tmp_path, capsys):
    folder = tmp_path / "permits"
    folder.mkdir()
    lines = []
    for n in range(4):
        for kind, form in (("permit", permit), ("ticket", ticket)):
            text, gold = form(n)
            (folder / f"{kind}-{n}.txt").write_text(text)
            lines.append(json.dumps({"document": f"{kind}-{n}.txt", "kind": kind, "gold": gold}))
    (folder / "gold.jsonl").write_text("\n".join(lines))
    properties = {name: {"type": ["string", "null"]} for name in ("keeper", "code", "starts", "witness")}
    schema = {"title": "Permit", "type": "object", "properties": {**properties, "sum": {"type": ["number", "null"]}}}
    (folder / "schema.json").write_text(json.dumps(schema))
    assert learning.main([str(folder), "--orders", "1", "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "| of the same layout before |" in printed
    assert "| seen | 6 |" in printed
    assert (tmp_path / "out" / "learning.md").read_text().count("|") > 40
    picture = ElementTree.fromstring((tmp_path / "out" / "learning.svg").read_text())
    assert len(picture.findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert learning.main([str(folder), "--test", str(folder)]) == 0
    assert "| 8 | 8 |" in capsys.readouterr().out


def test_wrong_corrections_are_other_values_of_the_document():
    from test_lessons import SCHEMA, read_text

    from extractor.evaluation.samples import Sample

    text, gold = permit(1)
    spoilt = learning.spoil(Sample("permit-1.txt", gold), read_text(text), SCHEMA, 3)
    assert spoilt.gold["witness"] is None
    changed = [name for name in gold if spoilt.gold[name] != gold[name]]
    assert len(changed) >= 3
    assert spoilt.gold["keeper"] in text


def test_the_time_that_lessons_cost_is_measured(tmp_path, capsys):
    from eval import learning_time

    folder = tmp_path / "permits"
    folder.mkdir()
    lines = []
    for n in range(2):
        text, gold = permit(n)
        (folder / f"permit-{n}.txt").write_text(text)
        lines.append(json.dumps({"document": f"permit-{n}.txt", "gold": {"code": gold["code"]}}))
    (folder / "gold.jsonl").write_text("\n".join(lines))
    schema = {"title": "Permit", "type": "object", "properties": {"code": {"type": ["string", "null"]}}}
    (folder / "schema.json").write_text(json.dumps(schema))
    assert learning_time.main([str(folder), "--records", "120"]) == 0
    rows = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == ["0", "100", "120"]
