"""XML and JSON: read as lines, tables and paragraphs under the names of elements and members."""

from __future__ import annotations

import base64
import json

import pytest

from extractor.errors import InputError
from extractor.extraction.pipeline import extract
from extractor.extraction.planning import plan
from extractor.readers import detect_format, read_bytes
from extractor.readers.data_tree import MAX_DEPTH
from extractor.readers.data_writer import name_as_label
from extractor.schemas import load_schema

INVOICE = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<?xml-stylesheet href="invoice.xsl"?>
<Invoice xmlns:c="urn:example:components" xmlns="urn:example:invoice"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:example:invoice invoice.xsd">
  <c:ID>R-2041</c:ID>
  <c:IssueDate>2031-04-09</c:IssueDate>
  <c:Note><![CDATA[Thank you <very> much]]></c:Note>
  <c:Discount/>
  <c:InvoicePeriod><c:StartDate>2031-03-01</c:StartDate><c:EndDate>2031-03-31</c:EndDate></c:InvoicePeriod>
  <c:Supplier><c:Party><c:PartyName><c:Name>Birch Mill</c:Name></c:PartyName>
    <c:Contact><c:Name>Ada Moss</c:Name><c:Phone>555 0199</c:Phone></c:Contact></c:Party></c:Supplier>
  <c:Customer><c:Party><c:PartyName><c:Name>Fern &amp; Sons</c:Name></c:PartyName>
    <c:EndpointID schemeID="0088">880055</c:EndpointID></c:Party></c:Customer>
  <c:Line>
    <c:ID>1</c:ID><c:Quantity unitCode="C62">4</c:Quantity><c:Amount currencyID="EUR">80.00</c:Amount>
    <c:Item><c:Name>Oak board</c:Name><c:Description>planed</c:Description></c:Item>
    <c:AllowanceCharge><c:Reason>Freight</c:Reason><c:Amount currencyID="EUR">5.00</c:Amount></c:AllowanceCharge>
    <c:AllowanceCharge><c:Reason>Loyalty</c:Reason><c:Amount currencyID="EUR">2.00</c:Amount></c:AllowanceCharge>
  </c:Line>
  <c:Line>
    <c:ID>2</c:ID><c:Quantity unitCode="KGM">1.5</c:Quantity><c:Amount currencyID="EUR">12.00</c:Amount>
    <c:Item><c:Name>Nails</c:Name></c:Item>
    <c:AllowanceCharge><c:Reason>Freight</c:Reason><c:Amount currencyID="EUR">1.00</c:Amount></c:AllowanceCharge>
  </c:Line>
  <c:Totals><c:PayableAmount currencyID="EUR">96.00</c:PayableAmount><c:LineCount>2</c:LineCount></c:Totals>
