"""The confidences at which a value counts as sure or as doubtful, wherever a person is shown one."""

from __future__ import annotations

SURE, DOUBTFUL = 0.8, 0.5
"""Scores from which on a value is shown as sure, and below which as doubtful."""
CALIBRATED_SURE = 0.95
"""The same as `SURE`, for confidences that are calibrated: a probability says more than a score."""
