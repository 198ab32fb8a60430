/** A record's row in the queue; it is built once and then changed only where the record differs. */

import { createButton, createElement, setText } from "../common/dom.js";
import { formatAge, formatDateTime, formatName, formatPercent, localize } from "../common/localization.js";
import { STATUS_ICONS } from "../common/status_icons.js";

/** The columns: CSS classes, and ends of the keys of their headers. */
export const COLUMNS = [
  "select",
  "status",
  "name",
  "kind",
  "reasons",
  "left",
  "confidence",
  "who",
  "assigned",
  "approvals",
  "age",
];

export class QueueRow {
  element;
  #cells = {};
  #meter = createElement("meter", { min: "0", max: "1", low: "0.7", high: "0.95", optimum: "1" });
  #percentage = createElement("span");
  #reviewer = createElement("span");
  #checkbox = createElement("input", { type: "checkbox", tabIndex: -1, data: { select: "" } });
  #takeButton = createButton({ text: localize("review.take_over"), tabIndex: -1, data: { take: "" } }, () => {});
  #shown = "";

  constructor(record) {
    const cells = COLUMNS.map((name) => (this.#cells[name] = createElement("td", { class: name })));
    this.#cells.select.append(this.#checkbox);
    this.#cells.confidence.append(this.#meter, this.#percentage);
    this.#cells.who.append(this.#reviewer, this.#takeButton);
    this.element = createElement("tr", { tabIndex: -1, data: { record } }, ...cells);
  }

  /** Show whether the record is selected. */
  setSelected(isSelected) {
    this.#checkbox.checked = isSelected;
    this.element.setAttribute("aria-selected", String(isSelected));
  }

  show(record) {
    const age = formatAge(record.updated ?? record.created);
    const fingerprint = JSON.stringify([record, age]);
    if (fingerprint === this.#shown) return;
    this.#shown = fingerprint;
    this.#showStatus(record);
    this.#showConfidence(record);
    this.#showReviewers(record);
    const cells = this.#cells;
    const name = formatName(record.name);
    setText(cells.name, name);
    cells.name.title = (record.names ?? [record.name]).map(formatName).join("\n");
    setText(cells.kind, record.schema_title || record.schema);
    setText(cells.reasons, record.reasons.map(formatReason).join(localize("queue.and")));
    cells.reasons.title = cells.reasons.textContent;
    setText(cells.left, String(record.left));
    setText(cells.assigned, record.assigned ?? "");
    this.#checkbox.setAttribute("aria-label", localize("queue.select_record", { name }));
    setText(cells.age, age);
    cells.age.title = formatDateTime(record.updated ?? record.created);
  }

  #showStatus(record) {
    const status = localize(`status.${isReady(record) ? "ready" : record.status}`);
    const cell = this.#cells.status;
    setText(cell, `${record.flag ? "⚑" : (STATUS_ICONS[isReady(record) ? "ready" : record.status] ?? "")} ${status}`);
    cell.title = record.flag ? `${record.flag.who}: ${record.flag.note}` : status;
    cell.dataset.status = isReady(record) ? "ready" : record.status;
    const remaining = localize("review.to_check", { n: record.left });
    this.element.setAttribute("aria-label", `${formatName(record.name)}, ${status}, ${remaining}`);
  }

  #showConfidence({ confidence }) {
    const isUnknown = confidence === null || confidence === undefined;
    this.#meter.hidden = isUnknown;
    if (!isUnknown) this.#meter.value = confidence;
    setText(this.#percentage, isUnknown ? "" : formatPercent(confidence));
  }

  #showReviewers(record) {
    setText(this.#reviewer, record.claimed_by ? (record.mine ? localize("queue.you") : record.claimed_by) : "");
    this.#takeButton.hidden = !record.claimed_by || record.mine;
    const approvals = (record.approvals ?? []).map((approval) => approval.who ?? approval);
    setText(this.#cells.approvals, record.automatic ? localize("queue.automatic") : approvals.join(", "));
  }
}

/** Decide whether everything in a record that was to be checked has been, and only the approval is missing. */
const isReady = ({ status, left, reasons }) => status === "needs_review" && left === 0 && reasons.length === 0;

const formatReason = ({ kind, count }) =>
  count > 1 ? `${localize(`queue.reason.${kind}`)} ${count}` : localize(`queue.reason.${kind}`);
