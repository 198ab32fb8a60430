"""Word, spreadsheets, delimited text, mail and Markdown: shown text, hidden text, and files that cannot be read."""

from __future__ import annotations

import base64
import datetime
import hashlib
import io
import random
import zipfile
from email.message import EmailMessage

import pytest
from generated_forms import FormCell, grow
from office_files import (
    WRITERS,
    as_csv,
    as_docx,
    as_html,
    as_markdown,
    as_xlsx,
    docx,
    paragraph,
    parts_of,
    run,
    table,
    word_part,
    word_table,
)

from extractor.errors import InputError
from extractor.extraction.pipeline import extract
from extractor.readers import detect_format, embedded, number_format, package, read_bytes
from extractor.schemas import load_schema
from extractor.tables import collapse_whitespace

ORDER = [
    "#Acme Trading Ltd",
    "##Order confirmation",
    table(("Order number", "PO-2024-0117"), ("Order date", "12 March 2024"), ("Customer", "Northwind GmbH")),
    "##Items",
    table(
        ("Item", "Description", "Quantity", "Unit price", "Amount"),
        ("1", "Steel bolts M8", "200", "0.35", "70.00"),
        ("2", "Hex nuts M8", "200", "0.12", "24.00"),
    ),
    table(("Subtotal", "94.00"), ("VAT 20%", "18.80"), ("Total", "112.80")),
    "Payment within 30 days.\nThank you for your order.",
]
RECEIPT = [
    "#Corner Shop",
    "12 High Street, Leeds",
    "Receipt no: 4711\nDate: 2024-03-12",
    table(("Item", "Qty", "Price", "Amount"), ("Tea", "2", "1.50", "3.00"), ("Cake", "1", "2.20", "2.20")),
    table(("Subtotal", "5.20"), ("Tax", "0.52"), ("Total", "5.72")),
]


def checked(document):
    """Return the document after checking its offsets."""
    for block in document.blocks:
        assert document.text[block.start : block.end].strip()
    for found in document.tables:
        for cell in found.cells:
            assert collapse_whitespace(document.text[cell.start : cell.end]) == cell.text
    for page in document.pages:
        for word in page.words:
            assert document.text[word.start : word.end] == word.text
    return document


def read(data, name="report"):
    return checked(read_bytes(data, name))


def blocks(document):
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def hidden(document):
    return [text for kind, text in blocks(document) if kind == "hidden"]


def shown(document):
    return "\n".join(text for kind, text in blocks(document) if kind != "hidden")


def rows(found):
    lines = {}
    for cell in found.cells:
        lines.setdefault(cell.row, []).append(cell.text)
    return list(lines.values())


def kinds(document):
    return [problem.kind for problem in document.problems]


def extracted_values(document, schema):
    found = extract(document, load_schema(schema), None)
    for value in found.values:
        if value.evidence is not None:
            assert document.text[value.evidence.start : value.evidence.end] == value.evidence.text
            assert value.evidence.boxes == ()
    return {value.path: value.value for value in found.values if value.value is not None}


# All formats.


@pytest.mark.parametrize("name", WRITERS)
def test_form_gives_the_same_fields_in_every_format(name):
    form = grow(1)
    found = extracted_values(read(WRITERS[name](parts_of(form)), name), "annual-disclosure-2021")
    assert {path: found.get(path) for path in form.truth} == form.truth


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("parts", "schema"), [(ORDER, "order-or-invoice"), (RECEIPT, "receipt")])
def test_orders_and_receipts_give_the_same_fields_as_html(name, parts, schema):
    expected = extracted_values(read(as_html(parts)), schema)
    assert len(expected) >= 8
    assert extracted_values(read(WRITERS[name](parts), name), schema) == expected


@pytest.mark.parametrize("name", WRITERS)
def test_document_id_is_the_hash_of_its_file(name):
    data = WRITERS[name](RECEIPT)
    document = read(data, name)
    assert document.id == hashlib.sha256(data).hexdigest() and document.source == name
    assert len(document.pages) == 1 and document.pages[0].width is None


@pytest.mark.parametrize("name", ["report.docx", "report.xlsx", "report.eml"])
def test_office_files_and_mails_are_detected_by_content(name):
    assert detect_format(WRITERS[name](ORDER), "scan.pdf") == name.partition(".")[2]


@pytest.mark.parametrize("name", [*WRITERS, "old.xls", "sheet.ods"])
def test_broken_files_are_input_errors_with_a_hint(name):
    data = old_workbook() if name == "old.xls" else open_document() if name == "sheet.ods" else WRITERS[name](ORDER)
    chance = random.Random(name)
    for number in range(200):
        broken = with_damaged_part(data, chance) if number % 2 and data.startswith(b"PK") else damaged(data, chance)
        try:
            read(broken, name)
        except InputError as error:
            assert error.hint


