"""Which kind of report a document is: told by the words of schemas and by approved documents, or said to be unknown."""

import json

import pytest

from extractor.classification import (
    DocumentProfile,
    DocumentWords,
    KindClassifier,
    UnknownKind,
    choose_schema,
    is_kind_set,
    kinds_in,
    make_kind_set,
    profile_document,
)
from extractor.cli import main
from extractor.errors import UsageError
from extractor.jobs import JobRunner, find_files, start_job
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.store import Store

DELIVERY = (
    "Delivery note\n\nCarrier: Nordic Freight\nPallets: 4\nGross weight: 812 kg\nLoading dock: 7\nDriver: A. Berg\n"
)
LEASE = (
    "Lease\n\nLandlord: Green Homes Ltd\nTenant: Mary Hill\nMonthly rent: 900\nDeposit: 1800\nNotice period: 3 months\n"
)
HOLIDAY = "请假单\n\n申请人：李雷\n所在部门：财务处\n请假类别：年假\n请假天数：3\n审批意见：同意\n"
POEM = "The river bends beneath the hill,\nAnd evening makes the willows still.\nA heron waits. The water sings.\n"


def schema(name: str, title: str, *labels: str):
    from dataclasses import replace

    properties = {f"f{n}": {"type": ["string", "null"], "title": label} for n, label in enumerate(labels)}
    return replace(load_schema({"type": "object", "title": title, "properties": properties}), name=name)


KINDS = [
    schema("delivery", "Delivery note", "Carrier", "Pallets", "Gross weight", "Loading dock", "Driver"),
    schema("lease", "Lease", "Landlord", "Tenant", "Monthly rent", "Deposit", "Notice period"),
    schema("holiday", "请假单", "申请人", "所在部门", "请假类别", "请假天数", "审批意见"),
]


def document(text: str, name: str = "report.txt"):
    return read_bytes(text.encode(), name)


@pytest.mark.parametrize(("text", "kind"), [(DELIVERY, "delivery"), (LEASE, "lease"), (HOLIDAY, "holiday")])
def test_the_words_of_a_schema_tell_its_documents(text, kind):
    choice = KindClassifier(KINDS).classify(document(text))
    assert choice.schema is not None and choice.schema.name == kind
    assert choice.confidence == choice.ranking[0][1] > 0.5
    assert sum(share for _, share in choice.ranking) <= 1


@pytest.mark.parametrize("text", [POEM, "2024-01-01\n17\n", "Agenda\n\n1. Minutes\n2. Budget\n3. Any other business\n"])
def test_a_document_of_no_kind_is_unknown(text):
    choice = KindClassifier(KINDS).classify(document(text))
    assert choice.schema is None and len(choice.ranking) == len(KINDS)
    # 0.5 or more for "none of them" would be as wrong as naming one with less
    assert choice.confidence == pytest.approx(1 - choice.ranking[0][1])


@pytest.mark.parametrize("left_out", range(len(KINDS)))
def test_a_kind_that_is_not_offered_is_unknown(left_out):
    text = (DELIVERY, LEASE, HOLIDAY)[left_out]
    assert KindClassifier(KINDS[:left_out] + KINDS[left_out + 1 :]).classify(document(text)).schema is None


def test_approved_documents_tell_a_kind_whose_schema_does_not():
    """The letters print none of the schema's names; one that was approved shows what they look like."""
    letters = schema("notices", "Filing", "Reference", "Party", "Amount")
    text = (
        "Water board of {town}\n\nDear householder,\n\nyour meter will be read on {day}. Please keep the shaft free.\n"
    )
    seen = document(text.format(town="Ashby", day="3 May"))
    new = document(text.format(town="Corby", day="17 June"))
    assert KindClassifier([*KINDS, letters]).classify(new).schema is None
    told = KindClassifier([*KINDS, letters], {letters.id: [profile_document(seen)]}).classify(new)
    assert told.schema is not None and told.schema.name == "notices"
    again = KindClassifier([*KINDS, letters], {letters.id: [profile_document(seen)]}).classify(document(POEM))
    assert again.schema is None


def test_a_profile_survives_being_stored_and_holds_no_words():
    profile = profile_document(document(LEASE))
    stored = json.dumps(profile.to_json())
    assert DocumentProfile.from_json(json.loads(stored)) == profile
    assert "landlord" not in stored and "rent" not in stored


