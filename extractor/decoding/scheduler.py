"""Requests from several threads, answered together by one of the threads.

On a CPU a pass over many tokens takes little longer than one over few, so requests that arrive while others are being
answered join their passes instead of waiting.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from extractor.decoding.sequences import ActiveRequest


class Scheduler:
    """Hands requests to whichever thread is computing.

    `begin(request)` prepares a request; `compute_pass(requests)` computes one pass of all that are active. Both call
    `end` for each request that needs no further pass.
    """

    def __init__(
        self, begin: Callable[[ActiveRequest], None], compute_pass: Callable[[Sequence[ActiveRequest]], None]
    ) -> None:
        self._begin = begin
        self._compute_pass = compute_pass
        self._changed = threading.Condition()
        self._arrived: deque[ActiveRequest] = deque()
        self.active: list[ActiveRequest] = []
        self._is_computing = False

    def run(self, request: ActiveRequest) -> None:
        """Return when the request has ended; raise its error where it has one.

        The calling thread waits while another one computes. If none does, it computes for all requests, until its own
        has ended; then a waiting thread takes over.
        """
        with self._changed:
            self._arrived.append(request)
            while self._is_computing and not request.ended:
                self._changed.wait()
            if not request.ended:
                self._is_computing = True
        if not request.ended:
            try:
                while not request.ended:
                    self._step()
            finally:
                with self._changed:
                    self._is_computing = False
                    self._changed.notify_all()
        if request.error is not None:
            raise request.error

    def end(self, request: ActiveRequest, error: BaseException | None = None) -> None:
        """Take a request out of the passes and wake up its thread."""
        request.cache.close_rows()
        self.active.remove(request)
        with self._changed:
            request.error, request.ended = error, True
            self._changed.notify_all()

    def _step(self) -> None:
        """Begin the requests that have arrived, then compute one pass of all that are active."""
        try:
            while self._arrived:
                request = self._arrived.popleft()
                self.active.append(request)
                try:
                    self._begin(request)
                except Exception as error:  # concerns this request alone
                    self.end(request, error)
            if self.active:
                self._compute_pass(list(self.active))
        except BaseException as error:
            for request in list(self.active):
                self.end(request, error)
            raise
