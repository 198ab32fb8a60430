"""Documents for the screen: found by their bytes, read and drawn in separate processes, and cached."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas
from waiting import TIMEOUT, wait_until

from extractor.jobs.sources import member_name, name_of
from extractor.review import ReviewError, ReviewService
from extractor.review.document_cache import DocumentCache
from extractor.schemas import load_schema
from extractor.store import Store, Version

SCHEMA = load_schema({"title": "any", "type": "object", "properties": {"total": {"type": ["number", "null"]}}})
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all tests: its processes take a while to start."""
    place = tmp_path_factory.mktemp("desk")
    with Store(place / "store.db") as store, ReviewService(store) as opened:
        store.add_schema(SCHEMA)
        yield opened


def keep(service: ReviewService, data: bytes, name: str) -> int:
    """The number of a record of a document that was found under that name."""
    said = {
        "document": {"id": hashlib.sha256(data).hexdigest(), "source": name, "pages": None},
        "data": {"total": None},
        "values": [],
        "problems": [],
        "run": {"schema": SCHEMA.id},
    }
    return service.store.records.add(said, Version("t", "0"), who="m").id


def put(service: ReviewService, file: Path, data: bytes) -> int:
    file.write_bytes(data)
    return keep(service, data, name_of(str(file)))


def shown(service: ReviewService, record: int) -> dict:
    wait_until(lambda: service.document(record)["state"] != "reading")
    return service.document(record)


