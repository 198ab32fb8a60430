"""Hashes of large files, remembered so that gigabytes are not read again at every start."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_READ_SIZE = 8 << 20


def cache_dir() -> Path:
    """Return the folder for weights: `EXTRACTOR_CACHE`, else `XDG_CACHE_HOME/extractor`, else `~/.cache/extractor`."""
    if own := os.environ.get("EXTRACTOR_CACHE"):
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "extractor"


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold a lock file until the block ends, so that two processes do not write the same thing."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(path)):
        yield


def sha256(path: Path) -> str:
    """Return the file's SHA-256; a remembered one while its size and modification time are unchanged."""
    path = path.resolve()
    stat = path.stat()
    known = _load_hashes().get(str(path))
    if known and known[:2] == [stat.st_size, stat.st_mtime_ns]:
        return known[2]
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_SIZE):
            digest.update(block)
    remember_sha256(path, digest.hexdigest())
    return digest.hexdigest()


def sha256_of_files(paths: Iterable[Path]) -> str:
    """Return one SHA-256 for several files: that of their names and hashes."""
    lines = [f"{path.name} {sha256(path)}\n" for path in sorted(paths)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def remember_sha256(path: Path, digest: str) -> None:
    """Save a file's hash; if the cache cannot be written, only the time to compute the hash again is lost."""
    path = path.resolve()
    stat = path.stat()
    try:
        with lock_file(cache_dir() / "stamps.lock"):
            hashes = {name: entry for name, entry in _load_hashes().items() if os.path.exists(name)}
            hashes[str(path)] = [stat.st_size, stat.st_mtime_ns, digest]
            partial = cache_dir() / f"stamps.{os.getpid()}"
            partial.write_text(json.dumps(hashes))
            os.replace(partial, cache_dir() / "stamps.json")
    except OSError:
        pass


def _load_hashes() -> dict[str, list]:
    """Return (size, modification time in nanoseconds, SHA-256) by path."""
    try:
        found = json.loads((cache_dir() / "stamps.json").read_text())
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}
