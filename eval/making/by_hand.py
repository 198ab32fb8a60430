"""The documents written by hand: a source file each, with its gold beside it in `by_hand/<set>/<name>.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.making import as_pdf, as_picture
from eval.making.as_pdf import PdfLook
from eval.making.as_picture import ScanLook
from eval.making.sheet import Text

FOLDER = Path(__file__).parent / "by_hand"


@dataclass(frozen=True)
class HandWritten:
    """A document written by hand; `file` is what it is called in its set, `judged` the paths that are printed nowhere.

    `become` (`as` in the JSON file) says what is made of the source: nothing, `pdf`, or `picture`, typed and scanned.
    """

    file: str
    source: Path
    kind: str
    gold: dict[str, Any]
    judged: tuple[str, ...]
    notes: tuple[str, ...]
    become: str

    def written(self) -> bytes:
        """The bytes of the document."""
        if not self.become:
            return self.source.read_bytes()
        lines = self.source.read_text(encoding="utf-8").splitlines()
        look = PdfLook("DejaVuSansMono", 9, chinese=True)
        printed = as_pdf.write([Text(line.replace(" ", "\u00a0") or "\u00a0") for line in lines], look)
        if self.become == "pdf":
            return printed
        (page,) = as_picture.pages(printed, ScanLook(-0.8, 10, 0.7, 45, seed=len(lines)))
        return page


def documents(name: str) -> list[HandWritten]:
    """The hand-written documents of the set, by name."""
    found = []
    for note in sorted((FOLDER / name).glob("*.json")):
        about = json.loads(note.read_text(encoding="utf-8"))
        (source,) = (file for file in note.parent.glob(note.stem + ".*") if file.suffix != ".json")
        become = about.get("as", "")
        file = note.stem + {"": source.suffix, "pdf": ".pdf", "picture": ".jpg"}[become]
        form = {".txt": "text", ".html": "html", ".pdf": "pdf", ".jpg": "picture"}[Path(file).suffix]
        notes = (about["language"], form, "by_hand", *about.get("notes", ()))
        judged = tuple(about.get("judged", ()))
        found.append(HandWritten(file, source, about["kind"], about["gold"], judged, notes, become))
    return found
