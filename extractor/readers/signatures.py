"""The first bytes of formats that can be named but not read, so that the error says what to do with the file."""

from __future__ import annotations

AS_DOCUMENT = "Save or export it as PDF, HTML or plain text, and give that file."
_AS_PICTURE = "Save or export it as JPEG, PNG or PDF, and give that file."
_UNPACK = "Unpack it, and give the document inside."

_UNSUPPORTED: tuple[tuple[bytes, str, str], ...] = (
    (b"RIFF", "a sound or video file", "Give its text, if it has any."),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture", _AS_PICTURE),
    (b"8BPS", "a Photoshop picture", _AS_PICTURE),
    (b"{\\rtf", "an RTF document", AS_DOCUMENT),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%!PS", "a PostScript file", AS_DOCUMENT),
    (b"\x7fELF", "a program", AS_DOCUMENT),
    (b"MZ", "a program", AS_DOCUMENT),
)
_HEIF_BRANDS = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")


def begins_with(head: bytes, signature: bytes) -> bool:
    """Decide whether a file begins with the signature of a binary format.

    Two printable characters prove little: a text may begin with them. They count only where zero bytes follow soon,
    which no text has.
    """
    if not head.startswith(signature):
        return False
    return len(signature) > 2 or b"\x00" in head[:64] or not 0x20 <= signature[0] < 0x80


def find_unsupported_format(head: bytes) -> tuple[str, str] | None:
    """Return what a file is by its first bytes, with a hint; None for a file that none of the signatures fits."""
    if head[4:12] in _HEIF_BRANDS:
        return "a HEIC or AVIF picture", _AS_PICTURE
    for signature, what, hint in _UNSUPPORTED:
        if begins_with(head, signature):
            return what, hint
    return None
