"""How well confidence tells right from wrong, as numbers and as inline SVG: coverage and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BINS = 10
POINTS = 200
"""A curve has at most about so many corners."""
SIZE, LEFT, BOTTOM, TOP = 260, 44, 40, 12

Pairs = Sequence[tuple[float, bool]]
"""Values with their confidence and whether they are right, surest first."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The values whose confidence lies in `low..high`: how many, how sure on average, and the share of right ones."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def coverage(pairs: Pairs) -> list[tuple[float, float]]:
    """Share of values kept, share of them right, for every threshold; equal confidences are kept together."""
    points, right = [], 0
    for n, (confidence, correct) in enumerate(pairs, 1):
        right += correct
        if n == len(pairs) or pairs[n][0] != confidence:
            points.append((n / len(pairs), right / n))
    return points


def bins(pairs: Pairs) -> list[Bin]:
    """The values by confidence, in bins of equal width; empty ones are left out."""
    found = []
    for n in range(BINS):
        inside = [(c, r) for c, r in pairs if min(int(c * BINS), BINS - 1) == n]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            accuracy = sum(r for _, r in inside) / len(inside)
            found.append(Bin(n / BINS, (n + 1) / BINS, len(inside), mean, accuracy))
    return found


def calibration_error(pairs: Pairs) -> float | None:
    """The mean distance of confidence from the share of right values over `bins`, weighted by their values (ECE)."""
    return sum(b.count * abs(b.confidence - b.accuracy) for b in bins(pairs)) / len(pairs) if pairs else None


COVERAGE = ("Accuracy against coverage", "share of values kept, surest first", "share of them right")
RELIABILITY = ("Reliability", "confidence", "share of values right")
"""What stands over each curve, along it and beside it."""


def coverage_svg(pairs: Pairs, words: tuple[str, str, str] = COVERAGE) -> str:
    """The curve of `coverage` as one SVG element."""
    points = coverage(pairs)
    step = max(1, len(points) // POINTS)
    kept = points[::step] + ([points[-1]] if points and (len(points) - 1) % step else [])
    line = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in kept)
    drawn = f'<polyline class="line" points="{line}"/>'
    return _framed(*words, drawn)


def reliability_svg(pairs: Pairs, words: tuple[str, str, str] = RELIABILITY) -> str:
    """The bins as bars up to their accuracy, with the diagonal of perfect calibration, as one SVG element."""
    parts = []
    for b in bins(pairs):
        x, y, width = _x(b.low), _y(b.accuracy), _x(b.high) - _x(b.low)
        title = f"<title>{b.count} values, confidence {b.confidence:.2f}, right {b.accuracy:.2f}</title>"
        place = f'x="{x + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{_y(0) - y:.1f}"'
        parts.append(
            f'<rect class="bar" {place}>{title}</rect>'
            f'<text class="count" x="{x + width / 2:.1f}" y="{max(y - 3, TOP + 8):.1f}">{b.count}</text>'
        )
    parts.append(f'<line class="even" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    return _framed(*words, "".join(parts))


def _x(share: float) -> float:
    return LEFT + share * SIZE


def _y(share: float) -> float:
    return TOP + (1 - share) * SIZE


def _framed(title: str, across: str, up: str, drawn: str) -> str:
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
