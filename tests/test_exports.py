"""Exports: every value arrives with its type, and nothing becomes a formula."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import stat
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from eval import formulas
from extractor import cli
from extractor.errors import OutputError, UsageError
from extractor.evaluation.matching import match_record
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.exports import delimited, export, plan_tables, workbook
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.readers import read
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.types import BBox, Document, Evidence, Extraction, FieldValue

SCHEMA = load_schema(
    {
        "title": "note",
        "type": "object",
        "properties": {
            "number": {"type": ["string", "null"]},
            "day": {"type": ["string", "null"], "format": "date"},
            "total": {"type": ["number", "null"]},
            "count": {"type": ["integer", "null"]},
            "paid": {"type": ["boolean", "null"]},
            "seller": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            "tags": {"type": "array", "items": {"type": "string"}},
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "amount": {"type": ["number", "null"]},
                        "parts": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"code": {"type": "string"}}},
                        },
                    },
                },
            },
        },
    }
)
RECORD = {
    "number": "00123",
    "day": "2024-02-29",
    "total": -12.5,
    "count": 12345678901234567890,
    "paid": True,
    "seller": {"name": "=1+1"},
    "tags": ["a", "=b"],
    "items": [
        {"name": "x", "amount": 1, "parts": [{"code": "p"}, {"code": "q"}]},
        {"name": "", "amount": None, "parts": []},
    ],
}
EMPTY = {"number": None, "day": None, "total": None, "count": None, "paid": None, "seller": {"name": None}}
EMPTY |= {"tags": [], "items": []}


def add_records(store: Store, *records: dict, schema=SCHEMA) -> list[int]:
    """Add the records to the store as extracted by a machine, and return their numbers."""
    store.add_schema(schema)
    numbers = []
    for data in records:
        key = f"{sum(store.records.count_by_status().values()):064x}"
        evidence = Evidence(3, 8, "12,50", (BBox(2, 0, 0, 1, 1),))
        values = (FieldValue(("total",), -12.5, evidence, 0.75),)
        said = as_dict(Extraction(Document(key, "a.txt", ""), schema.id, data, values, run={"schema": schema.id}))
        numbers.append(store.records.add(said, Version("t", "0"), who="t", size=1, kind="text").id)
    return numbers


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.db") as opened:
        yield opened


def csv_rows(file: Path) -> list[dict[str, str]]:
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def cells(file: Path, sheet: str) -> list[dict[str, object]]:
    head, *rows = openpyxl.load_workbook(file)[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


# CSV.


def test_csv_has_a_file_for_each_table_with_keys_and_positions(store, tmp_path):
    add_records(store, RECORD, EMPTY)
    warnings = export(store, str(tmp_path / "out"))
    assert warnings.records == 2 and list(warnings) == []
    first, second = csv_rows(tmp_path / "out" / "documents.csv")
    assert (first["number"], first["total"], first["paid"], first["seller.name"]) == ("00123", "-12.5", "true", "'=1+1")
    assert delimited.unescape_formulas(first["tags"]) == '["a", "=b"]' and second["total"] == ""
    items = csv_rows(tmp_path / "out" / "items.csv")
    assert [(r["_record"], r["_position in items"], r["name"]) for r in items] == [("1", "0", "x"), ("1", "1", "'")]
    parts = csv_rows(tmp_path / "out" / "items.parts.csv")
    assert [(r["_position in items"], r["_position in items.parts"], r["code"]) for r in parts] == [
        ("0", "0", "p"),
        ("0", "1", "q"),
    ]


def test_every_value_can_be_read_back_from_csv(store, tmp_path):
    texts = formulas.fill(store)
    export(store, str(tmp_path / "a.csv"), bom=True)
    tables = plan_tables([load_schema(formulas.SCHEMA)])
    columns = [c.name for c in tables[0].columns]
    rows = list(delimited.read(tmp_path / "a.csv", tables[0].columns))
    assert [row[columns.index("text")] for row in rows] == texts
    assert {row[columns.index("amount")] for row in rows} == {-12.5}
    assert [row[-1] for row in delimited.read(tmp_path / "a.parts.csv", tables[1].columns)] == texts


def test_formulas_are_escaped_reversibly_and_numbers_left_alone():
    draw = random.Random(5)
    for _ in range(20_000):
        text = "".join(draw.choice("=+-@'\" ,;|\t\r\na1.＝－\u200b(\x00") for _ in range(draw.randrange(9)))
        safe = delimited.escape_formulas(text)
        assert delimited.unescape_formulas(safe) == text
        assert safe[:1] not in tuple("=@\t\r\n＝＠")
    for text in ("-12.50", "+1", "-1,234.50", "-5 °C", "2020-01-01", "a, b", "x@y.example"):
        assert delimited.escape_formulas(text) == text


def test_text_in_a_column_of_numbers_stays_text(store, tmp_path):
    add_records(store, RECORD | {"total": "12", "count": "about 5"})
    export(store, str(tmp_path / "out"))
    tables = plan_tables([SCHEMA])
    names = [c.name for c in tables[0].columns]
    (row,) = delimited.read(tmp_path / "out" / "documents.csv", tables[0].columns)
    assert (row[names.index("total")], row[names.index("count")]) == ("12", "about 5")


def test_byte_order_mark_begins_csv_on_request(store, tmp_path):
    add_records(store, RECORD)
    export(store, str(tmp_path / "out"), bom=True)
    assert (tmp_path / "out" / "documents.csv").read_bytes().startswith(b"\xef\xbb\xbf")


# Excel.


def test_workbook_holds_values_with_their_types(store, tmp_path):
    add_records(store, RECORD, EMPTY)
    export(store, str(tmp_path / "a.xlsx"))
    first, second = cells(tmp_path / "a.xlsx", "documents")
    assert (first["number"], first["total"], first["paid"]) == ("00123", -12.5, True)
    assert first["day"].isoformat() == "2024-02-29T00:00:00"
    assert first["count"] == "12345678901234567890" and first["seller.name"] == "=1+1"
    assert second["total"] is None and second["number"] is None
    assert next(r["name"] for r in cells(tmp_path / "a.xlsx", "items")) == "x"
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == ["documents", "items", "items.parts"]


def test_no_text_becomes_a_formula(tmp_path):
    """By the XML and the bytes; where LibreOffice is installed, also by what it makes of the files."""
    made = formulas.export(tmp_path)
    assert len(formulas.DANGEROUS) == 40
    assert formulas.count_formulas_in_xml(made["a.xlsx"]) == 0
    texts = {r["text"] for r in cells(made["a.xlsx"], "documents")}
    assert {"=1+1", "<r><f>1+1</f></r>", "'=1+1", "－1+1"} <= texts
    written = [row["text"] for row in csv_rows(made["csv/documents.csv"])][:40]
    assert not [text for text in written if text.startswith(tuple("=+-@\t\r\n＝＋－＠"))]
    if shutil.which("soffice"):
        for name in ("a.xlsx", "csv/documents.csv"):
            found, live = formulas.count_formulas(made[name])
            assert found > 40 and live == 0, name


def test_text_that_a_cell_cannot_hold_is_changed_with_a_warning(store, tmp_path):
    long, odd = "é" * 40_000, "bell\x07 \ufffe \x0b_x0041_\r\nend"
    add_records(store, RECORD | {"number": long}, RECORD | {"number": odd})
    warnings = list(export(store, str(tmp_path / "a.xlsx")))
    assert [w.partition(":")[2] for w in warnings] == [" documents row 2, number", " documents row 3, number"]
    first, second = cells(tmp_path / "a.xlsx", "documents")
    assert len(first["number"]) <= workbook.MAX_CELL_CHARACTERS and first["number"].endswith("é …")
    assert openpyxl.utils.escape.unescape(second["number"]) == odd.replace("\ufffe", "\\ufffe")
    assert list(export(store, str(tmp_path / "a.jsonl"))) == []


def test_full_worksheet_continues_in_another_one(store, tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    add_records(store, *[RECORD | {"number": str(n)} for n in range(5)])
    export(store, str(tmp_path / "a.xlsx"))
    names = [n for n in openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames if n.startswith("documents")]
    assert [r["number"] for n in names for r in cells(tmp_path / "a.xlsx", n)] == ["0", "1", "2", "3", "4"]


# JSON Lines, Parquet.


def test_json_lines_hold_everything(store, tmp_path):
    (number,) = add_records(store, RECORD)
    store.records.correct(number, ("seller", "name"), "A \ud800", who="ann", revision=1, how="typed", reason="seen")
    export(store, str(tmp_path / "a.jsonl"))
    (line,) = [json.loads(text) for text in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    record = store.records.get(number)
    assert line["data"] == record.data and line["data"]["seller"]["name"] == "A \ud800"
    assert line["machine"] == RECORD and line["values"] == record.result["values"]
    assert line["corrections"][0]["who"] == "ann" and line["corrections"][0]["old"] == "=1+1"
    assert line["record"]["status"] == record.status and line["record"]["revision"] == 2


def test_parquet_nests_lists_and_objects(store, tmp_path):
    add_records(store, RECORD, EMPTY, RECORD | {"total": "dear"})
    warnings = list(export(store, str(tmp_path / "a.parquet"), evidence=True))
    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert rows[0]["items"] == RECORD["items"] and rows[0]["seller"] == {"name": "=1+1"}
    assert rows[0]["day"].isoformat() == "2024-02-29" and rows[1]["paid"] is None and rows[1]["items"] == []
    assert json.loads(rows[2]["_data"])["total"] == "dear" and rows[2]["total"] is None
    assert rows[0]["count"] is None and "record 1, count" in warnings[0] and "record 3, total" in warnings[0]
    assert rows[0]["_values"][0]["text"] == "12,50" and rows[0]["_values"][0]["page"] == 2


# Which records, which columns.


def test_corrected_value_has_no_evidence_of_the_machine(store, tmp_path):
    number, _ = add_records(store, RECORD, RECORD)
    store.records.correct(number, ("total",), 99, who="ann", revision=1)
    export(store, str(tmp_path / "a.xlsx"), evidence=True, confidence=True)
    first, second = cells(tmp_path / "a.xlsx", "documents")
    assert (first["total"], first["_corrected"], first["total (evidence)"]) == (99, "total", None)
    proof = ("total (evidence)", "total (page)", "total (confidence)")
    assert tuple(second[p] for p in proof) == ("12,50", 2, 0.75)


def test_only_records_of_the_status_and_schema_are_exported(store, tmp_path):
    number, _ = add_records(store, RECORD, EMPTY)
    store.records.approve(number, who="ann", revision=1)
    assert export(store, str(tmp_path / "a.jsonl"), status="approved").records == 1
    other = load_schema({"title": "other", "type": "object", "properties": {"x": {"type": "string"}}})
    add_records(store, {"x": "y"}, schema=other)
    with pytest.raises(UsageError, match="note, other"):
        export(store, str(tmp_path / "a.xlsx"))
    assert export(store, str(tmp_path / "a.xlsx"), schema="other").records == 1
    assert export(store, str(tmp_path / "all.jsonl")).records == 3


def test_fields_of_older_schemas_come_last():
    old = load_schema({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}})
    new = load_schema({"type": "object", "properties": {"b": {"type": "string"}, "c": {"type": "string"}}})
    (documents,) = plan_tables([new, old])
    own = [(c.name, c.kind) for c in documents.columns if c.part == "value"]
    assert own == [("b", "json"), ("c", "string"), ("a", "string")]


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl", "parquet"])
def test_failed_export_leaves_the_old_file(store, tmp_path, monkeypatch, format):
    add_records(store, RECORD)
    target = tmp_path / f"a.{format}"
    target.write_text("old")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr("os.fsync", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        export(store, str(target))
    assert target.read_text() == "old" and sorted(tmp_path.iterdir()) == before


def test_export_from_the_command_line(store, tmp_path, capsys):
    add_records(store, RECORD)
    place = ["--store", store.name]
    assert cli.main(["export", "--output", str(tmp_path / "out.csv"), *place]) == 0
    assert "wrote 1 records to" in capsys.readouterr().err
    assert (tmp_path / "out.items.csv").exists()
    assert cli.main(["export", "--output", str(tmp_path / "a.odt"), *place]) == 2
    assert cli.main(["export", "--output", str(tmp_path / "a.csv"), "--job", "none", *place]) == 3


# Gold.


def add_reviewed_records(tmp_path: Path, store: Store) -> list[int]:
    """Add three records of documents: one corrected and approved, one approved, one that nobody reviewed."""
    schema = load_schema(
        {
            "title": "memo",
            "type": "object",
            "properties": {
                "number": {"type": ["string", "null"], "x-labels": ["Memo number"]},
                "total": {"type": ["number", "null"], "x-labels": ["Total"]},
                "seller": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        }
    )
    store.add_schema(schema)
    numbers = []
    for n in range(3):
        folder = tmp_path / f"in{n}"
        folder.mkdir()
        (folder / "memo.txt").write_text(f"Memo no. M-{n}\nTotal: {n}.25\n", "utf-8")
        said = as_dict(extract(read(folder / "memo.txt"), schema, None))
        numbers.append(store.records.add(said, Version("t", "0"), who="t").id)
    store.records.correct(numbers[0], ("total",), 7.5, who="ann", revision=1)
    store.records.correct(numbers[0], ("number",), "M-0", who="ann", revision=2)
    store.records.approve(numbers[0], who="ann", revision=3)
    store.records.approve(numbers[1], who="bob", revision=1)
    return numbers


def test_approved_records_become_an_eval_set(store, tmp_path, capsys):
    numbers = add_reviewed_records(tmp_path, store)
    warnings = export(store, str(tmp_path / "set"), format="gold", who="ann")
    assert warnings.records == 2 and list(warnings) == []
    found = load_set(tmp_path / "set")
    first, second = found.samples
    assert first.gold == {"number": "M-0", "total": 7.5}  # what nobody looked at is no gold
    assert (first.document, second.document) == ("documents/memo.txt", "documents/memo-2.txt")
    assert (first.more["record"], first.more["approved_by"], first.more["corrected"]) == (numbers[0], ["ann"], 2)
    assert (tmp_path / "set" / second.document).read_bytes() == (tmp_path / "in1" / "memo.txt").read_bytes()
    schema = load_set_schema(found)
    for sample in found.samples:
        assert {m.outcome for m in match_record(schema, sample.gold, sample.gold)} <= {"correct", "absent"}
    runs = ["--model", "none", "--runs", str(tmp_path / "runs")]
    assert cli.main(["eval", str(tmp_path / "set"), *runs]) == 0
    assert "2 documents" in capsys.readouterr().out.replace("\n", " ")
    assert [r.exported is not None for r in store.records] == [True, True, False]
    assert store.audit.verify() == [] and list(store.audit.entries())[-1].action == "exported"


def test_gold_set_leaves_out_missing_documents_and_overwrites_nothing(store, tmp_path):
    add_reviewed_records(tmp_path, store)
    (tmp_path / "in0" / "memo.txt").write_text("something else")
    warnings = export(store, str(tmp_path / "set"), format="gold")
    assert warnings.records == 1 and "gone" in next(iter(warnings))
    with pytest.raises(OutputError, match="already"):
        export(store, str(tmp_path / "set"), format="gold")
    (tmp_path / "in1" / "memo.txt").unlink()
    with pytest.raises(UsageError, match="no approved record"):
        export(store, str(tmp_path / "other"), format="gold")
    assert [p.name for p in tmp_path.iterdir() if "other" in p.name] == []


def test_gold_set_from_the_command_line(store, tmp_path):
    add_reviewed_records(tmp_path, store)
    out = tmp_path / "my-set"
    command = ["export", "--format", "gold", "--output", str(out), "--status", "approved"]
    assert cli.main([*command, "--store", str(tmp_path / "store.db")]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["README.md", "documents", "gold.jsonl", "schema.json"]


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl", "parquet"])
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o600), (0o277, 0o400)])
def test_exported_files_are_for_their_owner_alone_or_less(store, tmp_path, format, umask, mode):
    add_records(store, RECORD)
    before = os.umask(umask)
    try:
        export(store, str(tmp_path / f"out.{format}"), format=format)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("out.*")} == {mode}
