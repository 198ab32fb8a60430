"""The containers of office files: ZIP packages, opened only when they cannot unpack to too much, and OLE files.

Nothing outside the file is ever read: files that declare XML entities are refused, and relations that point outside
are never followed.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers.limits import describe_library_error

if TYPE_CHECKING:
    from lxml import etree

MAX_MEMBERS = 5_000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 100
_RATIO_APPLIES_FROM = 10 * 1024 * 1024
"""Bytes unpacked. Smaller packages may well shrink a hundredfold: a sheet of blanks does."""

_SAVE_AGAIN = "Open it in the program it was made with, save it again, and give that file."
_EXPORT = "Save or export it as PDF, DOCX, XLSX, HTML or plain text, and give that file."
_UNPACK = "Unpack it, and give the documents inside."
_AS_PDF = "Export it as PDF, and give that file."
_REMOVE_PASSWORD = "Open it, remove the password (save it without one), and give that file."

_CONTENT_TYPES = "[Content_Types].xml"
_MEDIA_TYPE = "mimetype"
_UNSUPPORTED_TYPES = (
    (b"ms-excel.sheet.binary.macroenabled", "a binary Excel workbook (.xlsb)", _EXPORT),
    (b"presentationml.", "a PowerPoint presentation", _AS_PDF),
    (b"ms-powerpoint.", "a PowerPoint presentation", _AS_PDF),
    (b"ms-visio.", "a Visio drawing", _EXPORT),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text", _EXPORT),
    (b"application/vnd.oasis.opendocument.presentation", "an OpenDocument presentation", _AS_PDF),
    (b"application/vnd.oasis.opendocument.graphics", "an OpenDocument drawing", _EXPORT),
    (b"application/epub+zip", "an EPUB book", _EXPORT),
)
_OLE_STREAMS = (
    ("EncryptedPackage", "an Office document locked with a password", _REMOVE_PASSWORD),
    ("Workbook", "an old Excel workbook", _EXPORT),
    ("Book", "an old Excel workbook", _EXPORT),
    ("WordDocument", "an old Word document (.doc)", _EXPORT),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)", _AS_PDF),
    ("__nameid_version1.0", "an Outlook message (.msg)", "Save the message as .eml or HTML, and give that file."),
)
"""The streams by which the program that wrote an OLE file is known, the ones that decide first."""


def content_types(data: bytes, source: str) -> bytes:
    """Return the content types that a ZIP package declares, in lower case; empty for an archive of another kind.

    They are the whole list of an Office Open XML package, or the media type of an OpenDocument or EPUB package.
    """
    with _open_archive(data, source) as archive:
        names = archive.namelist()
        return b"\n".join(
            _read_member(archive, name, source).strip().lower()
            for name in (_CONTENT_TYPES, _MEDIA_TYPE)
            if name in names
        )


def is_encrypted_open_document(data: bytes, source: str) -> bool:
    """Decide whether the parts of an OpenDocument package are encrypted."""
    manifest = "META-INF/manifest.xml"
    with _open_archive(data, source) as archive:
        return manifest in archive.namelist() and b"encryption-data" in _read_member(archive, manifest, source)


def find_ole_stream(data: bytes) -> str:
    """Return the stream that tells which program wrote an OLE file; empty where none of the known ones is in it."""
    # The names of the streams stand in the file's directory, in UTF-16, each followed by a zero.
    names = (name for name, _, _ in _OLE_STREAMS if name.encode("utf-16-le") + b"\x00\x00" in data)
    return next(names, "")


def describe_unsupported_ole(data: bytes) -> tuple[str, str]:
    """Return what an OLE file is that no reader recognised, and what to do about it."""
    stream = find_ole_stream(data)
    known = ((what, hint) for name, what, hint in _OLE_STREAMS if name == stream)
    return next(known, ("an old Office document", _EXPORT))


def describe_unsupported_zip(data: bytes, source: str, types: bytes) -> tuple[str, str]:
    """Return what a ZIP package with these content types is that no reader recognised, and what to do about it."""
    if b"application/vnd.oasis." in types and is_encrypted_open_document(data, source):
        return "an OpenDocument file locked with a password", _REMOVE_PASSWORD
    known = ((what, hint) for name, what, hint in _UNSUPPORTED_TYPES if name in types)
    return next(known, ("a ZIP archive", _UNPACK))


@dataclass(frozen=True, slots=True)
class Relation:
    """A reference of a part: the last word of the relation's type, and the name of the part that it points to.

    `target` is empty for what is outside the package.
    """

    kind: str
    target: str


class Package:
    """The parts of an office file by their names; a part is unpacked only when it is read."""

    def __init__(self, data: bytes, source: str) -> None:
        self._source = source
        self._archive = _open_archive(data, source)
        self.names = frozenset(self._archive.namelist())
        for name in self.names:
            if name.endswith((".xml", ".rels", ".vml")):
                _refuse_entities(_read_member(self._archive, name, source), source)

    def read(self, name: str) -> bytes:
        """Return the bytes of a part; raise InputError where it is missing or broken."""
        return _read_member(self._archive, name, self._source)

    def xml(self, name: str) -> etree._Element:
        """Return the root element of a part; raise InputError where it is missing or broken."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise InputError(f"{self._source} is broken: {name} is not XML ({error.msg}).", _SAVE_AGAIN) from None

    def relations(self, name: str = "") -> dict[str, Relation]:
        """Return the relations of the part `name`, by their identifiers; without a name those of the package itself."""
        folder, file = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", file + ".rels")
        if relations not in self.names:
            return {}
        found = {}
        for element in self.xml(relations):
            if not isinstance(element.tag, str) or not element.get("Id"):
                continue
            target = element.get("Target", "")
            outside = element.get("TargetMode") == "External"
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = element.get("Type", "").rsplit("/", 1)[-1]
            found[element.get("Id")] = Relation(kind, "" if outside or path not in self.names else path)
        return found


