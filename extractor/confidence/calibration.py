"""Calibrations: small JSON files that turn the features of a value into the probability that it is right.

One is for one model (by its weights), one kind of report (one schema), one set of prompts and one version of the tool;
what was fitted on anything else says nothing about a record, and is not used. A general one, fitted on several kinds,
has no schema and is used where there is none of the report's own kind; the record then says so.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path as FilePath
from typing import Any

from extractor import __version__
from extractor.confidence.heuristic import UNCALIBRATED
from extractor.errors import InputError
from extractor.types import FieldValue, field_name

FEATURES_VERSION = 2
"""Goes up when a feature gets another name or meaning: a calibration fits only the features it was made with."""
ON_ITSELF = "calibrated on this very document"
ON_OTHERS = "calibrated on other kinds of report"
_SHARES = frozenset(
    {
        *("answer_probability", "onset_probability", "min_token_probability", "min_mask_mass", "min_token_margin"),
        *("element_probability", "score", "document_mean_probability", "list_mean_probability"),
    }
)
"""Features that are shares in 0..1 of which the last thousandth tells as much as the middle."""
_COUNTS = frozenset(
    {
        *("free_tokens", "rival_count", "occurrence_count", "text_length", "line_breaks", "element_count"),
        *("overlapping_fields", "overlapping_elements", "duplicate_text", "row_distance"),
    }
)
"""Features of which the first few steps tell most."""
_CASES = ("null", "structural", "code")
"""Features that are cases of their own rather than terms."""
_ABSENCE = "absence"
_PACKAGE = FilePath(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Calibration:
    """A logistic model of being right, and what it was made from.

    `weights` is the SHA-256 of the model's weights, None where structure alone answered; `schema` the schema's id, None
    for several kinds of report; `documents` the SHA-256 of every document it was fitted on. `edge` keeps probabilities
    from saying more than so few values can: they lie in `edge..1 - edge`. `held_out` are the figures on documents that
    the fit had not seen. `features_version` is `signals` in the file.
    """

    name: str
    schema: str | None
    model: str
    weights: str | None
    documents: tuple[str, ...]
    bias: float
    coefficients: Mapping[str, float]
    edge: float = 0.001
    prompt: str = ""
    tool: str = f"extractor {__version__}"
    features_version: int = FEATURES_VERSION
    schema_name: str = ""
    made: str = ""
    held_out: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """The first eight digits of the SHA-256 of its JSON."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()[:8]

    def probability(self, field: str, features: Mapping[str, float]) -> float:
        """Return the probability that a value of the field (`items[].amount`) with these features is right."""
        return self._logistic(logistic_terms(field, features))

    def absence_probability(self, field: str, features: Mapping[str, float]) -> float:
        """Return the probability that the document gives no value at all where a value with these features stands.

        It is 0 for a calibration that was fitted without absences.
        """
        if not any(name.startswith(_ABSENCE) for name in self.coefficients):
            return 0.0
        return self._logistic(logistic_terms(field, features, absence=True))

    def _logistic(self, terms: Mapping[str, float]) -> float:
        z = self.bias + sum(self.coefficients.get(name, 0.0) * x for name, x in terms.items())
        return min(1 - self.edge, max(self.edge, 1 / (1 + math.exp(-max(-50.0, min(50.0, z))))))

    def applies_to(self, schema: str, weights: str | None, prompt: str) -> bool:
        """Decide whether it holds for records made now, by that model and those prompts, under that schema."""
        now = (weights, prompt, f"extractor {__version__}", FEATURES_VERSION)
        own = (self.weights, self.prompt, self.tool, self.features_version)
        return self.schema in (schema, None) and own == now

    def as_json(self) -> str:
        """Return the text of its file, which `parse_calibration` reads."""
        plain = {_key(f.name): getattr(self, f.name) for f in fields(self)}
        plain["coefficients"] = dict(sorted(self.coefficients.items()))
        plain["documents"] = sorted(self.documents)
        return json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _key(name: str) -> str:
    return "signals" if name == "features_version" else name


def parse_calibration(text: str, source: str = "the calibration") -> Calibration:
    """Return the calibration that `as_json` wrote; raise InputError for anything else."""
    try:
        plain = json.loads(text)
        coefficients = {str(name): float(weight) for name, weight in plain["coefficients"].items()}
        plain |= {"documents": tuple(plain["documents"]), "coefficients": coefficients, "bias": float(plain["bias"])}
        plain["features_version"] = plain.pop("signals")
        return Calibration(**plain)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{source} is not a calibration: {error}", "Delete it, or make it again with `extractor calibrate SET`."
        ) from None


