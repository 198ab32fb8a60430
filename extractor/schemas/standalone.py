"""A subschema by itself, with everything that its references lead to."""

from __future__ import annotations

from typing import Any

from extractor.schemas.flattening import IDENTIFIERS
from extractor.schemas.index import REFERENCES, SchemaIndex
from extractor.schemas.limits import StepBudget

_ITEMS_PER_STEP = 50


def make_standalone(schema: Any, index: SchemaIndex, budget: StepBudget) -> dict[str, Any]:
    """Return a copy of `schema` that can be used by itself: the targets of its references are its own `$defs`.

    Anything but an object becomes the empty schema. Raises SchemaError where the copy takes too many steps.
    """
    names: dict[int, str] = {}
    pending: list[Any] = []

    def copy(node: Any) -> Any:
        if isinstance(node, list):
            budget.spend(len(node) // _ITEMS_PER_STEP)
            return [copy(inner) if isinstance(inner, dict | list) else inner for inner in node]
        if not isinstance(node, dict):
            return node
        budget.spend()
        is_subschema = id(node) in index.schemas
        copied = {key: copy(inner) for key, inner in node.items() if not (is_subschema and key in IDENTIFIERS)}
        if id(node) in index.targets:
            target = index.targets[id(node)]
            for keyword in REFERENCES:
                copied.pop(keyword, None)
            if id(target) not in names:
                names[id(target)] = f"d{len(names) + 1}"
                pending.append(target)
            copied["$ref"] = f"#/$defs/{names[id(target)]}"
        return copied

    standalone = copy(schema) if isinstance(schema, dict) else {}
    definitions = {}
    while pending:
        target = pending.pop()
        definitions[names[id(target)]] = copy(target)
    if definitions:
        standalone["$defs"] = definitions
    return standalone
