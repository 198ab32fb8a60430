/**
 * A document without pages: its text in blocks, its tables as tables; or all of it in its own lines.
 *
 * Nothing is wrapped in marks: evidence is lit by the CSS Custom Highlight API over the text as it stands, so the
 * document tree stays the same and no text has to be cut up. Offsets in here are UTF-16 units.
 */

import { make } from "./dom.js";
import { Offsets } from "./offsets.js";
import { onOneLine, wordAt } from "./taking.js";
import { say } from "./words.js";

/** Browsers without it show the text all the same, with nothing lit. */
const highlights = globalThis.CSS?.highlights ?? new Map();
const LEVELS = ["sure", "unsure", "doubtful", "wrong", "done"];
const MOST_CELLS = 8000; // a larger table is shown in lines
const CHUNK = 2000; // characters in one element where the text is shown in lines
const A_CLICK = 4; // pixels that the mouse may move in a click
const SHORT = 40; // a cell up to so long is taken whole
const AROUND = 28; // characters of the line on either side of evidence in a snippet

export class Reading {
  element = make("div", { class: "reading", role: "document", tabIndex: -1, "aria-label": say("review.document") });
  #text;
  #offsets;
  #blocks;
  #tables;
  #hooks;
  #nodes = []; // text nodes of the document: { start, end, node, cell }
  #marks = []; // { path, title, start, end }
  #lit = null;
  #size = 1;
  #asLines = false;
  #drag = null;

