"""Kinds of report in the store: saved with versions, removed, and which records are of an earlier version."""

import argparse

import pytest
from test_store import FIRST, place, postgres, result, store  # noqa: F401

from extractor.classification import kinds_in
from extractor.cli import options
from extractor.errors import InputError, SchemaError
from extractor.schemas import load_schema
from extractor.store import ReportKindChanged, Store
from extractor.store.report_kinds import name_from_title

BILL = {"type": "object", "title": "Bill", "properties": {"total": {"type": "number"}}}
LONGER = {**BILL, "properties": {"total": {"type": "number"}, "date": {"type": "string"}}}


def test_a_kind_is_saved_in_versions_that_stay(store):  # noqa: F811
    kinds = store.report_kinds
    first = kinds.save("bill", BILL, who="ann", sample="d" * 64)
    assert (first.version, first.title, first.sample) == (1, "Bill", "d" * 64)
    assert kinds.save("bill", BILL, who="bob", base=1) == first, "nothing was changed"
    second = kinds.save("bill", LONGER, who="bob", base=1)
    assert (second.version, second.who, second.sample) == (2, "bob", "d" * 64) and second.schema != first.schema
    assert [kind.version for kind in kinds.versions("bill")] == [1, 2]
    assert kinds.get("bill", 1) == first and kinds.get("bill") == second and kinds.all() == [second]
    assert load_schema(second.document).id == second.schema
    assert store.schemas()[second.schema][0] == "bill"
    assert [entry.new["version"] for entry in store.audit.entries("kind bill")] == [1, 2]
    assert store.audit.verify() == []


def test_the_order_of_fields_makes_a_version(store):  # noqa: F811
    store.report_kinds.save("bill", LONGER, who="ann")
    turned = {**LONGER, "properties": dict(reversed(LONGER["properties"].items()))}
    again = store.report_kinds.save("bill", turned, who="ann", base=1)
    assert again.version == 2 and list(store.report_kinds.get("bill").document["properties"]) == ["date", "total"]


def test_two_people_cannot_overwrite_each_other(store):  # noqa: F811
    kinds = store.report_kinds
    kinds.save("bill", BILL, who="ann")
    with pytest.raises(ReportKindChanged, match="already"):
        kinds.save("bill", LONGER, who="bob")
    kinds.save("bill", LONGER, who="ann", base=1)
    with pytest.raises(ReportKindChanged, match="ann"):
        kinds.save("bill", BILL, who="bob", base=1)
    with pytest.raises(ReportKindChanged):
        kinds.save("gone", BILL, who="bob", base=4)


def test_a_removed_kind_is_gone_and_its_name_free(store):  # noqa: F811
    kinds = store.report_kinds
    kinds.save("bill", BILL, who="ann")
    kinds.remove("bill", who="ann")
    assert kinds.all() == []
    again = kinds.save("bill", LONGER, who="bob")
    assert again.version == 3 and kinds.all() == [again]
    with pytest.raises(InputError):
        kinds.remove("other", who="ann")


@pytest.mark.parametrize("name", ["", "a/b", "two words", "receipt", "new", ".x", "-x", "x" * 81])
def test_names_that_cannot_be_used(store, name):  # noqa: F811
    with pytest.raises(SchemaError):
        store.report_kinds.save(name, BILL, who="ann")


def test_names_of_titles():
    assert name_from_title(" Service report (crane) ") == "service-report-crane"
    assert name_from_title("检验报告 2024") == "检验报告-2024"


def test_open_records_of_earlier_versions(store):  # noqa: F811
    kinds = store.report_kinds
    first = kinds.save("bill", BILL, who="ann")
    for document in ("a" * 64, "b" * 64):
        store.records.add(result(document) | {"run": {"schema": first.schema}}, FIRST, who="ann")
    assert kinds.outdated_records("bill") == []
    kinds.save("bill", LONGER, who="ann", base=1)
    one, other = kinds.outdated_records("bill")
    store.records.approve(one, who="ann", revision=store.records.get(one).revision)
    assert kinds.outdated_records("bill") == [other]
    assert store.records.get(one).schema == first.schema, "a record keeps its version"


def test_commands_with_a_store_know_its_kinds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "store.db")
    with Store(file) as opened:
        saved = opened.report_kinds.save("bill", BILL, who="ann")
    arguments = argparse.Namespace(schema="bill", kinds=None, store=file)
    schema = options.load_chosen_schema(arguments, with_saved=True)
    assert (schema.id, schema.name) == (saved.schema, "bill")
    with pytest.raises(SchemaError):
        options.load_chosen_schema(arguments, with_saved=False)
    several = argparse.Namespace(schema="auto", kinds=["receipt", "bill"], store=file)
    names = [kind.name for kind in kinds_in(options.load_chosen_schema(several, with_saved=True).document)]
    assert names == ["receipt", "bill"]
    missing = argparse.Namespace(schema="gone.json", kinds=None, store=str(tmp_path / "none.db"))
    with pytest.raises(SchemaError):
        options.load_chosen_schema(missing, with_saved=True)
    assert not (tmp_path / "none.db").exists(), "a wrong file name makes no store"
