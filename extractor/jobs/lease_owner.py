"""The owner of a lease: a name for this process that others on the same machine can recognise as dead."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import psutil

_SEPARATOR = "|"
_CLOCK_TOLERANCE = 2.0
"""Seconds by which the system clock may be adjusted without a living process being taken for another one."""


def new_owner() -> str:
    """Return a name for this process, another one at every call: machine, process number, start time and a nonce."""
    started = _start(psutil.Process())
    return _SEPARATOR.join((_machine(), str(os.getpid()), started, secrets.token_hex(4)))


def is_dead(owner: str) -> bool:
    """Decide whether the owner's process is known to have ended; of other machines nothing is known."""
    machine, process, started, _ = owner.split(_SEPARATOR)
    if machine != _machine():
        return False
    try:
        running = psutil.Process(int(process))
        return not _is_same_start(_start(running), started) or running.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _start(process: psutil.Process) -> str:
    """Return when a process started, as text that is not another one's.

    On Linux that is the boot and the ticks since then, which do not move when the system clock is set; elsewhere the
    time in seconds.
    """
    try:
        ticks = Path(f"/proc/{process.pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text('ascii').strip()} {ticks}"
    except FileNotFoundError:
        return f"{process.create_time():.2f}"  # which raises an error where the process is gone


def _is_same_start(one: str, other: str) -> bool:
    try:
        return one == other or abs(float(one) - float(other)) <= _CLOCK_TOLERANCE
    except ValueError:
        return False


def _machine() -> str:
    """Return the host's name and, on Linux, its namespace of process numbers, which a container has to itself."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}{namespace}".replace(_SEPARATOR, "")
