"""Curves of confidence against accuracy, as numbers and as inline SVG: coverage and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from extractor.evaluation.discrimination import ConfidenceBin

BINS = 10
MAX_POINTS = 200
"""The most points that a curve is drawn with, roughly."""
SIZE, LEFT, BOTTOM, TOP = 260, 44, 40, 12

Outcomes = Sequence[tuple[float, bool]]
"""Values as (confidence, whether it is right), highest confidence first."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin(ConfidenceBin):
    """The values with a confidence in `low..high`."""

    low: float
    high: float


def coverage_curve(pairs: Outcomes) -> list[tuple[float, float]]:
    """Return (share of values kept, share of them right) for every threshold.

    Values of equal confidence are kept together.
    """
    points, right = [], 0
    for n, (confidence, correct) in enumerate(pairs, 1):
        right += correct
        if n == len(pairs) or pairs[n][0] != confidence:
            points.append((n / len(pairs), right / n))
    return points


def reliability_bins(pairs: Outcomes) -> list[ReliabilityBin]:
    """Return the values in bins of equal width by confidence; empty bins are left out."""
    found = []
    for n in range(BINS):
        inside = [(c, r) for c, r in pairs if min(int(c * BINS), BINS - 1) == n]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            accuracy = sum(r for _, r in inside) / len(inside)
            found.append(ReliabilityBin(len(inside), mean, accuracy, n / BINS, (n + 1) / BINS))
    return found


COVERAGE = ("Accuracy against coverage", "share of values kept, highest confidence first", "share of them right")
RELIABILITY = ("Reliability", "confidence", "share of values right")
"""The texts above, along and beside each curve."""


def coverage_svg(pairs: Outcomes, texts: tuple[str, str, str] = COVERAGE) -> str:
    """Return the curve of `coverage_curve` as one SVG element; `texts` are its title and the names of its axes."""
    points = coverage_curve(pairs)
    step = max(1, len(points) // MAX_POINTS)
    kept = points[::step] + ([points[-1]] if points and (len(points) - 1) % step else [])
    line = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in kept)
    drawn = f'<polyline class="line" points="{line}"/>'
    return _svg(*texts, drawn)


def reliability_svg(pairs: Outcomes, texts: tuple[str, str, str] = RELIABILITY) -> str:
    """Return the bins as bars of their accuracy, with the diagonal of perfect calibration, in one SVG element."""
    parts = []
    for b in reliability_bins(pairs):
        x, y, width = _x(b.low), _y(b.accuracy), _x(b.high) - _x(b.low)
        title = f"<title>{b.count} values, confidence {b.confidence:.2f}, right {b.accuracy:.2f}</title>"
        place = f'x="{x + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{_y(0) - y:.1f}"'
        parts.append(
            f'<rect class="bar" {place}>{title}</rect>'
            f'<text class="count" x="{x + width / 2:.1f}" y="{max(y - 3, TOP + 8):.1f}">{b.count}</text>'
        )
    parts.append(f'<line class="even" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    return _svg(*texts, "".join(parts))


def _x(share: float) -> float:
    return LEFT + share * SIZE


def _y(share: float) -> float:
    return TOP + (1 - share) * SIZE


def _svg(title: str, across: str, up: str, drawn: str) -> str:
    """Return the SVG element of a diagram with axes, grid and the given content."""
    title, across, up = escape(title), escape(across), escape(up)
    width, height = LEFT + SIZE + 16, TOP + SIZE + BOTTOM
    marks = []
    for tenth in range(0, 11, 2):
        share = tenth / 10
        marks.append(
            f'<line class="grid" x1="{_x(0)}" y1="{_y(share)}" x2="{_x(1)}" y2="{_y(share)}"/>'
            f'<text class="mark" x="{LEFT - 6}" y="{_y(share) + 4}" text-anchor="end">{share:.1f}</text>'
            f'<text class="mark" x="{_x(share)}" y="{_y(0) + 15}" text-anchor="middle">{share:.1f}</text>'
        )
    middle = TOP + SIZE / 2
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">'
        + "".join(marks)
        + drawn
        + f'<text class="axis" x="{_x(0.5)}" y="{height - 6}" text-anchor="middle">{across}</text>'
        + f'<text class="axis" transform="translate(11 {middle}) rotate(-90)" text-anchor="middle">{up}</text></svg>'
    )
