"""A report as one self-contained HTML file: tables, curves, and every mistake with the place in the document.

All text of documents, gold and records is escaped by the template; only our own SVG is passed as markup.
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
from extractor.evaluation.discrimination import expected_calibration_error
from extractor.evaluation.matching import MISSING, SPURIOUS, WRONG, Match
from extractor.evaluation.metrics import METRIC_NAMES, Estimate
from extractor.evaluation.report import EvalReport, format_estimate
from extractor.evaluation.runs import DocumentResult
from extractor.evaluation.text_report import format_difference
from extractor.types import BBox, Document, Page, path_text

MAX_MISTAKES, MAX_PICTURES = 3_000, 400
"""Limits that keep the file below some megabytes: further mistakes are only counted, further pictures left out."""
MIN_PICTURES = 3
"""How many pictures a document may have at least, while there is room; else all documents share equally."""
SHOWN_OUTCOMES = (WRONG, SPURIOUS, MISSING)
"""The outcomes that are mistakes, in the order in which they are shown and get a picture."""
DPI, QUALITY = 110, 55
MARGIN_X, MARGIN_Y = 90.0, 28.0
"""Points of the page shown around the evidence."""
MAX_WIDTH, MAX_HEIGHT = 420.0, 180.0
"""Points of the page that a picture shows at most."""
MAX_CHARACTERS = 600
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of the document with the text around it."""

    before: str
    text: str
    after: str
    page: int | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """One field that is not right, as it is shown; `confidence` names the method too, `picture` is a data URI."""

    path: str
    outcome: str
    gold: str
    predicted: str
    confidence: str
    problems: tuple[str, ...]
    evidence: Excerpt | None
    gold_evidence: Excerpt | None
    picture: str | None


