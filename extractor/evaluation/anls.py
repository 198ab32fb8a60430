"""ANLS*: similarity of a record and gold in which near misses in spelling count in part.

The measure is that of Peer et al. 2024 (arXiv 2402.03848), computed by the `anls-star` package; this module prepares
its input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.evaluation.matching import Match
from extractor.types import Path

MAX_LIST, MAX_TEXT = 12, 1_000
"""Elements above which our own matching pairs the elements of a list, and characters of a text that are compared.

The package is plain Python and takes minutes for hundreds of elements or tens of thousands of characters.
"""


def compute_anls(gold: Mapping[str, Any], record: Any, matches: Sequence[Match]) -> float:
    """Return the ANLS* of the record, in 0..1, over the fields that gold names.

    Where gold is text as printed rather than a typed value, the record's part is its evidence as printed, so that a
    date is not compared with its ISO form.
    """
    from anls_star import anls_score

    printed = {m.record_path: m.printed for m in matches if m.printed is not None}
    pairs = {}
    for m in matches:
        for n, step in enumerate(m.path):
            if isinstance(step, int) and m.gold_path and m.record_path:
                pairs[m.record_path[: n + 1]] = m.gold_path[n]
    wanted, found = _plain(gold), _as_gold_writes(_plain(record), gold, (), printed)
    return float(anls_score(*_key_long_lists(wanted, found, (), pairs)))


def _plain(value: Any) -> Any:
    """Return `value` with whole numbers as integers, since 5.0 and 5 are written alike, and with long texts cut."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_gold_writes(record: Any, gold: Any, path: Path, printed: Mapping[Path, str]) -> Any:
    """Return the record with only the fields that gold names, as printed where gold is printed text."""
    if path in printed:
        return printed[path]
    if isinstance(record, Mapping) and isinstance(gold, Mapping):
        return {
            name: _as_gold_writes(v, gold[name], (*path, name), printed) for name, v in record.items() if name in gold
        }
    if isinstance(record, list) and isinstance(gold, list) and gold:
        named = {name: value for element in gold if isinstance(element, Mapping) for name, value in element.items()}
        return [_as_gold_writes(v, named or gold[0], (*path, n), printed) for n, v in enumerate(record)]
    return record


def _key_long_lists(gold: Any, record: Any, path: Path, pairs: Mapping[Path, int]) -> tuple[Any, Any]:
    """Return both with long lists turned into objects whose keys say which elements our matching paired."""
    if isinstance(gold, Mapping) and isinstance(record, Mapping):
        both = {n: _key_long_lists(gold[n], record[n], (*path, n), pairs) for n in gold if n in record}
        return (
            {n: both[n][0] if n in both else v for n, v in gold.items()},
            {n: both[n][1] if n in both else v for n, v in record.items()},
        )
    if isinstance(gold, list) and isinstance(record, list) and max(len(gold), len(record)) > MAX_LIST:
        extra = len(gold)
        keys = [pairs.get((*path, n), extra + n) for n in range(len(record))]
        return {str(n): v for n, v in enumerate(gold)}, {str(k): v for k, v in zip(keys, record, strict=True)}
    return gold, record
