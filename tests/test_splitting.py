"""Stacks taken apart: on which pages a document begins, parts as documents of their own, mails with attachments."""

import email.message
import io
import json

import pytest
from reportlab.lib.pagesizes import A4, A5
from reportlab.pdfgen import canvas
from test_classification import KINDS
from waiting import wait_until

from extractor.classification import KindClassifier, make_kind_set
from extractor.cli import main
from extractor.errors import InputError
from extractor.jobs import JobRunner, find_files, start_job
from extractor.jobs.archives import read_document_bytes
from extractor.jobs.parts import split_part
from extractor.readers import read_bytes
from extractor.splitting import find_parts
from extractor.store import Store

INVOICE = [
    "Harbour Tools Ltd",
    "Invoice INV-{n}0417",
    "Customer number: C-88{n}12",
    "Article",
    "Hammer",
    "Total due: 4{n}.50",
]
SECOND = ["Harbour Tools Ltd", "Invoice INV-{n}0417", "carried forward from the page before", "Nails", "Screws", "Sum"]
LETTER = [
    "Green Homes Ltd",
    "Lease",
    "Landlord: Green Homes Ltd",
    "Tenant: Mary Hill {n}",
    "Monthly rent: 900",
    "Deposit: 1800",
]
NOTE = [
    "Nordic Freight",
    "Delivery note",
    "Carrier: Nordic Freight",
    "Pallets: {n}",
    "Gross weight: 812 kg",
    "Driver: A. Berg",
]


def stack(*pages, size=A4, foot=None) -> bytes:
    """Return a PDF; a page is its lines, or lines and a size."""
    file = io.BytesIO()
    made = canvas.Canvas(file, pagesize=size)
    for number, page in enumerate(pages):
        lines, own = page if isinstance(page, tuple) else (page, size)
        made.setPageSize(own)
        y = own[1] - 60
        for line in lines:
            made.drawString(60, y, line)
            y -= 24
        if foot:
            made.drawString(60, 30, foot[number])
        made.showPage()
    made.save()
    return file.getvalue()


def page(lines, n):
    return [line.format(n=n) for line in lines]


def parts_of(data: bytes, kinds=None):
    document = read_bytes(data, "stack.pdf")
    return [(part.first, part.last) for part in find_parts(document, kinds and KindClassifier(kinds))]


def test_page_numbers_that_begin_again_begin_a_document():
    pages = [page(INVOICE, 1), page(SECOND, 1), page(INVOICE, 2), page(INVOICE, 3), page(SECOND, 3)]
    foot = ["Page 1 of 2", "Page 2 of 2", "Page 1 of 1", "Page 1 of 2", "Page 2 of 2"]
    assert parts_of(stack(*pages, foot=foot)) == [(1, 2), (3, 3), (4, 5)]


def test_documents_of_different_kinds_are_told_apart_without_page_numbers():
    assert parts_of(stack(page(INVOICE, 1), page(LETTER, 2), page(NOTE, 3)), KINDS) == [(1, 1), (2, 2), (3, 3)]


def test_pages_of_one_document_stay_together():
    text = [f"{n} of the agreement of 4 May between the parties" for n in range(6)]
    numbered = stack(*([*text, f"paragraph {n}"] for n in range(1, 5)), foot=[f"- {n} -" for n in range(1, 5)])
    assert parts_of(numbered) == [(1, 4)]
    running = stack(page(INVOICE, 7), page(SECOND, 7), page(SECOND, 7))
    assert parts_of(running) == [(1, 3)]


FORM = [
    "Crane service visit",
    "Visit no.: V-20{n}1/7",
    "Date: 1{n} March 2024",
    "Customer: Works number {n}",
    "Oil pressure: {n}.2 bar",
    *["Part Quantity Amount", "Oil filter 2 25.00", "Gasket 4 4.80", "Total: 29.80 EUR"],
    *["The crane was greased and its brakes were tried."] * 16,
]


def test_a_form_that_is_filled_in_anew_is_another_document():
    """Its words are all the same, what stands beside its labels is not; and every page is full."""
    assert parts_of(stack(*(page(FORM, n) for n in range(1, 5)))) == [(n, n) for n in range(1, 5)]


def test_a_running_head_with_the_same_values_is_no_new_document():
    pages = [[*page(FORM[:4], 1), *(f"Finding {number} of the visit: worn" for number in group)] for group in GROUPS]
    assert parts_of(stack(*pages)) == [(1, 3)]


GROUPS = (range(1, 21), range(21, 41), range(41, 61))


def test_another_size_of_paper_with_other_words_is_another_document():
    assert parts_of(stack(page(INVOICE, 1), (page(LETTER, 2), A5))) == [(1, 1), (2, 2)]


def test_a_single_page_is_one_part():
    assert len(find_parts(read_bytes(b"Total due: 3\n", "a.txt"))) <= 1
    assert parts_of(stack(page(INVOICE, 1))) == [(1, 1)]


