"""What a run was made from: set, schema, model, prompts, code, machine and packages."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

import extractor
from extractor.evaluation.samples import EvalSet
from extractor.extraction import prompts
from extractor.schemas import Schema

ROOMS_WITHOUT_EFFECT = frozenset(
    {
        *(
            "cli",
            "client",
            "evaluation",
            "exports",
            "files",
            "jobs",
            "learning",
            "review",
            "schema_design",
            "splitting",
        ),
        *("store", "ui", "_shipped"),
    }
)
"""Rooms that no record depends on. Of `evaluation`, the modules in `_JUDGING_MODULES` do count."""
_JUDGING_MODULES = ("matching.py", "anls.py", "baseline.py")
_PACKAGES = (
    "llguidance",
    "numpy",
    "onnxruntime",
    "pdfplumber",
    "pypdfium2",
    "rapidocr",
    "scipy",
    "selectolax",
    "torch",
    "transformers",
)


def run_identity(samples: EvalSet, schema: Schema, model: str) -> dict[str, str]:
    """Return what must be the same for a run to be continued: set, schema, model, prompts, version and code."""
    return {
        "set": samples.name,
        "schema": schema.id,
        "model": model,
        "prompt": prompts.prompt_id(),
        "tool": f"extractor {extractor.__version__}",
        "code": code_hash(),
    }


@functools.cache
def code_hash() -> str:
    """Return the SHA-256 over the source files that records and their scores depend on; a version says too little.

    It is computed once: a process runs the code it started with, even when the files are overwritten meanwhile.
    """
    root = FilePath(extractor.__file__).resolve().parent
    files = [f for f in root.rglob("*.py") if _room(f.relative_to(root)) not in ROOMS_WITHOUT_EFFECT]
    digest = hashlib.sha256()
    for file in sorted([*files, *(root / "evaluation" / name for name in _JUDGING_MODULES)]):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _room(file: FilePath) -> str:
    return file.parts[0].removesuffix(".py")


def describe_machine() -> dict[str, Any]:
    """Return the machine, its load and the versions of packages, as a run's header keeps them."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version for name in _PACKAGES if (version := _installed_version(name))},
    }


def _cpu_name() -> str:
    try:
        named = re.search(r"model name\s*:\s*(.+)", FilePath("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        named = None
    return named[1].strip() if named else platform.processor() or platform.machine()


def _installed_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def peak_memory() -> int:
    """Return the most memory this process has used so far, in bytes; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def new_header(samples: EvalSet, schema: Schema, model: str) -> dict[str, Any]:
    """Return what `run.json` holds before the first document is done."""
    return {
        "identity": run_identity(samples, schema, model),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "folder": str(samples.folder.resolve()),
        "schema": {"name": schema.name, "document": schema.document},
        "machine": describe_machine(),
    }