def render_html(
    report: EvalReport,
    comparison: Comparison | None = None,
    progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> str:
    """Return the HTML of a report, with a comparison where there is one."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FilePath(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"figure": format_estimate, "short": _short}
    pairs = report.confidences()
    mistakes, left_out = _collect_mistakes(report, progress)
    return environment.get_template("report.html").render(
        report=report,
        header=report.run.header,
        names=METRIC_NAMES,
        baseline={f.name: f.f1 for f in report.baseline.fields},
        nothing=Estimate(None),
        seconds=_seconds(report),
        coverage=Markup(curves.coverage_svg(pairs)) if pairs else "",
        reliability=Markup(curves.reliability_svg(pairs)) if pairs else "",
        expected_calibration_error=expected_calibration_error(curves.reliability_bins(pairs)) if pairs else None,
        failed=[d for d in report.results if d.error is not None],
        mistakes=mistakes,
        left_out=left_out,
        pictures=sum(m.picture is not None for _, group in mistakes for m in group),
        max_pictures=MAX_PICTURES,
        mistake_count=sum(len(group) for _, group in mistakes),
        comparison=comparison,
        verdict=format_difference(comparison) if comparison else "",
    )


def _seconds(report: EvalReport) -> str:
    """Return the seconds of all documents by stage, as text."""
    stages: dict[str, float] = {}
    for result in report.results:
        for stage, seconds in result.run.get("seconds", {}).items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in stages.items())


def _short(value: Any) -> str:
    """Return a value as text, cut where it is long."""
    text = value if isinstance(value, str) else "—" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}… ({len(text)} characters)"


# Mistakes.


def _collect_mistakes(
    report: EvalReport, progress: Callable[[Sequence[Any]], Iterable[Any]]
) -> tuple[list[tuple[DocumentResult, list[Mistake]]], int]:
    """Return the mistakes of each document that has any, and how many there was no room for."""
    wrong = [(d, [m for m in d.matches if m.outcome in SHOWN_OUTCOMES]) for d in report.results if d.error is None]
    wrong = [(result, matches) for result, matches in wrong if matches]
    found, room, pictures = [], MAX_MISTAKES, MAX_PICTURES
    for result, matches in progress(wrong):
        kept = sorted(matches[:room], key=lambda m: SHOWN_OUTCOMES.index(m.outcome))
        room -= len(kept)
        share = min(pictures, max(MIN_PICTURES, MAX_PICTURES // len(wrong)))
        crops = _PageCrops(result, FilePath(report.run.header["folder"]), share)
        if kept:
            found.append((result, [_mistake(result, m, crops) for m in kept]))
        pictures -= crops.count
    return found, sum(len(matches) for _, matches in wrong) - (MAX_MISTAKES - room)


def _mistake(result: DocumentResult, match: Match, crops: _PageCrops) -> Mistake:
    value = result.value_of(match) or {}
    evidence = value.get("evidence")
    gold_evidence = result.gold_evidence.get(path_text(match.path)) if match.gold_path is not None else None
    has_value = bool(evidence) or (bool(value) and match.predicted is not None)
    problems = tuple(f"{p['kind']}: {p['message']}" for p in value.get("problems", ()))
    return Mistake(
        path_text(match.path),
        match.outcome,
        _short(match.gold),
        _short(match.predicted),
        f"{value['confidence']:.2f}, {value['method']}" if has_value and value["confidence"] is not None else "",
        problems,
        _excerpt(evidence),
        _excerpt(gold_evidence),
        crops.picture(evidence, gold_evidence),
    )


def _excerpt(evidence: Mapping[str, Any] | None) -> Excerpt | None:
    """Return the evidence with the text around it; None without evidence."""
    if not evidence:
        return None
    boxes = evidence.get("boxes")
    return Excerpt(evidence["before"], _short(evidence["text"]), evidence["after"], boxes[0]["page"] if boxes else None)


class _PageCrops:
    """Pictures cut out of one document's pages, at most `limit` of them; every page is drawn once."""

    def __init__(self, result: DocumentResult, folder: FilePath, limit: int) -> None:
        self.result = result
        self.file = folder / result.document
        self.limit = limit
        self.count = 0
        self._pages: dict[int, Any] = {}

    def picture(self, evidence: Mapping[str, Any] | None, gold_evidence: Mapping[str, Any] | None) -> str | None:
        """Return a picture of the place of the record's value, else of gold's, as a data URI.

        The one is outlined in red, the other in green.
        """
        if self.count >= self.limit:
            return None
        red, green = _boxes(evidence), _boxes(gold_evidence)
        centre = red or green
        drawn = self._page(centre[0].page) if centre else None
        if drawn is None:
            return None
        self.count += 1
        return _crop(drawn, centre, red, green)

    def _page(self, number: int) -> Any:
        """Return the picture of a page; None where the file is gone or changed, or has no pages."""
        if number not in self._pages:
            self._pages[number] = self._draw(number)
        return self._pages[number]

    def _draw(self, number: int) -> Any:
        from extractor.readers import page_image

        try:
            data = self.file.read_bytes()
            return page_image(data, str(self.file), self._document(), number, DPI)
        except (OSError, ExtractorError):
            return None

    def _document(self) -> Document:
        """Return as much of the document as it takes to draw a page: the size and rotation of its pages."""
        pages = (Page(p["number"], 0, 0, p["width"], p["height"], (), p["turn"]) for p in self.result.pages)
        return Document(self.result.id, str(self.file), "", tuple(pages))


def _boxes(evidence: Mapping[str, Any] | None) -> list[BBox]:
    return [BBox(**box) for box in (evidence or {}).get("boxes") or ()]


def _crop(drawn: Any, centre: Sequence[BBox], red: Sequence[BBox], green: Sequence[BBox]) -> str:
    """Return the part of a page around the first box as a data URI of a JPEG, boxes outlined in red and green."""
    from PIL import ImageDraw

    scale = DPI / 72
    first = centre[0]
    near = [b for b in centre if b.page == first.page]
    x0, top = max(0.0, min(b.x0 for b in near) - MARGIN_X), max(0.0, min(b.top for b in near) - MARGIN_Y)
    x1 = min(max(b.x1 for b in near) + MARGIN_X, x0 + MAX_WIDTH)
    bottom = min(max(b.bottom for b in near) + MARGIN_Y, top + MAX_HEIGHT)
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
