"""What of a record a person should look at: every field as it stands after all corrections, and why it is doubted.

A value is settled once a person has typed, pointed at or accepted it; what the machine thought of it no longer counts.
That it takes part in a failed check does, whoever gave it.
"""

from __future__ import annotations

import difflib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from extractor import validation
from extractor.confidence.levels import ConfidenceLevels, least_sure
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.types import Field, Path, Problem, path_text

SAMPLED = 20
"""Of the records without doubts one in so many is looked at all the same: it tells how often trust is misplaced."""
ANEW = frozenset({"schema", "format", "missing", "format_not_checked", "too_many", "check", "check_not_run"})
"""Kinds of problems that are found again in a record as it now is; what was found in the machine's is old."""
_UNPROVEN = frozenset({"no_evidence", "value_outside_evidence"})
_BROKEN = frozenset({"schema", "format", "missing", "too_many", "check"})
UNSURE, EMPTY = "unsure", "required_empty"
"""Kinds of reasons that are no problems of the machine's: little confidence, and nothing where something has to be."""


class Corrected(Protocol):
    """A correction, as the store keeps it; `undoes` is the revision of the one that it takes back."""

    path: Path
    old: Any
    new: Any
    how: str
    who: str
    revision: int
    evidence: Mapping[str, Any] | None
    undoes: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a value is doubted: the kind of a problem, `unsure` or `required_empty`, and what it says."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class FieldState:
    """A field as it stands.

    `state` is machine, accepted, edited or absent; `needs` whether a person should look at it; `level` one of sure,
    unsure, doubtful, wrong, empty, done. `said` is what the machine said of it, `by` the correction that settled it.
    """

    path: Path
    field: Field
    value: Any
    state: str
    needs_review: bool
    level: str
    reasons: tuple[Reason, ...]
    extracted: Mapping[str, Any] | None = None
    correction: Corrected | None = None

    @property
    def confidence(self) -> float | None:
        unasked = any(reason.kind == ProblemKind.NOT_ASKED for reason in self.reasons)
        if self.extracted is None or self.state != "machine" or unasked:
            return None
        return self.extracted["confidence"]

    @property
    def evidence(self) -> Mapping[str, Any] | None:
        """Where the value stands in the document: as the machine or the person who gave it pointed."""
        given = self.correction.evidence if self.correction is not None else None
        if given and "start" in given:
            return given
        if self.state in ("edited", "absent"):
            return None
        return self.extracted["evidence"] if self.extracted else None


@dataclass(frozen=True, slots=True)
class Origin:
    """What the machine said of a field, and the correction that settled it."""

    extracted: Mapping[str, Any] | None = None
    correction: Corrected | None = None


@dataclass(frozen=True, slots=True)
class ReviewState:
    """What a person should look at: all fields by their paths, and what is wrong with the record.

    `problems` come with the paths that take part, `origins` say where the values come from. `doubts` counts by kind of
    reason: low_confidence, failed_check, no_evidence, other_problem, or `sample` for a record that has none of them and
    is to be looked at all the same. `left` is how many fields need a look, `risk` how many of them are wrong as far as
    can be told.
    """

    fields: Mapping[Path, FieldState]
    problems: tuple[tuple[Problem, tuple[Path, ...]], ...]
    doubts: Mapping[str, int]
    to_check: int
    risk: float
    origins: Mapping[Path, Origin]

    @property
    def violations(self) -> list[Problem]:
        """The checks and rules of the schema that the record breaks."""
        return [problem for problem, _ in self.problems if problem.kind in _BROKEN]


