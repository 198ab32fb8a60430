"""Starting and stopping the server: a free port, the review service, the app, and a clean end."""

from __future__ import annotations

import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from extractor.classification import AUTO
from extractor.errors import OutputError, SchemaError, UsageError
from extractor.models import catalogue, find_backend
from extractor.models.adapters import split_adapter
from extractor.schemas import load_schema
from extractor.store import Store
from extractor.ui.app import create_app, create_private_folder
from extractor.ui.connections import LimitedProtocol
from extractor.ui.offered_kinds import offered_kind
from extractor.ui.settings import DEFAULT_PORT, ServerSettings
from extractor.validation import compile_checks

PORTS_TRIED = 50
STOP_SECONDS = 3
"""How long open streams are waited for when the server stops."""
BACKLOG = 128


def serve(settings: ServerSettings, tell: Callable[[str], None], ready: Callable[[str], object]) -> None:
    """Serve until Ctrl-C or SIGTERM; see `extractor.ui.serve`."""
    refuse_open_server(settings)
    for sentence in check_settings(settings):
        tell(sentence)
    from extractor.review import ReviewService
    from extractor.ui.api.webhook_sender import WebhookSender

    with contextlib.closing(open_socket(settings)) as sock, Store(settings.store) as store:
        port = sock.getsockname()[1]
        if settings.port is None and port != DEFAULT_PORT:
            tell(f"Port {DEFAULT_PORT} is used by another program; this server uses {port}.")
        create_private_folder(settings.folder)
        with contextlib.ExitStack() as stack:
            service = stack.enter_context(
                ReviewService(
                    store,
                    second_review=settings.second_review,
                    model=settings.model,
                    keep_days=settings.keep_uploads,
                    max_bytes=settings.max_upload << 20,
                )
            )
            refuse_unknown_kind(settings, store)
            service.start()
            app = create_app(settings, service, port)
            webhooks = stack.enter_context(contextlib.closing(WebhookSender(store)))
            webhooks.start()
            address = f"http://{_display_host(settings.host)}:{port}/"

            def announce() -> None:
                tell(announcement(settings, address, store.name))
                ready(address)

            config = uvicorn.Config(
                app,
                http=LimitedProtocol,
                log_level=logging.ERROR,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
            _Server(config, announce).run(sockets=[sock])


class _Server(uvicorn.Server):
    """A server that reports when it is ready, and returns after a signal: the store has to be closed as well."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; unlike uvicorn's own, does not raise the signal again afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and report it."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def refuse_open_server(settings: ServerSettings) -> None:
    """Raise UsageError where other machines could reach the server without a password."""
    if not settings.loopback and settings.password_file is None:
        raise UsageError(
            f"At {settings.host} other machines could read every document without a password.",
            "Make a password file: `extractor serve --password-file FILE --add-user NAME`. Then give --password-file.",
        )


def refuse_unknown_kind(settings: ServerSettings, store: Store) -> None:
    """Raise UsageError where the kind to be offered first is none that the server offers."""
    if settings.schema != AUTO and offered_kind(settings, store, settings.schema) is None:
        raise UsageError(
            f"There is no kind of report named {settings.schema}.",
            f"Give --schema {AUTO}, a saved kind, one of --schema-folder, or one that `extractor schemas` lists.",
        )


def check_settings(settings: ServerSettings) -> list[str]:
    """Return a sentence about each schema of the schema folder that cannot be used.

    Raises UsageError where there is no such folder, ModelError where there is no such model.
    """
    if settings.model is not None and settings.model != "none" and find_backend(settings.model) == "known":
        catalogue.find(split_adapter(settings.model)[0])
    folder = settings.schema_folder
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Give --schema-folder the folder with your schemas.")
    sentences = []
    for file in sorted(folder.glob("*.json")):
        try:
            compile_checks(load_schema(file))
        except SchemaError as error:
            sentences.append(f"{file.name} is left out: {error.message} {error.hint}")
    return sentences


def open_socket(settings: ServerSettings) -> socket.socket:
    """Return a listening socket at the port that the settings name, else at the first free one from the default on.

    Raises UsageError where the address or the port cannot be used, OutputError where no port is free.
    """
    wanted = settings.port
    for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if wanted is None else (wanted,):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                settings.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            sock = socket.socket(family, kind, protocol)
        except OSError as error:
            message = f"{settings.host} is not an address of this machine."
            raise UsageError(message, "Try --host 127.0.0.1.") from error
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
            return sock
        except OSError as error:
            sock.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                message = f"Cannot listen at {settings.host}: {error.strerror}."
                raise UsageError(message, "Try --host 127.0.0.1.") from error
            if wanted is not None:
                raise UsageError(f"Port {wanted} cannot be used: {error.strerror}.", "Try another --port.") from error
    raise OutputError(
        f"All ports from {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are taken.", "Choose one with --port."
    )


def announcement(settings: ServerSettings, address: str, store: str) -> str:
    """Return what the person at the terminal is told once the server is ready."""
    lines = [f"extractor is running at {address}  (Ctrl-C stops it)", f"Records are kept in {store}"]
    if not settings.loopback:
        lines.append("Passwords and documents cross the network unencrypted: put a TLS proxy in front (docs/web.md).")
    return "\n".join(lines)


def _display_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
