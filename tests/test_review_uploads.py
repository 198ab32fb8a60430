"""Uploads: stored safely, extracted in the background, listed for their owners, and deleted in time."""

from __future__ import annotations

import os
import stat
import time
import zipfile
from pathlib import Path

import pytest
from waiting import wait_until

from extractor.jobs.sources import name_of
from extractor.review import ReviewError, ReviewService
from extractor.schemas import load_schema
from extractor.store import Store

SCHEMA = load_schema(
    {
        "title": "Note",
        "type": "object",
        "properties": {
            "number": {"type": ["string", "null"], "x-labels": ["Number"]},
            "total": {"type": ["number", "null"], "x-labels": ["Total"]},
        },
    }
)
TEXT = "Number: A-{n}\nTotal: {n}.50\n"


def open_service(tmp_path: Path, **more: object) -> tuple[Store, ReviewService]:
    store = Store(tmp_path / "store.db")
    return store, ReviewService(store, folder=tmp_path / "web", model="none", **more)


@pytest.fixture
def opened(tmp_path):
    store, own = open_service(tmp_path)
    with store, own:
        yield own


def notes(tmp_path: Path, *numbers: int) -> list[tuple[str, Path]]:
    given = []
    for n in numbers:
        file = tmp_path / f"sent-{n}"
        file.write_text(TEXT.format(n=n))
        given.append((f"note {n}.txt", file))
    return given


def settled(own: ReviewService, who: str = "ann") -> list[dict]:
    """The person's uploads once nothing is going on any more."""
    wait_until(lambda: not own.uploads(who=who)["working"])
    return own.uploads(who=who)["rows"]


def shown(own: ReviewService, record: int) -> dict:
    """What is said of a record's document once it was read."""
    wait_until(lambda: own.document(record)["state"] != "reading")
    return own.document(record)


def test_uploads_become_records_and_show_their_progress(opened, tmp_path):
    packed = tmp_path / "packed"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/five.txt", TEXT.format(n=5))
    broken = tmp_path / "broken"
    broken.write_bytes(b"%PDF-1.7 nothing of the kind")
    files = [*notes(tmp_path, 1, 2), ("a.zip", packed), ("bad.pdf", broken)]
    assert opened.upload(who="ann", files=files, schema=SCHEMA)["added"] == 4
    states = {row["state"] for row in opened.uploads(who="ann")["rows"]}
    assert states <= {"waiting", "reading", "extracting", "done", "failed"}
    for _, path in files:
        path.unlink()  # what is handed in may be deleted at once
    rows = {row["name"]: row for row in settled(opened)}
    assert set(rows) == {"note 1.txt", "note 2.txt", "a.zip", "bad.pdf"}  # one for each file that was handed in
    assert [rows[name]["state"] for name in ("note 1.txt", "note 2.txt", "a.zip")] == ["done"] * 3
    rows |= {document["name"]: document for document in rows["a.zip"]["documents"]}
    assert (rows["bad.pdf"]["state"], rows["bad.pdf"]["kind"]) == ("failed", "unreadable")
    assert rows["bad.pdf"]["record"] is None and rows["note 1.txt"]["schema"] == "Note"
    view = opened.view(rows["note 2.txt"]["record"], who="ann")
    assert view["name"] == "note 2.txt" and view["fields"]['["total"]']["value"] == 2.5
    assert opened.uploads(who="bob") == {"rows": [], "working": False}
    assert opened.queue(who="bob")["total"] == 3  # the records are everybody's
    inner = opened.view(rows["five.txt"]["record"], who="ann")
    assert inner["name"] == "five.txt"
    assert shown(opened, inner["id"]) == {"state": "ready", "kind": "text", "pages": [], "unread": False}
    assert opened.text(inner["id"])["text"].startswith("Number: A-5")


def test_files_are_stored_privately_under_safe_names(opened, tmp_path):
    (tmp_path / "sent").write_text(TEXT.format(n=1))
    opened.upload(who="../ann", files=[("../../x\0/..\\a!/b\n.txt", tmp_path / "sent")], schema=SCHEMA)
    (kept,) = (opened.folder / "uploads").glob("*/*/*")
    assert kept.resolve().is_relative_to((opened.folder / "uploads").resolve())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((opened.folder / "uploads").stat().st_mode) == 0o700
    assert [row["name"] for row in settled(opened, "../ann")] == [kept.name]


