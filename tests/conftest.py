"""What many tests share: a record made from a text, a schema and prepared answers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from extractor.extraction.pipeline import extract
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.types import Extraction, FieldGroup, Request

if "PYTEST_XDIST_WORKER" in os.environ:
    # Threads of several processes would wait for each other's cores. What the tests start inherits this.
    for name in ("OMP_NUM_THREADS", "EXTRACTOR_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


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


# The web app without a browser. What loads it is imported where it is used: few tests need it.


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The web app with the records of two letters, for the tests of a module."""
    from web_app import fill, hosted

    with hosted(tmp_path_factory.mktemp("host"), max_upload=1) as (made, store):
        fill(store, {"a.txt": ("Ann Lee", "125.00"), "b.txt": ("Bo Ek", "7.50")})
        yield made


@pytest.fixture(scope="module")
def nobody(app):
    """A browser at `app`, or at what a module has by that name, in which nobody is logged in."""
    yield from _browser(app)


@pytest.fixture(scope="module")
def ann(app):
    """A browser in which Ann is logged in."""
    yield from _browser(app, "ann")


@pytest.fixture(scope="module")
def bob(app):
    """A browser in which Bob is logged in."""
    yield from _browser(app, "bob")


def _browser(app, user=None):
    from web_app import client

    with client(app, user) as browser:
        yield browser