def mail(*attachments) -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"], message["Date"] = "a@b.example", "c@d.example", "Papers", "now"
    message["Message-ID"] = "<1@b.example>"
    message.set_content("Please find the papers attached.")
    for name, data, kind in attachments:
        message.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=name)
    return message.as_bytes()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "stack.pdf").write_bytes(stack(page(NOTE, 1), page(LETTER, 2), page(NOTE, 3)))
    papers = (
        ("note.pdf", stack(page(NOTE, 8)), ("application", "pdf")),
        ("x.ics", b"BEGIN:VCALENDAR\x00", ("text", "x")),
    )
    (tmp_path / "in" / "mail.eml").write_bytes(mail(*papers))
    (tmp_path / "in" / "single.txt").write_text("Lease\n\nLandlord: Ann\nTenant: Bob\nMonthly rent: 3\nDeposit: 4\n")
    return tmp_path


def test_a_job_takes_stacks_and_mails_apart(folder):
    kinds = make_kind_set(KINDS)
    with Store(folder / "store.db") as store:
        job = start_job(store, kinds, "pile", model="none", who="ann", split=True)
        store.jobs.add(job, find_files([str(folder / "in")]))
        with JobRunner(store, job, kinds, None, who="ann") as runner:
            report = runner.drain()
        assert not report.counts.failures and report.counts.done == 5
        records = sorted(
            record.sources[0].rpartition("/")[2] + " " + record.schema_name for record in store.records.select()
        )
        assert records == [
            "attachment 1, note.pdf delivery",
            "pages 1-1 of stack.pdf delivery",
            "pages 2-2 of stack.pdf lease",
            "pages 3-3 of stack.pdf delivery",
            "single.txt lease",
        ]
        for record in store.records.select():
            data, found = read_document_bytes(record.sources[0])
            assert found == record.document and read_bytes(data, record.sources[0]).text.strip()


def test_extract_takes_a_stack_apart(folder, capsys):
    assert main(["extract", str(folder / "in" / "stack.pdf"), "--schema", "receipt", "--model", "none", "--split"]) == 0
    printed = capsys.readouterr()
    sources = [json.loads(line)["document"]["source"] for line in printed.out.splitlines()]
    assert [split_part(source)[1] for source in sources] == [f"pages {n}-{n} of stack.pdf" for n in (1, 2, 3)]
    assert "3 documents" in printed.err


def test_parts_are_read_again_by_their_names(folder):
    name = f"{folder}/in/stack.pdf!/pages 2-3 of stack.pdf"
    data, found = read_document_bytes(name)
    assert len(read_bytes(data, name).pages) == 2 and (data != b"", found) == (True, read_document_bytes(name)[1])
    assert split_part("a.zip!/b.pdf") == ("a.zip!/b.pdf", "")
    with pytest.raises(Exception, match="no pages 2 to 9"):
        read_document_bytes(f"{folder}/in/stack.pdf!/pages 2-9 of stack.pdf")
    with pytest.raises(Exception, match="no such attachment"):
        read_document_bytes(f"{folder}/in/mail.eml!/attachment 7, other.pdf")


def test_people_correct_where_the_documents_of_a_stack_begin(tmp_path):
    from extractor.review import ReviewService
    from extractor.review.errors import ReviewError

    file = tmp_path / "stack.pdf"
    file.write_bytes(stack(page(NOTE, 1), page(LETTER, 2), page(NOTE, 3)))
    with Store(tmp_path / "store.db") as store, ReviewService(store, folder=tmp_path / "files") as service:
        added = service.upload(
            who="ann", files=[("stack.pdf", str(file))], schema=make_kind_set(KINDS), model="none", split=True
        )
        [number] = added["handins"]
        first = wait_for(service, number, 3)
        assert [each["pages"] for each in first["documents"]] == [(1, 1), (2, 2), (3, 3)]
        assert [each["schema"] for each in first["documents"]] == ["delivery", "lease", "delivery"]
        assert first["schema_title"] == "Delivery note, Lease" and 0.5 < first["kind_probability"] <= 1
        kept = first["documents"][0]["record"]
        with pytest.raises(ReviewError, match="pages 1 to 3"):
            service.split_again(number, [9], who="ann")
        with pytest.raises(InputError):
            service.split_again(number, [1], who="bob")
        service.split_again(number, [1, 2], who="ann")
        second = wait_for(service, number, 2)
        assert [each["pages"] for each in second["documents"]] == [(1, 1), (2, 3)]
        assert second["documents"][0]["record"] == kept
        assert store.records.get(first["documents"][2]["record"]).deleted is not None
        service.split_again(number, [1, 2, 3], who="ann")
        third = wait_for(service, number, 3)
        assert {each["state"] for each in third["documents"]} == {"done"}


def wait_for(service, number, count):
    """Return a hand-in once it has so many documents and all of them are done."""
    shown = {}

    def is_done():
        shown.update(service.hand_in(number, who="ann"))
        return len(shown["documents"]) == count and shown["state"] == "done"

    wait_until(is_done)
    return shown
