"""Starting and stopping: a free port, the desk, the app, and a clean end."""

from __future__ import annotations

import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from extractor.errors import OutputError, SchemaError, UsageError
from extractor.models import catalogue, kind_of
from extractor.schemas import load_schema
from extractor.store import Store
from extractor.ui.host import build, private
from extractor.ui.settings import PORT, ServerSettings
from extractor.validation import compile_checks

MORE_PORTS = 50
STOP_SECONDS = 3


def serve(settings: ServerSettings, tell: Callable[[str], None], ready: Callable[[str], object]) -> None:
    """As `extractor.ui.serve` says."""
    refuse_open(settings)
    for sentence in looked_at(settings):
        tell(sentence)
    from extractor.review import ReviewService

    with contextlib.closing(listening(settings)) as sock, Store(settings.store) as store:
        port = sock.getsockname()[1]
        if settings.port is None and port != PORT:
            tell(f"Port {PORT} is taken by another program: this server is at {port}.")
        private(settings.folder)
        with ReviewService(
            store,
            second_review=settings.second_review,
            model=settings.model,
            keep_days=settings.keep_uploads,
            most_bytes=settings.max_upload << 20,
        ) as desk:
            desk.start()
            app = build(settings, desk, port)
            address = f"http://{_shown(settings.host)}:{port}/"
            config = uvicorn.Config(
                app,
                log_level=logging.ERROR,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
            _Server(config, lambda: (tell(told(settings, address, store.name)), ready(address))).run(sockets=[sock])


class _Server(uvicorn.Server):
    """Says when it is ready, and comes back when it was told to stop, for there is more to be closed."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def refuse_open(settings: ServerSettings) -> None:
    """Return when it is safe to be reached from where the settings say; else UsageError."""
    if not settings.loopback and settings.password_file is None:
        raise UsageError(
            f"At {settings.host} other machines could read every document, without a password.",
            "Make a password file: `extractor serve --password-file FILE --add-user NAME`. Then give --password-file.",
        )


def looked_at(settings: ServerSettings) -> list[str]:
    """What is to be said of the schemas and the model of the settings.

    Raises UsageError where there is no such folder, ModelError where there is no such model.
    """
    if settings.model is not None and settings.model != "none" and kind_of(settings.model) == "known":
        catalogue.find(settings.model)
    folder = settings.schema_folder
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Name the folder with your schemas, or leave it out.")
    told = []
    for file in sorted(folder.glob("*.json")):
        try:
            compile_checks(load_schema(file))
        except SchemaError as error:
            told.append(f"{file.name} is left out: {error.message} {error.hint}")
    return told


def listening(settings: ServerSettings) -> socket.socket:
    """A socket at the port that was asked for, else at the first free one from the usual one on."""
    asked = settings.port
    for port in range(PORT, PORT + MORE_PORTS) if asked is None else (asked,):
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                settings.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            raise UsageError(f"{settings.host} is no address of this machine.", "Try --host 127.0.0.1.") from error
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(place)
            sock.listen(128)
            return sock
        except OSError as error:
            sock.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise UsageError(
                    f"Cannot listen at {settings.host}: {error.strerror}.", "Try --host 127.0.0.1."
                ) from error
            if asked is not None:
                raise UsageError(f"Port {asked} cannot be had: {error.strerror}.", "Give another --port.") from error
    raise OutputError(f"All ports from {PORT} to {PORT + MORE_PORTS - 1} are taken.", "Name one with --port.")


def told(settings: ServerSettings, address: str, store: str) -> str:
    """What is said once the server is ready."""
    lines = [f"extractor is at {address}  (Ctrl-C ends it)", f"records are kept in {store}"]
    if not settings.loopback:
        lines.append(
            "Passwords and documents cross the network unencrypted: have a proxy with TLS in front (docs/web.md)."
        )
    return "\n".join(lines)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
