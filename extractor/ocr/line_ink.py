"""The ink of a line of text in its picture, without what is not its own: specks, rules, and the lines around it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from extractor.geometry import Rect
from extractor.settings import Settings, rule, threshold


@dataclass(frozen=True)
class LineInkSettings(Settings):
    """What is not ink of the line's own. All lengths are in parts of the height of the line's picture."""

    edge_third: float = threshold(
        0.3, meaning="ink at the upper or lower edge that reaches no farther in is another line's"
    )
    dash_height: float = threshold(0.15, meaning="height below which ink near an edge may be a dash of a dashed rule")
    dash_shape: float = threshold(3.0, meaning="least width of such a dash, in parts of its height")
    dash_edge: float = threshold(0.2, meaning="how near to an edge such a dash must be")
    wall_height: float = threshold(0.9, meaning="height from which ink at the left or right end is the wall of a cell")
    wall_width: float = threshold(0.5, meaning="greatest width of such a wall")
    speck_area: float = threshold(0.004, unit="squared heights", meaning="area below which ink is a speck")
    remove_rules: bool = rule(
        True,
        meaning="rules that words are underlined with are taken off their ink",
        chosen="forms as pictures, 2026-11-25: underlined headers had the wrong size, baseline and box",
    )
    rule_length: float = threshold(1.2, meaning="least length of a rule: longer than any stroke of a letter")
    rule_height: float = threshold(0.2, meaning="greatest height of a rule")
    rule_upper: float = threshold(0.35, meaning="how far down from the upper edge a rule above the words may be")
    rule_lower: float = threshold(0.6, meaning="from how far down a rule below the words may be")


def find_ink(gray: np.ndarray) -> np.ndarray:
    """Return where the grey picture of a line (height, width) is its ink, as booleans.

    Light text on a dark ground counts as ink too.
    """
    settings = LineInkSettings.current()
    _, dark = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    dark = dark if dark.mean() <= 0.5 else 1 - dark
    height = gray.shape[0]
    if settings.remove_rules:
        dark = _without_rules(dark, settings)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    left, top, wide, high, area = (stats[:, column] for column in range(5))
    bottom = top + high
    reaches_in = (bottom <= settings.edge_third * height) | (top >= (1 - settings.edge_third) * height)
    outside = ((top == 0) | (bottom == height)) & reaches_in
    # Of a dashed rule there is only what lies at the edge, and the wall of a cell runs through.
    near_edge = (bottom <= settings.dash_edge * height) | (top >= (1 - settings.dash_edge) * height)
    dashes = (wide > settings.dash_shape * high) & (high < settings.dash_height * height) & near_edge
    at_end = (left == 0) | (left + wide == gray.shape[1])
    walls = (high > settings.wall_height * height) & (wide < settings.wall_width * height) & at_end
    kept = ~outside & ~dashes & ~walls & (area > settings.speck_area * height * height)
    kept[0] = False
    return kept[labels] if count > 1 and kept.any() else dark.astype(bool)


def _without_rules(dark: np.ndarray, settings: LineInkSettings) -> np.ndarray:
    """Return the ink without level strokes longer than any letter's, above and below the words.

    The letters that reach into such a rule, `g` and `y`, keep what is above it.
    """
    height = dark.shape[0]
    long = np.ones((1, max(3, round(settings.rule_length * height))), np.uint8)
    strokes = cv2.morphologyEx(dark, cv2.MORPH_OPEN, long)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    top, high = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    outer = (top + high <= settings.rule_upper * height) | (top >= settings.rule_lower * height)
    rules = (high < settings.rule_height * height) & outer
    rules[0] = False
    return np.where(rules[labels], 0, dark).astype(np.uint8) if count > 1 else dark


def blank_between(ink: np.ndarray, left: float, right: float) -> tuple[float, float]:
    """Return the widest blank stretch of columns between the centres of two characters, of no width if they touch."""
    start, end = int(left), max(int(left) + 1, int(np.ceil(right)))
    inked = np.flatnonzero(ink[:, start:end].any(axis=0)) + start
    edges = np.concatenate(([start - 1], inked, [end]))
    widths = np.diff(edges) - 1
    at = int(widths.argmax())
    if widths[at] <= 0:
        return (left + right) / 2, (left + right) / 2
    return float(edges[at] + 1), float(edges[at + 1])


def ink_box(ink: np.ndarray, start: int, end: int) -> Rect | None:
    """Return the box around the ink between two columns; None without any."""
    part = ink[:, start:end]
    columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if not len(columns):
        return None
    return Rect(float(start + columns[0]), float(rows[0]), float(start + columns[-1] + 1), float(rows[-1] + 1))
