"""How large a schema may be, and what is said of one that is larger."""

from __future__ import annotations

from extractor.errors import SchemaError

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_NODES = 5_000
MAX_FIELDS = 5_000
MAX_ENUM = 2_000
MAX_PATTERN = 2_000
MAX_STEPS = 60_000
MAX_TRAIL = 160


def too_large() -> SchemaError:
    return SchemaError(f"The schema is larger than {MAX_BYTES:,} bytes.", "Split it into several smaller schemas.")


def too_deep() -> SchemaError:
    return SchemaError(f"The schema is nested deeper than {MAX_DEPTH} levels.", "Flatten it, or move parts to `$defs`.")


def too_many_nodes() -> SchemaError:
    return SchemaError(f"The schema has more than {MAX_NODES:,} subschemas.", "Split it into several schemas.")


def too_many() -> SchemaError:
    return SchemaError(
        f"The schema unfolds to more than {MAX_FIELDS:,} fields, or to too many parts: its references multiply.",
        "Ask for fewer fields, or split the schema.",
    )
