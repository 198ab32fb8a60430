"""Values beside and under their labels on a page."""

from extractor.candidates.layout import LayoutIndex, LayoutSettings
from extractor.schemas import load_schema
from extractor.types import BBox, Document, Page, Word

WHOLE = {"type": "integer"}
TEXT = {"type": "string"}
DATE = {"type": "string", "format": "date"}


def fields(**properties):
    return load_schema({"type": "object", "properties": properties}).fields


def page(*words):
    """A document of one page; a word is (text, x0, top), 6 points wide a letter and 10 high; lines by their top."""
    text, placed, last = "", [], None
    for word, x0, top in words:
        text += "" if last is None else "\n" if top != last else " "
        last = top
        placed.append(Word(word, len(text), len(text) + len(word), BBox(1, x0, top, x0 + 6 * len(word), top + 10)))
        text += word
    return Document("0", "a.pdf", text, (Page(1, 0, len(text), 600, 800, tuple(placed)),))


def layout_texts(document, **properties):
    (field,) = fields(**properties)
    return [document.text[h.start : h.end] for h in LayoutIndex(document).find(field, [(0, len(document.text))])]


def test_words_right_of_a_label_are_its_candidate_up_to_a_wide_gap():
    made = page(("Customer:", 10, 10), ("Ann", 70, 10), ("Lee", 92, 10), ("Page", 300, 10), ("3", 330, 10))
    assert layout_texts(made, c={**TEXT, "title": "Customer"})[0] == "Ann Lee"


def test_words_under_a_label_are_its_candidate():
    made = page(("Date", 10, 10), ("Customer", 100, 10), ("5.5.2021", 10, 22), ("Ann", 100, 22), ("Lee", 122, 22))
    assert "Ann Lee" in layout_texts(made, c={**TEXT, "title": "Customer"})
    assert layout_texts(made, d={**DATE, "title": "Date"})[0] == "5.5.2021"


def test_value_joined_to_its_label_in_one_word_is_its_candidate():
    made = page(("Date:5/13/2021", 10, 10), ("Total:", 10, 40), ("12", 60, 40))
    assert layout_texts(made, d={**DATE, "title": "Date"}) == ["5/13/2021"]


def test_words_far_below_or_to_the_left_are_no_candidate():
    made = page(("12", 10, 10), ("Total", 100, 10), ("99", 100, 200))
    assert layout_texts(made, t={**WHOLE, "title": "Total"}) == []


def test_typed_field_has_only_candidates_of_its_kind():
    made = page(("Total:", 10, 10), ("EUR", 60, 10), ("12.50", 90, 10))
    (found,) = layout_texts(made, t={"type": "number", "title": "Total"})
    assert found.endswith("12.50")
    assert layout_texts(page(("Total:", 10, 10), ("unknown", 60, 10)), t={"type": "number", "title": "Total"}) == []


def test_earlier_label_ranks_its_value_higher():
    made = page(("Amount:", 10, 10), ("5", 70, 10), ("Total:", 10, 40), ("7", 70, 40))
    assert layout_texts(made, t={**WHOLE, "x-labels": ["Total", "Amount"]}) == ["7", "5"]
    assert layout_texts(made, t={**WHOLE, "x-labels": ["Amount", "Total"]}) == ["5", "7"]


def test_without_boxes_the_rest_of_the_line_or_the_line_below_is_the_candidate():
    made = Document("0", "a", "Customer: Ann Lee     Page 3\nAddress\n12 High Street\n")
    assert layout_texts(made, c={**TEXT, "title": "Customer"}) == ["Ann Lee"]
    assert layout_texts(made, a={**TEXT, "title": "Address"}) == ["12 High Street"]


def test_gap_between_two_values_is_measured_in_line_heights():
    assert LayoutSettings.current().word_gap > 1
    near = page(("Name:", 10, 10), ("Ann", 50, 10), ("Lee", 50 + 18 + 10, 10))
    far = page(("Name:", 10, 10), ("Ann", 50, 10), ("Lee", 50 + 18 + 20, 10))
    assert layout_texts(near, n={**TEXT, "title": "Name"})[0] == "Ann Lee"
    assert layout_texts(far, n={**TEXT, "title": "Name"})[0] == "Ann"
