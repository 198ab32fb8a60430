"""Check that spreadsheets find no formula in what `extractor export` writes: LibreOffice opens it and counts them.

python -m eval.formulas            needs `soffice`, for example of Debian's libreoffice-calc-nogui
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from extractor import exports
from extractor.extraction.serialization import as_dict
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.types import Document, Extraction

DANGEROUS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1,1)",
    '"=1+1',
    '"=1+1"',
    "'=1+1",
    "''=1+1",
    '";=1+1',
    '",=1+1',
    "a,=1+1",
    "a;=1+1",
    "a\t=1+1",
    "a|=1+1",
    "a\n=1+1",
    "a\r\n=1+1",
    'a"\n=1+1',
    "a;-1+1",
    "a,+1+1",
    "a;@SUM(1,1)",
    '=HYPERLINK("http://127.0.0.1/"&A1,"x")',
    '=WEBSERVICE("http://127.0.0.1/")',
    "=cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    '=DDE("soffice";"file";"x")',
    "{=1+1}",
    "<r><f>1+1</f></r>",
)
HARMLESS = ("-12.50", "+1", "-5 °C", "2020-01-01", "a, b", "'s-Hertogenbosch", "", "x@y.example")
SCHEMA = {
    "title": "formulas",
    "type": "object",
    "properties": {
        "text": {"type": ["string", "null"]},
        "amount": {"type": ["number", "null"]},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
}
SEPARATORS = {",": 44, ";": 59, "tab": 9, "|": 124}


def fill(store: Store) -> list[str]:
    """Store each of the texts as the value of a record and of an element of a list in it, and return them."""
    schema, texts = load_schema(SCHEMA), [*DANGEROUS, *HARMLESS]
    store.add_schema(schema)
    for n, text in enumerate(texts):
        data = {"text": text, "amount": -12.5, "parts": [{"name": text}]}
        made = Extraction(Document(f"{n:064x}", f"{text}.txt", ""), schema.id, data, (), run={"schema": schema.id})
        store.records.add(as_dict(made), Version("formulas", "0"), who="eval", size=1, kind="text")
    return texts


def export(folder: Path) -> dict[str, Path]:
    """Write a workbook and CSV files that hold all the texts; return them by name."""
    with Store(folder / "store.db") as store:
        fill(store)
        exports.export(store, str(folder / "a.xlsx"), evidence=True)
        exports.export(store, str(folder / "csv"))
        exports.export(store, str(folder / "bom"), bom=True)
    csv = {f"{f.parent.name}/{f.name}": f for f in sorted(folder.glob("*/*.csv"))}
    return {"a.xlsx": folder / "a.xlsx"} | csv


def count_formulas_in_xml(file: Path) -> int:
    """Count the formulas in a workbook by its XML."""
    with zipfile.ZipFile(file) as book:
        sheets = [book.read(n) for n in book.namelist() if n.startswith("xl/worksheets/")]
    return sum(len(re.findall(rb"<(?:\w+:)?f[ >/]", sheet)) for sheet in sheets)


def count_formulas(file: Path, filter_options: str = "") -> tuple[int, int]:
    """Return the number of cells and of formulas that LibreOffice finds in a file."""
    with tempfile.TemporaryDirectory() as out:
        reader = [f"--infilter=Text - txt - csv (StarCalc):{filter_options}"] if filter_options else []
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{out}/profile", *reader]
        command += ["--convert-to", "fods", "--outdir", out, str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        text = (Path(out) / f"{file.stem}.fods").read_text("utf-8")
    return text.count("office:value-type="), text.count("table:formula=")


def main() -> int:
    if shutil.which("soffice") is None:
        print("soffice is not installed.\n  Install LibreOffice Calc.", file=sys.stderr)
        return 1
    live = 0
    with tempfile.TemporaryDirectory() as temporary:
        bare = Path(temporary) / "bare.csv"
        bare.write_text("".join('"' + text.replace('"', '""') + '"\n' for text in DANGEROUS), "utf-8")
        _, control = count_formulas(bare, "44,34,76,1,,0,false,true,false,false,false,-1,true")
        print(f"the same texts without escaping: {control} formulas")
        if not control:
            print("LibreOffice finds no formula even without escaping: the check shows nothing.", file=sys.stderr)
            return 1
        for name, file in export(Path(temporary)).items():
            # each separator, with evaluation of formulas allowed (token 14) and without
            ways = {"": ""}
            if file.suffix == ".csv":
                ways |= {
                    f"split at {s}": f"{code},34,76,1,,0,false,true,false,false,false,-1,true"
                    for s, code in SEPARATORS.items()
                }
            for way, options in ways.items():
                cells, formulas = count_formulas(file, options)
                live += formulas
                print(f"{name:22} {way:12} {cells:5} cells {formulas:3} formulas", flush=True)
    print(f"{len(DANGEROUS)} texts: {live} live formulas")
    return 1 if live else 0


if __name__ == "__main__":
    sys.exit(main())
