"""Which `Host` headers are the server's own (protection against DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def host_check(names: Iterable[str], loopback: bool) -> Callable[[str], bool]:
    """Return the predicate that decides whether a `Host` header names this server.

    A hostile page whose name is made to point at this machine (DNS rebinding) sends its own name, so names have to be
    known: those given, this machine's, and the local ones. An IP address cannot be made to point elsewhere and is
    accepted where the server is open to other machines.
    """
    known = LOCAL_NAMES | {name.lower() for name in names}
    if not loopback:
        known |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def is_own(header: str) -> bool:
        try:
            split = urlsplit(f"//{header}")
            name = (split.hostname or "").lower()
            _ = split.port  # raises ValueError where it is no number
        except ValueError:
            return False
        if not name or split.path or split.query or split.fragment or "@" in header:
            return False
        return name in known or (not loopback and _is_address(name))

    return is_own


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
