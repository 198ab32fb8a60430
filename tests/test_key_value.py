"""Values matched by their label in running text: right after it, in its clause, or in a run of labels."""

import pytest

from extractor.candidates.key_value import match_labelled_values
from extractor.schemas import load_schema
from extractor.types import Document

WHOLE = {"type": "integer"}
TEXT = {"type": "string"}
DATE = {"type": "string", "format": "date"}


def fields(**properties):
    return load_schema({"type": "object", "properties": properties}).fields


def matched_texts(text, **properties):
    """The matched fields by name, as the text that stands at their place."""
    document = Document("0", "a", text)
    found = match_labelled_values(fields(**properties), document, [(0, len(text))])
    return {path[0]: text[s.start : s.end] for path, s in found.items()}


# Right after the label.


@pytest.mark.parametrize(
    "text",
    [
        "Parcels sent: 12 in all",
        "Parcels sent 12",
        "Parcels sent = 12",
        "parcels\nsent : 12",
        "Parcels sent is 12.",
        "Parcels sent：12",
        "Parcels sent:\n12",
    ],
)
def test_value_right_after_its_label_is_matched(text):
    assert matched_texts(text, n={**WHOLE, "title": "Parcels sent"}) == {"n": "12"}


@pytest.mark.parametrize(
    "text", ["收到来信57件", "收到来信：57件", "收到来信共57件", "收到\n来信 57 件", "收到来信达到57件"]
)
def test_value_right_after_a_chinese_label_is_matched(text):
    found = matched_texts(text, n={**WHOLE, "title": "收到来信"})
    assert found["n"].startswith("57")


def test_match_includes_the_unit_and_follows_the_kind():
    text = "Paid on: 5 May 2021. Sum paid: 1,250.50 kg. Mail: ann@example.com"
    mail = {**TEXT, "format": "email", "title": "Mail"}
    found = matched_texts(text, d={**DATE, "title": "Paid on"}, s={"type": "number", "title": "Sum paid"}, m=mail)
    assert found == {"d": "5 May 2021", "s": "1,250.50 kg", "m": "ann@example.com"}


def test_label_with_two_values_matches_only_where_they_are_equal():
    wanted = {**WHOLE, "title": "Parcels sent"}
    assert matched_texts("Parcels sent: 12\nParcels sent: 13\n", n=wanted) == {}
    assert matched_texts("Parcels sent: 12\nParcels sent: 12\n", n=wanted) == {"n": "12"}


def test_value_below_a_column_head_is_not_matched():
    column = {**DATE, "title": "End date"}
    below = "Week\nStart date\n2020-02-17\nEnd date\n2020-02-23\n"
    assert matched_texts(below, end=column) == {"end": "2020-02-23"}
    heads = "Start date\tEnd date\tSpots\n2020-02-03\t2020-02-09\t4\n"
    assert matched_texts(2 * heads + below, end=column) == {}
    assert matched_texts(2 * heads + "End date: 2020-02-23", end=column) == {"end": "2020-02-23"}


def test_label_shared_by_two_fields_matches_neither():
    wanted = {**WHOLE, "title": "Parcels sent"}
    assert matched_texts("Parcels sent: 12", a=wanted, b=wanted) == {}


def test_longer_label_of_another_field_hides_the_shorter_one_inside_it():
    text = "Net amount due: 12\n"
    longer = {**WHOLE, "title": "Net amount due"}
    assert matched_texts(text, a={**WHOLE, "title": "amount due"}, b=longer) == {"b": "12"}
    assert (
        matched_texts("政策解读36条，部门解读31条", a={**WHOLE, "title": "解读"}, b={**WHOLE, "title": "部门解读"})["b"]
        == "31"
    )


def test_label_inside_a_word_is_not_found():
    assert matched_texts("Subtotal: 12", n={**WHOLE, "title": "total"}) == {}
    assert matched_texts("Totals 12", n={**WHOLE, "title": "total"}) == {}


def test_value_claimed_by_a_longer_label_is_not_matched_twice():
    text = "Parcels sent, letters sent: 12\n"
    found = matched_texts(
        text, a={**WHOLE, "title": "letters sent"}, b={**WHOLE, "title": "Parcels sent, letters sent"}
    )
    assert found == {"b": "12"}


def test_text_outside_the_given_spans_is_not_searched():
    text = "Parcels sent: 12\n"
    assert match_labelled_values(fields(n={**WHOLE, "title": "Parcels sent"}), Document("0", "a", text), [(0, 5)]) == {}