def damaged(data, chance):
    """Return the data truncated, or with some bytes replaced."""
    if not data or chance.random() < 0.3:
        return data[: chance.randrange(len(data) + 1)]
    data = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        data[chance.randrange(len(data))] = chance.choice((chance.randrange(256), *b"0-9"))
    return bytes(data)


def with_damaged_part(data, chance):
    """Return the package with one of its parts damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        members = {name: package.read(name) for name in package.namelist()}
    victim = chance.choice(sorted(members))
    return packed({**members, victim: damaged(members[victim], chance)})


def packed(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return file.getvalue()


def unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_file_with_only_hidden_text_has_a_problem():
    import openpyxl

    book = openpyxl.Workbook()
    book.create_sheet("Away").sheet_state = "hidden"
    book["Away"]["A1"] = "not to be seen"
    for data in (saved(book), docx(f"<w:p>{run('unseen', '<w:vanish/>')}</w:p>")):
        document = read(data)
        assert kinds(document) == ["no_text"] and len(hidden(document)) == 1


# Refused files.

CONTENT_TYPE = '<Types><Override ContentType="application/vnd.openxmlformats-officedocument.{}.main+xml"/></Types>'


def ole(stream):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(64)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (packed({"[Content_Types].xml": CONTENT_TYPE.format("presentationml.presentation")}), "PowerPoint"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.text"}), "OpenDocument text"),
        (packed({"mimetype": "application/epub+zip"}), "EPUB"),
        (packed({"a.txt": "text"}), "ZIP archive"),
        (ole("EncryptedPackage"), "password"),
        (ole("WordDocument"), "old Word"),
        (ole("PowerPoint Document"), "PowerPoint"),
        (ole("__nameid_version1.0"), "Outlook"),
        (ole("Nothing"), "old Office"),
        (packed({"[Content_Types].xml": CONTENT_TYPE.format("wordprocessingml.document")}), "no main part"),
    ],
)
def test_unsupported_office_files_are_named(data, what):
    with pytest.raises(InputError, match=what) as caught:
        read(data)
    assert caught.value.hint


def test_zip_bombs_are_refused_by_their_directory(monkeypatch):
    members = unpacked(as_docx(ORDER))
    bomb = packed({**members, "word/media/big.bin": bytes(60_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="times its size; the limit is 100"):
        read(bomb)
    with pytest.raises(InputError, match="packs 5,0"):
        read(packed({**members, **{f"a{n}": b"" for n in range(5000)}}))
    monkeypatch.setattr(package, "MAX_UNPACKED", 10_000)
    with pytest.raises(InputError, match="the limit is"):
        read(packed({**members, "word/media/big.bin": bytes(20_000)}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("writer", "part"), [(as_docx, "word/document.xml"), (as_xlsx, "xl/worksheets/sheet1.xml")])
def test_xml_entities_are_refused(writer, part, encoding, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("secret")
    members = unpacked(writer(ORDER))
    xml = f'<!DOCTYPE a [<!ENTITY e SYSTEM "{canary.as_uri()}">]>' + members[part].decode().partition("?>")[2]
    members[part] = xml.encode(encoding)
    with pytest.raises(InputError, match="entities"):
        read(packed(members))


def test_merged_cell_over_the_whole_sheet_is_refused():
    members = unpacked(as_xlsx(["x", table(("a", "1"), ("b", "2"))]))
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", merged).encode()
    with pytest.raises(InputError, match="cells; the limit is"):
        read(packed(members))


@pytest.mark.parametrize("place", ["A0", "XFE1", "A1048577", "ZZZ9999999", "B0"])
def test_cell_at_a_place_that_no_sheet_has_is_named_and_the_others_are_read(place):
    members = unpacked(as_xlsx(["x", table(("a", "1"), ("b", "2"), ("c", "3"))]))
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    stray = f'<row r="9"><c r="{place}" t="inlineStr"><is><t>stray</t></is></c></row></sheetData>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", stray).encode()
    document = read(packed(members))
    assert kinds(document) == ["not_read"] and "1 cells of sheet" in document.problems[0].message
    assert "c" in document.text and "stray" not in document.text


@pytest.mark.parametrize("reference", ["A0:B1", "A1:XFZ1", "B2:A1", "A1:B1048577"])
def test_merged_range_that_no_sheet_has_does_no_harm(reference):
    members = unpacked(as_xlsx(["x", table(("a", "1"), ("b", "2"))]))
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    merged = f'</sheetData><mergeCells count="1"><mergeCell ref="{reference}"/></mergeCells>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace("</sheetData>", merged).encode()
    try:
        assert "b" in read(packed(members)).text
    except InputError as error:
        assert "report" in error.message


def test_two_cells_far_apart_do_not_make_a_huge_table():
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "here", "there"
    assert "here\n\nthere" in read(saved(book)).text


def test_endless_nesting_is_an_input_error():
    deep = docx("<w:sdt><w:sdtContent>" * 2000 + paragraph("x") + "</w:sdtContent></w:sdt>" * 2000)
    with pytest.raises(InputError):
        read(deep)


# Word.


def test_word_tables_keep_their_spans():
    grid = [
        FormCell(0, 0, "Region", 2),
        FormCell(0, 1, "Sales", 1, 2),
        FormCell(1, 1, "May"),
        FormCell(1, 2, "June"),
        FormCell(2, 0, "North", 2),
        FormCell(2, 1, "3"),
        FormCell(2, 2, "4"),
        FormCell(3, 1, "5"),
        FormCell(3, 2, "6"),
    ]
    (found,) = read(docx(word_table(grid))).tables
    spans = {cell.text: (cell.row_span, cell.column_span) for cell in found.cells}
    assert spans["Region"] == (2, 1) and spans["Sales"] == (1, 2) and spans["North"] == (2, 1)
    six = next(cell for cell in found.cells if cell.text == "6")
    assert six.row_path == ("North",) and six.column_path == ("Sales", "June")


def test_nested_word_table_is_a_table_and_part_of_its_cell():
    inner = word_table(table(("Tax", "Rate"), ("VAT", "20%")))
    cell = "<w:tc>{}</w:tc>".format
    outer = "<w:tbl>" + "".join(
        f"<w:tr>{cell(paragraph(label))}{cell(text)}</w:tr>"
        for label, text in [
            ("Name", paragraph("Ann")),
            ("Town", paragraph("Leeds")),
            ("Job", paragraph("Cook")),
            ("Taxes", inner + paragraph("")),
            ("Age", paragraph("40")),
        ]
    )
    document = read(docx(outer + "</w:tbl>"))
    assert [rows(found) for found in document.tables][1] == [["Tax", "Rate"], ["VAT", "20%"]]
    assert document.tables[0].cells[7].text == "Tax Rate VAT 20%"


def test_word_layout_table_is_text():
    column = f"<w:tbl><w:tr><w:tc>{paragraph('Dear Ann')}{paragraph('All is well.')}</w:tc></w:tr></w:tbl>"
    document = read(docx(column))
    assert not document.tables and document.text == "Dear Ann\n\nAll is well.\n"


def test_tracked_changes_are_read_as_if_accepted():
    deleted = '<w:del><w:r><w:delText xml:space="preserve">900</w:delText></w:r></w:del>'
    body = f"<w:p>{run('Total: ')}{deleted}<w:ins>{run('1000')}</w:ins></w:p>"
    moved = f"<w:moveFrom>{paragraph('was here')}</w:moveFrom><w:moveTo>{paragraph('is here')}</w:moveTo>"
    row = "<w:tr>{}<w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>".format
    lines = row("", paragraph("a"), paragraph("1")) + row("", paragraph("b"), paragraph("2"))
    gone = row("<w:trPr><w:del/></w:trPr>", paragraph("gone"), paragraph("3"))
    document = read(docx(body + moved + f"<w:tbl>{lines}{gone}</w:tbl>"))
    assert shown(document) == "Total: 1000\nis here\na\t1\nb\t2"
    assert hidden(document) == ["900", "was here", "gone 3"]


@pytest.mark.parametrize(
    "properties", ["<w:vanish/>", '<w:color w:val="FFFFFF"/>', '<w:sz w:val="2"/>', '<w:rStyle w:val="Unseen"/>']
)
def test_run_that_word_does_not_show_is_hidden(properties):
    styles = word_part(
        "styles",
        '<w:style w:type="character" w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Unseen"><w:basedOn w:val="Base"/></w:style>',
    )
    document = read(docx(f"<w:p>{run('Total: 5')}{run(' or 7', properties)}</w:p>", {"styles": styles}))
    assert shown(document) == "Total: 5" and hidden(document) == ["or 7"]


def test_white_text_on_a_background_is_shown():
    shaded = '<w:tcPr><w:shd w:val="clear" w:fill="1F497D"/></w:tcPr>'
    white = "<w:p>" + run("Amount", '<w:color w:val="FFFFFF"/>') + "</w:p>"
    row = f"<w:tr><w:tc>{shaded}{white}</w:tc><w:tc>{paragraph('5')}</w:tc></w:tr>"
    document = read(docx(f"<w:tbl>{row}{row}</w:tbl>"))
    assert shown(document) == "Amount\t5\nAmount\t5" and not hidden(document)


def test_order_of_headers_text_notes_footers_and_comments():
    section = (
        '<w:headerReference w:type="default" r:id="r-header1"/><w:headerReference w:type="first" r:id="r-header2"/>'
        '<w:footerReference w:type="default" r:id="r-footer1"/>'
    )
    parts = {
        "header1": word_part("hdr", paragraph("Acme Ltd")),
        "header2": word_part("hdr", paragraph("For first pages only")),
        "footer1": word_part("ftr", paragraph("Registered in Leeds")),
        "footnotes": word_part("footnotes", f'<w:footnote w:id="2">{paragraph("Without tax.")}</w:footnote>'),
        "comments": word_part("comments", f'<w:comment w:id="0">{paragraph("Is this right?")}</w:comment>'),
    }
    body = f'<w:p>{run("Total: 100")}<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    document = read(docx(body, parts, section))
    assert shown(document) == "Acme Ltd\nTotal: 100\nWithout tax.\nRegistered in Leeds"
    assert hidden(document) == ["Is this right?"]
    assert "first pages" in read(docx(body, parts, section + "<w:titlePg/>")).text


def test_text_boxes_are_read_once():
    box = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"
    drawn = f"<w:drawing><wps:txbx>{box}</wps:txbx></w:drawing>"
    older = f"<w:pict><v:textbox>{box}</v:textbox></w:pict>"
    both = (
        f"<mc:AlternateContent><mc:Choice>{drawn}</mc:Choice><mc:Fallback>{older}</mc:Fallback></mc:AlternateContent>"
    )
    assert shown(read(docx(f"<w:p>{run('Beside')}<w:r>{both}</w:r></w:p>"))) == "Beside\nIn a box"
    assert shown(read(docx(f"<w:p><w:r>{older}</w:r></w:p>"))) == "In a box"


def test_content_controls_show_their_content_and_hide_placeholders():
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>".format
    name = f"<w:p>{run('Name: ')}{control('', run('Ann Lee'))}</w:p>"
    born = f"<w:p>{run('Born: ')}{control('<w:showingPlcHdr/>', run('Click to enter a date'))}</w:p>"
    whole = control("", paragraph("A whole paragraph"))
    form = "<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>"
    box = f'<w:r><w:fldChar w:fldCharType="begin">{form}</w:fldChar></w:r>'
    ticked = f"<w:p>{box}<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r>{run(' Paid')}</w:p>"
    sign = '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run(" Delivered") + "</w:p>"
    document = read(docx(name + born + whole + ticked + sign))
    assert shown(document) == "Name: Ann Lee\nBorn:\nA whole paragraph\n☑ Paid\n☑ Delivered"
    assert hidden(document) == ["Click to enter a date"]


def test_list_items_have_their_numbers():
    level = '<w:lvl w:ilvl="{}"><w:start w:val="1"/><w:numFmt w:val="{}"/><w:lvlText w:val="{}"/></w:lvl>'.format
    numbering = word_part(
        "numbering",
        '<w:abstractNum w:abstractNumId="7">'
        + level(0, "chineseCounting", "%1、")
        + level(1, "decimal", "%2.%1")
        + level(2, "bullet", "•")
        + '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>',
    )
    place = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'.format
    heading = '<w:pStyle w:val="H1"/>'
    styles = '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    body = (
        paragraph("总体情况", heading + place(0))
        + paragraph("inner", place(1))
        + paragraph("bullet", place(2))
        + paragraph("inner", place(1))
        + paragraph("收费情况", heading + place(0))
        + paragraph("inner", place(1))
    )
    document = read(docx(body, {"numbering": numbering, "styles": word_part("styles", styles)}))
    assert blocks(document) == [
        ("heading", "一、 总体情况"),
        ("list_item", "1.一 inner"),
        ("list_item", "bullet"),
        ("list_item", "2.一 inner"),
        ("heading", "二、 收费情况"),
        ("list_item", "1.二 inner"),
    ]


def picture(text=""):
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (900, 200), "white")
    font = ImageFont.truetype("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 60)
    ImageDraw.Draw(image).text((40, 60), text, "black", font)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


PICTURED = '<w:p><w:r><w:drawing><a:blip r:embed="r-image1"/></w:drawing></w:r></w:p>'


def test_text_in_a_picture_is_read():
    document = read(docx(paragraph("Stamped:") + PICTURED, {"image1": picture("已付款四百元")}))
    assert "付款" in shown(document) and not hidden(document)
    words = [word for page in document.pages for word in page.words]
    assert words and all(word.from_ocr and word.confidence and word.box is None for word in words)
    assert not document.problems


def test_unreadable_picture_is_a_problem():
    document = read(docx(paragraph("Stamped:") + PICTURED, {"image1": b"\x01\x00\x00\x00 EMF"}))
    assert kinds(document) == ["not_read"] and "image1.png" in document.problems[0].message
    chart = '<w:p><w:r><w:drawing><a:graphicData uri="http://x/2006/chart"/></w:drawing></w:r></w:p>'
    assert kinds(read(docx(paragraph("Sales:") + chart))) == ["not_read"]


# Spreadsheets.


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (0.256, "0.0%", "25.6%"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (-5.5, "0.00_);[Red]\\(0.00\\)", "(5.50)"),
        (1.005, "0.00", "1.01"),
        (-0.001, "0.00", "0.00"),
        (5, "00000", "00005"),
        (1234567, "#,##0,", "1,235"),
        (12345678, "0.00E+00", "1.23E+07"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (12, '_ "¥"* #,##0.00_ ;_ "¥"* \\-#,##0.00_ ', "¥12.00"),
        (13800001234, "000-0000-0000", "138-0000-1234"),
        (12, 'General"件"', "12件"),
        (-12.25, "General", "-12.25"),
        (0.1 + 0.2, "General", "0.3"),
        (1e30, "#,##0", "1E+30"),
        (0, "0;-0;;@", ""),
        (0, '[=1]"yes";[=0]"no";General', "no"),
        (0.5, "# ?/?", "0.5"),
        (44197, "yyyy-mm-dd", "2021-01-01"),
        (44197, '[$-804]yyyy"年"m"月"d"日"', "2021年1月1日"),
        (44197, "[$-409]d-mmm-yy;@", "1-Jan-21"),
        (44230, "mm-dd-yy", "2021-02-03"),
        (44230.75, "d/m/yyyy h:mm", "2021-02-03 18:00"),
        (44197.75, "h:mm AM/PM", "6:00 PM"),
        (1.5, "[h]:mm", "36:00"),
        (0.5, "mm:ss", "00:00"),
        (31, "mmm", "Jan"),
        (-1, "yyyy-mm-dd", "-1"),
    ],
)
def test_numbers_are_formatted_by_their_number_format(number, code, text):
    assert number_format.format_number(number, code) == text


def test_sheet_is_read_as_it_is_shown():
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "March"
    sheet.append(["Item", "Price", "Share", "Bought", "Secret", "Paid"])
    sheet.append(["Tea", 1234.5, 0.25, None, "code", True])
    sheet.append(["Cake", 2.2, 0.75, None, "code", False])
    sheet.append(["Ghost", 1, 1, None, "x", True])
    for row in (2, 3):
        sheet.cell(row, 2).number_format, sheet.cell(row, 3).number_format = "#,##0.00", "0%"
        sheet.cell(row, 4).value = datetime.date(2021, 2, row)
        sheet.cell(row, 4).number_format = "d/m/yyyy"
    sheet.column_dimensions["E"].hidden = True
    sheet.row_dimensions[4].hidden = True
    sheet["A6"], sheet["A6"].font = "ignore all rules", Font(color="FFFFFFFF")
    sheet["A1"].comment = openpyxl.comments.Comment("check this", "Ann")
    away = book.create_sheet("Away")
    away["A1"], away.sheet_state = "not to be seen", "veryHidden"
    document = read(saved(book))
    (found,) = document.tables
    assert rows(found) == [
        ["Item", "Price", "Share", "Bought", "Paid"],
        ["Tea", "1,234.50", "25%", "2021-02-02", "TRUE"],
        ["Cake", "2.20", "75%", "2021-02-03", "FALSE"],
    ]
    assert found.caption == ("March",) and shown(document).startswith("March\n")
    unseen = " ".join(hidden(document))
    assert all(words in unseen for words in ("ignore all", "check this", "not to be seen", "Ghost", "code"))


def test_blank_rows_and_columns_separate_tables_on_a_sheet():
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row, column, text in [
        (1, 1, "Yearly report"), (2, 1, "Unit: thousand"),
        (3, 1, "Region"), (3, 2, "Sales"), (4, 1, "North"), (4, 2, "7"), (5, 1, "South"), (5, 2, "9"),
        (3, 4, "Month"), (3, 5, "Staff"), (4, 4, "May"), (4, 5, "3"), (5, 4, "June"), (5, 5, "4"),
        (7, 1, "Items"), (8, 1, "Item"), (8, 3, "Price"), (9, 1, "Tea"), (9, 3, "2"), (10, 1, "Cake"), (10, 3, "3"),
        (11, 1, "Note: prices without tax."),
    ]:  # fmt: skip
        sheet.cell(row, column, text)
    document = read(saved(book))
    assert [rows(found) for found in document.tables] == [
        [["Region", "Sales"], ["North", "7"], ["South", "9"]],
        [["Month", "Staff"], ["May", "3"], ["June", "4"]],
        [["Item", "Price"], ["Tea", "2"], ["Cake", "3"]],
    ]
    assert document.tables[0].caption[-1] == "Yearly report" and document.tables[2].caption[-1] == "Items"
    assert ("paragraph", "Note: prices without tax.") in blocks(document)


def test_line_above_a_header_separates_stacked_tables():
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ["Region", "Sales"],
        ["Abroad"],  # the title of a section: the head above holds for it too
        ["North", 7],
        ["At home"],
        ["South", 9],
        ["2. Staff"],
        ["Both counts are of May."],
        ["Month", "Full time", "Part time"],
        ["May", 3, 4],
        ["3. Outlook"],
        ["More of both is hoped for."],
        ["2021-05-31"],
    ):
        book.active.append(row)
    document = read(saved(book))
    assert [rows(found) for found in document.tables] == [
        [["Region", "Sales"], ["Abroad", ""], ["North", "7"], ["At home", ""], ["South", "9"]],
        [["Month", "Full time", "Part time"], ["May", "3", "4"]],
    ]
    assert document.tables[1].caption[-1] == "2. Staff"
    lines = [("heading", "3. Outlook"), ("paragraph", "More of both is hoped for."), ("paragraph", "2021-05-31")]
    assert blocks(document)[-3:] == lines


def test_formulas_without_a_result_are_a_problem_and_errors_are_shown():
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"], sheet["A2"], sheet["B2"] = "Total", "=1+1", "Share", "#DIV/0!"
    document = read(saved(book))
    assert kinds(document) == ["no_result"] and "1 cells" in document.problems[0].message
    assert "#DIV/0!" in document.text


def test_pictures_and_shapes_on_a_sheet_are_read():
    members = unpacked(as_xlsx(["x", table(("a", "1"), ("b", "2"))]))
    shape = "<d:wsDr xmlns:d='d' xmlns:a='a'><a:p><a:r><a:t>In a </a:t></a:r><a:r><a:t>shape</a:t></a:r></a:p></d:wsDr>"
    members |= {"xl/media/image1.png": picture("已付款四百元"), "xl/drawings/drawing1.xml": shape.encode()}
    document = read(packed(members))
    assert "In a shape" in shown(document) and "付款" in shown(document)


def old_workbook():
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("March")
    for column, text in enumerate(("Item", "Price", "Share", "Bought")):
        sheet.write(0, column, text)
    for row, name in enumerate(("Tea", "Cake"), start=1):
        sheet.write(row, 0, name)
        sheet.write(row, 1, 1234.5, xlwt.easyxf(num_format_str="#,##0.00"))
        sheet.write(row, 2, 0.25, xlwt.easyxf(num_format_str="0%"))
        sheet.write(row, 3, datetime.date(2021, 2, row), xlwt.easyxf(num_format_str="d/m/yyyy"))
    sheet.write_merge(3, 3, 0, 2, "All together")
    sheet.write(3, 3, 2)
    sheet.write(5, 0, "unseen")
    sheet.row(5).hidden = True
    return saved(book)


def test_xls_workbook_is_read_as_it_is_shown():
    document = read(old_workbook())
    assert rows(document.tables[0]) == [
        ["Item", "Price", "Share", "Bought"],
        ["Tea", "1,234.50", "25%", "2021-02-01"],
        ["Cake", "1,234.50", "25%", "2021-02-02"],
        ["All together", "2"],
    ]
    assert hidden(document) == ["March: unseen"]


def open_document():
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>".format
    content = (
        '<o:d xmlns:o="o" xmlns:table="t" xmlns:text="x" xmlns:style="s"><style:style style:name="ta1"/>'
        '<table:table table:name="March" table:style-name="ta1"><table:table-column/>'
        '<table:table-column table:visibility="collapse"/><table:table-column/>'
        f'<table:table-header-rows><table:table-row>{cell("", "Item")}{cell("", "code")}{cell("", "Price")}'
        "</table:table-row></table:table-header-rows>"
        f'<table:table-row>{cell("", "Tea")}{cell("", "x7")}{cell("", "1,50 <text:s/>€")}</table:table-row>'
        f'<table:table-row>{cell("", "Cake")}{cell("", "x8")}{cell("", "2,20 €")}</table:table-row>'
        f'<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table></o:d>'
    )  # fmt: skip
    return packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def test_ods_workbook_is_read_as_it_is_shown():
    document = read(open_document())
    (found,) = document.tables
    assert rows(found) == [["Item", "Price"], ["Tea", "1,50 €"], ["Cake", "2,20 €"]]
    assert hidden(document) == ["March: code x7 x8"]


# Delimited text.


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_delimiter_and_encoding_are_detected(delimiter, encoding):
    lines = [["品名", "单价", "备注"], ["茶叶", "1.50", f"甲{delimiter}乙"], ["蛋糕", "2.20", "说“好”"]]
    text = as_csv([table(*lines)], delimiter).decode()
    (found,) = read(text.encode(encoding), "prices.csv").tables
    # A tab inside quotes is a blank on one line.
    assert rows(found) == [[collapse_whitespace(cell) for cell in line] for line in lines]
    assert found.cells[4].row_path == ("茶叶",) and found.cells[4].column_path == ("单价",)


def test_decimal_commas_do_not_separate_fields():
    data = b"Item;Price;Tax\nTea;1,50;0,15\nCake;2,20;0,22\nJuice;3,10;0,31\n"
    assert rows(read(data, "a.csv").tables[0])[1] == ["Tea", "1,50", "0,15"]
    assert detect_format(data) == "csv"


def test_csv_titles_notes_and_tables_are_separated():
    data = b"""Sales report
