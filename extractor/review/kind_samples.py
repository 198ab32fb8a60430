"""Sample documents of kinds of report: files that people send while they name fields, without records of their own."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Container

from extractor.jobs.sources import UnusableFile, fingerprint, name_of
from extractor.review.errors import unusable
from extractor.review.upload_files import UploadFiles

KEEP_SECONDS = 30 * 86400.0
"""How long a sample is kept that no kind of report was saved with."""


def add_sample(samples: UploadFiles, name: str, path: str | os.PathLike[str], *, who: str) -> str:
    """Copy a file among the samples and return its SHA-256; raises ReviewError (`unusable`) where it cannot be kept."""
    try:
        samples.add(name, path, who, samples.free_bytes())
        return fingerprint(os.fspath(path))[0]
    except UnusableFile as error:
        raise unusable(error.message, "Choose another file.") from None


def sample_names(samples: UploadFiles, document: str) -> tuple[str, ...]:
    """Return the names under which a document is among the samples.

    Whoever knows a document's SHA-256 has the document, so a sample may be asked for by that alone.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", document):
        return ()
    return tuple(name_of(str(file)) for file in sorted(samples.folder.glob(f"of-*/{document}/*")) if file.is_file())


def delete_old_samples(samples: UploadFiles, kept: Container[str]) -> None:
    """Delete the samples that were sent long ago, but for the documents to be kept."""
    for file in list(samples):
        if file.parent.name not in kept and time.time() - file.stat().st_mtime > KEEP_SECONDS:
            samples.delete(file)
