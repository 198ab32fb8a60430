"""What a server is started with."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

HOST, PORT = "127.0.0.1", 7860


def home() -> Path:
    """Where the web app keeps uploads and sessions: `extractor/web` where this user's programs keep their data."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "extractor" / "web"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`owner` is who is at work where there is no password file; `names` are hosts that people reach the server by.

    `model` is the one that the upload page offers first, `schema_folder` has schemas beside the shipped ones, and
    `runs` the kept runs of evaluations. `max_upload` is in MB, `keep_uploads` in days.
    """

    owner: str
    store: str | None = None
    host: str = HOST
    port: int | None = None
    names: tuple[str, ...] = ()
    password_file: Path | None = None
    second_review: bool = False
    model: str | None = None
    schema_folder: Path | None = None
    max_upload: int = 100
    keep_uploads: int = 30
    runs: Path | None = None
    folder: Path = field(default_factory=home)

    @property
    def loopback(self) -> bool:
        """Whether the server is for this machine alone."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