def assess_record(
    schema: Schema,
    result: Mapping[str, Any],
    data: Any,
    corrections: Sequence[Corrected] = (),
    before: ReviewState | None = None,
) -> ReviewState:
    """What a person should look at of an extraction (as JSON data) whose record is now `data`.

    `before` is what was to be looked at before the last of the corrections; it saves going through all of them again.
    """
    if before is not None and corrections and corrections[-1].undoes is None:
        own = _after(schema, dict(before.origins), corrections[-1])
    else:
        own = _origins(schema, result, corrections)
    named: dict[Path, list[Reason]] = {}
    listed: dict[Path, list[Reason]] = {}
    problems: list[tuple[Problem, tuple[Path, ...]]] = []
    for problem, direct, others in validation.find_violations(schema, data):
        reason = Reason(problem.kind, problem.message)
        for path in dict.fromkeys((problem.path, *direct)):
            named.setdefault(path, []).append(reason)
        for path in others:
            listed.setdefault(path, []).append(reason)
        problems.append((problem, tuple(dict.fromkeys((problem.path, *direct, *others)))))
    least = least_sure(is_calibrated=str(result["run"].get("confidence", "")).startswith("calibrated"))
    fields: dict[Path, FieldState] = {}
    stray, idle = _stray(schema, data, own), list(_idle(schema, data))
    for path, field in walk_fields(schema, data):
        told = named.get(path, []), listed.get(path, []), stray.get(path, [])
        wanted = field.required and not any(path[: len(part)] == part for part in idle)
        fields[path] = _standing(path, field, value_at(data, path), own.get(path, Origin()), *told, wanted, least)
    texts = {path_text(path): path for path in fields}
    machines = [p for p in result["problems"] if p["kind"] not in ANEW]
    for p in machines:
        path = texts.get(p["path"])
        problem = Problem(path or (), p["kind"], p["message"])
        problems.append((problem, (path,) if path is not None else ()))
    left = [standing for standing in fields.values() if standing.needs_review]
    doubts = _counted(left, problems)
    if not doubts and not corrections and zlib.crc32(result["document"]["id"].encode()) % SAMPLED == 0:
        doubts = {"sample": 1}
    risk = sum(max(1 - (s.confidence or 0.0), 0.5 if s.reasons else 0.0) for s in left)
    risk += sum(problem.kind in _BROKEN for problem, _ in problems) + 0.01 * len(machines)
    risk = round(risk + 0.001 * ("sample" in doubts), 4)
    return ReviewState(fields, tuple(problems), doubts, len(left), risk, own)


def _counted(left: Iterable[FieldState], problems: Iterable[tuple[Problem, tuple[Path, ...]]]) -> dict[str, int]:
    """How many reasons there are to look, by their kind; a failed check counts once, whatever takes part in it."""
    doubts: dict[str, int] = {}
    for problem, _ in problems:
        kind = "failed_check" if problem.kind in _BROKEN else "other_problem"
        doubts[kind] = doubts.get(kind, 0) + 1
    for standing in left:
        kinds = {reason.kind for reason in standing.reasons} - _BROKEN - {ProblemKind.NOT_ASKED}
        said = {"low_confidence" for kind in kinds if kind == UNSURE}
        said |= {"no_evidence" for kind in kinds & _UNPROVEN}
        said |= {"other_problem" for kind in kinds - _UNPROVEN - {UNSURE}}
        for kind in said:
            doubts[kind] = doubts.get(kind, 0) + 1
    return dict(sorted(doubts.items()))


def _standing(
    path: Path,
    field: Field,
    value: Any,
    origin: Origin,
    broken: Sequence[Reason],
    shared: Sequence[Reason],
    stray: Sequence[Reason],
    wanted: bool,
    least: float,
) -> FieldState:
    said, by = origin.extracted, origin.correction
    failed = list(dict.fromkeys((*broken, *shared)))
    wrong = any(reason.kind in _BROKEN for reason in broken)
    if by is not None:
        absent = by.how == "absent" or (value is None and by.how not in ("accepted", "row_added"))
        state = "accepted" if by.how == "accepted" else "absent" if absent else "edited"
        level = "wrong" if wrong else "done"
        return FieldState(path, field, value, state, False, level, tuple(failed), said, by)
    doubted = [*broken, *stray, *_machines(field, value, said, least)]
    unasked = said is not None and any(p["kind"] == ProblemKind.NOT_ASKED for p in said["problems"])
    required = wanted and value is None and field.type != "array"
    if required and not wrong:
        doubted.append(Reason(EMPTY, "nothing was found for a field that has to have a value"))
    weighty = [reason for reason in doubted if reason.kind != ProblemKind.NOT_ASKED]
    needs = bool(weighty) and (not unasked or required or wrong)
    confidence = said["confidence"] if said else None
    if wrong:
        level = "wrong"
    elif (value is None or value == []) and not needs:
        level = "empty"
    elif needs:
        unproven = any(reason.kind in _UNPROVEN for reason in weighty)
        is_low = confidence is not None and confidence < ConfidenceLevels.current().doubtful
        level = "doubtful" if unproven or is_low else "unsure"
    else:
        level = "sure"
    return FieldState(path, field, value, "machine", needs, level, tuple(dict.fromkeys((*failed, *doubted))), said)


