/** Rendering the text of a document without pages: its blocks and tables, or all of it in its own lines. */

import { createElement } from "../common/dom.js";
import { TextNodes } from "./text_nodes.js";

const MAX_TABLE_CELLS = 8000; // larger tables are shown as lines
const CHUNK_LENGTH = 2000; // characters in one element where the text is shown in lines

/** Render a text in its own lines; returns `{ elements, nodes }`. */
export function renderLines(text) {
  const nodes = new TextNodes();
  const elements = [];
  for (let start = 0; start < text.length;) {
    const end = Math.min(indexOfOrEnd(text, "\n", Math.min(start + CHUNK_LENGTH, text.length)) + 1, text.length);
    elements.push(nodes.append(createElement("div", { class: "lines" }), text, start, end));
    start = end;
  }
  nodes.sort();
  return { elements, nodes };
}

/** Render a text with its headings, paragraphs and tables; returns `{ elements, nodes }`. Text between blocks is shown, too. */
export function renderBlocks(text, blocks, tables) {
  const renderer = new BlockRenderer(text, tables);
  const elements = [];
  let done = 0;
  const renderBetween = (stop) => {
    if (stop > done && text.slice(done, stop).trim()) elements.push(renderer.renderParagraph(done, stop));
  };
  for (const block of blocks) {
    if (block.start < done) continue;
    renderBetween(block.start);
    elements.push(...renderer.renderBlock(block));
    done = block.end;
  }
  renderBetween(text.length);
  renderer.nodes.sort();
  return { elements, nodes: renderer.nodes };
}

class BlockRenderer {
  nodes = new TextNodes();
  #text;
  #tables;

  constructor(text, tables) {
    this.#text = text;
    this.#tables = tables;
  }

  renderBlock(block) {
    const { start, end, kind } = block;
    const tables = this.#tables.filter((table) => table.start >= start && table.end <= end);
    if (kind === "table" && tables.length && tables.every((table) => table.cells.length <= MAX_TABLE_CELLS)) {
      return tables.map((table) => this.#renderTable(table));
    }
    if (kind === "heading") {
      const level = String((block.level || 1) + 2);
      const heading = createElement("div", { class: "heading", role: "heading", "aria-level": level });
      return [this.#append(heading, start, end)];
    }
    const paragraph = this.renderParagraph(start, end);
    paragraph.dataset.kind = kind;
    return [paragraph];
  }

  renderParagraph(start, end) {
    const newlines = this.#text.slice(start, end).match(/^\n*/u)[0].length;
    return this.#append(createElement("div", { class: "paragraph" }), start + newlines, end);
  }

  #append(parent, start, end, cell = null) {
    return this.nodes.append(parent, this.#text, start, end, cell);
  }

  /** Render a table; positions that no cell covers become empty cells. */
  #renderTable(table) {
    const rows = Array.from({ length: table.rows }, () => createElement("tr"));
    const nextColumns = new Array(table.rows).fill(0); // to be rendered in each row
    const covered = new Set(); // positions that cells cover, by row * columns + column
    const fillBefore = (row, stop) => {
      for (let column = nextColumns[row]; column < stop; column += 1) {
        if (!covered.has(row * table.columns + column)) rows[row].append(createElement("td"));
      }
      nextColumns[row] = stop;
    };
    const cells = [...table.cells].sort((one, other) => one.row - other.row || one.column - other.column);
    for (const cell of cells) {
      const { row, column, row_span: rowSpan = 1, column_span: colSpan = 1 } = cell;
      if (!rows[row]) continue;
      fillBefore(row, column);
      for (let r = row; r < row + rowSpan; r += 1) {
        for (let c = column; c < column + colSpan; c += 1) covered.add(r * table.columns + c);
      }
      const element = createElement(cell.header ? "th" : "td", { rowSpan, colSpan });
      if (cell.end > cell.start) this.#append(element, cell.start, cell.end, { ...cell, table });
      rows[row].append(element);
      nextColumns[row] = column + colSpan;
    }
    rows.forEach((_, row) => fillBefore(row, table.columns));
    const body = createElement("table", {}, createElement("tbody", {}, ...rows));
    return createElement("div", { class: "table" }, body, ...this.#renderTextOutsideCells(table));
  }

  /** Render text of a table that is in none of its cells below it, so that nothing is lost. */
  #renderTextOutsideCells(table) {
    const elements = [];
    let done = table.start;
    const cells = [...table.cells].sort((one, other) => one.start - other.start);
    for (const { start, end } of [...cells, { start: table.end, end: table.end }]) {
      if (start > done && /[\p{L}\p{N}]/u.test(this.#text.slice(done, start))) {
        elements.push(this.#append(createElement("div", { class: "outside-cells" }), done, start));
      }
      done = Math.max(done, end);
    }
    return elements;
  }
}

/** Return the index of `mark` at or behind `from`, or the length of the text. */
export function indexOfOrEnd(text, mark, from) {
  const index = text.indexOf(mark, from);
  return index < 0 ? text.length : index;
}
