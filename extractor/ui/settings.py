"""What a server is started with."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from extractor.classification import AUTO

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7860


def data_folder() -> Path:
    """Return where the web app keeps sessions and files: `extractor/web` in the user's data folder (XDG)."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "extractor" / "web"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The options of `extractor serve`.

    `owner` is the user where there is no password file; `names` are the host names by which people reach the server;
    `model`, `schema` (a kind's name, or auto) and `split` are what the upload page offers first; `schema_folder` holds
    schemas beside the shipped ones, and `runs` the kept evaluation runs. `max_upload` is in MB, `keep_uploads` in days.
    `port` None is the first free one.
    """

    owner: str
    store: str | None = None
    host: str = DEFAULT_HOST
    port: int | None = None
    names: tuple[str, ...] = ()
    password_file: Path | None = None
    second_review: bool = False
    model: str | None = None
    schema: str = AUTO
    split: bool = False
    schema_folder: Path | None = None
    max_upload: int = 100
    keep_uploads: int = 30
    runs: Path | None = None
    folder: Path = field(default_factory=data_folder)

    @property
    def loopback(self) -> bool:
        """Whether the server can be reached from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
