"""All figures in one go: what is run, in which order, and how it ends."""

import pytest

from eval import figures


@pytest.fixture
def ran(monkeypatch):
    lines = []

    def command(line):
        lines.append(line)
        return 0

    monkeypatch.setenv("EXTRACTOR_OCR_CACHE", "off")
    monkeypatch.setattr(figures, "extractor", command)
    return lines


def _of(lines, word):
    return [line for line in lines if line[0] == word]


def test_sets_are_evaluated_then_calibrated_then_listed(ran, tmp_path, capsys):
    assert figures.main(["--runs", str(tmp_path), "--to", str(tmp_path / "kept")]) == 0
    names = sorted(gold.parent.name for gold in figures.SETS.glob("*/gold.jsonl"))
    measured, listed = ran[: len(names)], ran[-len(names) :]
    assert sorted(line[1].rsplit("/", 1)[1] for line in measured) == names
    assert {line[1].rsplit("/", 1)[1] for line in measured[:2]} == set(figures.TEMPLATES)
    assert all(line[0] == "eval" and line[-1] == "--summary" for line in listed)
    fitted = ran[len(names) : -len(names)]
    assert {line[0] for line in fitted} == {"calibrate"}
    assert all(str(tmp_path) in line for line in ran)
    assert sum("kept" in line[-1] for line in fitted) == 5  # four sets are large enough, and all together
    assert "$ extractor eval" in capsys.readouterr().out


def test_only_named_sets_are_evaluated_without_calibrations(ran):
    assert figures.main(["long-tenders", "long-contracts", "--measure-only"]) == 0
    assert [line[1].rsplit("/", 1)[1] for line in ran] == ["long-tenders", "long-contracts"] * 2
    assert not _of(ran, "calibrate")


def test_ctrl_c_stops_all_steps(ran, monkeypatch):
    monkeypatch.setattr(figures, "extractor", lambda line: ran.append(line) or figures.STOPPED)
    assert figures.main([]) == figures.STOPPED
    assert len(ran) == 1


def test_unknown_set_is_refused(ran, capsys):
    with pytest.raises(SystemExit):
        figures.main(["long-letters"])
    assert "no set long-letters" in capsys.readouterr().err
