"""How sure a value is: a score, the features that a calibration learns from, and the probability made of them.

Read `heuristic` (a score from the probabilities of a model's tokens and the problems found), then `features` (what
speaks for and against each value of a record), `calibration` (JSON files that turn features into the probability of
being right), and `levels` (at which confidences people are shown a value as sure, unsure or doubtful).
"""

from extractor.confidence.calibration import Calibration, apply_calibration, find_calibration, parse_calibration
from extractor.confidence.features import with_features
from extractor.confidence.heuristic import (
    UNCALIBRATED,
    answer_probability,
    onset_probability,
    penalise_problems,
    token_features,
)
from extractor.confidence.levels import ConfidenceLevels

__all__ = [
    "UNCALIBRATED",
    "Calibration",
    "ConfidenceLevels",
    "answer_probability",
    "apply_calibration",
    "find_calibration",
    "onset_probability",
    "parse_calibration",
    "penalise_problems",
    "token_features",
    "with_features",
]