def pdf(pages: int = 3, mark: str = "") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 300), invariant=True)
    for n in range(1, pages + 1):
        canvas.drawString(50, 200, f"Page {n} total 1,234.50 {mark}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def picture() -> bytes:
    drawn = Image.new("RGB", (900, 400), "white")
    pen, font = ImageDraw.Draw(drawn), ImageFont.truetype(FONT, 32)
    pen.text((60, 60), "Invoice A-77", font=font, fill="black")
    pen.text((60, 200), "Total 1,234.50", font=font, fill="black")
    out = io.BytesIO()
    drawn.save(out, "PNG", dpi=(200, 200))
    return out.getvalue()


def test_a_pdf_has_pages_with_pictures_and_words(service, tmp_path):
    record = put(service, tmp_path / "a.pdf", pdf())
    told = shown(service, record)
    assert (told["state"], told["kind"], told["unread"]) == ("ready", "pages", False)
    assert told["pages"] == [{"n": n, "width": 400.0, "height": 300.0} for n in (1, 2, 3)]
    page = Image.open(io.BytesIO(service.page_image(record, 2, 150)))
    assert page.format == "WEBP" and page.size == (833, 625)
    listed = service.page_words(record, 2)
    words = listed["words"]
    assert [word[0] for word in words] == ["Page", "2", "total", "1,234.50"]
    text = service.text(record)["text"]
    assert "1,234.50" in [text[start:end] for start, end in listed["values"]]
    for word, x0, top, x1, bottom, start, end in words:
        assert text[start:end] == word and 0 < x0 < x1 < 400 and 0 < top < bottom < 300
    left, top, right, bottom = (side * 150 / 72 for side in words[3][1:5])
    assert page.convert("L").crop((int(left), int(top), int(right), int(bottom))).getextrema()[0] < 100  # ink is there
    with pytest.raises(ReviewError) as gone:
        service.page_image(record, 4, 150)
    assert gone.value.kind == "gone"


def test_a_region_of_a_scan_is_read_again(service, tmp_path):
    record = put(service, tmp_path / "scan.png", picture())
    told = shown(service, record)
    assert told["state"] == "ready" and told["kind"] == "pages" and len(told["pages"]) == 1
    words = service.page_words(record, 1)["words"]
    assert "A-77" in [word[0] for word in words]
    boxes = [word[1:5] for word in words if word[2] > 60]
    around = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    again = service.read(record, page=1, box=around)
    assert again["text"].replace(" ", "") == "Total1,234.50" and again["confidence"] > 0.8
    assert service.read(record, page=1, box=(200.0, 5.0, 300.0, 12.0)) == {"text": "", "confidence": None}
    with pytest.raises(ReviewError):
        service.read(record, page=1, box=(5000.0, 5000.0, 5001.0, 5001.0))


def test_a_text_has_blocks_and_tables(service, tmp_path):
    page = b"<html><body><h1>Bill</h1><table><tr><th>what</th><th>sum</th></tr><tr><td>a</td><td>5</td></tr></table>"
    record = put(service, tmp_path / "a.html", page)
    assert shown(service, record) == {"state": "ready", "kind": "text", "pages": [], "unread": False}
    told = service.text(record)
    assert [told["text"][b["start"] : b["end"]] for b in told["blocks"] if b["kind"] == "heading"] == ["Bill"]
    (table,) = told["tables"]
    assert (table["rows"], table["columns"]) == (2, 2)
    assert [told["text"][c["start"] : c["end"]] for c in table["cells"]] == ["what", "sum", "a", "5"]
    assert [told["text"][start:end] for start, end in told["values"]] == ["5"]


def test_a_document_is_found_in_its_archive_and_under_any_of_its_names(service, tmp_path):
    data = b"Total: 8\n"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/eight.txt", data)
    record = keep(service, data, name_of(str(tmp_path / "was here.txt")))
    assert shown(service, record)["state"] == "gone"
    keep(service, data, member_name(name_of(str(tmp_path / "a.zip")), "in/eight.txt"))
    service.documents._failures.clear()  # it would be tried again after a while
    assert shown(service, record)["state"] == "ready" and service.text(record)["text"] == "Total: 8\n"


def test_a_changed_file_is_never_shown(service, tmp_path):
    record = put(service, tmp_path / "changed.txt", b"as it was")
    (tmp_path / "changed.txt").write_bytes(b"as it is")
    told = shown(service, record)
    assert told["state"] == "gone" and "changed" in told["message"]
    with pytest.raises(ReviewError, match="changed"):
        service.text(record)


def test_an_unreadable_document_says_why_and_affects_no_other(service, tmp_path):
    record = put(service, tmp_path / "broken.pdf", b"%PDF-1.7\nnothing of the kind")
    told = shown(service, record)
    assert told["state"] == "gone" and "PDF" in told["message"]
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert shown(service, keep(service, b"of a pipe", name_of(str(pipe))))["state"] == "gone"
    assert shown(service, put(service, tmp_path / "fine.txt", b"fine\n"))["state"] == "ready"


def test_a_dead_process_fails_only_its_own_call(service, tmp_path):
    record = put(service, tmp_path / "after.txt", b"after\n")
    died = service.documents._pool.submit(os._exit, 1, seconds=TIMEOUT)
    hung = service.documents._pool.submit(time.sleep, TIMEOUT, seconds=0.5)
    for future, sentence in ((died, "ended unexpectedly"), (hung, "too long")):
        with pytest.raises(ReviewError, match=sentence):
            future.result(TIMEOUT)
    assert shown(service, record)["state"] == "ready"


def test_a_cached_document_needs_neither_file_nor_process(service, tmp_path):
    data = pdf(2, "again")
    record = put(service, tmp_path / "once.pdf", data)
    found: list[bytes] = []
    shown(service, record)
    threads = [threading.Thread(target=lambda: found.append(service.page_image(record, 1, 110))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1
    (tmp_path / "once.pdf").unlink()
    with Store(service.store.name) as store, ReviewService(store) as other:
        assert other.document(record)["state"] == "ready" and other.page_image(record, 1, 110) == found[0]
        assert other.documents._pool is None, "what is cached needs no process"


def test_the_next_document_is_prefetched(service, tmp_path):
    first = put(service, tmp_path / "one.txt", b"one\n")
    data = pdf(1, "ahead")
    ahead = put(service, tmp_path / "ahead.pdf", data)
    for record in service.store.records:
        if record.id not in (first, ahead):
            service.store.records.claim(record.id, who="somebody else")
    service.start()
    assert service.next(first, who="ann") == {"id": ahead}
    place = service.documents._cache.folder_of(hashlib.sha256(data).hexdigest()) / "page-1-150.webp"
    wait_until(place.exists)


def test_the_cache_is_private_and_keeps_its_size(tmp_path):
    cache = DocumentCache(tmp_path / "pages", max_bytes=2500)
    assert stat.S_IMODE((tmp_path / "pages").stat().st_mode) == 0o700
    for n in range(4):
        cache.folder_of(f"d{n}").mkdir()
        (cache.folder_of(f"d{n}") / "about.json").write_bytes(b'{"x": 1}' + b" " * 992)
        os.utime(cache.folder_of(f"d{n}"), (n, n))
    assert cache.description("d0") == {"x": 1}  # used now
    cache.prune(now=True)
    assert [cache.folder_of(f"d{n}").exists() for n in range(4)] == [True, False, False, True]
