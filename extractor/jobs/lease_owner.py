"""The owner of a lease: a name for this process that others on the same machine can recognise as dead."""

from __future__ import annotations

import os
import secrets
import socket

import psutil

_SEPARATOR = "|"
_CLOCK_TOLERANCE = 2.0
"""Seconds by which the system clock may be adjusted without a living process being taken for another one."""


def new_owner() -> str:
    """Return a name for this process, another one at every call: machine, process number, start time and a nonce."""
    started = psutil.Process().create_time()
    return _SEPARATOR.join((_machine(), str(os.getpid()), f"{started:.2f}", secrets.token_hex(4)))


def is_dead(owner: str) -> bool:
    """Decide whether the owner's process is known to have ended; of other machines nothing is known."""
    machine, process, started, _ = owner.split(_SEPARATOR)
    if machine != _machine():
        return False
    try:
        running = psutil.Process(int(process))
        is_another = abs(running.create_time() - float(started)) > _CLOCK_TOLERANCE
        return is_another or running.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _machine() -> str:
    """Return the host's name and, on Linux, its namespace of process numbers, which a container has to itself."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}{namespace}".replace(_SEPARATOR, "")
