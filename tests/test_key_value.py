"""Values by their labels: right behind them, in their clause, in a list of them, or beside and under them on a page."""

import pytest

from extractor.candidates.context import ContextIndex
from extractor.candidates.key_value import match_labelled_values
from extractor.candidates.layout import LayoutIndex, LayoutSettings
from extractor.candidates.typed import CandidateIndex
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import BBox, Document, Page, Word

WHOLE = {"type": "integer"}
TEXT = {"type": "string"}
DATE = {"type": "string", "format": "date"}


def fields(**properties):
    return load_schema({"type": "object", "properties": properties}).fields


def settled(text, **properties):
    """The settled fields by name, as the text that stands at their place."""
    document = Document("0", "a", text)
    found = match_labelled_values(fields(**properties), document, [(0, len(text))])
    return {path[0]: text[s.start : s.end] for path, s in found.items()}


# Right behind the label.


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
def test_a_value_right_behind_its_label_is_settled(text):
    assert settled(text, n={**WHOLE, "title": "Parcels sent"}) == {"n": "12"}


@pytest.mark.parametrize(
    "text", ["收到来信57件", "收到来信：57件", "收到来信共57件", "收到\n来信 57 件", "收到来信达到57件"]
)
def test_a_value_right_behind_a_chinese_label_is_settled(text):
    found = settled(text, n={**WHOLE, "title": "收到来信"})
    assert found["n"].startswith("57")


def test_typed_values_keep_their_unit_and_their_kind():
    text = "Paid on: 5 May 2021. Sum paid: 1,250.50 kg. Mail: ann@example.com"
    mail = {**TEXT, "format": "email", "title": "Mail"}
    found = settled(text, d={**DATE, "title": "Paid on"}, s={"type": "number", "title": "Sum paid"}, m=mail)
    assert found == {"d": "5 May 2021", "s": "1,250.50 kg", "m": "ann@example.com"}


def test_two_different_values_settle_nothing_and_two_equal_ones_do():
    wanted = {**WHOLE, "title": "Parcels sent"}
    assert settled("Parcels sent: 12\nParcels sent: 13\n", n=wanted) == {}
    assert settled("Parcels sent: 12\nParcels sent: 12\n", n=wanted) == {"n": "12"}


def test_a_value_below_the_head_of_a_column_is_none_of_its_own():
    column = {**DATE, "title": "End date"}
    below = "Week\nStart date\n2020-02-17\nEnd date\n2020-02-23\n"
    assert settled(below, end=column) == {"end": "2020-02-23"}
    heads = "Start date\tEnd date\tSpots\n2020-02-03\t2020-02-09\t4\n"
    assert settled(2 * heads + below, end=column) == {}
    assert settled(2 * heads + "End date: 2020-02-23", end=column) == {"end": "2020-02-23"}


def test_a_label_of_two_fields_settles_neither():
    wanted = {**WHOLE, "title": "Parcels sent"}
    assert settled("Parcels sent: 12", a=wanted, b=wanted) == {}


def test_a_label_inside_a_longer_one_of_another_field_does_not_count():
    text = "Net amount due: 12\n"
    longer = {**WHOLE, "title": "Net amount due"}
    assert settled(text, a={**WHOLE, "title": "amount due"}, b=longer) == {"b": "12"}
    assert (
        settled("政策解读36条，部门解读31条", a={**WHOLE, "title": "解读"}, b={**WHOLE, "title": "部门解读"})["b"]
        == "31"
    )


def test_a_label_inside_a_word_does_not_count():
    assert settled("Subtotal: 12", n={**WHOLE, "title": "total"}) == {}
    assert settled("Totals 12", n={**WHOLE, "title": "total"}) == {}


def test_a_stretch_that_two_fields_would_take_settles_neither():
    text = "Parcels sent, letters sent: 12\n"
    found = settled(text, a={**WHOLE, "title": "letters sent"}, b={**WHOLE, "title": "Parcels sent, letters sent"})
    assert found == {"b": "12"}


def test_text_out_of_the_given_pieces_is_not_searched():
    text = "Parcels sent: 12\n"
    assert match_labelled_values(fields(n={**WHOLE, "title": "Parcels sent"}), Document("0", "a", text), [(0, 5)]) == {}


def test_judged_fields_and_lists_are_never_settled():
    judged = {"enum": ["12", "13"], "title": "Parcels sent"}
    many = {"type": "array", "items": WHOLE, "title": "Letters sent"}
    assert settled("Parcels sent: 12\nLetters sent: 3\n", a=judged, b=many) == {}


# In the label's clause, and in a list of labels.


