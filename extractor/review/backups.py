"""Backups: the store and the files that people handed in, as one archive, and back again.

The archive is a tar file with `backup.json` (what is in it), the store (`store.db`, or `store.dump` of pg_dump), and
the handed-in files under `uploads/`. Pictures of pages are left out: they are made anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from extractor import __version__
from extractor.errors import InputError, OutputError
from extractor.review.display_names import files_folder
from extractor.store import Store, StoreError

ABOUT, UPLOADS = "backup.json", "uploads"
SQLITE, POSTGRESQL = "store.db", "store.dump"
FORMAT = 1


def write_backup(place: str | None, target: Path) -> dict[str, Any]:
    """Write a backup of a store and its files to a new file while others go on working; return what is in it.

    Raises StoreError where the store cannot be copied, OutputError where the file exists or cannot be written.
    """
    if target.exists():
        raise OutputError(f"{target} exists.", "Name a new file for the backup.")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=target.absolute().parent) as made, Store(place) as store:
        folder = Path(made)
        server = place if place and "://" in place else ""
        server = server or (os.environ.get("EXTRACTOR_STORE", "") if "://" in store.name else "")
        if server:
            _run_postgresql("pg_dump", server, "--format=custom", "--no-owner", f"--file={folder / POSTGRESQL}")
        else:
            store.backup(folder / SQLITE)
        uploads = files_folder(store.name) / UPLOADS
        files = [file for file in sorted(uploads.rglob("*")) if file.is_file()] if uploads.is_dir() else []
        about = {"format": FORMAT, "tool": f"extractor {__version__}", "store": POSTGRESQL if server else SQLITE}
        about["files"] = len(files)
        (folder / ABOUT).write_text(json.dumps(about), "utf-8")
        partial = folder / "archive"
        try:
            with (
                open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
                tarfile.open(fileobj=out, mode="w") as archive,
            ):
                for name in (ABOUT, str(about["store"])):
                    archive.add(folder / name, name)
                for file in files:
                    archive.add(file, f"{UPLOADS}/{file.relative_to(uploads)}", recursive=False)
            os.replace(partial, target)
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror}.", "Check the space there.") from error
    return about


def restore_backup(place: str | None, source: Path) -> tuple[str, Path | None, int]:
    """Put a backup in the place of a store that nothing uses meanwhile, and its files beside it.

    Returns the store's name, where the SQLite file that was there before is now, and how many files came back. Raises
    InputError where it is no backup, StoreError where the store cannot be restored; then nothing was changed.
    """
    with tempfile.TemporaryDirectory(prefix="restore-", dir=source.absolute().parent) as made:
        folder = Path(made)
        about = _unpack(source, folder)
        is_server = bool(place and "://" in place)
        if (about["store"] == POSTGRESQL) != is_server:
            kind = "PostgreSQL" if about["store"] == POSTGRESQL else "SQLite"
            raise InputError(f"{source} is the backup of a store in {kind}.", "Give --store a store of that kind.")
        aside = None
        if is_server:
            assert place is not None
            options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", str(folder / POSTGRESQL))
            _run_postgresql("pg_restore", place, *options)
        else:
            _, aside = Store.restore(place, folder / SQLITE)
        with Store(place) as store:
            uploads = files_folder(store.name) / UPLOADS
            uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = 0
            for file in sorted((folder / UPLOADS).rglob("*")):
                if file.is_file():
                    target = uploads / file.relative_to(folder / UPLOADS)
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    shutil.copy2(file, target)
                    os.chmod(target, 0o600)
                    number += 1
            return store.name, aside, number


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into an empty folder and return what it says of itself; raises InputError where it is none."""
    hint = "Name a file that `extractor backup` made."
    try:
        with tarfile.open(source, "r:") as archive:
            archive.extractall(folder, filter="data")
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        if about["format"] != FORMAT:
            raise InputError(f"{source} was made by a later version.", "Install that version, then restore it.")
        if about["store"] not in (SQLITE, POSTGRESQL) or not (folder / about["store"]).is_file():
            raise ValueError("no store")
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{source} is not a backup ({type(error).__name__}).", hint) from error
    return about


def _run_postgresql(program: str, place: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on the database of a store; the password does not show among its arguments."""
    parts = urlsplit(place)
    environment = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = parts.password
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit(("postgresql", f"{parts.username}@{host}" if parts.username else host, *parts[2:]))
    try:
        done = subprocess.run(
            [program, f"--dbname={shown}", *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise StoreError(f"{program} is not installed.", "Install the client programs of PostgreSQL.") from error
    if done.returncode:
        raise StoreError(f"{program} failed: {done.stderr.strip()[-500:]}", "Check the address and the permissions.")
