"""Years and groups as heads of columns, in one row or two, in workbooks, text and tables with few ruling lines."""

import io

import openpyxl
import pytest
from reportlab.lib import colors
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema

ROWS = [
    ("", "Grain (t)", "", "Barges", ""),
    ("Lock", "2031", "2032", "2031", "2032"),
    ("Upper", "410", "2077", "31", "29"),
    ("Lower", "93", "2040", "8", "9"),
    ("Old", "12", "14", "3", "2"),
]


def year(title):
    return {"type": "number", "title": title}


def group(title):
    return {"type": "object", "title": title, "properties": {"y31": year("2031"), "y32": year("2032")}}


def lock(title):
    return {"type": "object", "title": title, "properties": {"grain": group("Grain"), "barges": group("Barges")}}


SCHEMA = load_schema({"type": "object", "properties": {"upper": lock("Upper"), "lower": lock("Lower")}})
RIGHT = {
    "upper": {"grain": {"y31": 410, "y32": 2077}, "barges": {"y31": 31, "y32": 29}},
    "lower": {"grain": {"y31": 93, "y32": 2040}, "barges": {"y31": 8, "y32": 9}},
}


def workbook(rows, merged=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([int(text) if text.isdigit() else text or None for text in row])
    for cells in merged:
        book.active.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def pdf(rows, *commands):
    file = io.BytesIO()
    SimpleDocTemplate(file, invariant=1).build([Table(rows, colWidths=80, style=TableStyle(commands))])
    return file.getvalue()


SPANS = [("SPAN", (1, 0), (2, 0)), ("SPAN", (3, 0), (4, 0))]
RULES = [
    ("LINEABOVE", (0, 0), (-1, 0), 1, colors.black),
    ("LINEBELOW", (0, 1), (-1, 1), 0.5, colors.black),
    ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black),
]


def text(rows):
    return "\n".join(f"{a:<10}{b:>8}{c:>8}{d:>9}{e:>7}" for a, b, c, d, e in rows).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", workbook(ROWS, ["B1:C1", "D1:E1"])),
        ("a.xlsx", workbook(ROWS)),
        ("a.pdf", pdf(ROWS, *SPANS, ("GRID", (0, 0), (-1, -1), 0.5, colors.black))),
        ("a.pdf", pdf(ROWS, *SPANS, *RULES, ("ALIGN", (1, 0), (-1, -1), "RIGHT"))),
        ("a.pdf", pdf(ROWS, *SPANS, ("ALIGN", (1, 0), (-1, -1), "CENTER"))),
        ("a.txt", text(ROWS)),
    ],
)
def test_years_that_recur_below_groups_are_heads_beside_the_name_of_the_row_labels(name, data):
    assert extract(read_bytes(data, name), SCHEMA, None).data == RIGHT


def test_years_are_heads_though_a_value_below_reads_as_a_year():
    rows = [("", "2031", "2032"), ("Grain", "2105", "870"), ("Coal", "77", "305"), ("Salt", "12", "9")]
    coal = {"type": "object", "title": "Coal", "properties": {"y31": year("2031"), "y32": year("2032")}}
    schema = load_schema({"type": "object", "properties": {"coal": coal}})
    assert extract(read_bytes(workbook(rows), "a.xlsx"), schema, None).data == {"coal": {"y31": 77, "y32": 305}}


def test_rules_of_neighbouring_spans_that_touch_do_not_make_one_span():
    rows = [("Lock", "Grain", "", "Barges", ""), ("", "Wheat", "Rye", "Small", "Large"), *ROWS[2:]]
    under = [("LINEBELOW", (1, 0), (2, 0), 0.5, colors.black), ("LINEBELOW", (3, 0), (4, 0), 0.5, colors.black)]
    data = pdf(rows, *SPANS, *RULES, *under, ("ALIGN", (1, 0), (-1, -1), "CENTER"))
    (table,) = read_bytes(data, "a.pdf").tables
    paths = {cell.text: cell.column_path for cell in table.cells if cell.row == 2 and not cell.header}
    assert paths["2077"] == ("Grain", "Rye") and paths["31"] == ("Barges", "Small")
