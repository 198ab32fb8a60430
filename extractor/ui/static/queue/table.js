/** The table of the queue: a row for each record, moved through and opened by keyboard or mouse. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { openRecord } from "../common/navigation.js";
import { COLUMNS, QueueRow } from "./row.js";

const ROWS_PER_SCREEN = 10; // that PageUp and PageDown move by

/** Columns that are folded away where no record has anything in them, and what a record has. */
const FOLDED = {
  who: (record) => record.claimed_by,
  assigned: (record) => record.assigned,
  approvals: (record) => record.automatic || record.approvals?.length,
  reasons: (record) => record.reasons.length,
};
const emptyColumns = (records) => Object.keys(FOLDED).filter((name) => !records.some(FOLDED[name]));

export class QueueTable {
  element;
  #body = createElement("tbody");
  #rows = new Map(); // record number -> QueueRow
  #selection;
  #selectAll = createElement("input", { type: "checkbox", "aria-label": localize("queue.select_all") });

  /** `selection` is the Selection. */
  constructor(selection) {
    this.#selection = selection;
    const headers = COLUMNS.map((name) =>
      name === "select"
        ? createElement("th", { scope: "col", class: name }, this.#selectAll)
        : createElement("th", { scope: "col", class: name, text: localize(`queue.${name}`) }),
    );
    this.#selectAll.addEventListener("change", () => {
      for (const record of this.#rows.keys()) selection.toggle(record, this.#selectAll.checked);
      this.showSelection();
    });
    this.element = createElement(
      "table",
      { class: "queue-table", "aria-label": localize("queue.title") },
      createElement("thead", {}, createElement("tr", {}, ...headers)),
      this.#body,
    );
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-record]");
      if (row && event.target.closest("td.select")) {
        const isBox = "select" in event.target.dataset;
        this.#toggle(Number(row.dataset.record), isBox ? event.target.checked : undefined);
        return;
      }
      if (row && !window.getSelection().toString()) {
        openRecord(Number(row.dataset.record), { take: "take" in event.target.dataset });
      }
    });
  }

  /** Show these records, changing only what differs; the focus stays on its record, or moves to the one in its place. */
  show(records) {
    const focused = document.activeElement?.closest?.("tr[data-record]");
    const focusedIndex = focused ? [...this.#body.children].indexOf(focused) : -1;
    this.#removeMissing(records);
    records.forEach((record, index) => {
      const row = this.#rows.get(record.id) ?? this.#addRow(record.id);
      row.show(record);
      // An element that is moved loses the focus: only those in another place are moved.
      const current = this.#body.children[index];
      if (current !== row.element) this.#body.insertBefore(row.element, current ?? null);
    });
    this.element.dataset.empty = emptyColumns(records).join(" ");
    this.#selection.keepOnly(records.map((record) => record.id));
    this.showSelection();
    const elements = [...this.#body.children];
    if (!elements.some((element) => element.tabIndex === 0) && elements.length) elements[0].tabIndex = 0;
    if (focused && !focused.isConnected) this.focusRow(Math.min(focusedIndex, elements.length - 1));
    else if (focused && document.activeElement !== focused && !focused.contains(document.activeElement)) {
      focused.focus();
    }
  }

  /** Show which records are selected. */
  showSelection() {
    for (const [record, row] of this.#rows) row.setSelected(this.#selection.has(record));
    this.#selectAll.checked = this.#rows.size > 0 && [...this.#rows.keys()].every((each) => this.#selection.has(each));
  }

  #toggle(record, isSelected) {
    this.#selection.toggle(record, isSelected);
    this.showSelection();
  }

  focusRow(index) {
    const row = this.#body.children[index];
    if (!row) return;
    for (const other of this.#body.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  /** Move to another row, or open the focused one. */
  handleKey(event) {
    const row = event.target.closest?.("tr[data-record]");
    if (!row && event.target !== document.body) return;
    const rows = [...this.#body.children];
    const index = row ? rows.indexOf(row) : -1;
    const targets = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: index + ROWS_PER_SCREEN,
      PageUp: index - ROWS_PER_SCREEN,
    };
    if (event.key in targets) {
      event.preventDefault();
      this.focusRow(Math.max(0, Math.min(rows.length - 1, targets[event.key])));
    } else if (event.key === " " && row && event.target === row) {
      event.preventDefault();
      this.#toggle(Number(row.dataset.record));
    } else if (event.key === "Enter" && row && event.target === row) {
      event.preventDefault();
      openRecord(Number(row.dataset.record));
    }
  }

  #addRow(record) {
    const row = new QueueRow(record);
    this.#rows.set(record, row);
    return row;
  }

  #removeMissing(records) {
    const listed = new Set(records.map((record) => record.id));
    for (const [record, row] of this.#rows) {
      if (listed.has(record)) continue;
      row.element.remove();
      this.#rows.delete(record);
    }
  }
}