</Invoice>
"""


def assert_spans_hold(document):
    for table in document.tables:
        for cell in table.cells:
            assert document.text[cell.start : cell.end] == cell.text
        assert all(table.start <= cell.start and cell.end <= table.end for cell in table.cells)
    for block in document.blocks:
        assert document.text[block.start : block.end].strip()


def table_under(document, *caption):
    (table,) = [table for table in document.tables if table.caption == caption]
    return table


def rows_of(table):
    return [[cell.text for cell in table.cells if cell.row == row] for row in range(table.rows)]


def test_invoice_reads_as_a_person_would_write_it():
    document = read_bytes(INVOICE, "invoice.xml")
    assert document.text == (
        "Invoice\n"
        "ID: R-2041\n"
        "Issue Date: 2031-04-09\n"
        "Note: Thank you <very> much\n"
        "\n"
        "Invoice Period\n"
        "  Start Date: 2031-03-01\n"
        "  End Date: 2031-03-31\n"
        "\n"
        "Supplier / Party\n"
        "  Party Name / Name: Birch Mill\n"
        "\n"
        "  Contact\n"
        "    Name: Ada Moss\n"
        "    Phone: 555 0199\n"
        "\n"
        "Customer / Party\n"
        "  Party Name / Name: Fern & Sons\n"
        "  Endpoint ID: 880055\n"
        "  Endpoint ID / Scheme ID: 0088\n"
        "\n"
        "Line\n"
        "ID\tQuantity\tQuantity / Unit Code\tAmount\tItem / Name\tItem / Description\n"
        "1\t4\tC62\t80.00 EUR\tOak board\tplaned\n"
        "2\t1.5\tKGM\t12.00 EUR\tNails\t\n"
        "\n"
        "Line / Allowance Charge\n"
        "Line\tReason\tAmount\n"
        "1\tFreight\t5.00 EUR\n"
        "1\tLoyalty\t2.00 EUR\n"
        "2\tFreight\t1.00 EUR\n"
        "\n"
        "Totals\n"
        "  Payable Amount: 96.00 EUR\n"
        "  Line Count: 2\n"
    )
    assert document.problems == ()
    assert_spans_hold(document)


def test_cells_know_their_labels_and_headings():
    document = read_bytes(INVOICE, "invoice.xml")
    contact = table_under(document, "Invoice", "Supplier", "Party", "Contact")
    assert [(cell.text, cell.row_path) for cell in contact.cells if not cell.header] == [
        ("Ada Moss", ("Name",)),
        ("555 0199", ("Phone",)),
    ]
    customer = table_under(document, "Invoice", "Customer", "Party")
    assert {cell.row_path: cell.text for cell in customer.cells if not cell.header} == {
        ("Party Name", "Name"): "Fern & Sons",
        ("Endpoint ID",): "880055",
        ("Endpoint ID", "Scheme ID"): "0088",
    }
    lines = table_under(document, "Invoice", "Line")
    assert {cell.column: cell.column_path for cell in lines.cells if cell.row == 1}[4] == ("Item", "Name")
    assert [cell.header for cell in lines.cells if cell.row == 0] == [True] * 6
    headings = [(document.text[b.start : b.end], b.level) for b in document.blocks if b.kind == "heading"]
    assert headings[:4] == [("Invoice", 1), ("Invoice Period", 2), ("Supplier / Party", 2), ("Contact", 3)]


def test_log_of_entries_is_one_table():
    entries = "".join(
        f'<entry time="09:{n:02}"><sensor>S{n % 3}</sensor><value unit="C">{20 + n / 10:.1f}</value></entry>'
        for n in range(50)
    )
    document = read_bytes(f"<log><site>Pier 4</site>{entries}</log>".encode(), "log.xml")
    table = table_under(document, "Log", "Entry")
    assert rows_of(table)[:3] == [["Time", "Sensor", "Value"], ["09:00", "S0", "20.0 C"], ["09:01", "S1", "20.1 C"]]
    assert table.rows == 51
    assert document.text.startswith("Log\nSite: Pier 4\n\nEntry\nTime\tSensor\tValue\n")
    assert_spans_hold(document)


def test_values_with_attributes_are_rows():
    readings = "".join(f'<reading at="{n}:00">{n * 3}</reading>' for n in range(4))
    document = read_bytes(f"<readings>{readings}</readings>".encode(), "readings.xml")
    (table,) = document.tables
    assert rows_of(table) == [["Reading", "At"], ["0", "0:00"], ["3", "1:00"], ["6", "2:00"], ["9", "3:00"]]


def test_lists_in_lists_keep_the_row_they_belong_to():
    orders = "".join(
        f"<order><number>A{n}</number><item><sku>x{n}</sku><count>1</count></item>"
        f"<item><sku>y{n}</sku><count>2</count></item></order>"
        for n in (7, 8)
    )
    document = read_bytes(f"<orders>{orders}</orders>".encode(), "orders.xml")
    assert rows_of(table_under(document, "Orders", "Order")) == [["Number"], ["A7"], ["A8"]]
    assert rows_of(table_under(document, "Orders", "Order", "Item")) == [
        ["Order", "Sku", "Count"],
        ["A7", "x7", "1"],
        ["A7", "y7", "2"],
        ["A8", "x8", "1"],
        ["A8", "y8", "2"],
    ]


def test_things_of_one_name_with_little_in_common_are_sections():
    parts = "<part><a>1</a><b>2</b><c>3</c></part><part><d>4</d><e>5</e><f>6</f></part><part><g>7</g><h>8</h></part>"
    document = read_bytes(f"<set>{parts}</set>".encode(), "set.xml")
    assert document.text.startswith("Set\nPart 1\n  A: 1\n  B: 2\n  C: 3\n\nPart 2\n  D: 4\n")


def test_article_reads_as_prose():
    document = read_bytes(
        b"<article><title>On Tides</title><author>M. Reed</author>"
        b"<section><title>Cause</title>"
        b"<para>The <em>moon</em> pulls the sea.</para><para>So does the sun.</para></section>"
        b"<section><title>Effect</title><para>Water rises.</para></section></article>",
        "article.xml",
    )
    assert document.text == (
        "On Tides\nAuthor: M. Reed\n\n"
        "Cause\n  The moon pulls the sea.\n\n  So does the sun.\n\n"
        "Effect\n  Water rises.\n"
    )
    assert [block.kind for block in document.blocks].count("paragraph") == 3
    assert_spans_hold(document)


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><th>Port</th><th>Ships</th></tr><tr><td>Hull</td><td>12</td></tr><tr><td>Leith</td><td>9</td></tr>",
        '<Row><Cell><Data ss:Type="String">Port</Data></Cell><Cell><Data ss:Type="String">Ships</Data></Cell></Row>'
        '<Row><Cell><Data ss:Type="String">Hull</Data></Cell><Cell><Data ss:Type="Number">12</Data></Cell></Row>'
        '<Row><Cell><Data ss:Type="String">Leith</Data></Cell>'
        '<Cell ss:Index="2"><Data ss:Type="Number">9</Data></Cell></Row>',
    ],
    ids=["HTML", "spreadsheet"],
)
def test_rows_of_cells_without_names_are_a_table(rows):
    document = read_bytes(f'<Table xmlns:ss="urn:example:sheet">{rows}</Table>'.encode(), "sheet.xml")
    (table,) = document.tables
    assert rows_of(table) == [["Port", "Ships"], ["Hull", "12"], ["Leith", "9"]]
    assert {(cell.text, cell.column_path) for cell in table.cells if cell.row and cell.column} == {
        ("12", ("Ships",)),
        ("9", ("Ships",)),
    }
    assert_spans_hold(document)


def test_cells_stay_in_their_columns():
    rows = (
        '<r><c>Port</c><c>Ships</c><c>Tons</c></r><r><c>Hull</c><c i:Index="3">40</c></r>'
        "<r><c>Leith</c><c/><c>7</c></r>"
    )
    document = read_bytes(f'<t xmlns:i="urn:i">{rows}</t>'.encode(), "sheet.xml")
    assert rows_of(document.tables[0]) == [["Port", "Ships", "Tons"], ["Hull", "", "40"], ["Leith", "", "7"]]


def test_text_between_groups_is_kept():
    document = read_bytes(b"<doc>Before <box><w>1</w><h>2</h></box> after</doc>", "doc.xml")
    assert document.text == "Doc\nBefore\n\nBox\n  W: 1\n  H: 2\n\nafter\n"


def test_malformed_xml_is_read_as_text_with_a_problem():
    document = read_bytes(b'<?xml version="1.0"?>\n<order><number>17</number><total>5.00</order>', "order.xml")
    assert "<total>5.00" in document.text
    (problem,) = document.problems
    assert problem.kind == "malformed"
    assert "XML" in problem.message


def test_entities_are_refused():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{levels}]><a>&l9;</a>'
    outside = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY file SYSTEM "file:///etc/hostname">]><a>&file;</a>'
    for text in (bomb, outside):
        with pytest.raises(InputError, match="entities"):
            read_bytes(text.encode(), "a.xml")
        with pytest.raises(InputError, match="entities"):
            read_bytes(text.encode("utf-16"), "a.xml")


def test_dtd_outside_the_file_is_not_read():
    document = read_bytes(
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a><b>1</b></a>', "a.xml"
    )
    assert document.text == "A\nB: 1\n"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 50, 5000, 200_000])
def test_deep_data_is_read_as_text_with_a_problem(depth):
    for text, name in ((b"<a>" * depth + b"x" + b"</a>" * depth, "a.xml"), (b"[" * depth + b"]" * depth, "a.json")):
        document = read_bytes(text, name)
        assert [problem.kind for problem in document.problems] == ["malformed"]
        assert len(document.text) == len(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "gb2312", "windows-1250"])
def test_declared_encodings(encoding):
    word = {"gb2312": "总计", "windows-1250": "dvořák"}.get(encoding, "café")
    data = f'<?xml version="1.0" encoding="{encoding}"?><order><note>{word}</note></order>'.encode(encoding)
    assert read_bytes(data, "order.xml").text == f"Order\nNote: {word}\n"


def test_file_inside_is_read_as_attachment():
    inner = base64.b64encode(b"<!doctype html><p>" + b"Terms of delivery apply. " * 20 + b"</p>").decode()
    data = f'<order><number>5</number><file filename="terms.html" mime="text/html">{inner}</file></order>'
    document = read_bytes(data.encode(), "order.xml")
    assert document.text.startswith("Order\nNumber: 5\nFile: terms.html\nFile / Mime: text/html\n")
    assert "Attachment: terms.html" in document.text
    assert document.text.count("Terms of delivery apply.") == 20
    unknown = base64.b64encode(bytes(range(256)) * 3).decode()
    document = read_bytes(f"<order><number>5</number><seal>{unknown}</seal></order>".encode(), "order.xml")
    assert document.text == "Order\nNumber: 5\nSeal: Seal\n"
    assert [problem.kind for problem in document.problems] == ["not_read"]


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ('<?xml version="1.0"?><feed><title>t</title><link>l</link></feed>', "a", "xml"),
        ('<feed xmlns="urn:f"><title>t</title></feed>', "a", "xml"),
        ("<order>\n<total>3</total>\n</order>\n", "a.txt", "xml"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><p>x</p></html>', "a.xml", "html"),
        ("<table><tr><td>1</td></tr></table>", "a", "html"),
        ("<article><title>t</title></article>", "a.xml", "xml"),
        ("<b>bold</b> and so on", "a.txt", "html"),
        ("<Enter> starts the pump; <Esc> stops it.", "a.txt", "text"),
        ('{"total": 3}', "a", "json"),
        ('[{"total": 3}]', "a.txt", "json"),
        ('{"a": 1}\n{"a": 2}\n', "a.log", "json"),
        ("[1] Smith, On Rivers.", "a.txt", "text"),
        ("{ Remarks } none", "a.txt", "text"),
        ("[1, 2]", "a.json", "json"),
    ],
)
def test_format_is_recognised_by_content(text, name, found):
    assert detect_format(text.encode(), name) == found


def test_json_reads_as_data():
    value = {
        "orderNumber": "A-7",
        "total": 12.50,
        "paid": True,
        "remark": None,
        "tags": ["new", "blue"],
        "ship_to": {"name": "Ada Moss", "city": "Hull"},
        "items": [{"sku": "x", "price": {"net": 4.10}}, {"sku": "y", "price": {"net": 8.40}}],
    }
    text = json.dumps(value).replace("12.5", "12.50")
    document = read_bytes(text.encode(), "order.json")
    assert document.text == (
        "Order Number: A-7\nTotal: 12.50\nPaid: true\nTags: new\nTags: blue\n\n"
        "Ship To\n  Name: Ada Moss\n  City: Hull\n\n"
        "Items\nSku\tPrice / Net\nx\t4.1\ny\t8.4\n"
    )
    assert_spans_hold(document)


def test_list_of_one_object_is_a_table_in_json():
    document = read_bytes(b'{"items": [{"sku": "x", "count": 3}]}', "order.json")
    assert rows_of(document.tables[0]) == [["Sku", "Count"], ["x", "3"]]


def test_json_lines_are_a_table():
    document = read_bytes(b'{"at": "1:00", "value": 3}\n{"at": "2:00", "value": 4}\n', "log.jsonl")
    assert rows_of(document.tables[0]) == [["At", "Value"], ["1:00", "3"], ["2:00", "4"]]


def test_malformed_json_is_read_as_text_with_a_problem():
    document = read_bytes(b'{"total": 3, "rest": ', "order.json")
    assert document.text.startswith('{"total": 3')
    assert [problem.kind for problem in document.problems] == ["malformed"]


def test_data_without_text_is_a_problem():
    for text, name in (("<order><total/></order>", "a.xml"), ('{"a": null}', "a.json")):
        assert [problem.kind for problem in read_bytes(text.encode(), name).problems] == ["no_text"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("startDate", "Start Date"),
        ("CompanyID", "Company ID"),
        ("unit_price", "Unit Price"),
        ("发票号码", "发票号码"),
        ("@type", "Type"),
        ("Total (EUR)", "Total (EUR)"),
        ("@", "@"),
    ],
)
def test_names_as_labels(name, label):
    assert name_as_label(name) == label


# What is found in data without a model.


def string(description="", **more):
    return {"type": ["string", "null"], "description": description, **more}


def number(description="", **more):
    return {"type": ["number", "null"], "description": description, **more}


def schema_of(**properties):
    return load_schema({"title": "t", "type": "object", "properties": properties})


def extracted(data, name, /, **properties):
    return extract(read_bytes(data, name), schema_of(**properties), None).data


def test_fields_are_found_by_the_names_of_elements_and_of_groups_around_them():
    found = extracted(
        INVOICE,
        "invoice.xml",
        invoiceId=string(),
        issueDate=string(format="date"),
        invoicePeriodEndDate=string(format="date"),
        contactName=string(),
        payableAmount=number(),
    )
    assert found == {
        "invoiceId": "R-2041",
        "issueDate": "2031-04-09",
        "invoicePeriodEndDate": "2031-03-31",
        "contactName": "Ada Moss",
        "payableAmount": 96,
    }


def test_same_name_in_two_groups_is_told_apart_by_the_objects_of_the_schema():
    person = {"type": "object", "properties": {"name": string(), "phone": string()}}
    data = (
        b"<deal><buyer><name>A. Fir</name><phone>1</phone></buyer>"
        b"<seller><name>B. Elm</name><phone>2</phone></seller></deal>"
    )
    found = extracted(data, "deal.xml", buyer=person, seller=person, name=string())
    assert found == {
        "buyer": {"name": "A. Fir", "phone": "1"},
        "seller": {"name": "B. Elm", "phone": "2"},
        "name": None,
    }


def test_column_of_a_list_does_not_contest_a_total_of_that_name():
    items = "".join(f"<item><sku>s{n}</sku><amount>{n}.50</amount></item>" for n in range(3))
    data = f"<order>{items}<sums><amount>4.50</amount><count>3</count></sums></order>".encode()
    assert extracted(data, "order.xml", amount=number()) == {"amount": 4.5}
    assert extracted(data, "order.xml", sku=string()) == {"sku": None}


def test_list_is_read_from_the_rows_of_what_repeats():
    wanted = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "lineId": string(),
                "quantity": number(),
                "unitCode": string(),
                "amount": number(),
                "itemName": string(),
                "reason": string(),
            },
        },
    }
    found = extracted(INVOICE, "invoice.xml", lines=wanted)["lines"]
    assert [tuple(row.values())[:5] for row in found] == [
        ("1", 4, "C62", 80, "Oak board"),
        ("2", 1.5, "KGM", 12, "Nails"),
    ]


def test_name_of_the_thing_may_be_repeated_in_the_names_of_its_parts():
    fees = "".join(
        f"<portFee><portFeeReason>{reason}</portFeeReason><portFeeRate>{rate}</portFeeRate></portFee>"
        for reason, rate in (("pilot", "3.5"), ("berth", "7"))
    )
    wanted = {"type": "array", "items": {"type": "object", "properties": {"reason": string(), "rate": number()}}}
    found = extracted(f"<bill><ship>Ada</ship>{fees}</bill>".encode(), "bill.xml", portFees=wanted)
    assert found == {"portFees": [{"reason": "pilot", "rate": 3.5}, {"reason": "berth", "rate": 7}]}


def test_lines_of_a_form_that_have_not_answered_stay_in_the_prompt():
    data = (
        b"<order><number>A-7</number><total>5.00</total><issued>2031-05-06</issued>"
        b"<carrier>Ketch Lines</carrier></order>"
    )
    wanted = schema_of(number=string(), total=number(), issued=string(format="date"), shipper=string())
    planned = plan(read_bytes(data, "order.xml"), wanted)
    assert "Carrier: Ketch Lines" in planned.passages.text
    assert "2031-05-06" not in planned.passages.text


def test_entry_whose_one_number_happens_to_be_a_sum_is_no_total():
    lines = "".join(
        f"<line><sku>{sku}</sku><count>{count}</count><price>{price}</price><vat>{vat}</vat>{more}</line>"
        for sku, count, price, vat, more in (
            ("oak", 4, "8.00", 25, "<note>planed</note>"),
            ("ash", 6, "3.00", 0, "<note>raw</note>"),
            ("elm", 5, "2.00", 25, ""),
        )
    )
    items = {"sku": string(), "count": number(), "price": number(), "vat": number(), "note": string()}
    wanted = {"type": "array", "items": {"type": "object", "properties": items}}
    found = extracted(f"<order>{lines}</order>".encode(), "order.xml", lines=wanted)
    assert [row["sku"] for row in found["lines"]] == ["oak", "ash", "elm"]
