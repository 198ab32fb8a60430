"""Where the members of a list's element stand."""

from extractor.grounding.element_placement import place_element

TEXT = "Pens 2 3.00\nInk 2 5.00\nPens 2 3.00\n"


def spans(word):
    found, at = [], TEXT.find(word)
    while at >= 0:
        found.append((at, at + len(word)))
        at = TEXT.find(word, at + 1)
    return found


def place(after=0, **words):
    return {key: span[0] for key, span in place_element({k: spans(w) for k, w in words.items()}, TEXT, after).items()}


def test_members_stand_on_the_line_of_the_rarest_one():
    assert place(name="Ink", quantity="2", price="5.00") == {"name": 12, "quantity": 16, "price": 18}


def test_equal_elements_stand_one_after_the_other():
    first = place(name="Pens", quantity="2", price="3.00")
    assert first == {"name": 0, "quantity": 5, "price": 7}
    after = max(first.values())
    assert place(after, name="Pens", quantity="2", price="3.00") == {"name": 23, "quantity": 28, "price": 30}


def test_members_that_stand_nowhere_are_left_out():
    assert place(name="Chalk", quantity="5.00") == {"quantity": 18}
    assert place(name="Chalk") == {}
