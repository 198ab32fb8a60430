import json

from extractor.extraction.serialization import as_dict
from extractor.types import BBox, Document, Evidence, Extraction, FieldValue, Problem


def test_extraction_as_dict_is_plain_json():
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
