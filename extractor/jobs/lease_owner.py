"""Who holds a lease: a name for this process that another one on the same machine can tell to be dead."""

from __future__ import annotations

import os
import secrets
import socket

import psutil

_APART = "|"
_CLOCK = 2.0
"""Seconds by which the clock may be put right without making a living process look like another one."""


def me() -> str:
    """A name for this process and this one use of it."""
    started = psutil.Process().create_time()
    return _APART.join((_machine(), str(os.getpid()), f"{started:.2f}", secrets.token_hex(4)))


def is_dead(owner: str) -> bool:
    """Whether the process of that name is known to have ended; of other machines nothing is known."""
    machine, process, started, _ = owner.split(_APART)
    if machine != _machine():
        return False
    try:
        there = psutil.Process(int(process))
        return abs(there.create_time() - float(started)) > _CLOCK or there.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _machine() -> str:
    """The host, and on Linux the set of process numbers that a container has to itself."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()}{space}".replace(_APART, "")
