"""The texts that a model is sent, made from the templates in `prompts/`; each read once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path as FilePath
from string import Template

from extractor.types import Field, path_text
from extractor.values.label_similarity import normalise_label

_PACKAGE = FilePath(__file__).resolve().parent.parent
_TEMPLATES = ("system", "document", "question", "list", "judge")
MAX_LABELS = 5
"""Most names of a field that a question lists, of those that the passages contain."""


@cache
def _template(name: str) -> str:
    """Return a template, from the source tree or from the installed package."""
    for folder in (_PACKAGE.parent / "prompts", _PACKAGE / "_shipped" / "prompts"):
        file = folder / f"{name}.txt"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"prompt template {name}.txt is missing")


@cache
def prompt_id() -> str:
    """Return the SHA-256 of all templates, by which a record names the wording of its questions."""
    texts = "\0".join(_template(name) for name in _TEMPLATES)
    return hashlib.sha256(texts.encode()).hexdigest()


def system() -> str:
    """Return the instruction that precedes every document."""
    return _template("system").strip()


def document(passages: str) -> str:
    """Return the part of the prompt that all field groups of one document share."""
    return Template(_template("document")).substitute(document=passages)


def question(fields: Sequence[tuple[str, Field]], passages: str) -> str:
    """Return the question for a group of (key in the answer, field); all fields are copied, or none is."""
    titles = [_title(key, field) for key, field in fields]
    folded = passages.casefold()
    lines = [_describe(key, field, folded, titles.count(_title(key, field)) > 1) for key, field in fields]
    first = fields[0][1]
    template = "judge" if not _is_copied(first) else "list" if first.type == "array" else "question"
    return Template(_template(template)).substitute(fields="\n".join(lines))


def _is_copied(field: Field) -> bool:
    """Decide whether a model is told to copy: a single value that is copied, or a list with any such part."""
    return field.copied or any(item.copied for item in field.items)


def _title(key: str, field: Field) -> str:
    return field.title or (field.labels[0] if field.labels else key.replace("_", " "))


def _describe(key: str, field: Field, folded_passages: str, is_ambiguous: bool) -> str:
    """Return the line that describes one field; `folded_passages` are the passages with the case folded.

    Its parent objects are named only where its title is ambiguous, its title not where the key says the same, and of
    its labels those that the passages contain: a question is read as slowly as a document.
    """
    title = _title(key, field)
    parents = [names[0] for names in field.parents if names] if is_ambiguous else []
    parts = [" > ".join([*parents[-2:], title])]
    if field.description and field.description != title:
        if not parents and normalise_label(title) == normalise_label(field.name):
            parts = []
        parts.append(field.description.strip())
    labels = [label for label in field.labels if label != title and label.casefold() in folded_passages]
    if labels and field.copied:
        parts.append("Look for the words " + ", ".join(f'"{label}"' for label in labels[:MAX_LABELS]))
    if field.type == "boolean":
        parts.append("true or false")
    choices = field.enum or (field.items[0].enum if field.items and not field.items[0].path else None)
    if choices:
        parts.append("One of: " if field.enum else "A list of: ")
        parts[-1] += ", ".join(str(choice) for choice in choices if choice is not None)
    elif any(item.path for item in field.items):
        members = "; ".join(_describe_item(item) for item in field.items)
        parts.append(f"A list; each element has: {members}")
    elif field.type == "array":
        parts.append("A list")
    return f"- {key}: " + ". ".join(part.rstrip(".。 ") for part in parts if part)


def _describe_item(item: Field) -> str:
    meaning = item.title or item.description
    return f"{path_text(item.path)} ({meaning})" if meaning else path_text(item.path)
