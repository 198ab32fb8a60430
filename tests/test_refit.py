"""Calibrations refitted from approved records: the prior is moved as far as the records bear out, and no further."""

import json
import math
import random

import pytest

from extractor.cli import main
from extractor.confidence import calibration as calibrations
from extractor.confidence.calibration import parse_calibration
from extractor.evaluation.observations import Observation
from extractor.evaluation.refit import refit, refit_from_records
from extractor.extraction import prompts
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.store import Store, Version

SCHEMA = load_schema(
    {
        "title": "Tide card",
        "type": "object",
        "properties": {
            name: {"type": ["string", "null"], "title": name.capitalize()} for name in ("gauge", "keeper", "depth")
        },
    }
)


SIGNALS = {"structural": 1.0, "score": 0.9}


def observe(documents: int, right_of, seed: int = 0, prior=None):
    """Return values with a score of 0.9 (or the prior's) in a field that is right as often as `right_of` says."""
    draw = random.Random(seed)
    scores = {name: prior.probability(name, SIGNALS) if prior else 0.9 for name in right_of}
    return [
        Observation(f"d{d}", f"d{d}", name, SIGNALS, scores[name], draw.random() < right_of[name])
        for d in range(documents)
        for name in right_of
    ]


def refitted(observed, prior=None):
    return refit(observed, prior, schema=SCHEMA, weights=None, model="none")


def probability(found, name: str) -> float:
    return found.calibration.probability(name, SIGNALS)


def test_many_records_move_the_confidence_of_a_field_that_is_mostly_wrong():
    found = refitted(observe(60, {"gauge": 0.9, "keeper": 0.1}))
    assert found.is_improvement
    assert found.loss_after < found.loss_before
    assert probability(found, "keeper") < 0.3 < 0.8 < probability(found, "gauge")
    assert found.calibration.held_out["documents"] == 60


def test_records_that_bear_the_prior_out_change_nothing():
    found = refitted(observe(60, {"gauge": 0.9, "keeper": 0.9}))
    assert not found.is_improvement
    assert abs(probability(found, "keeper") - 0.9) < 0.06


def test_five_records_do_no_harm():
    truth = {"gauge": 0.9, "keeper": 0.9, "depth": 0.9}
    prior_loss = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    for seed in range(6):
        found = refitted(observe(5, truth, seed))
        expected = [-(0.9 * math.log(p) + 0.1 * math.log(1 - p)) for p in (probability(found, name) for name in truth)]
        assert not found.is_improvement or sum(expected) / 3 - prior_loss < 0.05


def test_a_refit_is_of_the_fit_in_force():
    first = refitted(observe(60, {"gauge": 0.9, "keeper": 0.1}))
    later = observe(40, {"gauge": 0.9, "keeper": 0.1}, seed=9, prior=first.calibration)
    second = refitted(later, first.calibration)
    assert second.prior is first.calibration
    assert not second.is_improvement  # there is nothing left to learn
    assert second.calibration.name == first.calibration.name
    assert second.calibration.held_out["prior"] == first.calibration.hash
    assert parse_calibration(second.calibration.as_json()) == second.calibration


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("EXTRACTOR_CALIBRATIONS", str(tmp_path / "own"))
    monkeypatch.setattr(calibrations, "shipped_folder", lambda: tmp_path / "shipped")
    return tmp_path / "store.db"


def approve_cards(place, count: int) -> None:
    """Extract and approve cards whose keeper is always wrong: the person enters another."""
    with Store(place) as store:
        store.add_schema(SCHEMA)
        for n in range(count):
            text = f"Tide card\nGauge: G-{n}\nKeeper: Office {n}\nDepth: {n} feet\n"
            result = as_dict(extract(read_bytes(text.encode(), f"card-{n}.txt"), SCHEMA, None))
            record = store.records.add(result, Version("extractor", prompts.prompt_id()), who="ann")
            changes = [
                ("gauge", f"G-{n}", "accepted"),
                ("keeper", f"Lee {n}", "typed"),
                ("depth", f"{n} feet", "accepted"),
            ]
            for name, value, how in changes:
                record = store.records.correct(record.id, (name,), value, who="ann", revision=record.revision, how=how)
            store.records.approve(record.id, who="ann", revision=record.revision)


def test_approved_records_refit_the_confidences_of_their_kind_alone(place, tmp_path, capsys):
    approve_cards(place, 12)
    with Store(place) as store:
        [found] = refit_from_records(store, SCHEMA)
    assert found.calibration.schema == SCHEMA.id and found.documents == 12
    assert main(["learn", "--refit"]) == 0
    assert "kept as" in capsys.readouterr().err
    [file] = (tmp_path / "own").glob("*.json")
    assert (
        json.loads(file.read_text())["held_out"]["log_loss"]
        < json.loads(file.read_text())["held_out"]["log_loss_of_prior"]
    )
    text = "Tide card\nGauge: G-99\nKeeper: Office 99\nDepth: 7 feet\n"
    result = extract(read_bytes(text.encode(), "card.txt"), SCHEMA, None)
    confidence = {v.path[0]: v.confidence for v in result.values}
    assert confidence["keeper"] < 0.5 < confidence["gauge"]
    assert "approved records" in result.run["confidence"]
    other = load_schema({**SCHEMA.document, "title": "Another card"})
    assert result.run["confidence"] != extract(read_bytes(text.encode(), "card.txt"), other, None).run["confidence"]
    assert main(["learn", "--show"]) == 0
    assert main(["learn", "--refit"]) != 0  # the records are in what is in force now; later ones would be needed
    assert "Too few" in capsys.readouterr().err


def test_too_few_records_refit_nothing(place, capsys):
    approve_cards(place, 2)
    assert main(["learn", "--refit"]) != 0
    assert "Too few" in capsys.readouterr().err
