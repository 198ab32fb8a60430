"""The load check, small: no submission and no approval is lost while several people review."""

from __future__ import annotations

from web_app import hosted, listening_app

from eval.load import run_load, write_schema
from extractor.client import Client


def test_nothing_is_lost_while_documents_are_handed_in_and_people_review(tmp_path):
    schemas = write_schema(tmp_path)
    with hosted(tmp_path, model="none", screens=False, schema_folder=schemas) as (app, store):
        secret, _ = store.tokens.add("load", ["read", "submit", "review"], who="ann")
        with listening_app(app) as url:
            result = run_load(lambda: Client(url, secret), submissions=24, reviewers=5, submitters=3)
    assert (result.lost, result.undone, result.errors) == ([], [], [])
    assert result.approved > 0 and len(result.reads) >= 3 * result.approved
    assert "24 submissions" in result.report()
