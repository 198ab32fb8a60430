/** The text nodes of a rendered document, each with its offsets in the text: from offsets to ranges, and from the mouse to offsets. */

import { lowerBound } from "./code_points.js";

export class TextNodes {
  #nodes = []; // { start, end, node, cell }, sorted once all are added

  /** Append a text node for a part of the document to an element; `cell` is the table cell that it belongs to. */
  append(parent, text, start, end, cell = null) {
    const node = document.createTextNode(text.slice(start, end));
    parent.append(node);
    this.#nodes.push({ start, end, node, cell });
    return parent;
  }

  sort() {
    this.#nodes.sort((one, other) => one.start - other.start);
  }

  /** Return the entry that contains an offset, or null. */
  at(offset) {
    const entry = this.#nodes[this.#firstEndingAfter(offset)];
    return entry && entry.start <= offset ? entry : null;
  }

  /** Return the DOM ranges of a part of the document. */
  ranges(start, end) {
    const ranges = [];
    for (let i = this.#firstEndingAfter(start); i < this.#nodes.length && this.#nodes[i].start < end; i += 1) {
      const { node, start: from, end: to } = this.#nodes[i];
      const range = new Range();
      range.setStart(node, Math.max(start, from) - from);
      range.setEnd(node, Math.min(end, to) - from);
      ranges.push(range);
    }
    return ranges;
  }

  /** Return the offset of the character under the mouse, or null. */
  offsetAt({ clientX, clientY, target }) {
    const caret = caretAt(clientX, clientY);
    const entry = caret && this.#nodes.find(({ node }) => node === caret.node);
    if (!entry) return this.#startOfCell(target);
    // The caret is at the nearer edge of a character: behind the one under the mouse, if that is its right half.
    const isUnderMouse = (offset) => coversX(entry.node, offset, clientX);
    const isBehind = isUnderMouse(caret.offset - 1) && !isUnderMouse(caret.offset);
    return entry.start + Math.min(isBehind ? caret.offset - 1 : caret.offset, entry.node.length - 1);
  }

  #firstEndingAfter(offset) {
    return lowerBound(this.#nodes, (index) => this.#nodes[index].end <= offset);
  }

  #startOfCell(element) {
    const cell = element.closest?.("td, th");
    const entry = cell && this.#nodes.find(({ node }) => node.parentNode === cell);
    return entry ? entry.start : null;
  }
}

function coversX(node, offset, x) {
  if (offset < 0 || offset >= node.length) return false;
  const range = new Range();
  range.setStart(node, offset);
  range.setEnd(node, offset + 1);
  return [...range.getClientRects()].some(({ left, right }) => left <= x && x <= right);
}

function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const caret = document.caretPositionFromPoint(x, y);
    return caret && { node: caret.offsetNode, offset: caret.offset };
  }
  const range = document.caretRangeFromPoint(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}