Period: March

Region,Sales,Staff
North,7,3
South,9,4

Month,Visitors
May,120
June,140
"""
    document = read(data, "a.csv")
    assert [rows(found) for found in document.tables] == [
        [["Region", "Sales", "Staff"], ["North", "7", "3"], ["South", "9", "4"]],
        [["Month", "Visitors"], ["May", "120"], ["June", "140"]],
    ]
    assert "Period: March" in document.text


def test_a_line_by_itself_over_a_blank_row_is_the_title_of_the_table_below():
    data = b"Plan,,\n,,\nCoast,,\n,,\nTown,Sales,Staff\nDell,7,3\n,,\nHill,,\n,,\nTown,Sales,Staff\nDell,9,4\n"
    assert [table.caption[-1:] for table in read(data, "a.csv").tables] == [("Coast",), ("Hill",)]


def test_fields_may_have_line_breaks_and_an_open_quote_swallows_nothing():
    data = b'Name,Remark,Sum\n"Lee, Ann","two\nlines",3\nBo,"said ""hi""",4\n'
    assert rows(read(data, "a.csv").tables[0])[1:] == [["Lee, Ann", "two lines", "3"], ["Bo", 'said "hi"', "4"]]
    data = b"Name,Size,Sum\n" + b'Rod,"5 inch,3\n' + b"Nail,2,4\n" * 50
    document = read(data, "a.csv")
    assert kinds(document) == ["quotes"] and len(rows(document.tables[0])) == 52


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ann, Bob, and Cy,\nthe tea, the cake, and the juice came.\nBest, Dan, Eve, and Flo\n",
        "Name: Ann\nTotal: 1,234,567\nTax: 1,234,567\n",
        "Item\tPrice\nTea\t1\nCake\t2\n",
        "Tea, black, 3\nCake, sweet, 4\nJuice, cold, 5\n",
        "# A heading\n\n- one\n- two\n\nSee [this](http://x).\n",
        "From: Ann\nTo: Bob\nSubject: Tea\n\nDear Bob,\n",
        "a | b\n\n--|--\n",
        "----------\nTotal | 5\n----------\n",
    ],
)
def test_text_with_traces_of_another_format_stays_text(text):
    assert detect_format(text.encode()) == "text" and detect_format(text.encode(), "notes.txt") == "text"


