"""Several kinds of report in the place of one schema: the kind of each document is found out when it is read.

A kind set is a schema of one field, the kind, whose `x-kinds` holds the schemas to choose from by their names, so that
it can be stored and handed to other processes as any schema is. `x-examples` may hold the profiles of approved
documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from extractor.classification.classifier import KindChoice, KindClassifier
from extractor.classification.profiles import DocumentProfile
from extractor.errors import InputError, UsageError
from extractor.schemas import Schema, load_schema
from extractor.types import Document

AUTO = "auto"
"""The name that stands for a kind set on the command line, and is its name in the store."""
KINDS, EXAMPLES = "x-kinds", "x-examples"


class UnknownKind(InputError):
    """A document is of none of the kinds that were given; `choice` says which came nearest."""

    def __init__(self, choice: KindChoice) -> None:
        nearest = ""
        if choice.ranking:
            schema, probability = choice.ranking[0]
            nearest = f" The nearest is {schema.title or schema.name}, with a probability of {probability:.0%}."
        super().__init__(
            f"It is of none of the {len(choice.ranking)} kinds of report that were given.{nearest}",
            "Name its kind yourself (--schema), or give more kinds (--kinds).",
        )
        self.choice = choice


def make_kind_set(kinds: Sequence[Schema]) -> Schema:
    """Return a schema that stands for one of the kinds; raises UsageError where two have the same name, or none is."""
    if not kinds:
        raise UsageError(
            "There is no kind of report to choose from.", "Name schemas, or folders of them, with --kinds."
        )
    documents: dict[str, Mapping[str, Any]] = {}
    for kind in kinds:
        if kind.name in documents and documents[kind.name] != kind.document:
            raise UsageError(f"Two different schemas are named {kind.name}.", "Rename one of the files.")
        documents[kind.name] = kind.document
    properties = {"kind": {"title": "Kind", "enum": list(documents)}}
    return replace(
        load_schema({"title": AUTO, "type": "object", "properties": properties, KINDS: documents}), name=AUTO
    )


def is_kind_set(document: Mapping[str, Any]) -> bool:
    """Decide whether the JSON document of a schema stands for several kinds."""
    return KINDS in document


def kinds_in(document: Mapping[str, Any]) -> tuple[Schema, ...]:
    """Return the kinds of a kind set, in its order; raises SchemaError."""
    return tuple(replace(load_schema(kind), name=name) for name, kind in document[KINDS].items())


def add_examples(kind_set: Schema, profiles: Mapping[str, Sequence[Mapping[str, int]]]) -> Schema:
    """Return a kind set with the profiles of approved documents, given as JSON data by the id of their schema."""
    return replace(kind_set, document={**kind_set.document, EXAMPLES: profiles})


def classifier_of(document: Mapping[str, Any]) -> KindClassifier:
    """Return the classifier for the kinds and examples of a kind set."""
    examples = {
        schema: [DocumentProfile.from_json(profile) for profile in profiles]
        for schema, profiles in document.get(EXAMPLES, {}).items()
    }
    return KindClassifier(kinds_in(document), examples)


_classifiers: dict[str, KindClassifier] = {}


def choose_schema(document: Document, given: Mapping[str, Any]) -> tuple[Schema, KindChoice]:
    """Return the schema of a kind set that a document is to be read with, and how sure that is.

    Raises UnknownKind where it is of none of them. The newest classifier is kept for the next document.
    """
    key = json.dumps(given)
    if key not in _classifiers:
        _classifiers.clear()
        _classifiers[key] = classifier_of(given)
    choice = _classifiers[key].classify(document)
    if choice.schema is None:
        raise UnknownKind(choice)
    return choice.schema, choice


def choice_json(choice: KindChoice, most: int = 3) -> dict[str, Any]:
    """Return a choice as JSON data: the confidence in it, and the likeliest kinds by name with their probabilities."""
    ranking = [[schema.name, round(probability, 4)] for schema, probability in choice.ranking[:most]]
    return {"confidence": round(choice.confidence, 4), "ranking": ranking}