def test_a_file_that_is_too_large_is_refused_with_the_reason(tmp_path):
    store, own = open_service(tmp_path, max_bytes=20)
    with store, own:
        big = tmp_path / "big"
        big.write_bytes(b"x" * 21)
        with pytest.raises(ReviewError, match="limit") as told:
            own.upload(who="ann", files=[("big.txt", big)], schema=SCHEMA)
        assert told.value.kind == "unusable"
        small = tmp_path / "small"
        small.write_text("Total: 5\n")
        told = own.upload(
            who="ann", files=[("big.txt", big), ("small.txt", small), ("no.txt", tmp_path / "no")], schema=SCHEMA
        )
        assert told["added"] == 1 and [each["kind"] for each in told["refused"]] == ["too_large", "missing"]


def test_a_model_that_cannot_be_loaded_fails_only_its_own_job(opened, tmp_path):
    opened.upload(who="ann", files=notes(tmp_path, 1), schema=SCHEMA, model="no-such/model")
    (row,) = settled(opened)
    assert row["state"] == "failed" and row["kind"] == "model" and row["documents"][0]["kind"] == "model"
    opened.upload(who="ann", files=notes(tmp_path, 2), schema=SCHEMA)
    assert [row["state"] for row in settled(opened)] == ["done", "failed"]


def test_unfinished_uploads_are_done_after_a_restart(tmp_path):
    store, own = open_service(tmp_path)
    with store:
        own._uploads._workers["quick"]._stop.set()  # as if the program had ended at once
        own.upload(who="ann", files=notes(tmp_path, 1, 2), schema=SCHEMA)
        own.close()
        assert [row["state"] for row in own.uploads(who="ann")["rows"]] == ["waiting", "waiting"]
    store, own = open_service(tmp_path)
    with store, own:
        own.start()
        assert [row["state"] for row in settled(own)] == ["done", "done"]
        own.close()


def test_uploads_of_an_older_version_are_finished(tmp_path, monkeypatch):
    from extractor.review import uploads

    store, own = open_service(tmp_path)
    with store:
        own._uploads._workers["quick"]._stop.set()
        own.upload(who="ann", files=notes(tmp_path, 1), schema=SCHEMA)
        own.close()
    monkeypatch.setattr(uploads, "__version__", "99")
    store, own = open_service(tmp_path)
    with store, own:
        own.start()
        states = [(job.state, store.jobs.counts(job).left) for job in own._uploads.jobs()]
        assert len(states) == 2 and ("cancelled", 0) in states
        assert "done" in [row["state"] for row in settled(own)]


def test_old_uploads_are_deleted_once_their_records_are_done(tmp_path):
    store, own = open_service(tmp_path, keep_days=1)
    with store, own:
        own.upload(who="ann", files=notes(tmp_path, 1, 2, 3), schema=SCHEMA)
        rows = {row["name"]: row["record"] for row in settled(own)}
        files = {file.name: file for file in (own.folder / "uploads").glob("*/*/*")}
        for name, act in (("note 1.txt", store.records.approve), ("note 2.txt", store.records.reject)):
            act(rows[name], who="ann", revision=1)
        assert shown(own, rows["note 1.txt"])["state"] == "ready"  # and is remembered
        stray = files["note 1.txt"].with_name("stray.txt")
        stray.write_text("of nothing")
        clean = own._uploads.clean
        assert clean() == 0
        long_ago = time.time() - 2 * 86400
        for file in (*files.values(), stray):
            os.utime(file, (long_ago, long_ago))
        assert clean() == 2  # the stray one, and the one that was rejected
        assert not files["note 2.txt"].exists() and files["note 1.txt"].exists()
        assert store.records.mark_exported(who="ann", schema=None, status="approved", job=None, what="a.csv") == 1
        assert clean() == 1 and not files["note 1.txt"].exists() and files["note 3.txt"].exists()
        gone = shown(own, rows["note 1.txt"])
        assert gone["state"] == "gone" and gone["message"]
        assert own.view(rows["note 1.txt"], who="ann")["fields"]['["total"]']["value"] == 1.5
        assert name_of(str(files["note 3.txt"])) in [source.name for source in store.sources()]
        assert store.audit.verify() == []
