"""The confidences at which people are shown a value as sure, unsure or doubtful: the one place for such thresholds."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class ConfidenceLevels(Settings):
    """Confidences in 0..1 that decide what people see."""

    sure_score: float = threshold(0.8, meaning="From this score on a value is shown as sure, and needs no review.")
    sure_probability: float = threshold(
        0.95, meaning="The same for a calibrated confidence: a probability says more than a score."
    )
    doubtful: float = threshold(0.5, meaning="Below this confidence a value is shown as doubtful.")

    @property
    def bands(self) -> tuple[float, ...]:
        """The edges of the bands of confidence in statistics, from 0 to 1."""
        return (0.0, self.doubtful, self.sure_score, self.sure_probability, 1.0)


def least_sure(is_calibrated: bool) -> float:
    """Return the confidence from which on a value is sure: a probability where it is calibrated, else a score."""
    levels = ConfidenceLevels.current()
    return levels.sure_probability if is_calibrated else levels.sure_score
