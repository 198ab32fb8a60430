/** Cells that were copied from a spreadsheet. */

/**
 * Parse text from the clipboard as rows of cells; null where it is one piece of text. Cells are separated by tabs and rows
 * by line ends; a cell in quotation marks may contain both, as spreadsheets write them.
 */
export function parseCells(text) {
  const trimmed = text.replace(/\r?\n$/u, "");
  if (!/[\t\n]/u.test(trimmed)) return null;
  const rows = [[]];
  for (let at = 0; at <= trimmed.length;) {
    let cell = "";
    if (trimmed[at] === '"') {
      const quoted = /^"((?:[^"]|"")*)"(?=[\t\r\n]|$)/u.exec(trimmed.slice(at));
      if (quoted) {
        cell = quoted[1].replaceAll('""', '"');
        at += quoted[0].length;
      }
    }
    const rest = /^[^\t\r\n]*/u.exec(trimmed.slice(at))[0];
    rows.at(-1).push(cell + rest);
    at += rest.length;
    if (trimmed[at] === "\r" && trimmed[at + 1] === "\n") at += 1;
    if (trimmed[at] === "\n" || trimmed[at] === "\r") rows.push([]);
    at += 1;
  }
  return rows;
}
