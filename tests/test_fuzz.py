"""Damaged input of every kind, a few cases of each: all end well or in a named error."""

import random
import zipfile
from io import BytesIO

import pytest
from office_files import as_docx, table

from eval import fuzz
from eval.mutations import mutate
from extractor.errors import InputError

ORDER = as_docx(["#Order", table(("Article", "Count"), ("Pen", "3"))])


def test_same_chance_gives_the_same_damage():
    data = b'{"a": [1, {"b": "text"}], "c": null}'
    copies = [mutate(data, random.Random(number), (b"other",)) for number in range(50)]
    assert copies == [mutate(data, random.Random(number), (b"other",)) for number in range(50)]
    assert len(set(copies)) > 30


def test_damage_gets_into_the_members_of_a_package():
    opened = 0
    for number in range(60):
        try:
            with zipfile.ZipFile(BytesIO(mutate(ORDER, random.Random(number)))) as archive:
                opened += archive.testzip() is None
        except Exception:  # the package itself is damaged
            continue
    assert opened > 15


@pytest.mark.parametrize(("target", "cases"), [("schemas", 15), ("grammars", 10), ("answers", 15)])
def test_damaged_input_ends_well_or_in_a_named_error(target, cases):
    found = list(fuzz.fuzz([target], 1, seconds=None, cases=cases, cpu=60, memory=4000, seeds=None))
    assert len(found) == cases
    assert [each for each in found if each[-1].kind not in ("ok", "named")] == []


def test_damaged_documents_end_well_or_in_a_named_error(tmp_path):
    made = fuzz.make_readers(None)
    seeds = {name: data for name, data in made.seeds.items() if name.endswith((".docx", ".xlsx", ".html", ".txt"))}
    target = fuzz.Target(seeds | {"order.docx": ORDER}, made.run)
    for number in range(15):
        name, data = fuzz.make_case(target, 1, number)
        outcome = fuzz.run_case(target, name, data, 60, 4000)
        assert outcome.kind in ("ok", "named"), (number, name, outcome)


def raising(error):
    def run(data, name):
        raise error

    return run


def spin(data, name):
    while True:
        pass


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (lambda data, name: None, "ok"),
        (raising(InputError("x is broken.")), "named"),
        (raising(IndexError("secret")), "crash"),
        (raising(fuzz.Unforeseen("status 500")), "crash"),
        (lambda data, name: bytearray(1 << 40), "memory"),
        (spin, "hang"),
    ],
)
def test_ends_are_told_apart(run, kind):
    outcome = fuzz.run_case(fuzz.Target({}, run), "x", b"", cpu=1, memory=4000)
    assert outcome.kind == kind and "secret" not in outcome.what
