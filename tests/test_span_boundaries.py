"""Where the answer to a free-text field begins and ends."""

import pytest

from extractor.grounding.lines import holds_other_value, other_label_terms
from extractor.grounding.span_boundaries import SpanBoundarySettings, adjust_span
from extractor.schemas import load_schema
from extractor.settings import replaced
from extractor.types import Document


def field(title, **more):
    properties = {"a": {"type": "string", "title": title, **more}}
    return load_schema({"type": "object", "properties": properties}).fields[0]


def adjusted(text, answer, title="Sender"):
    """The text of the adjusted span of `answer`, at its first place in `text`."""
    at = text.index(answer)
    start, end = adjust_span((at, at + len(answer)), field(title), Document("0", "a", text))
    return text[start:end]


LETTER = """BRASSERIE AU BORD DU LAC
CHE-114.203.77
Quai des Tanneurs 9,
Vieux Port, 1844 Bellerive
Tel: 021 555 0143
Fax: 021 555 0144
Signed by Mara Quill in Bellerive on Monday, as agreed.
Order of Silver Heron
HOST: SILVER HERON PRESS (CH)
Tours start at the lake
"""


@pytest.mark.parametrize(
    "answer", ["AU BORD DU LAC", "HERON PRESS", "Mara Quill", "Silver Heron", "Bellerive on Monday", "Tours start"]
)
def test_text_of_one_line_stays_as_it_was_answered(answer):
    assert adjusted(LETTER, answer) == answer


@pytest.mark.parametrize(
    "extra",
    [("CHE-114.203.77\n", ""), ("", "\nTel: 021 555 0143"), ("", "\nTel: 021 555 0143\nFax: 021 555 0144\nSigned")],
)
def test_lines_that_hold_another_value_are_trimmed_from_the_ends(extra):
    body = "Quai des Tanneurs 9,\nVieux Port, 1844 Bellerive"
    before, after = extra
    assert adjusted(LETTER, before + body + after) == body


def test_answer_of_nothing_but_labelled_lines_stays():
    assert adjusted(LETTER, "Tel: 021 555 0143") == "Tel: 021 555 0143"
    assert adjusted(LETTER, "Tel: 021 555 0143\nFax: 021 555 0144") == "Tel: 021 555 0143\nFax: 021 555 0144"


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("12.05.2021 10:31", True),
        ("Invoice no: 77", True),
        ("20190033417-K", True),
        ("GB 204 1177 06", True),
        ("GB204117706", True),
        ("12, 14,", False),
        ("电话：0931-5550143", True),
        ("兰溪路12号", False),
        ("Suite 12", False),
    ],
)
def test_line_holds_another_value_where_it_is_labelled_or_only_a_number_or_date(line, other):
    assert holds_other_value(line) is other


def test_prose_and_chinese_text_stay_as_answered():
    text = "合同由兰溪县人民政府与承建单位签订。\n"
    assert adjusted(text, "兰溪县人民政府") == "兰溪县人民政府"
    assert adjusted(LETTER, "as agreed") == "as agreed"


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("Notary Hill, Lindow – Page 2 of 3", "Notary Hill, Lindow"),
        ("Notarin Berg, Aue - Seite 2 von 2", "Notarin Berg, Aue"),
        ("公证处 第 2 页 共 3 页", "公证处"),
        ("Page 2 of 3", "Page 2 of 3"),
        ("Yellow Pages of 2031", "Yellow Pages of 2031"),
    ],
)
def test_number_of_the_page_is_none_of_a_text(printed, kept):
    assert adjusted(printed + "\n", printed) == kept


@pytest.mark.parametrize(
    ("name", "printed", "kept"),
    [
        ("prepared_by", "D. Marsh, Loan Operations", "D. Marsh"),
        ("completedBy", "Dr Orla Quill, FY2, bleep 4410", "Dr Orla Quill"),
        ("contactName", "Marsh, Daniel", "Marsh, Daniel"),
        ("issued_by", "Harbour Master, Ltd", "Harbour Master"),
        ("seller", "Marsh Hill, Loan Operations", "Marsh Hill, Loan Operations"),
    ],
)
def test_what_a_person_is_is_none_of_the_name(name, printed, kept):
    properties = {name: {"type": "string"}}
    [asked] = load_schema({"type": "object", "properties": properties}).fields
    start, end = adjust_span((0, len(printed)), asked, Document("0", "a", printed + "\n"))
    assert printed[start:end] == kept


def test_each_rule_can_be_switched_off():
    with replaced(SpanBoundarySettings(trim_other_lines=False, restore_edge_words=False)):
        answer = "CHE-114.203.77\nQuai des Tanneurs 9"
        assert adjusted(LETTER, answer) == answer


def test_terms_of_other_labels_leave_out_the_fields_own():
    properties = {
        "a": {"type": "string", "title": "Sender address"},
        "b": {"type": "string", "title": "Sender reference"},
        "c": {"type": "string", "title": "收件编号 7"},
    }
    fields = load_schema({"type": "object", "properties": properties}).fields
    terms = other_label_terms(fields[0], fields)
    assert "reference" in terms and "编号" in terms
    assert not terms & {"sender", "address", "7"}


def test_part_of_a_telephone_number_is_all_of_it_in_a_field_named_for_one():
    text = "Office: (0131) 555 0142, shop: 0131 555 0199\n"
    assert adjusted(text, "0131", "Office telephone") == "(0131) 555 0142"
    assert adjusted(text, "0131", "Office code") == "0131"


def test_answer_of_several_lines_loses_the_fields_own_label():
    text = "3. Home address(es)\n12 Quay Street\nLeith\n"
    assert adjusted(text, text.strip(), "Home address") == "12 Quay Street\nLeith"
    assert adjusted(text, text.strip(), "Owner").startswith("3. Home")


def test_answer_that_stops_at_a_quotation_in_brackets_goes_on_to_the_end_of_its_line():
    text = 'Letter to Harbour Services Company ("HSC") about the dues.\nMore.\n'
    assert adjusted(text, "Letter to Harbour Services Company (", "Subject").endswith("about the dues.")


@pytest.mark.parametrize(
    ("title", "answer", "meant"),
    [
        ("Bill of lading number", "B/L No. MSX2088", "MSX2088"),
        ("Receipt no.", "Rcpt 04/61", "04/61"),
        ("Quote reference", "QF-30417 rev. B", "QF-30417"),
        ("Order number", "TG-94 CHG: 1", "TG-94"),
        ("Order number", "88213 / A590 LAYBY", "88213"),
        ("海关编号", "3104202 （北仑", "3104202"),
        ("Tax number", "GB 700 6553 24", "GB 700 6553 24"),
        ("Account number", "4500 881 206", "4500 881 206"),
        ("Invoice number", "INV 2210", "INV 2210"),
        ("Reference", "13 - 35", "13 - 35"),
        ("Address", "Unit No. 9 Castle works", "Unit No. 9 Castle works"),
    ],
)
def test_number_or_code_loses_what_stands_around_it(title, answer, meant):
    text = f"Sheet\t{answer}\tand more"
    assert adjusted(text, answer, title) == meant
