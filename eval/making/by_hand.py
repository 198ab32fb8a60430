"""Documents written by hand: a source file each, with its gold next to it in `by_hand/<set>/<name>.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.making import as_pdf, as_picture
from eval.making.as_pdf import PdfLayout
from eval.making.as_picture import ScanEffects
from eval.making.blocks import Text

FOLDER = Path(__file__).parent / "by_hand"


@dataclass(frozen=True)
class HandwrittenDocument:
    """A document written by hand; `file` is its name in the set, `judged` the paths of values that are not printed.

    `render_as` (`as` in the JSON file) is empty for the source itself, `pdf`, or `picture` for a typed and scanned
    page.
    """

    file: str
    source: Path
    kind: str
    gold: dict[str, Any]
    judged: tuple[str, ...]
    notes: tuple[str, ...]
    render_as: str

    def render(self) -> bytes:
        """Return the bytes of the document."""
        if not self.render_as:
            return self.source.read_bytes()
        lines = self.source.read_text(encoding="utf-8").splitlines()
        layout = PdfLayout("DejaVuSansMono", 9, chinese=True)
        printed = as_pdf.write([Text(line.replace(" ", "\u00a0") or "\u00a0") for line in lines], layout)
        if self.render_as == "pdf":
            return printed
        (page,) = as_picture.pages(printed, ScanEffects(-0.8, 10, 0.7, 45, seed=len(lines)))
        return page


def documents(name: str) -> list[HandwrittenDocument]:
    """Return the handwritten documents of a set, by name."""
    found = []
    for note in sorted((FOLDER / name).glob("*.json")):
        about = json.loads(note.read_text(encoding="utf-8"))
        (source,) = (file for file in note.parent.glob(note.stem + ".*") if file.suffix != ".json")
        render_as = about.get("as", "")
        file = note.stem + {"": source.suffix, "pdf": ".pdf", "picture": ".jpg"}[render_as]
        form = {".txt": "text", ".html": "html", ".pdf": "pdf", ".jpg": "picture"}[Path(file).suffix]
        notes = (about["language"], form, "by_hand", *about.get("notes", ()))
        judged = tuple(about.get("judged", ()))
        found.append(HandwrittenDocument(file, source, about["kind"], about["gold"], judged, notes, render_as))
    return found
