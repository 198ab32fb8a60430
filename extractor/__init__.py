"""Structured fields out of messy reports, on your own machine, every value traced to its source.

import extractor as ex

document = ex.read("report.pdf")
schema = ex.load_schema("receipt")
result = ex.extract(document, schema, ex.load_model())
print(result.data)
for v in result.values:
    print(v.path, v.value, v.evidence, v.confidence)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_ROOMS = {
    "read": "readers",
    "read_bytes": "readers",
    "page_image": "readers",
    "load_schema": "schemas",
    "load_model": "models",
    "extract": "extraction.pipeline",
    "plan": "extraction.pipeline",
    "as_dict": "extraction.serialization",
}
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> Any:
    """The functions of the front door, imported when first asked for, so that `import extractor` stays light."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    value = getattr(import_module(f"extractor.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
