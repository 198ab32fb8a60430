"""Formats that no reader knows but that can be named, so that the error says what to do with the file."""

from __future__ import annotations

from extractor.errors import InputError
from extractor.readers.sample import Sample, begins_with

_AS_DOCUMENT = "Save or export it as PDF, HTML or plain text, and give that file."
_AS_PICTURE = "Save or export it as JPEG, PNG or PDF, and give that file."
_UNPACK = "Unpack it, and give the document inside."

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"RIFF", "a sound or video file", "Give its text, if it has any."),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", _AS_PICTURE),
    (b"8BPS", "a Photoshop picture", _AS_PICTURE),
    (b"{\\rtf", "an RTF document", _AS_DOCUMENT),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%!PS", "a PostScript file", _AS_DOCUMENT),
    (b"\x7fELF", "a program", _AS_DOCUMENT),
    (b"MZ", "a program", _AS_DOCUMENT),
)
_HEIF_BRANDS = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")


def find_signature(sample: Sample) -> tuple[str, str] | None:
    """Return what a file is by its first bytes, with a hint; None for a file that none of the signatures fits."""
    if sample.head[4:12] in _HEIF_BRANDS:
        return "a HEIC or AVIF picture", _AS_PICTURE
    for signature, what, hint in _SIGNATURES:
        if begins_with(sample.head, signature):
            return what, hint
    return None


def unsupported_error(sample: Sample) -> InputError:
    """Return the error for a file that no reader recognises; it names the format where that is known."""
    if sample.is_zip or sample.is_ole:
        from extractor.readers import package

        found: tuple[str, str] | None = package.describe_unsupported(sample)
    else:
        found = find_signature(sample)
    if found is None:
        return InputError(f"{sample.source} is a binary file of an unknown kind.", _AS_DOCUMENT)
    what, hint = found
    return InputError(f"{sample.source} is {what}, which cannot be read here.", hint)
