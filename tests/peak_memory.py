"""The most memory that a process has used, for tests that start one and ask it."""

import resource
import sys
from pathlib import Path


def peak_kibibytes() -> float:
    """Return the peak of this process's memory in KiB, since this program began.

    Linux lets a program inherit `ru_maxrss` from whoever started it, so a large test run would count as its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return float(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