def _machines(field: Field, value: Any, said: Mapping[str, Any] | None, least: float) -> Iterator[Reason]:
    """Why the machine's value is doubted, apart from what is wrong with the record as a whole."""
    if said is None:
        return
    for p in said["problems"]:
        # what broke the schema was taken out of the record, where nothing can find it any more
        if p["kind"] not in ANEW or (p["kind"] in ("schema", "format") and value is None and said["value"] is not None):
            yield Reason(p["kind"], p["message"])
    kinds = {p["kind"] for p in said["problems"]}
    if value is not None and field.copied and said["evidence"] is None and field.type not in ("array", "json"):
        blank = said["method"] == "structure" and isinstance(field.schema.get("x-values"), Mapping)
        if not kinds & _UNPROVEN and not blank:
            yield Reason("no_evidence", "no place in the document is given for this value")
    confidence = said["confidence"]
    if (
        confidence is not None
        and ProblemKind.NOT_ASKED not in kinds
        and confidence < (ConfidenceLevels.current().doubtful if value is None else least)
    ):
        yield Reason(UNSURE, f"{confidence:.2f}")


# Where values come from.


def active_corrections(corrections: Sequence[Corrected]) -> list[Corrected]:
    """The corrections that were not taken back, oldest first, without those that only take back others."""
    off: set[int] = set()
    for c in reversed(corrections):
        if c.undoes is not None and c.revision not in off:
            off.add(c.undoes)
    return [c for c in corrections if c.undoes is None and c.revision not in off]


def _origins(schema: Schema, result: Mapping[str, Any], corrections: Sequence[Corrected]) -> dict[Path, Origin]:
    own = {tuple(v["path"]): Origin(v) for v in result["values"]}
    for c in active_corrections(corrections):
        own = _after(schema, own, c)
    return own


def _after(schema: Schema, own: dict[Path, Origin], c: Corrected) -> dict[Path, Origin]:
    """Where values come from after one more correction."""
    if is_leaf(schema, c.path) or c.how == "accepted":
        own[c.path] = Origin(own.get(c.path, Origin()).extracted, c)
        return own
    return _replaced(schema, own, c)


def is_leaf(schema: Schema, path: Path) -> bool:
    """Whether the path is that of one value: a field, or an item of a list's element, that is no list with rows."""
    field = schema.field(path)
    return field is not None and (field.type != "array" or any(isinstance(step, int) for step in path))


def _replaced(schema: Schema, own: Mapping[Path, Origin], c: Corrected) -> dict[Path, Origin]:
    """Where values come from after a list, an element or an object was put in the place of another.

    What an element held before goes with it: rows that stay keep their evidence, wherever they stand now.
    """
    size = len(c.path)
    kept = {path: origin for path, origin in own.items() if path[:size] != c.path}
    for field in schema.fields:
        if field.type == "array" and (field.path[:size] == c.path or c.path[: len(field.path)] == field.path):
            kept |= _rows(field, own, c)
        elif field.type != "array" and field.path[:size] == c.path:
            rest = field.path[size:]
            said = own.get(field.path, Origin())
            same = equal_json(value_at(c.old, rest), value_at(c.new, rest))
            kept[field.path] = said if same else Origin(said.extracted, c)
    return kept


