"""Office files: what kind one is, by its content, and its zip package opened only when it cannot burst.

Nothing outside the file is ever looked at: files that declare XML entities are refused, and relations that point
outside are never followed.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
from dataclasses import dataclass

from lxml import etree

from extractor.errors import InputError

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_MEMBERS = 5_000
MAX_UNPACKED = 300 * 1024 * 1024
MAX_RATIO = 100
_RATIO_FROM = 10 * 1024 * 1024
"""Small packages may well shrink a hundredfold: a sheet of blanks does."""

_RESAVE = "Open it in the program it was made with, save it again, and give that file."
_EXPORT = "Save or export it as PDF, DOCX, XLSX, HTML or plain text, and give that file."
_CONTENT_TYPES = (
    (b"wordprocessingml.document.main", "docx"),
    (b"wordprocessingml.template.main", "docx"),
    (b"ms-word.document.macroenabled", "docx"),
    (b"ms-word.template.macroenabled", "docx"),
    (b"spreadsheetml.sheet.main", "xlsx"),
    (b"spreadsheetml.template.main", "xlsx"),
    (b"ms-excel.sheet.macroenabled", "xlsx"),
    (b"ms-excel.template.macroenabled", "xlsx"),
    (b"ms-excel.sheet.binary.macroenabled", "a binary Excel workbook (.xlsb)"),
    (b"presentationml.", "a PowerPoint presentation"),
    (b"ms-powerpoint.", "a PowerPoint presentation"),
    (b"ms-visio.", "a Visio drawing"),
)
_MIME_TYPES = (
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.text", "an OpenDocument text"),
    (b"application/vnd.oasis.opendocument.presentation", "an OpenDocument presentation"),
    (b"application/vnd.oasis.opendocument.graphics", "an OpenDocument drawing"),
    (b"application/epub+zip", "an EPUB book"),
)
_STREAMS = (
    ("EncryptedPackage", "an Office document locked with a password"),
    ("Workbook", "xlsx"),
    ("Book", "xlsx"),
    ("WordDocument", "an old Word document (.doc)"),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
    ("__nameid_version1.0", "an Outlook message (.msg)"),
)


def office_kind(data: bytes, source: str) -> str:
    """The key in READERS for a file that is a zip package or an OLE file; InputError for those none can read."""
    what = _kind_of_ole(data) if data.startswith(OLE) else _kind_of_package(data, source)
    if what in ("docx", "xlsx", "ods"):
        return what
    if "password" in what:
        hint = "Open it, take the password off (save it without one), and give that file."
    elif what == "a ZIP archive":
        hint = "Unpack it, and give the documents inside."
    elif "PowerPoint" in what or "presentation" in what:
        hint = "Export it as PDF, and give that file."
    elif "Outlook" in what:
        hint = "Save the message as .eml or HTML, and give that file."
    else:
        hint = _EXPORT
    raise InputError(f"{source} is {what}, which cannot be read here.", hint)


def _kind_of_ole(data: bytes) -> str:
    # The names of an OLE file's streams stand in its directory, in UTF-16, each followed by its end.
    for name, what in _STREAMS:
        if name.encode("utf-16-le") + b"\x00\x00" in data:
            return what
    return "an old Office document"


def _kind_of_package(data: bytes, source: str) -> str:
    with _zip(data, source) as package:
        names = set(package.namelist())
        if "[Content_Types].xml" in names:
            types = _member(package, "[Content_Types].xml", source).lower()
            for words, what in _CONTENT_TYPES:
                if words in types:
                    return what
        if "mimetype" in names:
            kind = _member(package, "mimetype", source).strip()
            encrypted = "META-INF/manifest.xml" in names and b"encryption-data" in _member(
                package, "META-INF/manifest.xml", source
            )
            for words, what in _MIME_TYPES:
                if kind.startswith(words):
                    return "an OpenDocument file locked with a password" if encrypted else what
    return "a ZIP archive"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part of a package refers to: the last word of the relation's type, and the name of the part it leads to.

    `target` is empty for what lies outside the package.
    """

    kind: str
    target: str


class Package:
    """The parts of an Office file by their names; nothing is unpacked but what is asked for."""

    def __init__(self, data: bytes, source: str) -> None:
        self._source = source
        self._zip = _zip(data, source)
        self.names = frozenset(self._zip.namelist())
        for name in self.names:
            if name.endswith((".xml", ".rels", ".vml")):
                _refuse_entities(_member(self._zip, name, source), source)

    def read(self, name: str) -> bytes:
        """The bytes of a part; InputError where it is missing or broken."""
        return _member(self._zip, name, self._source)

    def xml(self, name: str) -> etree._Element:
        """The root element of a part; InputError where it is missing or broken."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as error:
            raise InputError(f"{self._source} is broken: {name} is no XML ({error.msg}).", _RESAVE) from None

    def relations(self, name: str = "") -> dict[str, Relation]:
        """What the part `name` refers to, by identifiers; those of the package itself without a name."""
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


def _zip(data: bytes, source: str) -> zipfile.ZipFile:
    """The archive, its directory looked at: InputError for one that is broken, locked or would unpack to too much."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, IndexError) as error:
        raise InputError(
            f"{source} is a broken ZIP archive or Office document ({error}).",
            "Check that it was saved or downloaded in full.",
        ) from None
    members = package.infolist()
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{source} packs {len(members):,} files; the limit is {MAX_MEMBERS:,}.", _EXPORT)
    if unpacked > MAX_UNPACKED:
        size, limit = unpacked / 1024 / 1024, MAX_UNPACKED // 1024 // 1024
        raise InputError(f"{source} would unpack to {size:,.0f} MB; the limit is {limit} MB.", _EXPORT)
    if unpacked > _RATIO_FROM and unpacked > MAX_RATIO * len(data):
        ratio = unpacked / len(data)
        raise InputError(f"{source} would unpack to {ratio:,.0f} times its size; the limit is {MAX_RATIO}.", _EXPORT)
    if any(member.flag_bits & 1 for member in members):
        raise InputError(f"{source} is a ZIP archive locked with a password.", "Unpack it, and give what is inside.")
    return package


def _member(package: zipfile.ZipFile, name: str, source: str) -> bytes:
    # zipfile reads no more than the directory promises and compares the checksum, so a false size bursts nothing.
    try:
        return package.read(name)
    except KeyError:
        raise InputError(f"{source} is broken: {name} is not in it.", _RESAVE) from None
    except Exception as error:  # zipfile raises whatever its decompressors raise
        raise InputError(f"{source} is broken: {name} cannot be unpacked ({error}).", _RESAVE) from None


_WIDE = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARES = re.compile(rb"<!ENTITY", re.IGNORECASE)


def _refuse_entities(xml: bytes, source: str) -> None:
    for mark, encoding in _WIDE:
        if xml.startswith(mark) or xml.startswith("<".encode(encoding)):
            xml = xml.decode(encoding, "replace").encode()
    if _DECLARES.search(xml):
        message = f"{source} declares XML entities, which no Office program writes."
        raise InputError(message, "Do not trust this file; ask for another copy.")
