"""The database of a store: where it is, how it is opened, and its transactions."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from extractor.store.migrations import MIGRATIONS, statements
from extractor.store.models import StoreError

BUSY_SECONDS = 30
MAX_DAMAGE = 20
"""Places of a damaged file that are listed."""
_WRITER_LOCK = 0x65787472
"""Key of the advisory lock by which PostgreSQL makes writers take turns, as SQLite's own lock does."""


def default_place() -> str:
    """Return `EXTRACTOR_STORE`, else `extractor/store.db` in the user's data folder (XDG Base Directory)."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return os.environ.get("EXTRACTOR_STORE") or str(Path(data).expanduser() / "extractor" / "store.db")


def now() -> str:
    """Return the time in UTC as ISO 8601 text, which sorts by time."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def ignore_commit(moment: str) -> None:
    """Do nothing at a commit."""


class Database:
    """SQLite in a file, or PostgreSQL at a URL; created and migrated to the newest tables when opened.

    `at_commit` is called with `before` and `after` at every commit, in the thread that commits: tests end the process
    there. Raises StoreError where it cannot be opened, is not a store, or was made by a newer version of the tool.
    """

    at_commit: ClassVar[Callable[[str], None]] = staticmethod(ignore_commit)

    def __init__(self, place: str) -> None:
        self.name, url = _url(place)
        self._writer = threading.Lock()
        self.dialect = url.get_backend_name()
        self.is_read_only = False
        if self.dialect == "sqlite":
            self._file = Path(url.database)
            _make_private(self._file)
            self.is_read_only = not _is_writable(self._file)
            if self.is_read_only:
                url = _read_only_url(self._file)
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=self.dialect == "postgresql")
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(
                f"The store {self.name} needs a driver that is not installed: {error}",
                "Run `pip install 'extractor[postgres]'`.",
            ) from error
        sa.event.listen(self._engine, "begin", self._begin)
        if self.dialect == "sqlite":
            configure = _configure_reader if self.is_read_only else _configure_sqlite
            sa.event.listen(self._engine, "connect", configure)
        self._migrate()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one state of the store from beginning to end."""
        with self._store_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that excludes other writers; when the block ends, all of it is on the disk.

        The threads of a process wait for each other here, because waiting for SQLite's own lock is polling.
        """
        if self.is_read_only:
            raise StoreError(
                f"The store {self.name} can only be read: its disk, its folder or the file is write-protected.",
                "Copy it to a place that you may write to, and name the copy with --store.",
            )
        with self._store_errors(), self._writer, self._engine.connect() as connection:
            connection = connection.execution_options(extractor_writes=True)
            with connection.begin():
                yield connection
                self.at_commit("before")
            self.at_commit("after")

    def clock(self, connection: sa.Connection) -> float:
        """Return the time in seconds since 1970: of the server, where there is one, as machines' clocks differ."""
        if self.dialect == "sqlite":
            return time.time()
        return float(connection.exec_driver_sql("SELECT EXTRACT(EPOCH FROM clock_timestamp())").scalar_one())

    def add_new(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows, except those whose key exists."""
        if rows:
            dialect = sqlite if self.dialect == "sqlite" else postgresql
            connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)

    def files(self) -> list[tuple[int, int]]:
        """Return device and inode of every file of the database; nothing for a server."""
        if self.dialect != "sqlite":
            return []
        paths = [self._file, *(Path(f"{self._file}{end}") for end in ("-wal", "-shm", "-journal"))]
        return [(found.st_dev, found.st_ino) for found in (p.stat() for p in paths if p.exists())]

    def backup(self, target: Path) -> None:
        """Copy a SQLite store to a new file while others go on writing; raise StoreError for PostgreSQL."""
        if self.dialect != "sqlite":
            raise StoreError("A store in PostgreSQL cannot be copied by this command.", "Use pg_dump.")
        if target.exists():
            raise StoreError(f"{target} exists.", "Name a new file for the copy.")
        _make_private(target)
        try:
            with (
                contextlib.closing(sqlite3.connect(target)) as copy,
                contextlib.closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as own,
            ):
                own.backup(copy)
                damage = _integrity_errors(copy)
        except sqlite3.Error as error:
            target.unlink()
            if _is_damage(error):
                raise self.damaged(str(error)) from error
            raise StoreError(f"Cannot copy the store to {target}: {error}", "Check the free space there.") from error
        if damage:
            target.unlink()
            raise self.damaged(damage[0])

    def find_damage(self) -> list[str]:
        """Return what SQLite's integrity check finds wrong with the file; nothing for a server."""
        if self.dialect != "sqlite":
            return []
        with self._store_errors(), self._engine.connect() as connection:
            try:
                return _integrity_errors(connection.connection.driver_connection)
            except sqlite3.Error as error:  # the check itself stumbles over some kinds of damage
                if _is_damage(error):
                    return [str(error)]
                raise

    def damaged(self, reason: str) -> StoreError:
        """Return the error for a store whose file is damaged."""
        return StoreError(
            f"The store {self.name} is damaged: restore a backup. ({reason})",
            f"Run `extractor store restore BACKUP --store {self.name}`; the damaged file is kept beside it.",
        )

    @contextlib.contextmanager
    def _store_errors(self) -> Iterator[None]:
        """Turn errors of the database into StoreError."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            reason = str(cause)
            if _is_damage(cause):
                raise self.damaged(reason) from error
            raise StoreError(
                f"The store {self.name} cannot be used: {reason.strip()}",
                "What was stored is safe. Check the disk or the server, and run the same command again.",
            ) from error

    def _begin(self, connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("extractor_writes", False)
        if self.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        elif writes:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def _migrate(self) -> None:
        """Apply the migrations that are missing, each in a transaction of its own."""
        columns = "number INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL"
        with self.reading() as connection:
            existing = sa.inspect(connection).get_table_names()
            if existing and "migrations" not in existing:
                raise StoreError(f"{self.name} is a database of something else.", "Name another file for the store.")
            done = self._last_migration(connection) if existing else 0
        if done > MIGRATIONS[-1].number:
            raise StoreError(f"{self.name} was made by a newer version of extractor.", "Upgrade extractor.")
        for migration in MIGRATIONS[done:]:
            with self.writing() as connection:
                connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS migrations ({columns})")
                if self._last_migration(connection) >= migration.number:
                    continue  # another process was faster
                for sql in statements(migration, self.dialect):
                    connection.exec_driver_sql(sql)
                if migration.fill is not None:
                    migration.fill(connection)
                connection.execute(
                    sa.text("INSERT INTO migrations VALUES (:number, :name, :at)"),
                    {"number": migration.number, "name": migration.name, "at": now()},
                )

    @staticmethod
    def _last_migration(connection: sa.Connection) -> int:
        return connection.exec_driver_sql("SELECT COALESCE(MAX(number), 0) FROM migrations").scalar_one()


def restore(place: str, backup: Path) -> tuple[Path, Path | None]:
    """Put a copy of the store `backup` in the place of a SQLite store that nothing uses meanwhile.

    Returns the store's file, and where the file that was there is now. Raises StoreError where the backup is missing,
    damaged or no store; then nothing was changed.
    """
    _, url = _url(place)
    if url.get_backend_name() != "sqlite":
        raise StoreError("A store in PostgreSQL cannot be restored by this command.", "Use pg_restore.")
    file = Path(url.database)
    if not backup.is_file():
        raise StoreError(f"There is no backup {backup}.", "Name a file that `extractor store backup` made.")
    partial = file.with_name(f".{file.name}-{secrets.token_hex(4)}.part")
    _make_private(partial)
    try:
        with (
            contextlib.closing(sqlite3.connect(_uri(backup, "mode=ro"), uri=True)) as source,
            contextlib.closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
            errors = _integrity_errors(copy)
            tables = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if errors or "migrations" not in tables:
            raise StoreError(f"{backup} is {'damaged too' if errors else 'not a store'}.", "Name another backup.")
        aside = None
        if file.exists():
            aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}")
            for end in ("-wal", "-shm", ""):  # the log of the old file must not be taken for that of the new one
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{file}{end}", f"{aside}{end}")
        os.replace(partial, file)
        return file, aside
    except sqlite3.Error as error:
        raise StoreError(f"{backup} cannot be restored: {error}", "Name another backup.") from error
    except OSError as error:
        raise StoreError(
            f"{file} cannot be replaced: {error.strerror}", "Check the permissions of its folder."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _is_damage(error: BaseException | None) -> bool:
    """Decide whether SQLite found the file itself to be wrong; the low byte of its extended codes is the kind."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGE


def _integrity_errors(connection: Any) -> list[str]:
    """Return what SQLite finds wrong with a database, nothing where it is whole."""
    rows = connection.execute(f"PRAGMA integrity_check({MAX_DAMAGE})").fetchall()
    return [] if rows == [("ok",)] else [str(row[0]) for row in rows]


def _uri(file: Path, options: str) -> str:
    return f"file:{quote(str(file))}?{options}"


def _is_writable(file: Path) -> bool:
    """Decide whether SQLite can write the file, which takes a log beside it, too."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return os.access(file.parent, os.W_OK)


def _read_only_url(file: Path) -> sa.URL:
    """Return the URL by which a store that cannot be written is read.

    Where another process writes it, its log and the index of the log are there, and SQLite reads them. Where they are
    not there and cannot be made, the file is read as it is, which is right as long as its log is empty.
    """
    url = sa.URL.create("sqlite", database=f"file:{quote(str(file))}", query={"uri": "true", "mode": "ro"})
    try:
        with contextlib.closing(sqlite3.connect(_uri(file, "mode=ro"), uri=True)) as connection:
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        return url
    except sqlite3.Error as error:
        if _is_damage(error):
            return url
        log = Path(f"{file}-wal")
        if log.exists() and log.stat().st_size:
            raise StoreError(
                f"The store {file} cannot be read where it is: its newest changes are still in {log.name}, and its "
                "disk is write-protected.",
                f"Copy both files to a place that you may write to: cp {file} {log} FOLDER",
            ) from None
        return url.update_query_dict({"immutable": "1"})


def _url(place: str) -> tuple[str, sa.URL]:
    """Return the name of the store in messages, and the URL of its database."""
    if "://" not in place:
        path = Path(place).expanduser().absolute()
        return str(path), sa.URL.create("sqlite", database=str(path))
    try:
        url = sa.make_url(place)
    except SQLAlchemyError as error:
        raise StoreError(f"{place} is not the URL of a store.", "Give postgresql://USER@HOST/DATABASE.") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql") or (
        url.get_backend_name() == "sqlite" and not url.database
    ):
        raise StoreError(
            f"{url.render_as_string(hide_password=True)} is not a store that can be used.",
            "Give a file, or postgresql://USER@HOST/DATABASE.",
        )
    return url.render_as_string(hide_password=True), url


def _make_private(file: Path) -> None:
    """Create the folder and the file, readable by nobody but their owner, where they are missing."""
    if file.exists():
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreError(f"Cannot create the store {file}: {error.strerror}", "Name another place for it.") from error


def _configure_sqlite(connection: Any, _: Any) -> None:
    """Set a new connection to SQLite to durable, private transactions that begin where we say so."""
    _configure_reader(connection, _)
    cursor = connection.cursor()
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _configure_reader(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