def _open_archive(data: bytes, source: str) -> zipfile.ZipFile:
    """Return the archive; raise InputError for one that is broken, locked or would unpack to too much."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, IndexError) as error:
        raise InputError(
            f"{source} is a broken ZIP archive or Office document ({describe_library_error(error)}).",
            "Check that it was saved or downloaded in full.",
        ) from None
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{source} packs {len(members):,} files; the limit is {MAX_MEMBERS:,}.", _EXPORT)
    if unpacked > MAX_UNPACKED:
        size, limit = unpacked / 1024 / 1024, MAX_UNPACKED // 1024 // 1024
        raise InputError(f"{source} would unpack to {size:,.0f} MB; the limit is {limit} MB.", _EXPORT)
    if unpacked > _RATIO_APPLIES_FROM and unpacked > MAX_RATIO * len(data):
        ratio = unpacked / len(data)
        raise InputError(f"{source} would unpack to {ratio:,.0f} times its size; the limit is {MAX_RATIO}.", _EXPORT)
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"{source} is a ZIP archive locked with a password.", _UNPACK)
    return archive


def _read_member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    # zipfile reads no more than the directory says and compares the checksum, so a false size does no harm.
    try:
        return archive.read(name)
    except KeyError:
        raise InputError(f"{source} is broken: {name} is not in it.", _SAVE_AGAIN) from None
    except Exception as error:  # zipfile passes on what its decompressors raise
        raise InputError(
            f"{source} is broken: {name} cannot be unpacked ({describe_library_error(error)}).", _SAVE_AGAIN
        ) from None


_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


def _refuse_entities(xml: bytes, source: str) -> None:
    """Raise InputError for XML that declares entities, which can read other files or grow without end."""
    for mark, encoding in _UTF16:
        if xml.startswith(mark) or xml.startswith("<".encode(encoding)):
            xml = xml.decode(encoding, "replace").encode()
    if _ENTITY.search(xml):
        message = f"{source} declares XML entities, which no Office program writes."
        raise InputError(message, "Do not trust this file; ask for another copy.")