def test_a_count_may_stand_before_its_label_where_the_clause_has_no_other_number():
    wanted = {**WHOLE, "title": "parcels sent abroad"}
    assert settled("The office had 12 parcels sent abroad, and 3 returned.", n=wanted) == {"n": "12"}
    assert settled("Of 40 orders 12 had parcels sent abroad.", n=wanted) == {}


def test_the_numbers_of_a_date_are_no_count():
    assert settled("2020年各单位开展业务培训", n={**WHOLE, "title": "开展业务培训"}) == {}
    assert settled("全年先后4次开展业务培训", n={**WHOLE, "title": "开展业务培训"})["n"].startswith("4")


def test_texts_in_a_run_of_labels_end_where_the_next_begins():
    text = "请与办公室联系（地址：城关镇文昌路8号，邮编：999012，联系人：王小明）。"
    found = settled(text, a={**TEXT, "title": "地址"}, c={**TEXT, "title": "联系人"})
    assert found == {"a": "城关镇文昌路8号", "c": "王小明"}


def test_a_text_with_no_clear_end_is_left_to_the_model():
    assert settled("Remark: it was raining and nobody came", r={**TEXT, "title": "Remark"}) == {}


# LayoutIndex on a page: words with boxes.


def page(*words):
    """A document of one page; a word is (text, x0, top), 6 points wide a letter and 10 high; lines by their top."""
    text, placed, last = "", [], None
    for word, x0, top in words:
        text += "" if last is None else "\n" if top != last else " "
        last = top
        placed.append(Word(word, len(text), len(text) + len(word), BBox(1, x0, top, x0 + 6 * len(word), top + 10)))
        text += word
    return Document("0", "a.pdf", text, (Page(1, 0, len(text), 600, 800, tuple(placed)),))


def hints(document, **properties):
    (field,) = fields(**properties)
    return [document.text[h.start : h.end] for h in LayoutIndex(document).find(field, [(0, len(document.text))])]


def test_what_stands_to_the_right_of_a_label_is_its_hint_up_to_a_wide_gap():
    made = page(("Customer:", 10, 10), ("Ann", 70, 10), ("Lee", 92, 10), ("Page", 300, 10), ("3", 330, 10))
    assert hints(made, c={**TEXT, "title": "Customer"})[0] == "Ann Lee"


def test_what_stands_under_a_label_is_its_hint():
    made = page(("Date", 10, 10), ("Customer", 100, 10), ("5.5.2021", 10, 22), ("Ann", 100, 22), ("Lee", 122, 22))
    assert "Ann Lee" in hints(made, c={**TEXT, "title": "Customer"})
    assert hints(made, d={**DATE, "title": "Date"})[0] == "5.5.2021"


def test_what_hangs_on_the_label_in_one_word_is_its_hint():
    made = page(("Date:5/13/2021", 10, 10), ("Total:", 10, 40), ("12", 60, 40))
    assert hints(made, d={**DATE, "title": "Date"}) == ["5/13/2021"]


def test_what_stands_far_below_or_to_the_left_is_no_hint():
    made = page(("12", 10, 10), ("Total", 100, 10), ("99", 100, 200))
    assert hints(made, t={**WHOLE, "title": "Total"}) == []


def test_only_stretches_of_the_kind_are_hints_for_a_typed_field():
    made = page(("Total:", 10, 10), ("EUR", 60, 10), ("12.50", 90, 10))
    (found,) = hints(made, t={"type": "number", "title": "Total"})
    assert found.endswith("12.50")
    assert hints(page(("Total:", 10, 10), ("unknown", 60, 10)), t={"type": "number", "title": "Total"}) == []


def test_an_earlier_label_counts_for_more():
    made = page(("Amount:", 10, 10), ("5", 70, 10), ("Total:", 10, 40), ("7", 70, 40))
    assert hints(made, t={**WHOLE, "x-labels": ["Total", "Amount"]}) == ["7", "5"]
    assert hints(made, t={**WHOLE, "x-labels": ["Amount", "Total"]}) == ["5", "7"]


def test_without_boxes_the_rest_of_the_line_and_else_the_line_below_are_hints():
    made = Document("0", "a", "Customer: Ann Lee     Page 3\nAddress\n12 High Street\n")
    assert hints(made, c={**TEXT, "title": "Customer"}) == ["Ann Lee"]
    assert hints(made, a={**TEXT, "title": "Address"}) == ["12 High Street"]


# Support and offers.


def test_support_is_the_share_of_a_labels_terms_around_a_value():
    text = "Old vans: 3\nThe city bought new electric vans: 12\n"
    around = ContextIndex(Document("0", "a", text))
    (new,) = fields(n={**WHOLE, "title": "new electric vans"})
    at = text.index("12")
    assert around.support(new, at, at + 2) == 1
    assert around.support(new, text.index("3"), text.index("3") + 1) == pytest.approx(1 / 3)