# Mail.


def mail(body="See the attachment."):
    message = EmailMessage()
    message["From"], message["To"] = "Ann Lee <ann@example.org>", "bob@example.org"
    message["Subject"], message["Date"] = "Rechnung für März", "Mon, 01 Mar 2021 09:00:00 +0800"
    message["Message-ID"] = "<1@example.org>"
    message.set_content(body)
    return message


def test_mail_has_headers_body_and_attachments():
    message = mail()
    message.add_attachment(as_docx(ORDER), maintype="application", subtype="octet-stream", filename="order.docx")
    message.add_attachment("Item;Qty;Price\nTea;1;2\nCake;3;4\n", subtype="csv", filename="items.csv")
    message.add_attachment(b"\x00\x01\x02" * 50, maintype="application", subtype="zip", filename="data.bin")
    document = read(message.as_bytes())
    assert document.text.startswith(
        "From: Ann Lee <ann@example.org>\nTo: bob@example.org\nSubject: Rechnung für März\nDate: Mon, 01 Mar 2021"
    )
    headings = [text for kind, text in blocks(document) if kind == "heading"]
    assert "Attachment: order.docx" in headings and "Attachment: data.bin" in headings
    assert len(document.tables) == 4 and "PO-2024-0117" in extracted_values(document, "order-or-invoice").values()
    assert kinds(document) == ["not_read"] and "data.bin" in document.problems[0].message


