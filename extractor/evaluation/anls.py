"""ANLS*: how like gold a record is when near misses in spelling count in part (Peer et al. 2024, arXiv 2402.03848).

The figure is that of the `anls-star` package; here is only what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.evaluation.matching import Match
from extractor.types import Path

LONG_LIST, LONG_TEXT = 12, 1_000
"""Elements of a list beyond which our own matching pairs them, and characters of a text that are compared.

The package, in plain Python, takes minutes for hundreds of elements or tens of thousands of characters.
"""


def anls(gold: Mapping[str, Any], record: Any, matches: Sequence[Match]) -> float:
    """ANLS* of the record, in 0..1, over the fields that gold names.

    Where gold is print, the record's part is the evidence as printed, so that a date is not compared with its ISO form.
    """
    from anls_star import anls_score

    printed = {m.record_path: m.printed for m in matches if m.printed is not None}
    pairs = {}
    for m in matches:
        for n, step in enumerate(m.path):
            if isinstance(step, int) and m.gold_path and m.record_path:
                pairs[m.record_path[: n + 1]] = m.gold_path[n]
    wanted, found = _plain(gold), _alike(_plain(record), gold, (), printed)
    return float(anls_score(*_keyed(wanted, found, (), pairs)))


def _plain(value: Any) -> Any:
    """`value` with whole numbers as integers, since 5.0 and 5 are written alike, and with long texts cut."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return value[:LONG_TEXT]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _alike(record: Any, gold: Any, path: Path, printed: Mapping[Path, str]) -> Any:
    """The record with the fields that gold names, as printed where gold is print."""
    if path in printed:
        return printed[path]
    if isinstance(record, Mapping) and isinstance(gold, Mapping):
        return {name: _alike(v, gold[name], (*path, name), printed) for name, v in record.items() if name in gold}
    if isinstance(record, list) and isinstance(gold, list) and gold:
        named = {name: value for element in gold if isinstance(element, Mapping) for name, value in element.items()}
        return [_alike(v, named or gold[0], (*path, n), printed) for n, v in enumerate(record)]
    return record


def _keyed(gold: Any, record: Any, path: Path, pairs: Mapping[Path, int]) -> tuple[Any, Any]:
    """Both with long lists turned into objects, whose keys say which elements our matching paired."""
    if isinstance(gold, Mapping) and isinstance(record, Mapping):
        both = {n: _keyed(gold[n], record[n], (*path, n), pairs) for n in gold if n in record}
        return (
            {n: both[n][0] if n in both else v for n, v in gold.items()},
            {n: both[n][1] if n in both else v for n, v in record.items()},
        )
    if isinstance(gold, list) and isinstance(record, list) and max(len(gold), len(record)) > LONG_LIST:
        extra = len(gold)
        keys = [pairs.get((*path, n), extra + n) for n in range(len(record))]
        return {str(n): v for n, v in enumerate(gold)}, {str(k): v for k, v in zip(keys, record, strict=True)}
    return gold, record
