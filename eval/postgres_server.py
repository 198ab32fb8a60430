"""A PostgreSQL server of our own for a while: in a folder of its own, reached through a socket there."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

_PROGRAMS = "/usr/lib/postgresql/*/bin"


class PostgresNotFound(Exception):
    """Raised where PostgreSQL is not installed."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: `url` is that of its database, as a store is named."""

    url: str
    _control: tuple[str, ...]
    _user: dict[str, Any]

    def crash(self) -> None:
        """End the server at once, without telling its clients or writing what is in memory, and start it again."""
        self._run("-m", "immediate", "stop")
        self._run("start")

    def empty(self) -> None:
        """Drop everything that is in the database."""
        engine = sa.create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()

    def _run(self, *command: str) -> None:
        subprocess.run([*self._control, *command], check=True, stdout=subprocess.DEVNULL, **self._user)


@contextlib.contextmanager
def serve_postgres(fsync: bool = False) -> Iterator[PostgresServer]:
    """Start a server and stop it when the block ends; with `fsync`, commits survive a crash of the server.

    Raises PostgresNotFound where PostgreSQL is not installed.
    """
    found = sorted(glob.glob(_PROGRAMS), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise PostgresNotFound("PostgreSQL is not installed: run `make system`")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:  # it refuses to run as root
        user["user"] = "postgres"
        shutil.chown(folder, "postgres")
    data = folder / "data"
    make = [f"{found[-1]}/initdb", "-D", str(data), "-A", "trust", "-U", "extractor", "-N"]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL, **user)
    settings = f"-c fsync={'on' if fsync else 'off'} -c listen_addresses= -c unix_socket_directories={folder}"
    control = (f"{found[-1]}/pg_ctl", "-D", str(data), "-w", "-o", settings, "-l", str(folder / "log"))
    server = PostgresServer(f"postgresql://extractor@/postgres?host={folder}", control, user)
    server._run("start")
    try:
        yield server
    finally:
        server._run("-m", "immediate", "stop")
        shutil.rmtree(folder)