def test_judged_fields_and_lists_are_never_matched():
    judged = {"enum": ["12", "13"], "title": "Parcels sent"}
    many = {"type": "array", "items": WHOLE, "title": "Letters sent"}
    assert matched_texts("Parcels sent: 12\nLetters sent: 3\n", a=judged, b=many) == {}


# In the label's clause, and in a list of labels.


def test_count_before_its_label_is_matched_where_the_clause_has_no_other_number():
    wanted = {**WHOLE, "title": "parcels sent abroad"}
    assert matched_texts("The office had 12 parcels sent abroad, and 3 returned.", n=wanted) == {"n": "12"}
    assert matched_texts("Of 40 orders 12 had parcels sent abroad.", n=wanted) == {}


def test_number_of_a_date_is_not_a_count():
    assert matched_texts("2020年各单位开展业务培训", n={**WHOLE, "title": "开展业务培训"}) == {}
    assert matched_texts("全年先后4次开展业务培训", n={**WHOLE, "title": "开展业务培训"})["n"].startswith("4")


def test_text_in_a_run_of_labels_ends_where_the_next_label_begins():
    text = "请与办公室联系（地址：城关镇文昌路8号，邮编：999012，联系人：王小明）。"
    found = matched_texts(text, a={**TEXT, "title": "地址"}, c={**TEXT, "title": "联系人"})
    assert found == {"a": "城关镇文昌路8号", "c": "王小明"}


def test_text_without_a_clear_end_is_not_matched():
    assert matched_texts("Remark: it was raining and nobody came", r={**TEXT, "title": "Remark"}) == {}


def test_one_word_label_after_another_word_is_not_a_label():
    total = {"type": "number", "title": "Total"}
    assert matched_texts("Tax of 19% within total\tEUR 7.98\n", total=total) == {}
    assert matched_texts("Tax included 7.98\nTotal: 50.00\n", total=total) == {"total": "50.00"}


def test_rate_within_a_label_is_not_the_total():
    assert matched_texts("Total EUR including VAT 19%\t73.30", total={"type": "number", "title": "Total"}) == {}


def test_a_line_that_is_a_label_and_a_text_gives_the_text():
    fields = {
        "c": {**TEXT, "title": "Customer"},
        "no": {**TEXT, "title": "No."},
        "tax": {"type": "number", "title": "VAT"},
    }
    lines = "Customer: Alpha Works, Road 5\tRemark: none\nNo.: A-7\nVAT: 7.54\n\nThanks\n"
    assert matched_texts(lines, **fields) == {"c": "Alpha Works, Road 5", "no": "A-7", "tax": "7.54"}
    assert matched_texts("Customer\tAlpha Works\nVAT\t7.54\n", **fields) == {"c": "Alpha Works"}


def test_a_text_that_may_go_on_below_or_heads_a_column_is_not_matched():
    customer = {"c": {**TEXT, "title": "Customer"}}
    assert matched_texts("Customer: Alpha Works\nRoad 5, Harbour\n", **customer) == {}
    assert matched_texts("Customer\tRemarks\nAnn\tpaid\n", **customer) == {}
    assert matched_texts("our Customer: Alpha Works\n", **customer) == {}


def test_text_that_a_hyphen_breaks_goes_on_in_the_next_line():
    consignee = {"type": "string", "title": "Consignee"}
    assert matched_texts("Consignee: Northern Harb-\nour Works\n\nBerth: 4\n", c=consignee) == {
        "c": "Northern Harb-\nour Works"
    }
    assert matched_texts("Consignee: Northern Harb-\nour Works and\nSons of Lyme\n", c=consignee) == {}


def test_a_remark_in_brackets_is_no_value():
    text = "销售方：（盖章）\n开票人：林岚\nOwner: (seal)\nMaster: Ann Firth\n"
    found = matched_texts(
        text,
        seller={**TEXT, "x-labels": ["销售方"]},
        clerk={**TEXT, "x-labels": ["开票人"]},
        owner={**TEXT, "x-labels": ["Owner"]},
        master={**TEXT, "x-labels": ["Master"]},
    )
    assert found == {"clerk": "林岚", "master": "Ann Firth"}


def test_line_to_write_on_is_no_value():
    text = "Prepared by: A. Quill\nReviewed by: ______________\nDated: ....\n"
    names = {"a": {**TEXT, "title": "Prepared by"}, "b": {**TEXT, "title": "Reviewed by"}}
    assert matched_texts(text, **names) == {"a": "A. Quill"}


def test_text_is_not_cut_within_its_brackets():
    text = "（原证号：林（2018）第21号，已注销。面积：12亩）\n"
    assert "a" not in matched_texts(text, a={**TEXT, "title": "原证号"})
