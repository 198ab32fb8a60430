"""The decision between each value that the model gave and no value at all, by their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.confidence import Calibration
from extractor.extraction.conflicts import withdraw
from extractor.settings import Settings, rule
from extractor.types import FieldValue, field_name


@dataclass(frozen=True)
class DecisionSettings(Settings):
    """Whether values have to compete with their absence."""

    compare_with_absence: bool = rule(
        True, meaning="A value is withdrawn where it is likelier that the document gives none than that it is right."
    )


def withdraw_unlikely_values(values: Sequence[FieldValue], calibration: Calibration | None) -> list[FieldValue]:
    """Return the values, without those of the model that are less likely right than that the document gives none.

    A withdrawn value is null, with the probability of that as its confidence, and keeps the features for which it was
    withdrawn. Without a calibration of the record's own kind nothing is: fitted on one kind of report, absences were
    decided worse than by the model on another.
    """
    if calibration is None or calibration.schema is None or not DecisionSettings.current().compare_with_absence:
        return list(values)
    decided = []
    for v in values:
        if v.method == "model" and v.value is not None and v.evidence is not None and v.features:
            absent = calibration.absence_probability(field_name(v.path), v.features)
            if absent > (v.confidence or 0.0):
                v = withdraw(v, "is less likely than that there is none", confidence=round(absent, 4))
        decided.append(v)
    return decided
