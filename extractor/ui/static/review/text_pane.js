/** A document without pages: its text in blocks and tables, or all of it in lines. Offsets in here are UTF-16 units. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { OffsetMap } from "./code_points.js";
import { clearAllHighlights, clearEvidence, clearHighlight, showEvidence, showHighlight } from "./highlights.js";
import { indexOfOrEnd, renderBlocks, renderLines } from "./text_rendering.js";
import { cellHeaders, outermostTables } from "./text_tables.js";
import { findValue, findWord, toOneLine } from "./token_selection.js";

const MAX_CLICK_MOVE = 4; // pixels that the mouse may move in a click
const MAX_WHOLE_CELL = 40; // characters of a cell that a click selects as a whole
const SNIPPET_CONTEXT = 28; // characters of the line on either side of evidence in a snippet
const SCROLL_MARGIN = 20; // pixels within the pane's edge in which evidence counts as out of sight
const MIN_ZOOM = 0.6;
const MAX_ZOOM = 2.5;

export class TextPane {
  element = createElement("div", {
    class: "text-pane",
    role: "document",
    tabIndex: -1,
    "aria-label": localize("review.document"),
  });
  #text;
  #offsets;
  #blocks;
  #tables;
  #values; // spans of dates, numbers and other values, in code points
  #callbacks;
  #nodes;
  #marks = []; // { path, title, start, end }
  #active = null; // { evidence, level } of the current field
  #zoom = 1;
  #asLines = false;
  #drag = null;

  /** `source`: { text, blocks, tables, values } of the server; `callbacks`: canFill(), onSelect(selection), onOpenField(path). */
  constructor({ text, blocks, tables, values = [] }, callbacks) {
    this.#callbacks = callbacks;
    this.#text = text;
    this.#offsets = new OffsetMap(text);
    this.#values = values;
    this.#blocks = blocks.map((block) => this.#toUnits(block));
    this.#tables = outermostTables(tables.map((table) => this.#toUnits(table)));
    for (const table of this.#tables) table.cells = table.cells.map((cell) => this.#toUnits(cell));
    this.#render();
    this.#listen();
  }

  get hasTables() {
    return this.#tables.length > 0;
  }

  /** Release what outlives the element. */
  close() {
    clearAllHighlights();
  }

  /** Show the evidence of all values faintly: `{ path, title, evidence }` each. */
  setEvidence(marks) {
    this.#marks = marks
      .map((mark) => ({ ...mark, ...this.#locate(mark.evidence) }))
      .filter((mark) => mark.start !== undefined)
      .sort((one, other) => one.start - other.start);
    this.#showAllEvidence();
  }

  /** Highlight the current field's evidence and scroll to it where it is out of sight; null removes the highlight. */
  highlight(evidence, level) {
    this.#active = { evidence, level };
    clearEvidence();
    const span = this.#locate(evidence);
    if (!span) return;
    const ranges = this.#nodes.ranges(span.start, span.end);
    showEvidence(ranges, level);
    if (ranges.length) this.#scrollTo(ranges[0]);
  }

  /** Return the line, or the table cell with its headers, with the evidence marked in it; null without evidence. */
  createSnippet(evidence) {
    const span = this.#locate(evidence);
    if (!span) return null;
    const { start, end } = span;
    const cell = this.#nodes.at(start)?.cell;
    const lineStart = this.#text.lastIndexOf("\n", start - 1) + 1;
    const from = cell ? cell.start : Math.max(lineStart, start - SNIPPET_CONTEXT);
    const to = cell ? cell.end : Math.min(indexOfOrEnd(this.#text, "\n", end), end + SNIPPET_CONTEXT);
    const slice = (a, b) => this.#text.slice(a, b).replace(/\s+/gu, " ");
    const headers = cell && cellHeaders(this.#text, cell);
    return createElement(
      "div",
      { class: "snippet-text" },
      headers ? createElement("span", { class: "snippet-headers", text: `${headers}: ` }) : null,
      createElement("span", { text: slice(from, start) }),
      createElement("mark", { text: slice(start, end) }),
      createElement("span", { text: slice(end, to) }),
    );
  }

  zoom(factor) {
    this.#zoom = factor === "fit" ? 1 : Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, this.#zoom * factor));
    this.element.style.setProperty("--zoom", String(this.#zoom));
  }

  setEvidenceShown(isShown) {
    this.element.classList.toggle("evidence-hidden", !isShown);
    this.#showAllEvidence();
  }

  /** Scroll by most of the pane's height; `direction` is 1 or -1. */
  scrollScreen(direction) {
    this.element.scrollBy({ top: direction * this.element.clientHeight * 0.85 });
  }

  /** Switch between tables and everything in its own lines. */
  toggleLines() {
    this.#asLines = !this.#asLines;
    this.#render();
    this.#showAllEvidence();
    if (this.#active) this.highlight(this.#active.evidence, this.#active.level);
  }

  get #isEvidenceHidden() {
    return this.element.classList.contains("evidence-hidden");
  }

  #render() {
    const { elements, nodes } = this.#asLines
      ? renderLines(this.#text)
      : renderBlocks(this.#text, this.#blocks, this.#tables);
    this.element.replaceChildren(...elements);
    this.#nodes = nodes;
  }

  #toUnits(span) {
    return { ...span, start: this.#offsets.toUnits(span.start), end: this.#offsets.toUnits(span.end) };
  }

  /** Return the span of evidence; null where it has none, or where the text there is another by now. */
  #locate(evidence) {
    if (typeof evidence?.start !== "number") return null;
    const { start, end } = this.#toUnits(evidence);
    return evidence.text && this.#text.slice(start, end) !== evidence.text ? null : { start, end };
  }

  #showAllEvidence() {
    const marks = this.#isEvidenceHidden ? [] : this.#marks;
    const ranges = marks.flatMap(({ start, end }) => this.#nodes.ranges(start, end));
    showHighlight("all", ranges);
  }

  #scrollTo(range) {
    const pane = this.element.getBoundingClientRect();
    const area = range.getBoundingClientRect();
    if (area.top < pane.top + SCROLL_MARGIN || area.bottom > pane.bottom - SCROLL_MARGIN) {
      this.element.scrollTop += area.top - pane.top - pane.height * 0.35;
    }
    if (area.left < pane.left || area.right > pane.right) this.element.scrollLeft += area.left - pane.left - 60;
  }

  #listen() {
    const pane = this.element;
    pane.addEventListener("mousedown", (event) => this.#onPress(event));
    pane.addEventListener("pointermove", (event) => this.#onMove(event));
    pane.addEventListener("pointerup", (event) => this.#onRelease(event));
    pane.addEventListener("pointercancel", () => this.#endDrag());
  }

  #onPress(event) {
    if (event.button !== 0 || event.offsetX > this.element.clientWidth) return;
    // Where no field can be filled, text is selected as anywhere, to be copied.
    if (this.#callbacks.canFill()) event.preventDefault();
    this.#drag = { x: event.clientX, y: event.clientY, from: this.#offsetAt(event), to: null };
  }

  #onMove(event) {
    const drag = this.#drag;
    if (!drag || drag.from === null || !this.#callbacks.canFill()) return;
    const distance = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
    if (drag.to === null && distance < MAX_CLICK_MOVE) return;
    const to = this.#offsetAt(event);
    if (to === null) return;
    drag.to = to;
    const { start, end } = this.#dragSpan(drag);
    showHighlight("selecting", this.#nodes.ranges(start, end));
  }

  #onRelease(event) {
    const drag = this.#drag;
    this.#endDrag();
    if (!drag || drag.from === null) return;
    if (drag.to === null) {
      this.#onClick(drag.from, event);
      return;
    }
    let { start, end } = this.#dragSpan(drag);
    while (start < end && /\s/u.test(this.#text[start])) start += 1;
    while (end > start && /\s/u.test(this.#text[end - 1])) end -= 1;
    if (start < end) this.#select(start, end, event, "words");
  }

  #endDrag() {
    this.#drag = null;
    clearHighlight("selecting");
  }

  #dragSpan({ from, to }) {
    const last = Math.max(from, to);
    const length = this.#text.codePointAt(last) > 0xffff ? 2 : 1;
    return { start: Math.min(from, to), end: last + length };
  }

  /** Open the field whose evidence was clicked, or fill the current one; modifier keys always fill. */
  #onClick(offset, event) {
    const mark = this.#markAt(offset);
    if (mark && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      this.#callbacks.onOpenField(mark.path);
      return;
    }
    const span = this.#wholeCell(offset) ?? this.#valueAt(offset) ?? findWord(this.#text, offset);
    if (span) this.#select(...span, event, "word");
  }

  /** Return the span of the short cell at an offset, without white space around it; null where there is none. */
  #wholeCell(offset) {
    const cell = this.#nodes.at(offset)?.cell;
    const text = cell ? this.#text.slice(cell.start, cell.end) : "";
    const trimmed = text.trim();
    if (!trimmed || trimmed.length > MAX_WHOLE_CELL) return null;
    const start = cell.start + text.search(/\S/u);
    return [start, start + trimmed.length];
  }

  #valueAt(offset) {
    const value = findValue(this.#values, this.#offsets.toPoints(offset));
    return value && value.map((point) => this.#offsets.toUnits(point));
  }

  #select(start, end, event, how) {
    if (!this.#callbacks.canFill()) return;
    const evidence = { start: this.#offsets.toPoints(start), end: this.#offsets.toPoints(end), boxes: null };
    const text = toOneLine(this.#text.slice(start, end));
    this.#callbacks.onSelect({ text, evidence, how, append: event.shiftKey });
  }

  /** Return the shortest evidence that contains an offset, or null. */
  #markAt(offset) {
    if (this.#isEvidenceHidden) return null;
    const containing = this.#marks.filter((mark) => mark.start <= offset && offset < mark.end);
    containing.sort((one, other) => one.end - one.start - (other.end - other.start));
    return containing[0] ?? null;
  }

  /** Return the offset of the character under the mouse, never in the middle of one; null where there is none. */
  #offsetAt(event) {
    const offset = this.#nodes.offsetAt(event);
    return offset !== null && /[\udc00-\udfff]/.test(this.#text[offset]) ? offset - 1 : offset;
  }
}
