"""Damaged copies of files: what broken disks, broken programs and hostile people make of them."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

MAX_SIZE = 1_000_000
"""Bytes of a mutated file; what is longer is cut off."""
EXTREME_NUMBERS = ("0", "-1", "65536", "2147483648", "4294967295", "9999999999999999999", "1e999", "0.0000001", "NaN")
EXTREME_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**400, 1e308, "", "\ud800", "\x00", "a" * 10_000, [], {}),
    *([[]], {"": {}}, "=1+1", "<b>", "../../x", "(?=(a+))\\1", "#/$defs/none"),
)
_NUMBER = re.compile(rb"\d+")
_MOST_NESTED = 200


def mutate(data: bytes, chance: random.Random, others: tuple[bytes, ...] = ()) -> bytes:
    """Return a damaged copy of `data`; parts of `others` may get into it. The same `chance` gives the same copy."""
    kinds: list[Callable[[bytes, random.Random], bytes]] = [_truncate, _flip_bits, _repeat_chunk, _set_numbers]
    if data.startswith(b"PK\x03\x04"):
        kinds += [_mutate_member] * 4
    elif data.lstrip()[:1] in (b"{", b"["):
        kinds += [_mutate_json] * 4
    if others:
        kinds.append(lambda data, chance: _splice(data, chance.choice(others), chance))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(kinds)(data, chance)
    return data[:MAX_SIZE]


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flip_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 16, 64, 256)) if data else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _repeat_chunk(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    chunk = data[start : start + chance.choice((1, 30, 1000, 20_000))]
    return data[:start] + chunk * chance.choice((2, 20, 1000)) + data[start:]


def _set_numbers(data: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data[:MAX_SIZE]))
    for number in sorted(chance.sample(found, min(len(found), chance.choice((1, 3, 10)))), key=lambda m: -m.start()):
        data = data[: number.start()] + chance.choice(EXTREME_NUMBERS).encode() + data[number.end() :]
    return data


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start, taken = chance.randrange(len(data) + 1), chance.randrange(len(other) + 1)
    return data[:start] + other[taken : taken + 5000] + data[start:]


def _mutate_member(data: bytes, chance: random.Random) -> bytes:
    """Return the package with one member damaged, and packed again as if it were whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError):
        return _flip_bits(data, chance)
    if not members:
        return data
    chosen = chance.choice(sorted(members))
    kind = chance.choice((_truncate, _flip_bits, _repeat_chunk, _set_numbers, _set_numbers))
    members[chosen] = kind(members[chosen], chance)
    if chance.random() < 0.1:
        del members[chosen]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2021, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Return the JSON with one value replaced, removed, doubled or nested."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return _flip_bits(data, chance)
    places: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        places += [(node, key) for key in keys]
        waiting += [node[key] for key in keys]
    if not places:
        return json.dumps(chance.choice(EXTREME_VALUES)).encode()
    node, key = chance.choice(places)
    kind = chance.choice(("replace", "replace", "remove", "move", "nest"))
    if kind == "replace":
        node[key] = chance.choice(EXTREME_VALUES)
    elif kind == "remove":
        del node[key]
    elif kind == "move":
        other, other_key = chance.choice(places)
        node[key] = json.loads(json.dumps(other[other_key]))
    else:
        for _ in range(chance.choice((1, 10, _MOST_NESTED))):
            node[key] = {str(key): node[key]} if isinstance(node, dict) else [node[key]]
    return json.dumps(tree).encode()
