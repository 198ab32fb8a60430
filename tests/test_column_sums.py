"""Sums below lists: of amounts and counts, never of unit prices, rates, years or numbers that only name."""

from __future__ import annotations

import pytest

from extractor.review.column_sums import sum_columns
from extractor.review.form import build_form
from extractor.schemas import load_schema

NUMBER = {"type": ["number", "null"]}
WHOLE = {"type": ["integer", "null"]}


def sums(columns: dict, rows: list[tuple], checks: tuple = ()) -> dict[str, str]:
    """The sums by the names of the columns."""
    items = {"type": "array", "items": {"type": "object", "properties": columns}}
    document = {"title": "L", "type": "object", "properties": {"items": items, "total": NUMBER}, "x-checks": [*checks]}
    schema = load_schema(document)
    field = schema.field(("items",))
    names = list(columns)
    given = [dict(zip(names, row, strict=True)) for row in rows]
    return {names[n]: text for n, text in sum_columns(schema, field, given)}


def test_amounts_are_summed_exactly():
    assert sums({"amount": NUMBER}, [(0.1,), (0.2,), (None,)]) == {"amount": "0.3"}


@pytest.mark.parametrize(
    "column",
    [
        {"unit_price": NUMBER},
        {"price": NUMBER},
        {"vatRate": NUMBER},
        {"n": NUMBER | {"title": "单价（元）"}},
        {"n": NUMBER | {"title": "完成率"}},
        {"n": NUMBER | {"x-unit": "%"}},
        {"n": NUMBER | {"x-unit": "元/吨"}},
        {"year": WHOLE},
        {"n": WHOLE | {"title": "Line no."}},
    ],
)
def test_prices_rates_and_numbers_that_name_are_not_summed(column):
    assert sums(column, [(1,), (2,)]) == {}


@pytest.mark.parametrize("name", ["amount", "quantity", "priced_items", "yearly_total", "notes_count"])
def test_a_word_inside_another_says_nothing(name):
    assert sums({name: WHOLE}, [(1,), (2,)]) == {name: "3"}


def test_what_is_multiplied_to_get_the_amount_is_not_summed_unless_it_counts():
    columns = {"pieces": WHOLE, "each": NUMBER, "amount": NUMBER}
    assert sums(columns, [(3, 1.2, 3.6), (12, 4.5, 54)]) == {"pieces": "15", "amount": "57.6"}
    assert "each" in sums(columns, [(3, 1.2, 9), (12, 4.5, 54)])  # it is no product


def test_what_a_rule_sums_is_summed_whatever_it_is_called():
    check = {"expr": "sum(this.items.map(i, i.price)) == this.total", "message": "the prices make the total"}
    assert sums({"price": NUMBER}, [(1,), (2,)], (check,)) == {"price": "3"}


def test_the_column_of_the_amounts_is_the_one_that_stays_in_sight():
    columns = {"name": {"type": "string"}, "unit_price": NUMBER, "amount": NUMBER, "remark": {"type": "string"}}
    items = {"type": "array", "items": {"type": "object", "properties": columns}}
    schema = load_schema({"title": "L", "type": "object", "properties": {"items": items}})
    (grid,) = build_form(schema, {"items": [{"unit_price": 2, "amount": 4}]})["children"]
    assert grid["key"] == 2 and grid["sums"] == {"2": "4"}
