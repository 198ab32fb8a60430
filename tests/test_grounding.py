"""Where an answer stands: its occurrences, the best of them, and its boxes on the page."""

from extractor.extraction.passages import select_passages
from extractor.grounding.occurrences import best_occurrence, find_occurrences, locate_boxes, make_evidence
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import BBox, Document, Page, Passages, Word


def shown(text):
    return Passages(text, ((0, 0, len(text)),))


def field(title="Total", **more):
    return load_schema({"type": "object", "properties": {"a": {"type": "number", "title": title, **more}}}).fields[0]


def test_answer_is_found_across_any_white_space():
    text = "The Ministry of\n  Public Works signed. 青山县人\n民政府发文。"
    found = [text[slice(*p)] for p in find_occurrences("Ministry of Public Works", shown(text), None)]
    assert found == ["Ministry of\n  Public Works"]
    assert [text[slice(*p)] for p in find_occurrences("青山县人民政府", shown(text), None)] == ["青山县人\n民政府"]


def test_number_is_not_found_inside_another():
    text = "In 2010 there were 10 men and 110 women."
    assert [text[slice(*p)] for p in find_occurrences("10", shown(text), "number")] == ["10"]
    assert find_occurrences("10", shown(text), "number") == [(19, 21)]


def test_part_of_a_date_stands_where_the_whole_date_does():
    text = "Leased from March 2031 to August 2034, hall 2034B."
    assert [text[slice(*p)] for p in find_occurrences("2031", shown(text), "date")] == ["March 2031"]
    assert [text[slice(*p)] for p in find_occurrences("2034", shown(text), "date")] == ["August 2034"]


def test_pattern_characters_in_an_answer_are_taken_literally():
    assert find_occurrences("a.c (x*)", shown("abc (xx) a.c (x*)"), None) == [(9, 17)]
    assert find_occurrences("", shown("abc"), None) == find_occurrences("  ", shown("abc"), None) == []
    assert find_occurrences("nowhere", shown("abc"), None) == []


def test_answer_across_a_gap_between_passages_is_not_found():
    text = "alpha beta\n" + "filler line here\n" * 400 + "gamma delta\n"
    document = read_bytes(text.encode(), "a.txt")
    passages = select_passages(
        document, load_schema({"properties": {"a": {"type": "string", "title": "gamma"}}}).fields, 40
    )
    assert "…" in passages.text
    assert [document.text[slice(*p)] for p in find_occurrences("gamma delta", passages, None)] == ["gamma delta"]
    over = passages.text[passages.text.index("…") - 6 : passages.text.index("…") + 6]
    assert find_occurrences(over, passages, None) == []


def test_occurrence_right_after_its_label_is_the_best():
    text = "Deposit: 50\nDiscount: 50\nTotal due: 50\nChange: 50\n"
    document = Document("0", "a", text)
    found = find_occurrences("50", shown(text), "number")
    assert len(found) == 4
    for title, place in zip(["Deposit", "Discount", "Total due", "Change"], found, strict=True):
        assert best_occurrence(found, field(title), document) == place
    assert best_occurrence(found, field("Something else"), document) == found[0]
    assert best_occurrence([], field(), document) is None


def test_labels_of_enclosing_objects_tell_equal_labels_apart():
    text = "Sender\nName: Ann Lee\n\nRecipient\nName: Ann Lee\n"
    name = {"type": "object", "properties": {"name": {"type": "string", "title": "Name"}}}
    schema = load_schema({"properties": {k: {**name, "title": k.title()} for k in ("sender", "recipient")}})
    found = find_occurrences("Ann Lee", shown(text), None)
    document = Document("0", "a", text)
    assert [best_occurrence(found, f, document) for f in schema.fields] == found


def page():
    text = "Net amount 100.00\nof goods sold"
    at = {"Net": 10, "amount": 30, "100.00": 70, "of": 10, "goods": 25, "sold": 50}
    words, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        top = 100.0 if start < 17 else 114.0
        words.append(Word(word, start, start + len(word), BBox(1, at[word], top, at[word] + 15, top + 10)))
    return Document("0", "a", text, (Page(1, 0, len(text), 200, 300, tuple(words)),))


def test_evidence_has_one_box_for_each_line():
    found = make_evidence(page(), 4, 26)
    assert found.text == "amount 100.00\nof goods"
    assert found.boxes == (BBox(1, 30, 100.0, 85, 110.0), BBox(1, 10, 114.0, 40, 124.0))


def test_words_beside_the_evidence_are_not_in_its_box():
    assert locate_boxes(page(), 11, 17) == (BBox(1, 70, 100.0, 85, 110.0),)
    assert locate_boxes(page(), 3, 4) == ()
    assert locate_boxes(Document("0", "a", "100.00"), 0, 6) == ()
