/** Tables of a document's text: which ones are shown, and the headers of a cell. */

import { toOneLine } from "./token_selection.js";

const MAX_HEADERS = 2; // of a row, and of a column: the nearest ones

/** Return the tables that are in no other: the text of an inner one is part of a cell of the outer. */
export function outermostTables(tables) {
  const found = [];
  for (const table of [...tables].sort((one, other) => one.start - other.start || other.end - one.end)) {
    if (!found.length || table.start >= found.at(-1).end) found.push(table);
  }
  return found;
}

/** Return the headers of a cell as a text: of its section of the table, of its row, of its column. */
export function cellHeaders(text, { table, row, column }) {
  const covers = (from, span, at) => from <= at && at < from + (span ?? 1);
  const isSection = (header) => header.column_span === table.columns;
  const headers = table.cells.filter((cell) => cell.header && cell.end > cell.start);
  const section = headers.filter((header) => isSection(header) && header.row < row).at(-1);
  const ofRow = headers.filter((header) => header.column < column && covers(header.row, header.row_span, row));
  const ofColumn = headers.filter(
    (header) =>
      !isSection(header) &&
      header.row < row &&
      header.row > (section?.row ?? -1) &&
      covers(header.column, header.column_span, column),
  );
  const nearest = [...(section ? [section] : []), ...ofRow.slice(-MAX_HEADERS), ...ofColumn.slice(-MAX_HEADERS)];
  return nearest.map(({ start, end }) => toOneLine(text.slice(start, end))).join(" › ");
}
