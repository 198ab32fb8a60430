"""What many tests share: a record made from a text, a schema and prepared answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import Extraction, FieldGroup, Request


def replies(answers: Mapping[str, Any]) -> ScriptedModel:
    """A model that answers every field it is asked for out of `answers`, and null where they have none."""

    def answer(row: FieldGroup, request: Request) -> str:
        keys = re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE)
        return json.dumps({key: answers.get(key) for key in keys}, ensure_ascii=False)

    return ScriptedModel(answer)


@pytest.fixture
def record() -> Callable[..., Extraction]:
    """`record(text, properties, answers, **keywords)`: the extraction under an object schema of those properties."""

    def extracted(text: str, properties: Mapping[str, Any], answers: Any = (), **keywords: Any) -> Extraction:
        schema = load_schema({"type": "object", "properties": properties, **keywords})
        model = answers if isinstance(answers, ScriptedModel) else replies(dict(answers))
        return extract(read_bytes(text.encode(), "report.txt"), schema, model)

    return extracted


@pytest.fixture(scope="module")
def ann(app):
    """Ann's browser, logged in at the `app` of the tests that ask for it."""
    yield from _logged_in(app, "ann")


@pytest.fixture(scope="module")
def bob(app):
    """Bob's browser, as Ann's."""
    yield from _logged_in(app, "bob")


def _logged_in(app, user):
    from web_app import client  # not above: it loads the web app, which few tests need

    with client(app, user) as browser:
        yield browser
