"""Sums of the columns of a list, where a sum means something: of amounts and counts, never of unit prices or rates.

A column is summed where a rule of the schema sums it, or where nothing speaks against it. What speaks against it: its
unit or its names say that it is a price per piece, a rate, a year, a number that only names; or each row multiplies it
by another column to get a third (quantity times price is the amount), and its own sum would say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from extractor.schemas import Schema
from extractor.settings import Settings, rule, threshold
from extractor.store.record_data import value_at
from extractor.types import Field

_SUMMED = re.compile(r"sum\(\s*this\.([\w.]+)\.map\(\s*(\w+)\s*,\s*\2\.([\w.]+)\s*\)")
"""A sum over a column in the expression of a check: `sum(this.items.map(i, i.amount))`."""
_PER = re.compile(r"/|%|‰|\bper\b|每")
"""In a unit: something per something else, or a share."""
_NAMES_OF_SHARES = re.compile(
    r"\b(?:unit|price|rate|ratio|percent(?:age)?|share|average|avg|mean|median|per|year|age|no|nr|number|id|code|index"
    r"|rank|level|temperature|density|factor|score|line|position|row)\b"
    r"|单价|价格|率|比例|占比|平均|均值|年份|年度|年龄|编号|编码|代码|序号|序次|行号|排名|系数|温度",
    re.IGNORECASE,
)
_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\W]+")


@dataclass(frozen=True)
class ColumnSumSettings(Settings):
    """Which columns of a list are summed on screen."""

    names_speak: bool = rule(True, meaning="a column whose names or unit say price, rate, year or number is not summed")
    products_speak: bool = rule(
        True, meaning="a column that is multiplied by another in each row to get a third is not summed unless it counts"
    )
    least_rows: int = threshold(2, unit="rows", meaning="rows that have to multiply for a product to be seen in them")
    tolerance: float = threshold(
        0.01, unit="of the product", meaning="by how much a product may differ from the third column: it is rounded"
    )


def sum_columns(schema: Schema, field: Field, rows: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """Yield the number of each column of a list that is summed, with the sum: exact, as a decimal number."""
    columns = {n: _numbers(item, rows) for n, item in enumerate(field.items) if item.type in ("number", "integer")}
    summed = {n for n, item in enumerate(field.items) if (field.path, item.path) in _summed_by_checks(schema)}
    factors = _factors(field, columns) - summed
    for n, numbers in columns.items():
        if n in summed or (n not in factors and not _is_share(field.items[n])):
            given = [number for number in numbers if number is not None]
            if given:
                yield n, f"{sum(given):f}"


def _numbers(item: Field, rows: Sequence[Any]) -> list[Decimal | None]:
    cells = [value_at(row, item.path) for row in rows]
    return [Decimal(repr(c)) if isinstance(c, int | float) and not isinstance(c, bool) else None for c in cells]


def _summed_by_checks(schema: Schema) -> set[tuple[tuple[str | int, ...], tuple[str | int, ...]]]:
    """Return the paths of lists and columns that a rule of the schema sums."""
    return {
        ((*check.path, *found[1].split(".")), tuple(found[3].split(".")))
        for check in schema.checks
        for found in _SUMMED.finditer(check.expression)
    }


def _is_share(item: Field) -> bool:
    """Decide whether the names or the unit of a column say that its sum would mean nothing."""
    if not ColumnSumSettings.current().names_speak:
        return False
    if item.unit and _PER.search(item.unit):
        return True
    names = [_WORD_BREAK.sub(" ", name) for name in (item.title, *item.labels, item.name) if name]
    return any(_NAMES_OF_SHARES.search(name) or "%" in name for name in (*names, item.title))


def _factors(field: Field, columns: dict[int, list[Decimal | None]]) -> set[int]:
    """Return the columns that are multiplied by another one in each row to get a third, but for whole numbers."""
    settings = ColumnSumSettings.current()
    if not settings.products_speak:
        return set()
    factors: set[int] = set()
    for a in columns:
        for b in columns:
            if a < b and any(_multiplies(columns[a], columns[b], columns[c]) for c in columns if c not in (a, b)):
                factors |= {n for n in (a, b) if field.items[n].type != "integer" and not _are_whole(columns[n])}
    return factors


def _are_whole(numbers: Sequence[Decimal | None]) -> bool:
    return all(number is None or number == number.to_integral_value() for number in numbers)


def _multiplies(
    one: Sequence[Decimal | None], other: Sequence[Decimal | None], product: Sequence[Decimal | None]
) -> bool:
    """Decide whether in every row that has all three, the third is the product of the first two."""
    settings = ColumnSumSettings.current()
    seen = 0
    for x, y, z in zip(one, other, product, strict=True):
        if x is None or y is None or z is None:
            continue
        if abs(x * y - z) > Decimal(str(settings.tolerance)) * max(abs(z), Decimal(1)):
            return False
        seen += x != 1 and y != 1  # one times anything says nothing
    return seen >= settings.least_rows
