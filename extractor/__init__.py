"""Extract structured fields from messy reports on your own machine, with the source of every value.

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

_MODULES = {
    "read": "readers",
    "read_bytes": "readers",
    "page_image": "readers",
    "load_schema": "schemas",
    "load_model": "models",
    "extract": "extraction",
    "plan": "extraction",
    "as_dict": "extraction",
}
__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    """Import a public function when it is first used, so that `import extractor` loads nothing heavy."""
    if name not in _MODULES:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    value = getattr(import_module(f"extractor.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
