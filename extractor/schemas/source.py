"""Where a schema comes from: a mapping, a file or a shipped name, read as strict JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas.limits import MAX_BYTES, too_deep, too_large


def shipped_schemas() -> list[tuple[str, str]]:
    """Name and title of every schema that comes with the tool, by name."""
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


def read(source: str | os.PathLike | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
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
    try:
        return json.dumps(source, allow_nan=False, default=_plain)
    except RecursionError:
        raise too_deep() from None
    except (TypeError, ValueError) as error:
        raise SchemaError(f"The schema is not JSON: {error}.", "Use only what JSON has, without cycles.") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _parse(text: str, origin: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise too_large()
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_short_integer
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


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise SchemaError(f"The schema has the key {twice!r} twice in one object.", "Keep one of the two.")
    return found


def _no_constant(text: str) -> Any:
    raise SchemaError(f"The schema holds {text}, which is not JSON.", "Use a number, or leave the keyword out.")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise SchemaError(f"The number {text[:40]} is too large to be held.", "Use a number below 1e308.")
    return number


def _short_integer(text: str) -> int:
    if len(text) > 400:
        raise SchemaError(f"The number {text[:20]}... has {len(text)} digits.", "Use a shorter number.")
    return int(text)
