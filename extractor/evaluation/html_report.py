"""A report as one HTML file that asks nothing of any other place: tables, curves, and every mistake where it happened.

All text of documents, gold and records goes through the template's escaping; only our own SVG is passed as markup.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from extractor.errors import ExtractorError
from extractor.evaluation import curves
from extractor.evaluation.compare import Comparison
from extractor.evaluation.figures import NAMES, Figure
from extractor.evaluation.matching import MISSING, SPURIOUS, WRONG, Match
from extractor.evaluation.report import Report, shown
from extractor.evaluation.runs import Judged
from extractor.evaluation.text_report import verdict_of
from extractor.types import BBox, Document, Page, path_text

MOST_MISTAKES, MOST_PICTURES = 3_000, 400
"""Of more mistakes than this the rest is only counted; of pictures, so that the file stays below some megabytes."""
LEAST_PICTURES = 3
"""How many pictures a document may have at least, while there is room; else all documents share alike."""
PICTURED = (WRONG, SPURIOUS, MISSING)
"""The outcomes that are mistakes, in the order they are shown and get a picture."""
DPI, QUALITY = 110, 55
BESIDE, ABOVE = 90.0, 28.0
"""Points of the page shown around the evidence."""
WIDEST, HIGHEST = 420.0, 180.0
"""Points of the page a picture shows at most."""
LONG = 600
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the document with what stands around it."""

    before: str
    text: str
    after: str
    page: int | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """One field that is not right, as it is shown; `sure` tells confidence and method, `picture` is a data URI."""

    path: str
    outcome: str
    gold: str
    predicted: str
    sure: str
    problems: tuple[str, ...]
    evidence: Passage | None
    gold_evidence: Passage | None
    picture: str | None