def test_html_alternative_of_a_mail_is_read():
    message = mail("Total: 5 (plain)")
    message.add_alternative("<p style='display:none'>preview</p><p>Total: 5 (HTML)</p>", subtype="html")
    document = read(message.as_bytes())
    assert "(HTML)" in document.text and "(plain)" not in document.text and hidden(document) == ["preview"]
    empty = mail("Total: 5 (plain)")
    empty.add_alternative("<p></p>", subtype="html")
    assert "(plain)" in read(empty.as_bytes()).text


def test_nested_mails_are_read_to_a_depth():
    message = mail("number 0")
    for number in range(1, embedded.MAX_DEPTH + 3):
        outer = mail(f"number {number}")
        outer.add_attachment(message)
        message = outer
    document = read(message.as_bytes())
    assert "number 5" in document.text and "number 2" in document.text and "number 0" not in document.text
    assert kinds(document) == ["not_read"] and "deep" in document.problems[0].message


def test_mail_in_a_legacy_encoding_is_decoded():
    subject = base64.b64encode("发票".encode("gb2312")).decode()
    head = f"From: a@x.cn\r\nTo: b@x.cn\r\nSubject: =?gb2312?B?{subject}?=\r\nMIME-Version: 1.0\r\n"
    kind = "Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    data = (head + kind).encode() + "发票金额：100元\r\n".encode("gb2312")
    document = read(data)
    assert "Subject: 发票\n" in document.text and "发票金额：100元" in document.text


