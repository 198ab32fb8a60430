"""Records out of the store, as files that other programs read: CSV, Excel, JSON Lines, Parquet; or as an eval set.

with Store() as store:
    warnings = export(store, "receipts.xlsx", schema="receipt")
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from extractor.errors import UsageError
from extractor.exports.columns import Sheet, sheets
from extractor.exports.warnings import Warnings
from extractor.schemas import load_schema

if TYPE_CHECKING:
    from extractor.store import Store

__all__ = ["FORMATS", "GOLD", "Sheet", "Warnings", "export", "format_of", "sheets"]

FORMATS = ("csv", "xlsx", "jsonl", "parquet")
GOLD = "gold"
"""The format that is no file: a folder with an eval set. It has to be asked for by name."""


def format_of(output: str) -> str:
    """The format that a file's name asks for; a name without an ending is a folder of CSV files."""
    suffix = FilePath(output).suffix.lower().removeprefix(".")
    if not suffix:
        return "csv"
    if suffix not in FORMATS:
        raise UsageError(f"What {output} is to be is not clear.", f"Name --format: {', '.join(FORMATS)}.")
    return suffix


def export(
    store: Store,
    output: str,
    *,
    format: str | None = None,
    schema: str | None = None,
    status: str | None = None,
    job: str | None = None,
    evidence: bool = False,
    confidence: bool = False,
    bom: bool = False,
    who: str | None = None,
) -> Warnings:
    """What the file could not hold, once the records are in it, or in several where a format has one for each table.

    Records come by their numbers, a page at a time, and none of the files is there before all are whole. `bom` has CSV
    begin with a byte order mark, by which Excel knows UTF-8. The format `gold` makes a folder with an eval set, of
    approved records unless `status` says otherwise. With `who` the store notes that the records were exported. Raises
    UsageError where a format with columns is asked for records of several schemas, or a library is missing; OutputError
    where the files cannot be written.
    """
    format = format or format_of(output)
    number = None if job is None else store.jobs.get(job).id
    status = status or ("approved" if format == GOLD else None)
    chosen = {"schema": schema, "status": status, "job": number}
    told = Warnings()
    _write(store, output, format, chosen, told, evidence=evidence, confidence=confidence, bom=bom)
    if who is not None:
        store.records.mark_exported(**chosen, who=who, what=FilePath(output).name)
    return told


def _write(
    store: Store,
    output: str,
    format: str,
    chosen: Mapping[str, Any],
    told: Warnings,
    *,
    evidence: bool,
    confidence: bool,
    bom: bool,
) -> None:
    records = store.records.select(**chosen)
    schema, number = chosen["schema"], chosen["job"]
    if format == "jsonl":
        from extractor.exports import lines

        lines.write(output, records, told)
        return
    if format == GOLD:
        from extractor.exports import gold

        gold.write(output, store, _schemas(store, schema, number), records, told)
        return
    plan = sheets(_schemas(store, schema, number), evidence=evidence, confidence=confidence)
    try:
        if format == "csv":
            from extractor.exports import delimited

            delimited.write(files(output, ".csv", plan), plan, records, told, bom=bom)
        elif format == "xlsx":
            from extractor.exports import workbook

            workbook.write(output, plan, records, told)
        else:
            from extractor.exports import parquet

            parquet.write(output, plan, records, told, proof=evidence or confidence)
    except ModuleNotFoundError as error:
        raise UsageError(f"This format needs {error.name}.", "Run `pip install 'extractor[export]'`.") from error


def files(output: str, suffix: str, plan: list[Sheet]) -> dict[str, FilePath]:
    """Where each sheet goes: `a.csv` and `a.items.csv` beside it, or into a folder, `documents.csv` and `items.csv`."""
    target = FilePath(output)
    plain = {s.name: re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", s.name) for s in plan}
    if target.suffix.lower() == suffix:
        first, *rest = plan
        return {first.name: target} | {s.name: target.with_name(f"{target.stem}.{plain[s.name]}{suffix}") for s in rest}
    return {s.name: target / f"{plain[s.name]}{suffix}" for s in plan}


def _schemas(store: Store, wanted: str | None, job: int | None) -> list:
    """The schemas that records were made with, the newest first: several only where they go by one name."""
    there = [
        (name, document)
        for key, (name, document) in store.schemas().items()
        if (wanted is None or wanted in (key, name)) and store.records.count_by_status(schema=key, job=job)
    ]
    names = sorted({name for name, _ in there})
    if not names:
        raise UsageError(
            "There are no such records in the store.", "`extractor status` lists the jobs, `extractor run` fills it."
        )
    if len(names) > 1:
        raise UsageError(f"The records are of several schemas: {', '.join(names)}.", "Name one of them with --schema.")
    return [replace(load_schema(document), name=name) for name, document in reversed(there)]
