"""The real default model, end to end, on reports whose gold values were entered by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extractor import validation
from extractor.extraction import extract
from extractor.models import load_model
from extractor.readers import read
from extractor.schemas import load_schema
from extractor.values import equivalence

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = Path(os.environ.get("EXTRACTOR_SAMPLES", ROOT.parent / "shared" / "samples")) / "huining-2020.txt"


@pytest.fixture(scope="module")
def model():
    return load_model()


def find_mistakes(document, gold_file, model):
    """Return the schema, the extraction, and (path, gold, got) for every field whose value is wrong."""
    schema = load_schema("annual-disclosure-2020")
    gold = json.loads(gold_file.read_text(encoding="utf-8"))
    result = extract(read(document), schema, model)
    wrong = []
    for field in schema.fields:
        expected, got = gold, result.data
        for step in field.path:
            expected = expected[step]
            got = got.get(step) if got else None
        if equivalence.classify_outcome(expected, got) not in ("correct", "absent"):
            wrong.append((field.path, expected, got))
    return schema, result, wrong


def assert_valid_and_traced(schema, result):
    """Check what holds for any extraction: the record is valid, and copied values have their evidence."""
    assert not [p for p in validation.find_problems(schema, result.data) if p.kind in ("schema", "format")]
    for v in result.values:
        if v.evidence is not None:
            assert result.document.text[v.evidence.start : v.evidence.end] == v.evidence.text
        if v.value is not None and v.method != "code" and schema.field(v.path).copied:
            assert v.evidence is not None, v.path
        assert v.confidence is None or 0 <= v.confidence <= 1
    assert result.run["weights"] and result.run["confidence"] == "uncalibrated"


def mistakes_in_tables(wrong):
    return [w for w in wrong if w[0][0] in ("proactive", "applications", "reviews")]


def test_example_report(model):
    schema, result, wrong = find_mistakes(
        ROOT / "examples" / "qingshan-2020.txt", ROOT / "examples" / "qingshan-2020.gold.json", model
    )
    assert_valid_and_traced(schema, result)
    assert not mistakes_in_tables(wrong)
    assert len(wrong) <= 0.04 * len(schema.fields), wrong


def test_county_report(model):
    """At least 99 % of all fields and every table cell; the report is not distributed here."""
    if not SAMPLE.exists():
        pytest.skip(f"{SAMPLE} is not there; set EXTRACTOR_SAMPLES to the folder that holds huining-2020.txt")
    schema, result, wrong = find_mistakes(SAMPLE, ROOT / "tests" / "documents" / "huining-2020.gold.json", model)
    assert_valid_and_traced(schema, result)
    assert len(schema.fields) >= 240
    assert not mistakes_in_tables(wrong)
    assert len(wrong) <= 0.01 * len(schema.fields), wrong


def test_loading_stays_within_its_memory():
    """4 GiB once the weights are converted; how long it takes is measured, not tested."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from peak_memory import peak_kibibytes\n"
        "from extractor.models import load_model\n"
        "load_model(); print(peak_kibibytes())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert float(out.stdout.split()[-1]) < 4 * 1024 * 1024