  /** `hooks`: wants(), taken(pick), went(path). `said`: { text, blocks, tables } of the server. */
  constructor(said, hooks) {
    this.#hooks = hooks;
    this.#text = said.text;
    this.#offsets = new Offsets(said.text);
    this.#blocks = said.blocks.map((block) => this.#inUnits(block));
    this.#tables = outermost(said.tables.map((table) => this.#inUnits(table)));
    for (const table of this.#tables) table.cells = table.cells.map((cell) => this.#inUnits(cell));
    this.#build();
    this.#listen();
  }

  get hasTables() {
    return this.#tables.length > 0;
  }

  close() {
    for (const name of ["all", "taking", ...LEVELS]) highlights.delete(`evidence-${name}`);
  }

  /** The evidence of all values, shown faintly. */
  setMarks(marks) {
    this.#marks = marks
      .map((mark) => ({ ...mark, ...this.#placeOf(mark.evidence) }))
      .filter((mark) => mark.start !== undefined)
      .sort((one, other) => one.start - other.start);
    this.#highlight("all", this.#marks);
  }

  light(evidence, level) {
    this.#lit = { evidence, level };
    for (const name of LEVELS) highlights.delete(`evidence-${name}`);
    const place = this.#placeOf(evidence);
    if (!place) return;
    const [range] = this.#highlight(LEVELS.includes(level) ? level : "sure", [place]);
    if (range) this.#bringIntoSight(range);
  }

  /** The line of the text with the evidence marked in it, or the names that govern its cell; null without evidence. */
  snippet(evidence) {
    const place = this.#placeOf(evidence);
    if (!place) return null;
    const { start, end } = place;
    const cell = this.#nodeAt(start)?.cell;
    const from = cell ? cell.start : Math.max(this.#text.lastIndexOf("\n", start - 1) + 1, start - AROUND);
    const stop = cell ? cell.end : Math.min(after(this.#text, "\n", end), end + AROUND);
    const said = (a, b) => this.#text.slice(a, b).replace(/\s+/gu, " ");
    return make(
      "div",
      { class: "snippet-text" },
      cell && make("span", { class: "snippet-heads", text: this.#heads(cell) }),
      make("span", { text: said(from, start) }),
      make("mark", { text: said(start, end) }),
      make("span", { text: said(end, stop) }),
    );
  }

  zoom(factor) {
    this.#size = factor === "fit" ? 1 : Math.min(2.5, Math.max(0.6, this.#size * factor));
    this.element.style.setProperty("--zoom", String(this.#size));
  }

  showMarks(shown) {
    this.element.classList.toggle("unmarked", !shown);
    this.#highlight("all", shown ? this.#marks : []);
  }

  turn(direction) {
    this.element.scrollBy({ top: direction * this.element.clientHeight * 0.85 });
  }

  /** Tables as tables, or everything in its own lines. */
  toggleLines() {
    this.#asLines = !this.#asLines;
    this.#build();
    this.setMarksAgain();
  }

  setMarksAgain() {
    if (!this.element.classList.contains("unmarked")) this.#highlight("all", this.#marks);
    if (this.#lit) this.light(this.#lit.evidence, this.#lit.level);
  }

  // Building.

  #inUnits(stretch) {
    return { ...stretch, start: this.#offsets.toUnits(stretch.start), end: this.#offsets.toUnits(stretch.end) };
  }

  /** Where evidence stands, null where it has no place or another text stands there by now. */
  #placeOf(evidence) {
    if (typeof evidence?.start !== "number") return null;
    const { start, end } = this.#inUnits(evidence);
    return evidence.text && this.#text.slice(start, end) !== evidence.text ? null : { start, end };
  }

  #build() {
    this.#nodes = [];
    const all = this.#asLines ? this.#lines() : this.#blocksAndTables();
    this.element.replaceChildren(...all);
    this.#nodes.sort((one, other) => one.start - other.start);
  }

  #words(parent, start, end, cell = null) {
    const node = document.createTextNode(this.#text.slice(start, end));
    parent.append(node);
    this.#nodes.push({ start, end, node, cell });
    return parent;
  }

  #lines() {
    const chunks = [];
    for (let start = 0; start < this.#text.length;) {
      const end = after(this.#text, "\n", Math.min(start + CHUNK, this.#text.length)) + 1;
      chunks.push(this.#words(make("div", { class: "lines" }), start, Math.min(end, this.#text.length)));
      start = end;
    }
    return chunks;
  }

  #blocksAndTables() {
    const elements = [];
    let done = 0;
    const between = (stop) => {
      if (stop > done && this.#text.slice(done, stop).trim()) elements.push(this.#paragraph(done, stop));
    };
    for (const block of this.#blocks) {
      if (block.start < done) continue;
      between(block.start);
      elements.push(...this.#block(block));
      done = block.end;
    }
    between(this.#text.length);
    return elements;
  }

  #block(block) {
    const tables = this.#tables.filter((table) => table.start >= block.start && table.end <= block.end);
    if (block.kind === "table" && tables.length && tables.every((table) => table.cells.length <= MOST_CELLS)) {
      return tables.map((table) => this.#table(table));
    }
    if (block.kind === "heading") {
      const heading = make("div", { class: "heading", role: "heading", "aria-level": String((block.level || 1) + 2) });
      return [this.#words(heading, block.start, block.end)];
    }
    const paragraph = this.#paragraph(block.start, block.end);
    paragraph.dataset.kind = block.kind;
    return [paragraph];
  }

  #paragraph(start, end) {
    const lead = this.#text.slice(start, end).match(/^\n*/u)[0].length;
    return this.#words(make("div", { class: "paragraph" }), start + lead, end);
  }

  #table(table) {
    const rows = Array.from({ length: table.rows }, () => make("tr"));
    const taken = new Set();
    const cells = [...table.cells].sort((one, other) => one.row - other.row || one.column - other.column);
    const place = (row, column) => row * table.columns + column;
    const blanks = (row, stop) => {
      for (let column = rows[row].next ?? 0; column < stop; column += 1) {
        if (!taken.has(place(row, column))) rows[row].append(make("td"));
      }
      rows[row].next = stop;
    };
    for (const cell of cells) {
      const { row, column, row_span: down = 1, column_span: across = 1 } = cell;
      if (!rows[row]) continue;
      blanks(row, column);
      for (let r = row; r < row + down; r += 1) {
        for (let c = column; c < column + across; c += 1) taken.add(place(r, c));
      }
      const element = make(cell.header ? "th" : "td", { rowSpan: down, colSpan: across });
      if (cell.end > cell.start) this.#words(element, cell.start, cell.end, { ...cell, table });
      rows[row].append(element);
      rows[row].next = column + across;
    }
    rows.forEach((_, row) => blanks(row, table.columns));
    const loose = this.#loose(table);
    return make("div", { class: "table" }, make("table", {}, make("tbody", {}, ...rows)), ...loose);
  }

  /** Text of a table's stretch that stands in none of its cells: it is shown below, for nothing may be lost. */
  #loose(table) {
    const found = [];
    let done = table.start;
    const cells = [...table.cells].sort((one, other) => one.start - other.start);
    for (const { start, end } of [...cells, { start: table.end, end: table.end }]) {
      if (start > done && /[\p{L}\p{N}]/u.test(this.#text.slice(done, start))) {
        found.push(this.#words(make("div", { class: "loose" }), done, start));
      }
      done = Math.max(done, end);
    }
    return found;
  }

  /** The names that govern a cell: of the part of the table, of its row, of its column. */
  #heads({ table, row, column }) {
    const covers = (from, span, at) => from <= at && at < from + (span ?? 1);
    const heads = table.cells.filter((other) => other.header && other.end > other.start);
    const isBanner = (head) => head.column_span === table.columns;
    const banner = heads.filter((head) => isBanner(head) && head.row < row).at(-1);
    const left = heads.filter((head) => head.column < column && covers(head.row, head.row_span, row));
    const above = heads.filter(
      (head) =>
        !isBanner(head) &&
        head.row < row &&
        head.row > (banner?.row ?? -1) &&
        covers(head.column, head.column_span, column),
    );
    const named = [...(banner ? [banner] : []), ...left.slice(-2), ...above.slice(-2)];
    const said = named.map((head) => onOneLine(this.#text.slice(head.start, head.end)));
    return said.length ? `${said.join(" › ")}: ` : "";
  }

  // Lighting.

  /** Highlight stretches under a name; the ranges they became. */
  #highlight(name, stretches) {
    const ranges = stretches.flatMap(({ start, end }) => this.#ranges(start, end));
    if (!ranges.length || !globalThis.Highlight) {
      highlights.delete(`evidence-${name}`);
      return ranges;
    }
    const highlight = new Highlight(...ranges);
    highlight.priority = name === "all" ? 0 : 1;
    highlights.set(`evidence-${name}`, highlight);
    return ranges;
  }

  #ranges(start, end) {
    const ranges = [];
    for (let i = this.#firstBehind(start); i < this.#nodes.length && this.#nodes[i].start < end; i += 1) {
      const { node, start: from, end: to } = this.#nodes[i];
      const range = new Range();
      range.setStart(node, Math.max(start, from) - from);
      range.setEnd(node, Math.min(end, to) - from);
      ranges.push(range);
    }
    return ranges;
  }

  #firstBehind(offset) {
    let low = 0;
    let high = this.#nodes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#nodes[middle].end <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #nodeAt(offset) {
    const found = this.#nodes[this.#firstBehind(offset)];
    return found && found.start <= offset ? found : null;
  }

  #bringIntoSight(range) {
    const pane = this.element.getBoundingClientRect();
    const place = range.getBoundingClientRect();
    if (place.top < pane.top + 20 || place.bottom > pane.bottom - 20) {
      this.element.scrollTop += place.top - pane.top - pane.height * 0.35;
    }
    if (place.left < pane.left || place.right > pane.right) this.element.scrollLeft += place.left - pane.left - 60;
  }

  // The mouse.

  #listen() {
    const pane = this.element;
    pane.addEventListener("mousedown", (event) => this.#press(event));
    pane.addEventListener("pointermove", (event) => this.#move(event));
    pane.addEventListener("pointerup", (event) => this.#release(event));
    pane.addEventListener("pointercancel", () => this.#endDrag());
  }

  #press(event) {
    if (event.button !== 0 || event.offsetX > this.element.clientWidth) return;
    // Where no field can be filled, text is selected as anywhere, to be copied.
    if (this.#hooks.wants()) event.preventDefault();
    this.#drag = { x: event.clientX, y: event.clientY, from: this.#offsetAt(event), to: null };
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag || drag.from === null || !this.#hooks.wants()) return;
    const moved = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
    if (drag.to === null && moved < A_CLICK) return;
    const to = this.#offsetAt(event);
    if (to === null) return;
    drag.to = to;
    this.#highlight("taking", [{ start: Math.min(drag.from, to), end: this.#behind(Math.max(drag.from, to)) }]);
  }

  #release(event) {
    const drag = this.#drag;
    this.#endDrag();
    if (!drag || drag.from === null) return;
    if (drag.to === null) {
      this.#click(drag.from, event);
      return;
    }
    let start = Math.min(drag.from, drag.to);
    let end = this.#behind(Math.max(drag.from, drag.to));
    while (start < end && /\s/u.test(this.#text[start])) start += 1;
    while (end > start && /\s/u.test(this.#text[end - 1])) end -= 1;
    if (start < end) this.#take(start, end, event, "words");
  }

  #endDrag() {
    this.#drag = null;
    highlights.delete("evidence-taking");
  }

  #click(offset, event) {
    const mark = this.#markAt(offset);
    if (mark && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      this.#hooks.went(mark.path);
      return;
    }
    const cell = this.#nodeAt(offset)?.cell;
    const whole = cell && this.#text.slice(cell.start, cell.end).trim();
    if (whole && whole.length <= SHORT) {
      const start = cell.start + this.#text.slice(cell.start, cell.end).search(/\S/u);
      this.#take(start, start + whole.length, event, "word");
      return;
    }
    const span = wordAt(this.#text, offset);
    if (span) this.#take(...span, event, "word");
  }

  #take(start, end, event, how) {
    if (!this.#hooks.wants()) return;
    const evidence = { start: this.#offsets.toPoints(start), end: this.#offsets.toPoints(end), boxes: null };
    this.#hooks.taken({ text: onOneLine(this.#text.slice(start, end)), evidence, how, append: event.shiftKey });
  }

  #markAt(offset) {
    if (this.element.classList.contains("unmarked")) return null;
    const around = this.#marks.filter((mark) => mark.start <= offset && offset < mark.end);
    around.sort((one, other) => one.end - one.start - (other.end - other.start));
    return around[0] ?? null;
  }

  /** The offset of the character under the mouse; null where there is none. */
  #offsetAt(event) {
    const caret = caretAt(event.clientX, event.clientY);
    const found = caret && this.#nodes.find(({ node }) => node === caret.node);
    if (!found) return this.#offsetInCell(event);
    const covers = (offset) => {
      if (offset < 0 || offset >= found.node.length) return false;
      const range = new Range();
      range.setStart(found.node, offset);
      range.setEnd(found.node, offset + 1);
      return [...range.getClientRects()].some((r) => r.left <= event.clientX && event.clientX <= r.right);
    };
    const offset = covers(caret.offset - 1) && !covers(caret.offset) ? caret.offset - 1 : caret.offset;
    const at = found.start + Math.min(offset, found.node.length - 1);
    return /[\udc00-\udfff]/.test(this.#text[at]) ? at - 1 : at; // never into the middle of a character
  }

  #behind(offset) {
    return offset + (this.#text.codePointAt(offset) > 0xffff ? 2 : 1);
  }

  #offsetInCell(event) {
    const cell = event.target.closest?.("td, th");
    const found = cell && this.#nodes.find(({ node }) => node.parentNode === cell);
    return found ? found.start : null;
  }
}

function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret && { node: caret.offsetNode, offset: caret.offset };
  }
  const range = document.caretRangeFromPoint(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}

/** Where `mark` next stands at or behind `from`, or the end of the text. */
function after(text, mark, from) {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

/** Tables that are in no other: the text of an inner one is part of a cell of the outer. */
function outermost(tables) {
  const found = [];
  for (const table of [...tables].sort((one, other) => one.start - other.start || other.end - one.end)) {
    if (!found.length || table.start >= found.at(-1).end) found.push(table);
  }
  return found;
}