def page(
    report: Report,
    comparison: Comparison | None = None,
    progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> str:
    """The HTML of a report, with a comparison where there is one."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FilePath(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"figure": shown, "short": _short}
    pairs = report.confidences()
    mistakes, left_out = _mistakes(report, progress)
    return environment.get_template("report.html").render(
        report=report,
        header=report.run.header,
        names=NAMES,
        rough={f.name: f.f1 for f in report.rough.fields},
        nothing=Figure(None),
        seconds=_seconds(report),
        coverage=Markup(curves.coverage_svg(pairs)) if pairs else "",
        reliability=Markup(curves.reliability_svg(pairs)) if pairs else "",
        calibration_error=curves.calibration_error(pairs),
        failed=[d for d in report.judged if d.error is not None],
        mistakes=mistakes,
        left_out=left_out,
        pictures=sum(m.picture is not None for _, group in mistakes for m in group),
        most_pictures=MOST_PICTURES,
        shown=sum(len(group) for _, group in mistakes),
        comparison=comparison,
        verdict=verdict_of(comparison) if comparison else "",
    )


def _seconds(report: Report) -> str:
    stages: dict[str, float] = {}
    for judged in report.judged:
        for stage, seconds in judged.run.get("seconds", {}).items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in stages.items())


def _short(value: Any) -> str:
    """A value as text, cut where it is long."""
    text = value if isinstance(value, str) else "—" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text)} characters)"


# Mistakes.


def _mistakes(
    report: Report, progress: Callable[[Sequence[Any]], Iterable[Any]]
) -> tuple[list[tuple[Judged, list[Mistake]]], int]:
    """The mistakes of each document that has some, and how many there was no room for."""
    wrong = [(d, [m for m in d.matches if m.outcome in PICTURED]) for d in report.judged if d.error is None]
    wrong = [(judged, matches) for judged, matches in wrong if matches]
    found, room, pictures = [], MOST_MISTAKES, MOST_PICTURES
    for judged, matches in progress(wrong):
        kept = sorted(matches[:room], key=lambda m: PICTURED.index(m.outcome))
        room -= len(kept)
        share = min(pictures, max(LEAST_PICTURES, MOST_PICTURES // len(wrong)))
        album = _Album(judged, FilePath(report.run.header["folder"]), share)
        if kept:
            found.append((judged, [_mistake(judged, m, album) for m in kept]))
        pictures -= album.taken
    return found, sum(len(matches) for _, matches in wrong) - (MOST_MISTAKES - room)


def _mistake(judged: Judged, match: Match, album: _Album) -> Mistake:
    value = judged.value_of(match) or {}
    evidence = value.get("evidence")
    wanted = judged.gold_evidence.get(path_text(match.path)) if match.gold_path is not None else None
    given = bool(evidence) or (bool(value) and match.predicted is not None)
    problems = tuple(f"{p['kind']}: {p['message']}" for p in value.get("problems", ()))
    return Mistake(
        path_text(match.path),
        match.outcome,
        _short(match.gold),
        _short(match.predicted),
        f"{value['confidence']:.2f}, {value['method']}" if given and value["confidence"] is not None else "",
        problems,
        _passage(evidence),
        _passage(wanted),
        album.picture(evidence, wanted),
    )


def _passage(evidence: Mapping[str, Any] | None) -> Passage | None:
    if not evidence:
        return None
    boxes = evidence.get("boxes")
    return Passage(evidence["before"], _short(evidence["text"]), evidence["after"], boxes[0]["page"] if boxes else None)


class _Album:
    """Pictures cut out of one document's pages, at most `room` of them; a page is drawn once."""

    def __init__(self, judged: Judged, folder: FilePath, room: int) -> None:
        self.judged = judged
        self.file = folder / judged.document
        self.room = room
        self.taken = 0
        self._pages: dict[int, Any] = {}

    def picture(self, evidence: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> str | None:
        """A data URI of the place of the record's value, else of gold's: red round the one, green round the other."""
        if self.taken >= self.room:
            return None
        red, green = _boxes(evidence), _boxes(wanted)
        middle = red or green
        drawn = self._page(middle[0].page) if middle else None
        if drawn is None:
            return None
        self.taken += 1
        return _cut_out(drawn, middle, red, green)

    def _page(self, number: int) -> Any:
        """The picture of a page, None where there is none to be had: the file has gone or changed, or has no pages."""
        if number not in self._pages:
            self._pages[number] = self._drawn(number)
        return self._pages[number]

    def _drawn(self, number: int) -> Any:
        from extractor.readers import page_image

        try:
            data = self.file.read_bytes()
            return page_image(data, str(self.file), self._document(), number, DPI)
        except (OSError, ExtractorError):
            return None

    def _document(self) -> Document:
        """As much of the document as it takes to draw a page: how its pages lie."""
        pages = (Page(p["number"], 0, 0, p["width"], p["height"], (), p["turn"]) for p in self.judged.pages)
        return Document(self.judged.id, str(self.file), "", tuple(pages))


def _boxes(evidence: Mapping[str, Any] | None) -> list[BBox]:
    return [BBox(**box) for box in (evidence or {}).get("boxes") or ()]


def _cut_out(drawn: Any, middle: Sequence[BBox], red: Sequence[BBox], green: Sequence[BBox]) -> str:
    from PIL import ImageDraw

    scale = DPI / 72
    first = middle[0]
    near = [b for b in middle if b.page == first.page]
    x0, top = max(0.0, min(b.x0 for b in near) - BESIDE), max(0.0, min(b.top for b in near) - ABOVE)
    x1 = min(max(b.x1 for b in near) + BESIDE, x0 + WIDEST)
    bottom = min(max(b.bottom for b in near) + ABOVE, top + HIGHEST)
    corners = (x0 * scale, top * scale, min(x1 * scale, drawn.width), min(bottom * scale, drawn.height))
    picture = drawn.convert("RGB").crop(tuple(map(round, corners)))
    pen = ImageDraw.Draw(picture)
    for colour, boxes in (("#0a7d2c", green), ("#c01c28", red)):
        for b in boxes:
            if b.page == first.page:
                left, upper = (b.x0 - x0) * scale - 2, (b.top - top) * scale - 2
                right, lower = (b.x1 - x0) * scale + 2, (b.bottom - top) * scale + 2
                pen.rectangle((left, upper, right, lower), outline=colour, width=2)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
