"""Records out of the store, as files that other programs read: CSV, Excel, JSON Lines, Parquet; or as an eval set.

    with Store() as store:
        warnings = export(store, "receipts.xlsx", schema="receipt")

Read `columns` (tables and their cells), `warnings`, then a format each: `delimited` (CSV), `workbook` (Excel), `lines`
(JSON Lines), `parquet`, and `gold` (an eval set).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from extractor.errors import UsageError
from extractor.exports.columns import ExportTable, plan_tables
from extractor.exports.warnings import ExportWarnings
from extractor.files.file_names import UniqueFileNames
from extractor.schemas import Schema, load_schema

if TYPE_CHECKING:
    from extractor.store import Store

__all__ = ["FORMATS", "GOLD", "ExportTable", "ExportWarnings", "export", "infer_format", "plan_tables"]

FORMATS = ("csv", "xlsx", "jsonl", "parquet")
GOLD = "gold"
"""A format that is not a file but a folder with an eval set. It has to be asked for by name."""


def infer_format(output: str) -> str:
    """Return the format that a file's extension asks for; a name without one is a folder of CSV files.

    Raises UsageError for any other extension.
    """
    suffix = FilePath(output).suffix.lower().removeprefix(".")
    if not suffix:
        return "csv"
    if suffix not in FORMATS:
        raise UsageError(f"The format of {output} is not clear from its name.", f"Name --format: {', '.join(FORMATS)}.")
    return suffix


def export(
    store: Store,
    output: str,
    *,
    format: str | None = None,
    schema: str | None = None,
    status: str | None = None,
    job: str | None = None,
    numbers: Sequence[int] | None = None,
    evidence: bool = False,
    confidence: bool = False,
    bom: bool = False,
    who: str | None = None,
) -> ExportWarnings:
    """Write records to a file, or to several where the format has one for each table; return what could not be held.

    Records are written in the order of their numbers, a page at a time, and no file appears before all are complete.
    `bom` begins CSV with a byte order mark, by which Excel recognises UTF-8. The format `gold` makes a folder with an
    eval set, of approved records unless `status` says otherwise. `numbers` are those of single records. With `who` the
    store notes that the records were exported. New files can be read by their owner alone, like the store. Raises
    UsageError where a format with columns is asked for records of several schemas, or a library is missing; OutputError
    where the files cannot be written.
    """
    format = format or infer_format(output)
    number = None if job is None else store.jobs.get(job).id
    status = status or ("approved" if format == GOLD else None)
    selection = {"schema": schema, "status": status, "job": number, "numbers": numbers}
    warnings = ExportWarnings()
    _write(store, output, format, selection, warnings, evidence=evidence, confidence=confidence, bom=bom)
    if who is not None:
        store.records.mark_exported(**selection, who=who, what=FilePath(output).name)
    return warnings


def _write(
    store: Store,
    output: str,
    format: str,
    selection: Mapping[str, Any],
    warnings: ExportWarnings,
    *,
    evidence: bool,
    confidence: bool,
    bom: bool,
) -> None:
    records = store.records.select(**selection)
    schema, job = selection["schema"], selection["job"]
    if format == "jsonl":
        from extractor.exports import lines

        lines.write(output, records, warnings)
        return
    if format == GOLD:
        from extractor.exports import gold

        gold.write(output, store, _load_schemas(store, schema, job), records, warnings)
        return
    tables = plan_tables(_load_schemas(store, schema, job), evidence=evidence, confidence=confidence)
    try:
        if format == "csv":
            from extractor.exports import delimited

            delimited.write(table_files(output, ".csv", tables), tables, records, warnings, bom=bom)
        elif format == "xlsx":
            from extractor.exports import workbook

            workbook.write(output, tables, records, warnings)
        else:
            from extractor.exports import parquet

            parquet.write(output, tables, records, warnings, with_values=evidence or confidence)
    except ModuleNotFoundError as error:
        raise UsageError(f"This format needs {error.name}.", "Run `pip install 'extractor[export]'`.") from error


def table_files(output: str, suffix: str, tables: list[ExportTable]) -> dict[str, FilePath]:
    """Return table name -> file: `a.csv` and `a.items.csv`, or `documents.csv` and `items.csv` in a folder."""
    target, names = FilePath(output), UniqueFileNames()
    # a property's name may hold a slash, which is no folder here
    files = {table.name: f"{names.add(table.name.replace('/', '_'))}{suffix}" for table in tables}
    if target.suffix.lower() == suffix:
        first, *rest = tables
        return {first.name: target} | {t.name: target.with_name(f"{target.stem}.{files[t.name]}") for t in rest}
    return {table.name: target / files[table.name] for table in tables}


def _load_schemas(store: Store, wanted: str | None, job: int | None) -> list[Schema]:
    """Return the schemas of the selected records, the newest first: several only if they have the same name.

    Raises UsageError where there are no records, or schemas of several names.
    """
    found = [
        (name, document)
        for key, (name, document) in store.schemas().items()
        if (wanted is None or wanted in (key, name)) and store.records.count_by_status(schema=key, job=job)
    ]
    names = sorted({name for name, _ in found})
    if not names:
        raise UsageError(
            "There are no such records in the store.", "`extractor status` lists the jobs, `extractor run` fills it."
        )
    if len(names) > 1:
        raise UsageError(f"The records are of several schemas: {', '.join(names)}.", "Name one of them with --schema.")
    return [replace(load_schema(document), name=name) for name, document in reversed(found)]
