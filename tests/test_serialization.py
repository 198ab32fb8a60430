import json

import pytest

from extractor.errors import OutputError
from extractor.extraction.serialization import as_dict, write_whole
from extractor.types import BBox, Document, Evidence, Extraction, FieldValue, Problem


def test_an_extraction_is_plain_json():
    document = Document("ab", "x.txt", "total 5")
    found = Evidence(6, 7, "5", (BBox(1, 0.0, 0.0, 5.0, 5.0),))
    values = (FieldValue(("a", 0, "b"), 5, found, 0.9, (Problem(("a",), "check", "no"),)), FieldValue(("c",), None))
    out = as_dict(Extraction(document, "s", {"a": [{"b": 5}]}, values, (), {"seconds": {}}))
    assert json.loads(json.dumps(out)) == out
    assert out["values"][0]["path"] == ["a", 0, "b"]
    assert out["values"][0]["evidence"]["boxes"][0]["page"] == 1
    assert out["values"][0]["problems"] == [{"path": "a", "kind": "check", "message": "no"}]
    assert out["values"][1]["evidence"] is None
    assert out["document"]["pages"] is None


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "out.json"
    write_whole(target, "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match="missing"):
        write_whole(tmp_path / "missing" / "out.json", "x")
