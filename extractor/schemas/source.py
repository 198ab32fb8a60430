"""Where a schema comes from: a mapping, a file or a shipped name, read as strict JSON."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.limits import MAX_BYTES, too_deep, too_large


def shipped_schemas() -> list[tuple[str, str]]:
    """Return the name and the title of every schema that comes with the tool, by name."""
    found = []
    for file in sorted(_shipped_folder().glob("*.json")):
        try:
            title = json.loads(file.read_text("utf-8")).get("title", "")
        except (OSError, ValueError, AttributeError):
            title = ""
        found.append((file.stem, str(title)))
    return found


def _shipped_folder() -> FilePath:
    here = FilePath(__file__).resolve().parent.parent
    installed = here / "_shipped" / "schemas"
    return installed if installed.is_dir() else here.parent / "schemas"


def read_source(source: str | os.PathLike | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name (empty for a mapping) and the JSON document of a schema.

    Raises SchemaError where the source cannot be read, is too large, or is not strict JSON with an object on top.
    """
    if isinstance(source, Mapping):
        return "", _parse(_dumps(source), "the schema")
    if not isinstance(source, str | os.PathLike):
        raise SchemaError(f"A schema cannot be read from {type(source).__name__}.", "Give a mapping, a path or a name.")
    path = FilePath(os.fspath(source))
    name = path.stem
    if isinstance(source, str) and path.suffix.lower() != ".json" and path.name == source and not path.exists():
        path = _shipped_folder() / f"{source}.json"
        if not path.is_file():
            names = ", ".join(known for known, _ in shipped_schemas())
            raise SchemaError(f"There is no schema named {source!r}.", f"Give a .json file, or one of: {names}.")
        name = source
    if not path.exists():
        raise SchemaError(f"{path} does not exist.", "Check the path; a shipped schema is given by its name alone.")
    if not path.is_file():
        raise SchemaError(f"{path} is not a file.", "Give the path of one .json file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise too_large()
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path} is not UTF-8 (byte {error.start}).", "Save the file as UTF-8.") from None
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}.", "Check the permissions of the file.") from None
    return name, _parse(text, str(path))


def _dumps(source: Mapping[str, Any]) -> str:
    """Return a mapping as JSON text, so that it is checked like a file."""
    try:
        return json.dumps(source, allow_nan=False, default=_as_dict)
    except RecursionError:
        raise too_deep() from None
    except (TypeError, ValueError) as error:
        raise SchemaError(f"The schema is not JSON: {error}.", "Use only what JSON has, without cycles.") from None


def _as_dict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _parse(text: str, origin: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise too_large()
    try:
        document = json.loads(
            text,
            object_pairs_hook=_refuse_duplicate_keys,
            parse_constant=_refuse_constant,
            parse_float=_parse_finite,
            parse_int=_parse_short_integer,
        )
    except json.JSONDecodeError as error:
        raise SchemaError(
            f"{origin} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Correct the file there; a JSON file has double quotes and no trailing commas.",
        ) from None
    except RecursionError:
        raise too_deep() from None
    if not isinstance(document, dict):
        raise SchemaError(
            f"{origin} is not a JSON Schema of a record: its top level is not an object.",
            'Begin with {"type": "object", "properties": {...}}.',
        )
    return document


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise SchemaError(f"The schema has the key {twice!r} twice in one object.", "Keep one of the two.")
    return found


def _refuse_constant(text: str) -> Any:
    raise SchemaError(f"The schema holds {text}, which is not JSON.", "Use a number, or leave the keyword out.")


def _parse_finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise SchemaError(f"The number {text[:40]} is too large for a double.", "Use a number below 1e308.")
    return number


def _parse_short_integer(text: str) -> int:
    if len(text) > 400:
        raise SchemaError(f"The number {text[:20]}... has {len(text)} digits.", "Use a shorter number.")
    return int(text)
