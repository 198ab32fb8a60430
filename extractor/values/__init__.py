"""Printed text into typed values, and when two values are the same: numbers, units, dates, addresses, yes and no.

Parsers work on folded text (`characters.fold`), which is as long as the source, so that offsets hold. Babel and cleanco
are loaded where first used. Modules in reading order:

`scripts`, `characters`                         ranges of scripts; one character for another
`chinese_numerals`, `number_forms`, `number_context`,
`trends`, `numbers`                             digits and numerals, what belongs to them, numbers
`currencies`, `unit_table`, `units`             names of currencies and units, conversion
`dates`, `times`, `contacts`, `booleans`,
`ranges`                                        the other things that are printed
`territories`, `legal_forms`, `locale`          whether the day or the month comes first, by the territory
`described_layouts`                             dates and times as a field's description asks for them
`spans`                                         where values of a kind stand in a text
`normalised_value`, `normalise_...`,
`normalisation`                                 from a stretch of the source to a value of the schema
`user_input`                                    from what a person typed to a value of the schema
`enumeration`, `label_similarity`, `terms`      names of fields against headings; search terms
`equivalence`                                   gold against prediction
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "NormalisedValue": "normalised_value",
    "find_spans": "normalisation",
    "normalise_value": "normalisation",
    "value_kind": "normalisation",
    "parse_user_input": "user_input",
    "format_user_input": "user_input",
    "infer_day_month_order": "locale",
    "is_absent": "equivalence",
    "is_equivalent": "equivalence",
    "is_identical": "equivalence",
    "label_similarity": "label_similarity",
    "search_terms": "terms",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the room's patterns take a while to compile."""
    if name not in _MODULES:
        raise AttributeError(f"module 'extractor.values' has no attribute {name!r}")
    value = getattr(import_module(f"extractor.values.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