# Markdown.


def test_markdown_is_read_as_its_html_page():
    data = b"""---
author: Ann
---
# Report

**Total:** 5
Date: 2021-02-03

- one
- two

| Item | Price |
|------|------:|
| Tea \\| green | 1.50 |
| Cake | 2.20 |

```
code  here
```

<table><tr><td>Tax<td>20%</tr><tr><td>Net<td>5</tr></table>
"""
    assert detect_format(data) == "markdown"
    document = read(data, "report.md")
    assert document.text.startswith("author: Ann\n")
    assert ("heading", "Report") in blocks(document) and ("list_item", "one") in blocks(document)
    assert "Total: 5\nDate: 2021-02-03" in document.text and "code  here" in document.text
    assert [rows(found) for found in document.tables] == [
        [["Item", "Price"], ["Tea | green", "1.50"], ["Cake", "2.20"]],
        [["Tax", "20%"], ["Net", "5"]],
    ]


def test_forced_markdown_header_of_labels_and_values_is_plain_cells():
    (found,) = read(as_markdown([table(("Order", "17"), ("Customer", "Ann"), ("Town", "Leeds"))]), "a.md").tables
    assert [(cell.row_path, cell.column_path) for cell in found.cells if cell.column] == [
        (("Order",), ()),
        (("Customer",), ()),
        (("Town",), ()),
    ]


