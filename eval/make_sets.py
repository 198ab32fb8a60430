"""`python -m eval.make_sets`: writes the eval sets anew, or with `--check` says what differs from those that are there.

The same sources give the same bytes. Text and HTML hang on nothing; PDFs and pictures on the fonts (whose hashes are
checked) and on the versions of the libraries that drew them, which `eval/sets/made_with.json` holds.
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
from eval.making.orders import Order, form, written
from eval.making.sheet import gold_record

SETS = Path(__file__).parent / "sets"
SCHEMAS = Path(__file__).parent.parent / "schemas"
LIBRARIES = ("numpy", "pillow", "pypdfium2", "reportlab")


@dataclass(frozen=True)
class EvalSet:
    """A set: `schema` is the name of a shipped one; without it the set has a `schema.json` written by hand."""

    name: str
    schema: str | None
    orders: tuple[Order, ...]

    def schema_itself(self) -> dict[str, Any]:
        """The schema, read from `schemas/` or from the set's folder."""
        file = SCHEMAS / f"{self.schema}.json" if self.schema else SETS / self.name / "schema.json"
        return json.loads(file.read_text(encoding="utf-8"))


ALL = (
    EvalSet("receipts-and-invoices", "receipt", receipts.ORDERS),
    EvalSet("laboratory-and-inspection", "laboratory-report", laboratory.ORDERS),
    EvalSet("annual-disclosure-2020", "annual-disclosure-2020", disclosure.ORDERS_2020),
    EvalSet("annual-disclosure-2021", "annual-disclosure-2021", disclosure.ORDERS_2021),
    EvalSet("long-company-reports", None, long_documents.COMPANY_REPORTS),
    EvalSet("long-tenders", None, long_documents.TENDERS),
    EvalSet("long-contracts", None, long_documents.CONTRACTS),
    EvalSet("long-research-reports", None, long_documents.RESEARCH),
)


def gold_lines(wanted: EvalSet) -> list[dict[str, Any]]:
    """The gold of every document of the set, made documents first, then those written by hand."""
    schema = wanted.schema_itself()
    lines = []
    for order in wanted.orders:
        sheet = order.sheet()
        notes = [sheet.language, form(order.look), *sheet.truth.notes]
        gold = gold_record(sheet.truth.values, schema)
        lines.append({"document": f"documents/{order.file}", "kind": sheet.kind, "notes": notes, "gold": gold})
    for page in by_hand.documents(wanted.name):
        gold = gold_record(page.gold, schema)
        lines.append({"document": f"documents/{page.file}", "kind": page.kind, "notes": [*page.notes], "gold": gold})
    return lines


def files(wanted: EvalSet) -> Iterator[tuple[str, bytes]]:
    """Every file of the set that is made, by its path in the set's folder."""
    if wanted.schema:
        yield "schema.json", (json.dumps(wanted.schema) + "\n").encode()
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in gold_lines(wanted)]
    yield "gold.jsonl", "".join(lines).encode()
    for order in wanted.orders:
        yield f"documents/{order.file}", written(order.sheet(), order.look)
    for page in by_hand.documents(wanted.name):
        yield f"documents/{page.file}", page.written()


def made_with() -> dict[str, str]:
    """The versions of the libraries that draw."""
    return {name: version(name) for name in LIBRARIES}


def main(arguments: list[str] | None = None) -> int:
    """Writes or compares; 1 where something differs."""
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
        made = dict(files(wanted))
        there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        there -= {"README.md", "schema.json"}
        for path, data in made.items():
            file = folder / path
            if chosen.check:
                same = file.exists() and file.read_bytes() == data
                differ += not same
                if not same:
                    print(f"{wanted.name}/{path}: {'differs' if file.exists() else 'is missing'}")
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for path in sorted(there - set(made)):
            differ += 1
            print(f"{wanted.name}/{path}: is not made by this command")
    note = SETS / "made_with.json"
    if not chosen.check:
        note.write_text(json.dumps(made_with(), indent=2) + "\n", encoding="utf-8")
    elif differ and json.loads(note.read_text(encoding="utf-8")) != made_with():
        print(f"made with {json.loads(note.read_text(encoding='utf-8'))}, compared with {made_with()}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