def test_the_headers_of_a_cell_are_its_surroundings():
    document = read_bytes(b"Animals\tOwned\tSold\nBrown cows\t12\t3\nWhite sheep\t45\t6\n", "a.txt")
    (cows,) = fields(n={**WHOLE, "title": "Brown cows sold"})
    at = document.text.index("\t3") + 1
    assert ContextIndex(document).support(cows, at, at + 1) == 1


def offered(text, taken=(), **properties):
    document = Document("0", "a", text)
    (field,) = fields(**properties)
    offers = CandidateIndex(document, [(0, len(text))], taken)
    return [text[s:e] for s, e in offers.find_spans(field)]


def test_numbers_are_offered_where_their_surroundings_speak_of_the_field():
    text = "Old vans: 3\nThe city bought new electric vans: 12\nTrees felled: 9\n"
    assert offered(text, n={**WHOLE, "title": "new electric vans"}) == ["12"]
    assert "9" not in offered(text, n={**WHOLE, "title": "vans"})


def test_what_settled_another_field_is_not_offered_again():
    text = "The city bought new electric vans: 12\n"
    at = text.index("12")
    assert offered(text, [(at, at + 2)], n={**WHOLE, "title": "new electric vans"}) == []


def test_a_year_is_offered_only_to_fields_that_speak_of_one():
    text = "The report on vans of 5 May 2021 was read.\n"
    assert offered(text, n={**WHOLE, "title": "report on vans"}) == []
    assert "2021" in " ".join(offered(text, n={**WHOLE, "title": "year of report"}))


def test_beside_amounts_of_money_a_bare_number_is_no_amount():
    text = "Repair cost item 15, repair cost $1,542.50 in all\n"
    assert offered(text, n={"type": "number", "x-unit": "USD", "title": "Repair cost"}) == ["$1,542.50"]


def test_only_whole_dates_are_offered():
    assert offered("On 5 May 2021 and in June 2021 it rained.", d={**DATE, "title": "Rain"}) == ["5 May 2021"]


def test_free_text_and_judged_fields_are_not_typed():
    offers = CandidateIndex(Document("0", "a", "x"), [(0, 1)], ())
    free, truth, choice, number = fields(a=TEXT, b={"type": "boolean"}, c={"enum": ["x"]}, d=WHOLE)
    assert [offers.is_typed(f) for f in (free, truth, choice, number)] == [False, False, False, True]


def test_seeds_are_the_best_supported_place_and_the_hints():
    text = "Trees: 9\n" * 3 + "new electric vans: 12\n"
    document = Document("0", "a", text)
    (field,) = fields(n={**WHOLE, "title": "new electric vans"})
    seeds = CandidateIndex(document, [(0, len(text))], ()).seed_spans(field)
    assert text[slice(*seeds[0])] == "12"


def test_the_gap_that_parts_two_things_on_a_line_grows_with_the_letters():
    assert LayoutSettings.current().word_gap > 1
    near = page(("Name:", 10, 10), ("Ann", 50, 10), ("Lee", 50 + 18 + 10, 10))
    far = page(("Name:", 10, 10), ("Ann", 50, 10), ("Lee", 50 + 18 + 20, 10))
    assert hints(near, n={**TEXT, "title": "Name"})[0] == "Ann Lee"
    assert hints(far, n={**TEXT, "title": "Name"})[0] == "Ann"


def test_the_rate_within_a_label_is_no_total():
    assert settled("Total RM Including GST 6%\t73.30", total={"type": "number", "title": "Total"}) == {}
    schema = {"type": "number", "title": "Total", "x-labels": ["Sum"]}
    text = "Sum\t$8.20\nSum of GST @ 6%\t0.46\n"
    document = Document("0", "a", text)
    (field,) = fields(total=schema)
    offered = CandidateIndex(document, [(0, len(text))], []).find_spans(field)
    assert [text[s:e] for s, e in offered] == ["$8.20", "0.46"]
    (rate,) = fields(rate={**schema, "title": "Rate of GST"})
    assert "6%" in [text[s:e] for s, e in CandidateIndex(document, [(0, len(text))], []).find_spans(rate)]


def test_a_label_of_one_word_is_none_behind_another_word():
    total = {"type": "number", "title": "Total"}
    assert settled("Total Incl. GST@6%\tRM 50.80\nGST @6% included in total\tRM 2.88\n", total=total) == {}
    assert settled("GST included 2.88\nTotal: 50.80\n", total=total) == {"total": "50.80"}
