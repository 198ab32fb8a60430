"""Generate the eval sets: `python -m eval.make_sets`; with `--check`, report what differs from the committed files.

The same sources give the same bytes. Text and HTML depend on nothing else; PDFs and pictures depend on fonts (whose
hashes are checked) and on the versions of the libraries that draw them, which `eval/sets/made_with.json` records.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eval.making import by_hand, disclosure, laboratory, long_documents, receipts
from eval.making.blocks import gold_record
from eval.making.specs import DocumentSpec, file_form, render

SETS = Path(__file__).parent / "sets"
SCHEMAS = Path(__file__).parent.parent / "schemas"
LIBRARIES = ("numpy", "pillow", "pypdfium2", "reportlab")


@dataclass(frozen=True)
class SetSpec:
    """A set to generate: `schema` names a shipped schema; without it the set has a `schema.json` written by hand."""

    name: str
    schema: str | None
    specs: tuple[DocumentSpec, ...]

    def load_schema(self) -> dict[str, Any]:
        """Return the schema, read from `schemas/` or from the set's folder."""
        file = SCHEMAS / f"{self.schema}.json" if self.schema else SETS / self.name / "schema.json"
        return json.loads(file.read_text(encoding="utf-8"))


ALL = (
    SetSpec("receipts-and-invoices", "receipt", receipts.SPECS),
    SetSpec("laboratory-and-inspection", "laboratory-report", laboratory.SPECS),
    SetSpec("annual-disclosure-2020", "annual-disclosure-2020", disclosure.SPECS_2020),
    SetSpec("annual-disclosure-2021", "annual-disclosure-2021", disclosure.SPECS_2021),
    SetSpec("long-company-reports", None, long_documents.COMPANY_REPORTS),
    SetSpec("long-tenders", None, long_documents.TENDERS),
    SetSpec("long-contracts", None, long_documents.CONTRACTS),
    SetSpec("long-research-reports", None, long_documents.RESEARCH),
)


def gold_lines(wanted: SetSpec) -> list[dict[str, Any]]:
    """Return the gold of every document of the set: generated documents first, then handwritten ones."""
    schema = wanted.load_schema()
    lines = []
    for spec in wanted.specs:
        document = spec.generate()
        notes = [document.language, file_form(spec.layout), *document.truth.notes]
        gold = gold_record(document.truth.values, schema)
        lines.append({"document": f"documents/{spec.file}", "kind": document.kind, "notes": notes, "gold": gold})
    for page in by_hand.documents(wanted.name):
        gold = gold_record(page.gold, schema)
        lines.append({"document": f"documents/{page.file}", "kind": page.kind, "notes": [*page.notes], "gold": gold})
    return lines


def files(wanted: SetSpec) -> Iterator[tuple[str, bytes]]:
    """Yield every generated file of the set, by its path in the set's folder."""
    if wanted.schema:
        yield "schema.json", (json.dumps(wanted.schema) + "\n").encode()
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in gold_lines(wanted)]
    yield "gold.jsonl", "".join(lines).encode()
    for spec in wanted.specs:
        yield f"documents/{spec.file}", render(spec.generate(), spec.layout)
    for page in by_hand.documents(wanted.name):
        yield f"documents/{page.file}", page.render()


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that draw."""
    return {name: version(name) for name in LIBRARIES}


def main(arguments: list[str] | None = None) -> int:
    """Write or compare the sets; return 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m eval.make_sets", description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help="only these sets")
    parser.add_argument("--check", action="store_true", help="write nothing, name the files that differ")
    chosen = parser.parse_args(arguments)
    names = [wanted.name for wanted in ALL]
    if unknown := sorted(set(chosen.sets) - set(names)):
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(names)}")
    differ = 0
    for wanted in ALL:
        if chosen.sets and wanted.name not in chosen.sets:
            continue
        folder = SETS / wanted.name
        generated = dict(files(wanted))
        there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        there -= {"README.md", "schema.json"}
        for path, data in generated.items():
            file = folder / path
            if chosen.check:
                same = file.exists() and file.read_bytes() == data
                differ += not same
                if not same:
                    print(f"{wanted.name}/{path}: {'differs' if file.exists() else 'is missing'}")
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for path in sorted(there - set(generated)):
            differ += 1
            print(f"{wanted.name}/{path}: is not generated by this command")
    note = SETS / "made_with.json"
    if not chosen.check:
        note.write_text(json.dumps(library_versions(), indent=2) + "\n", encoding="utf-8")
    elif differ and json.loads(note.read_text(encoding="utf-8")) != library_versions():
        print(f"generated with {json.loads(note.read_text(encoding='utf-8'))}, compared with {library_versions()}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