def _rows(field: Field, own: Mapping[Path, Origin], c: Corrected) -> dict[Path, Origin]:
    size = len(field.path)
    kept: dict[Path, Origin] = {}
    if len(c.path) > size:  # one element
        at = c.path[size]
        kept |= {path: origin for path, origin in own.items() if path[: size + 1] == c.path[: size + 1]}
        inner = c.path[size + 1 :]
        pairs = [(at, at, _wrapped(inner, c.old), _wrapped(inner, c.new))]
    else:
        before, after = (_listed(value_at(v, field.path[len(c.path) :])) for v in (c.old, c.new))
        rows = (c.evidence or {}).get("rows") if c.path == field.path else None
        rows = rows if rows is not None and len(rows) == len(after) else match_rows(before, after)
        olds = [None if j is None else before[j] for j in rows]
        pairs = [(j, i, old, new) for i, (j, old, new) in enumerate(zip(rows, olds, after, strict=True))]
        said = own.get(field.path, Origin())
        kept[field.path] = said if equal_json(before, after) and c.path != field.path else Origin(said.extracted, c)
    for j, i, old, new in pairs:
        whole = j is not None and equal_json(old, new)
        for item in field.items:
            if len(c.path) > size and item.path[: len(c.path) - size - 1] != c.path[size + 1 :]:
                continue
            origin = own.get((*field.path, j, *item.path), Origin()) if j is not None else Origin()
            same = whole or (j is not None and equal_json(value_at(old, item.path), value_at(new, item.path)))
            kept[(*field.path, i, *item.path)] = origin if same else Origin(origin.extracted, c)
    return kept


def _wrapped(steps: Path, value: Any) -> Any:
    for step in reversed(steps):
        value = {step: value}
    return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def match_rows(before: Sequence[Any], after: Sequence[Any]) -> list[int | None]:
    """For each element of a list after a change, the position it had before, where it is the same; None for others."""
    old, new = ([json.dumps(each, sort_keys=True) for each in elements] for elements in (before, after))
    rows: list[int | None] = [None] * len(new)
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            rows[block.b + n] = block.a + n
    return rows


def _stray(schema: Schema, data: Any, own: Mapping[Path, Origin]) -> dict[Path, list[Reason]]:
    """What the machine said of rows that the record does not have, as reasons to look at the list."""
    stray: dict[Path, list[Reason]] = {}
    for field in schema.fields:
        size = len(field.path)
        if field.type != "array":
            continue
        rows = len(_listed(value_at(data, field.path)))
        for path, origin in own.items():
            if len(path) > size and path[:size] == field.path and path[size] >= rows and origin.extracted is not None:
                reasons = [Reason(p["kind"], p["message"]) for p in origin.extracted["problems"]]
                stray.setdefault(field.path, []).extend(r for r in reasons if r.kind not in ANEW)
    return stray


def _idle(schema: Schema, data: Any) -> Iterator[Path]:
    """The objects that need not be there and hold nothing: what they require is not wanted."""
    for part in schema.objects:
        if part.path and not part.required and "*" not in part.path and _bare(value_at(data, part.path)):
            yield part.path


def _bare(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, dict) and all(map(_bare, value.values())))


# Records.


def walk_fields(schema: Schema, data: Any) -> Iterator[tuple[Path, Field]]:
    """Every field of the record with its path, in the order of the schema; of lists the list itself, then its items."""
    for field in schema.fields:
        yield field.path, field
        if field.type == "array":
            for n in range(len(_listed(value_at(data, field.path)))):
                for item in field.items:
                    yield (*field.path, n, *item.path), item


def value_at(data: Any, path: Path) -> Any:
    """What stands at a path of a record; None where nothing does."""
    for step in path:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def equal_json(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict | list) and isinstance(other, dict | list):
        if repr(one) == repr(other):  # the usual case, and quick
            return True
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return one == other