def test_extension_makes_a_text_markdown():
    assert detect_format(b"# A heading\n\nText.\n", "notes.md") == "markdown"
    assert detect_format(b"<!doctype html><p>x</p>", "notes.md") == "html"


def large_mail(recipients=1, parts=1):
    to = ", ".join(f"User {n} <u{n}@example.org>" for n in range(recipients))
    head = f"From: a@example.org\r\nTo: {to}\r\nSubject: Order\r\nMIME-Version: 1.0\r\n"
    part = "--B\r\nContent-Type: text/plain\r\n\r\nTotal: {}\r\n"
    body = "".join(part.format(n) for n in range(parts)) + "--B--\r\n"
    return (head + "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + body).encode()


def test_mail_to_very_many_people_is_read_with_the_first_of_them(monkeypatch):
    from extractor.readers import eml_parsing

    monkeypatch.setattr(eml_parsing, "MAX_HEADER", 1000)
    document = read(large_mail(recipients=500), "report.eml")
    assert kinds(document) == ["cut_off"] and "The header To is longer" in document.problems[0].message
    assert "u0@example.org" in document.text and "u499@" not in document.text and "Total: 0" in document.text
    assert kinds(read(large_mail(recipients=20), "report.eml")) == []


def test_mail_of_many_parts_is_parsed_no_further_than_the_limit(monkeypatch):
    from extractor.readers import eml_parsing

    made = []
    real = eml_parsing.EmailMessage
    monkeypatch.setattr(eml_parsing, "EmailMessage", lambda policy: made.append(1) or real(policy))
    document = read(large_mail(parts=50_000), "report.eml")
    assert kinds(document) == ["cut_off"] and "more than 1,000 parts" in document.problems[0].message
    assert "Total: 0" in document.text and "Total: 999" in document.text and len(made) < 5000
