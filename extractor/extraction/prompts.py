"""The words that go to a model, filled in from the files in `prompts/`; standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path as FilePath
from string import Template

from extractor.types import Field, path_text

_HERE = FilePath(__file__).resolve().parent.parent
LABELS = 5
"""How many of a field's names a prompt lists; those that the passages contain come first."""


@cache
def _template(name: str) -> str:
    for folder in (_HERE.parent / "prompts", _HERE / "_shipped" / "prompts"):
        file = folder / f"{name}.txt"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"prompt file {name}.txt")


@cache
def prompt_id() -> str:
    """SHA-256 over all prompt files, so that a record can say which words it was asked with."""
    texts = "\0".join(_template(name) for name in ("system", "document", "question", "judge"))
    return hashlib.sha256(texts.encode()).hexdigest()


def system() -> str:
    """The instruction that stands before every document."""
    return _template("system").strip()


def document(passages: str) -> str:
    """The part of the prompt that all field groups of one document share."""
    return Template(_template("document")).substitute(document=passages)


def question(fields: Sequence[tuple[str, Field]], passages: str) -> str:
    """The part that asks for one group of fields, all copied or all judged, each by the key it is answered under."""
    titles = [_title(key, field) for key, field in fields]
    lines = [_line(key, field, passages, titles.count(_title(key, field)) > 1) for key, field in fields]
    name = "question" if fields[0][1].copied else "judge"
    return Template(_template(name)).substitute(fields="\n".join(lines))


def _title(key: str, field: Field) -> str:
    return field.title or (field.labels[0] if field.labels else key.replace("_", " "))


def _line(key: str, field: Field, passages: str, ambiguous: bool) -> str:
    """One field as it is asked for; the objects around it are named only where its title alone would be ambiguous."""
    title = _title(key, field)
    around = [group[0] for group in field.parents if group] if ambiguous else []
    parts = [" > ".join([*around[-2:], title])]
    if field.description and field.description != title:
        parts.append(field.description.strip())
    known = sorted((label for label in field.labels if label != title), key=lambda label: label not in passages)
    if known and field.copied:
        parts.append("Look for the words " + ", ".join(f'"{label}"' for label in known[:LABELS]))
    if field.type == "boolean":
        parts.append("true or false")
    choices = field.enum or (field.items[0].enum if field.items and not field.items[0].path else None)
    if choices:
        parts.append("One of: " if field.enum else "A list of: ")
        parts[-1] += ", ".join(str(choice) for choice in choices if choice is not None)
    elif any(item.path for item in field.items):
        inner = "; ".join(_part(item) for item in field.items)
        parts.append(f"A list; each element has: {inner}")
    elif field.type == "array":
        parts.append("A list")
    return f"- {key}: " + ". ".join(part.rstrip(".。 ") for part in parts if part)


def _part(item: Field) -> str:
    said = item.title or item.description
    return f"{path_text(item.path)} ({said})" if said else path_text(item.path)