def test_a_kind_set_is_a_schema_that_holds_its_kinds():
    kinds = make_kind_set(KINDS)
    assert is_kind_set(kinds.document) and not is_kind_set(KINDS[0].document)
    assert [kind.id for kind in kinds_in(kinds.document)] == [kind.id for kind in KINDS]
    assert [kind.name for kind in kinds_in(kinds.document)] == ["delivery", "lease", "holiday"]
    chosen, choice = choose_schema(document(LEASE), kinds.document)
    assert chosen.name == "lease" and choice.schema is chosen
    with pytest.raises(UnknownKind, match="none of the 3 kinds"):
        choose_schema(document(POEM), kinds.document)
    with pytest.raises(UsageError, match="no kind"):
        make_kind_set([])
    with pytest.raises(UsageError, match="named lease"):
        make_kind_set([KINDS[1], schema("lease", "Other", "Something")])


# On the command line, and in jobs.


@pytest.fixture
def folder(tmp_path):
    """A folder of documents of three kinds and of none, and a folder of their schemas."""
    (tmp_path / "kinds").mkdir()
    for kind in KINDS:
        (tmp_path / "kinds" / f"{kind.name}.json").write_text(json.dumps(kind.document), "utf-8")
    (tmp_path / "in").mkdir()
    for name, text in (("a", DELIVERY), ("b", LEASE), ("c", HOLIDAY), ("d", POEM)):
        (tmp_path / "in" / f"{name}.txt").write_text(text, "utf-8")
    return tmp_path


def test_extract_finds_the_kind_out(folder, capsys):
    files = [str(folder / "in" / f"{name}.txt") for name in "abd"]
    code = main(["extract", *files, "--schema", "auto", "--kinds", str(folder / "kinds"), "--model", "none"])
    printed = capsys.readouterr()
    records = [json.loads(line) for line in printed.out.splitlines()]
    assert [record["run"]["kind"]["ranking"][0][0] for record in records] == ["delivery", "lease"]
    assert [record["run"]["schema"] for record in records] == [KINDS[0].id, KINDS[1].id]
    assert code == 3 and "none of the 3 kinds" in printed.err and "--kinds" in printed.err


def test_kinds_without_auto_are_refused(folder, capsys):
    code = main(["extract", str(folder / "in" / "a.txt"), "--schema", "receipt", "--kinds", str(folder / "kinds")])
    assert code == 2 and "--schema auto" in capsys.readouterr().err


def test_a_job_sorts_a_mixed_pile_and_learns_from_what_was_approved(folder):
    kinds = make_kind_set(KINDS)
    with Store(folder / "store.db") as store:
        job = start_job(store, kinds, "pile", model="none", who="ann")
        store.jobs.add(job, find_files([str(folder / "in")]))
        with JobRunner(store, job, kinds, None, who="ann") as runner:
            report = runner.drain()
        assert report.counts.done == 3 and dict(report.counts.failures) == {"unknown_kind": 1}
        records = {record.schema_name: record for record in store.records.select()}
        assert set(records) == {"delivery", "lease", "holiday"}
        assert records["lease"].result["run"]["kind"]["confidence"] > 0.5
        assert "profile" not in records["lease"].result["document"]
        assert store.records.approved_profiles([KINDS[1].id]) == {}
        record = records["lease"]
        store.records.approve(record.id, who="ann", revision=record.revision)
        assert store.records.approved_profiles([KINDS[1].id]) == {
            KINDS[1].id: [profile_document(document(LEASE)).to_json()]
        }


def test_documents_approved_with_one_version_of_a_kind_tell_the_next(folder):
    with Store(folder / "store.db") as store:
        first = store.report_kinds.save("lease", KINDS[1].document, who="ann")
        schema = load_schema(first.document)
        job = start_job(store, make_kind_set([schema]), "pile", model="none", who="ann")
        store.jobs.add(job, find_files([str(folder / "in" / "b.txt")]))
        with JobRunner(store, job, make_kind_set([schema]), None, who="ann") as runner:
            runner.drain()
        [record] = store.records.select()
        store.records.approve(record.id, who="ann", revision=record.revision)
        changed = {**KINDS[1].document, "description": "rents"}
        second = store.report_kinds.save("lease", changed, who="ann", base=1)
        assert second.schema != first.schema
        found = store.records.approved_profiles([second.schema, KINDS[0].id])
        assert found == {second.schema: [profile_document(document(LEASE)).to_json()]}


def test_what_stands_at_the_top_tells_a_kind_and_the_far_end_of_a_document_does_not():
    """A long document names the fields of every kind somewhere."""
    words = "The parties met and spoke about the weather, as they do on most days of the year. " * 20
    far = document("Minutes\n\n" + words * 10 + "".join((DELIVERY, LEASE)))
    assert KindClassifier(KINDS).classify(far).schema is None
    plain = schema("minutes", "Minutes of the board", "Place", "Chair")
    named = KindClassifier([*KINDS, plain]).features(DocumentWords(document("Minutes of the board\n\n" + words)))
    assert named[3].title == 1 and [each.title for each in named[:3]] == [0, 0, 0]