def logistic_terms(field: str, features: Mapping[str, float], absence: bool = False) -> dict[str, float]:
    """Return the terms of the logistic model: each feature on a scale on which equal steps weigh alike, and by case.

    What a feature is worth depends on the case (`structural value`, `null`): what speaks for a value speaks against a
    null. With `absence` the case is that of no value in place of the one with these features. Shares become log odds,
    counts logarithms. Without a field's name there is no term for the field.
    """
    method = "structural " if features.get("structural") else "code " if features.get("code") else ""
    case = method + (_ABSENCE if absence else "null" if features.get("null") else "value")
    found = {case: 1.0} | ({f"{case} of {field}": 1.0} if field else {})
    for name, x in features.items():
        if name not in _CASES:
            found[f"{case} {name}"] = _scale(name, x)
    return found


def _scale(name: str, x: float) -> float:
    if name in _SHARES:
        x = min(0.999, max(0.001, x))
        return math.log(x / (1 - x))
    return math.log1p(max(0.0, x)) if name in _COUNTS else x


# Files.


def user_folder() -> FilePath:
    """Return the folder of the user's own: `EXTRACTOR_CALIBRATIONS`, else `calibrations` in the user's data folder."""
    if own := os.environ.get("EXTRACTOR_CALIBRATIONS"):
        return FilePath(own).expanduser()
    base = os.environ.get("XDG_DATA_HOME")
    return (FilePath(base) if base else FilePath.home() / ".local" / "share") / "extractor" / "calibrations"


def file_name(calibration: Calibration, suffix: str = "") -> str:
    """Return the name of a calibration's file: its kind of report, its model, and a suffix."""
    model = re.sub(r"[^\w.-]+", "-", calibration.model).strip("-") or "model"
    return "-".join(filter(None, (calibration.schema_name or "general", model, suffix))) + ".json"


def shipped_folder() -> FilePath:
    """Return the folder of those that ship with the tool."""
    installed = _PACKAGE / "_shipped" / "calibrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "calibrations"


def find_calibrations() -> Iterator[Calibration]:
    """Yield all there are: the user's own before those that ship, newer ones before older ones.

    Raise InputError for a file that is not one.
    """
    for folder in (user_folder(), shipped_folder()):
        found = [_load(file, file.stat().st_mtime_ns) for file in sorted(folder.glob("*.json"))]
        yield from sorted(found, key=lambda c: c.made, reverse=True)


@functools.lru_cache(maxsize=256)
def _load(file: FilePath, changed: int) -> Calibration:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"Cannot read {file}: {error}", "Delete it, or make it again with `extractor calibrate SET`."
        ) from None
    return parse_calibration(text, str(file))


def choose_calibration(schema: str, weights: str | None, prompt: str) -> Calibration | None:
    """Return the calibration for records of that schema by that model; one of their own kind of report where it can."""
    applicable = [c for c in find_calibrations() if c.applies_to(schema, weights, prompt)]
    return next((c for c in applicable if c.schema == schema), applicable[0] if applicable else None)


def find_calibration(schema: str, weights: str | None, prompt: str, document: str) -> tuple[Calibration | None, str]:
    """Return the calibration for a record, and what the record says of its confidences; None where none applies.

    A calibration that cannot be read is named, and not used.
    """
    try:
        chosen = choose_calibration(schema, weights, prompt)
    except InputError as error:
        return None, f"{UNCALIBRATED}: {error.message}"
    if chosen is None:
        return None, UNCALIBRATED
    status = ON_ITSELF if document in chosen.documents else "calibrated" if chosen.schema else ON_OTHERS
    return chosen, f"{status} ({chosen.name}, {chosen.hash})"


def apply_calibration(values: Sequence[FieldValue], chosen: Calibration | None) -> list[FieldValue]:
    """Return the values with probabilities for their confidence; constants, without features, stay as they are."""
    if chosen is None:
        return list(values)
    return [
        replace(v, confidence=round(chosen.probability(field_name(v.path), v.features), 4)) if v.features else v
        for v in values
    ]
