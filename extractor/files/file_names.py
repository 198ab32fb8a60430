"""File names that any file system can take, made from names that people or documents gave."""

from __future__ import annotations

MEMBER_SEPARATOR = "!/"
"""What stands between the name of an archive and that of a file in it."""
MAX_NAME_BYTES = 120
MAX_EXTENSION = 10
"""Characters after the last dot of a name that count as its extension."""
_RESERVED = '<>:"|?*'
"""Characters that Windows does not allow in file names."""


def safe_file_name(name: str) -> str:
    """Return the name without folders and without characters that file systems or terminals cannot take.

    A long name is shortened; its extension stays.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(c if c.isprintable() and c not in _RESERVED else "_" for c in name).strip()
    if MEMBER_SEPARATOR in name:
        name = name.replace(MEMBER_SEPARATOR[0], "_")
    stem, extension = _split_extension(name)
    while len(f"{stem}{extension}".encode("utf-8", "replace")) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}{extension}".lstrip(".") or "document"


class UniqueFileNames:
    """Safe file names that are each given once, upper and lower case being the same."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def add(self, name: str) -> str:
        """Return a safe name for the file, with a number before its extension if the name was given already."""
        unique = name = safe_file_name(name)
        stem, extension = _split_extension(name)
        number = 1
        while unique.casefold() in self._given:
            number += 1
            unique = f"{stem}-{number}{extension}"
        self._given.add(unique.casefold())
        return unique


def _split_extension(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if dot and len(extension) <= MAX_EXTENSION else (name, "")
