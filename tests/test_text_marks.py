"""Marks inside text: deleted text, raised figures, invisible characters, ligatures."""

import io

import openpyxl
import pytest
from office_files import docx, run
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.readers.text_marks import superscript
from extractor.schemas import load_schema


def shown(document):
    hidden = [block for block in document.blocks if block.kind == "hidden"]
    text = document.text[: min((block.start for block in hidden), default=None)]
    return text.strip(), [document.text[block.start : block.end] for block in hidden]


def word(*runs):
    return docx(f"<w:p>{''.join(runs)}</w:p>")


def html(body):
    return read_bytes(f"<meta charset='utf-8'>{body}".encode(), "a.html")


@pytest.mark.parametrize(
    "deleted",
    [
        "<s>81 GBP</s>",
        "<del>81 GBP</del>",
        "<strike>81 GBP</strike>",
        "<span style='text-decoration: line-through red'>81 GBP</span>",
        "<span style='text-decoration-line:underline line-through'>81 GBP</span>",
        "<span class='old'>81 GBP</span>",
    ],
)
def test_struck_through_text_of_a_page_is_hidden(deleted):
    page = f"<style>.old {{ text-decoration: line-through }}</style><p>Berth fee: {deleted} <ins>74 GBP</ins></p>"
    assert shown(html(page)) == ("Berth fee: 74 GBP", ["81 GBP"])


def test_struck_through_text_of_a_word_document_is_hidden():
    for mark in ("<w:strike/>", "<w:dstrike/>"):
        document = read_bytes(word(run("Berth fee: "), run("81 GBP ", mark), run("74 GBP")), "a.docx")
        assert shown(document) == ("Berth fee: 74 GBP", ["81 GBP"])
    kept = word(run("Berth fee: "), run("81 GBP", '<w:strike w:val="0"/>'))
    assert shown(read_bytes(kept, "a.docx")) == ("Berth fee: 81 GBP", [])


def test_raised_figures_do_not_become_digits_of_the_number_before_them():
    page = "<table><tr><th>Quay</th><th>Depth<sup>1</sup></th><th>Area</th></tr>"
    page += "<tr><td>East<sup>2,3</sup></td><td>14.5<sup>4</sup></td><td>830 m<sup>2</sup></td></tr>"
    page += "<tr><td>West</td><td>9.75<sup>a</sup></td><td>6 &times; 10<sup>3</sup> m<sup>2</sup></td></tr></table>"
    item = {"quay": {"type": "string", "title": "Quay"}, "depth": {"type": "number", "title": "Depth"}}
    item |= {"area": {"type": "number", "title": "Area", "x-unit": "m²"}}
    schema = load_schema(
        {
            "type": "object",
            "properties": {"quays": {"type": "array", "items": {"type": "object", "properties": item}}},
        }
    )
    result = extract(html(page), schema, None)
    assert result.data["quays"] == [
        {"quay": "East", "depth": 14.5, "area": 830},
        {"quay": "West", "depth": 9.75, "area": 6000},
    ]


def test_raised_runs_of_a_word_document_are_superscript():
    raised = run("3", '<w:vertAlign w:val="superscript"/>')
    assert shown(read_bytes(word(run("Depth: 14.5"), raised), "a.docx"))[0] == "Depth: 14.5³"


@pytest.mark.parametrize(
    ("raised", "before", "text"),
    [("12", "5", "¹²"), ("[3]", "x", "⁽³⁾"), ("-1", "s", "⁻¹"), ("a", "5", "ᵃ"), ("st", "1", "st"), ("o", "N", "o")],
)
def test_only_marks_of_notes_and_exponents_become_superscript(raised, before, text):
    assert superscript(raised, before) == text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", "<meta charset=utf-8><p>Har&shy;bour of&#x200b;fice: 4&#x2060;4&#xfeff;1 &#x202b;Suﬃx&#x202c;</p>"),
        ("a.txt", "Har\u00adbour of\u200bfice: 4\u20604\ufeff1 \u202bSuﬃx\u202c"),
        ("a.docx", word(run("Har\u00adbour of\u200bfice: 4\u20604\ufeff1 \u202bSuﬃx\u202c"))),
    ],
)
def test_characters_that_show_nothing_are_left_out_and_ligatures_are_letters(name, content):
    document = read_bytes(content if isinstance(content, bytes) else content.encode(), name)
    assert document.text.strip() == "Harbour office: 441 Suffix"


def test_struck_through_cells_and_parts_of_cells_of_a_workbook_are_hidden():
    book = openpyxl.Workbook()
    for row in (["Berth", 81], ["Crane", CellRichText(TextBlock(InlineFont(strike=True), "64 "), "58")]):
        book.active.append(row)
    book.active.append(["Depth", CellRichText("14.5", TextBlock(InlineFont(vertAlign="superscript"), "2"))])
    book.active["B1"].font = Font(strike=True)
    file = io.BytesIO()
    book.save(file)
    text, hidden = shown(read_bytes(file.getvalue(), "a.xlsx"))
    assert [line for line in text.split("\n") if line][-3:] == ["Berth", "Crane\t58", "Depth\t14.5²"]
    assert "81" in hidden[0] and "64" in hidden[0]
