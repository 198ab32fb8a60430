"""Connections: a client gets only so many, and only so long to say what it asks for."""

from __future__ import annotations

import asyncio
import ipaddress

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0
"""How long the first lines of a request may take; a program that sends a byte now and then would hold a connection."""
MAX_PER_CLIENT = 100
"""Connections from one address; a browser opens about ten."""
MAX_FROM_THIS_MACHINE = 1000
"""Connections from this machine, where a proxy brings those of everybody."""


class LimitedProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with the limits of this module."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a connection, or close it where its client has too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        limit = MAX_FROM_THIS_MACHINE if _is_loopback(address) else MAX_PER_CLIENT
        same = sum(1 for other in self.connections if other.client and other.client[0] == address)
        if same > limit:
            self.transport.abort()
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, and stop the clock once its request has begun."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._deadline is None:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        """Wait for the next request on this connection; the keep-alive time-out counts until it begins."""
        self._stop_waiting()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
