"""The excerpts in a prompt: within their budget, never hidden, mapped back to the document."""

import random
import tracemalloc
from itertools import pairwise

import pytest

from extractor.extraction.passages import estimate_tokens, find_supporting_sentence, select_passages, split_into_units
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import Block, Document
from extractor.values.terms import search_terms


def fields(**titles):
    made = {name: {"type": "string", "title": title} for name, title in titles.items()}
    return load_schema({"type": "object", "properties": made}).fields


def document(text, blocks=()):
    return Document("0" * 64, "a.txt", text, blocks=tuple(blocks))


def hall_reports(count):
    return "".join(
        f"Section {n}\nThe inspector walked through hall {n} and noted {n * 7 % 100} faults; pressure was {n * 3} kPa. "
        f"All of the machines were switched off for the night, and the doors were closed.\n\n"
        for n in range(count)
    )


def test_short_document_is_selected_whole():
    text = "A title\n\nOne line.\nAnother line.\n"
    passages = select_passages(document(text), fields(a="A"), 600)
    assert passages.text == text.strip()
    assert passages.to_document(0, 7) == (0, 7)


@pytest.mark.parametrize("budget", [60, 200, 600, 2000])
def test_passages_keep_the_budget(budget):
    passages = select_passages(
        read_bytes(hall_reports(300).encode(), "a.txt"), fields(a="Faults", b="Pressure", c="Doors"), budget
    )
    assert passages.text
    assert estimate_tokens(passages.text) <= budget * 1.1 + 3 * len(passages.pieces)


def test_unit_with_a_fields_terms_is_selected_wherever_it_is():
    text = hall_reports(150) + "The warden of the lighthouse is Bob Smith.\n\n" + hall_reports(150)
    passages = select_passages(read_bytes(text.encode(), "a.txt"), fields(a="Warden", b="Pressure"), 400)
    assert "Bob Smith" in passages.text
    assert passages.text.startswith("Section 0")  # the beginning is always selected
    assert "\n…\n" in passages.text


def test_candidate_spans_go_before_search_results():
    text = hall_reports(200)
    at = text.index("hall 137")
    passages = select_passages(
        read_bytes(text.encode(), "a.txt"), fields(a="zzz"), 300, candidate_spans=[[(at, at + 8)]]
    )
    assert passages.contains(at, at + 8)


def test_every_field_gets_its_best_unit_before_any_gets_its_second():
    text = "apple " * 30 + "\n\n" + "".join(f"The apple number {n} is red and round.\n\n" for n in range(80))
    text += "The only pear is green.\n\n" + hall_reports(40)
    passages = select_passages(read_bytes(text.encode(), "a.txt"), fields(a="apple", b="pear"), 250)
    assert "only pear" in passages.text


def test_excluded_and_hidden_text_is_never_selected():
    text = "Shown first.\nSECRET words.\nShown last.\nA table that has answered.\n"
    hidden = text.index("SECRET"), text.index("Shown last")
    excluded = text.index("A table"), len(text)
    made = document(
        text, [Block("paragraph", 0, 13), Block("hidden", *hidden), Block("paragraph", hidden[1], excluded[0])]
    )
    passages = select_passages(made, fields(a="secret table"), 600, [excluded])
    assert "SECRET" not in passages.text and "table" not in passages.text
    assert "Shown first." in passages.text and "Shown last." in passages.text
    assert not any(s < hidden[1] and e > hidden[0] for s, e in split_into_units(made))


def test_offsets_map_to_the_document_and_back():
    text = hall_reports(200) + "\n　　总计　１２３元。\n" * 30
    passages = select_passages(read_bytes(text.encode(), "a.txt"), fields(a="Faults", b="总计"), 500)
    source = read_bytes(text.encode(), "a.txt").text
    assert len(passages.pieces) >= 2
    for offset, start, end in passages.pieces:
        shown = passages.text[offset : offset + end - start]
        assert shown == source[start:end] and shown == shown.strip()
        assert passages.to_document(offset, offset + end - start) == (start, end)
        assert passages.contains(start, end)
    rng = random.Random(1)
    for _ in range(500):
        start = rng.randrange(len(passages.text))
        end = min(len(passages.text), start + rng.randint(1, 60))
        place = passages.to_document(start, end)
        if place is not None:
            assert source[slice(*place)] == passages.text[start:end]
            assert passages.contains(*place)


def test_span_over_a_gap_maps_to_nothing():
    passages = select_passages(read_bytes(hall_reports(300).encode(), "a.txt"), fields(a="Section 250"), 300)
    gap = passages.text.index("\n…\n")
    assert passages.to_document(gap - 5, gap + 8) is None
    (_, _, last), (_, first, _) = passages.pieces[0], passages.pieces[1]
    assert not passages.contains(last - 3, first + 3)


def test_units_cover_all_text_and_none_is_too_long():
    text = hall_reports(20) + "x" * 3000 + "\n" + "没有标点的长句" * 200 + "\n"
    made = read_bytes(text.encode(), "a.txt")
    found = split_into_units(made)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert "".join("".join(made.text[s:e].split()) for s, e in found) == "".join(made.text.split())
    assert max(e - s for s, e in found) <= 500


def test_empty_document_gives_empty_passages():
    passages = select_passages(document(" \n "), fields(a="A"), 600)
    assert passages.text == "" and passages.to_document(0, 1) is None and not passages.contains(0, 1)


def test_passages_of_two_hundred_pages_take_little_memory():
    made = read_bytes(hall_reports(2600).encode(), "a.txt")
    assert len(made.text) > 400_000
    wanted = fields(**{f"f{n}": f"Inspector of hall {n}" for n in range(20)})
    passages = select_passages(made, wanted, 1000)
    assert estimate_tokens(passages.text) < 1200
    tracemalloc.start()
    select_passages(made, wanted, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000


def test_long_run_of_blanks_does_not_hang():
    assert split_into_units(document("a" + " " * 300_000 + "b")) and not split_into_units(document(" " * 300_000))


def test_terms_and_token_estimates():
    assert search_terms("The Pressures of glass") == ["the", "pressure", "of", "glass"]
    assert search_terms("总计 金额A1") == ["总计", "金额", "a1"]
    assert estimate_tokens("") == 1
    assert estimate_tokens("总" * 30) == 21 and estimate_tokens("a" * 30) == 11


def test_supporting_sentence_is_found_in_the_document():
    text = (
        hall_reports(100)
        + "All of the workers were satisfied with their canteen. The rest is silence.\n\n"
        + hall_reports(100)
    )
    (field,) = fields(mood="Were the workers satisfied with the canteen")
    made = read_bytes(text.encode(), "a.txt")
    place = find_supporting_sentence(field, select_passages(made, [field], 300))
    assert "canteen" in made.text[slice(*place)] and "silence" not in made.text[slice(*place)]
    (unrelated,) = fields(mood="Zzz")
    assert find_supporting_sentence(unrelated, select_passages(document("nothing here"), [unrelated], 300)) is None
