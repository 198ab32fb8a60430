"""How large a schema may be, and the errors for one that is larger."""

from __future__ import annotations

from extractor.errors import SchemaError

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
"""Levels of nested objects and lists, counted in the JSON document."""
MAX_NODES = 5_000
"""Subschemas as written, before references are followed."""
MAX_FIELDS = 5_000
"""Fields once references are written out."""
MAX_ENUM = 2_000
MAX_PATTERN = 2_000
"""Characters of a regular expression."""
MAX_STEPS = 60_000
"""Subschemas looked at while references are written out, and subschemas that references and choices multiply into; a
few references to references make millions of them."""
MAX_TRAIL = 160
"""References and `allOf` followed one inside the other."""


class StepBudget:
    """Counts the steps of writing out a schema, and ends with a SchemaError when there are too many."""

    def __init__(self) -> None:
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Count `steps` more. Raises SchemaError once there are more than MAX_STEPS."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise too_many_fields()


def too_large() -> SchemaError:
    """Return the error for a schema of too many bytes."""
    return SchemaError(f"The schema is larger than {MAX_BYTES:,} bytes.", "Split it into several smaller schemas.")


def too_deep() -> SchemaError:
    """Return the error for a schema of too many levels."""
    return SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.", "Flatten it, or move parts to `$defs`.")


def too_many_nodes() -> SchemaError:
    """Return the error for a schema of too many subschemas."""
    return SchemaError(f"The schema has more than {MAX_NODES:,} subschemas.", "Split it into several schemas.")


def too_many_branches() -> SchemaError:
    """Return the error for a schema whose choices multiply into too many branches."""
    return SchemaError(
        f"The schema unfolds to more than {MAX_STEPS:,} branches: its references and choices (anyOf, oneOf) multiply.",
        "Remove branches that say the same, or choose once, on the outside.",
    )


def too_many_fields() -> SchemaError:
    """Return the error for a schema whose references multiply into too many fields."""
    return SchemaError(
        f"The schema unfolds to more than {MAX_FIELDS:,} fields, or to too many parts: its references multiply.",
        "Ask for fewer fields, or split the schema.",
    )
