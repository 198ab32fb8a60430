/** The user's hand-ins: a row for each file that was handed in, how far it is, and what can be done with it. */

import { askHowToExtractAgain } from "./common/again_dialog.js";
import { get, post } from "./common/api.js";
import { addStyles, createButton, createElement, setText } from "./common/dom.js";
import { errorMessage } from "./common/error_messages.js";
import { SplitStrip } from "./common/split_strip.js";
import {
  formatAge,
  formatDateTime,
  formatName,
  formatPercent,
  hasMessage,
  loadMessages,
  localize,
} from "./common/localization.js";

/** Milliseconds until the list is fetched again: while files are processed, and after a failed request. */
const POLL_INTERVAL = 800;
const RETRY_INTERVAL = 3000;
const ICONS = { waiting: "○", reading: "◐", extracting: "◐", done: "✓", failed: "!", cancelled: "–" };
const COLUMNS = ["file", "kind", "state", "at", "actions"];
const OPEN = ["waiting", "reading", "extracting"];

/** Build the list inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadMessages();
  return new HandInList(element);
}

class HandInList {
  #body = createElement("tbody");
  #message = createElement("p", { class: "uploads-message", role: "status" });
  #binButton = createButton({ text: localize("uploads.bin"), "aria-pressed": "false" }, () => this.#toggleBin());
  #table;
  #rows = new Map();
  #timer = null;
  #doneCount = null;
  #isBin = false;

  constructor(element) {
    const headers = COLUMNS.map((name) =>
      createElement("th", { scope: "col", text: localize(`uploads.column.${name}`) }),
    );
    this.#table = createElement(
      "table",
      { class: "uploads-table", "aria-label": localize("uploads.title") },
      createElement("thead", {}, createElement("tr", {}, ...headers)),
      this.#body,
    );
    const head = createElement(
      "div",
      { class: "uploads-head" },
      createElement("h2", { text: localize("uploads.title") }),
      this.#binButton,
    );
    element.replaceChildren(createElement("div", { class: "screen uploads" }, head, this.#message, this.#table));
    document.addEventListener("extractor:uploaded", () => this.refresh());
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.refresh()).observe(
      element,
    );
    this.refresh();
  }

  /** Fetch the hand-ins, and again as long as some are processed. */
  async refresh() {
    clearTimeout(this.#timer);
    const isBin = this.#isBin;
    let answer;
    try {
      answer = await get(isBin ? "uploads?deleted=true" : "uploads");
    } catch (error) {
      if (!error.status) this.#timer = setTimeout(() => this.refresh(), RETRY_INTERVAL);
      return;
    }
    if (isBin !== this.#isBin) return;
    clearTimeout(this.#timer);
    this.#show(answer.rows);
    if (answer.working) this.#timer = setTimeout(() => this.refresh(), POLL_INTERVAL);
    const doneCount = answer.rows.reduce((sum, row) => sum + row.done, 0);
    if (!isBin && this.#doneCount !== null && this.#doneCount !== doneCount) notifyChanged();
    if (!isBin) this.#doneCount = doneCount;
  }

  #toggleBin() {
    this.#isBin = !this.#isBin;
    this.#binButton.setAttribute("aria-pressed", String(this.#isBin));
    this.refresh();
  }

  #show(rows) {
    this.#table.hidden = !rows.length;
    const empty = localize(this.#isBin ? "uploads.bin_empty" : "uploads.none");
    setText(this.#message, rows.length ? (this.#isBin ? localize("uploads.bin_about") : "") : empty);
    const listed = new Set();
    rows.forEach((row, index) => {
      listed.add(row.id);
      const item = this.#rows.get(row.id) ?? this.#addRow(row.id);
      const current = this.#body.children[index];
      if (current !== item.element) this.#body.insertBefore(item.element, current ?? null);
      item.show(row);
    });
    for (const [id, { element }] of this.#rows) {
      if (listed.has(id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
  }

  #addRow(id) {
    const row = new HandInRow(async (action, body) => {
      try {
        await this.#act(id, action, body);
        setText(this.#message, "");
      } catch (error) {
        setText(this.#message, errorMessage(error));
      }
    });
    this.#rows.set(id, row);
    return row;
  }

  async #act(id, action, given = {}) {
    const body = action === "extract_again" ? await askHowToExtractAgain() : given;
    if (body === null) return;
    await post(`uploads/${id}/${action.replace("_", "-")}`, body);
    if (["delete", "restore", "split"].includes(action)) notifyChanged();
    await this.refresh();
  }
}

const notifyChanged = () => document.dispatchEvent(new Event("extractor:changed"));

class HandInRow {
  #icon = createElement("span", { class: "icon", "aria-hidden": "true" });
  #name = createElement("span", { class: "name" });
  #documents = createElement("ul", { class: "documents" });
  #strip = new SplitStrip((starts) => this.#onSplit(starts));
  #onSplit;
  #kind = createElement("td", { class: "kind" });
  #state = createElement("span", { class: "state", role: "status" });
  #progress = createElement("progress", { "aria-label": localize("uploads.working") });
  #link = createElement("a", { hidden: true });
  #age = createElement("td", { class: "age" });
  #buttons = {};
  #shown = "";
  element;

  /**
   * `onAction(action)` is called when a button is pressed: cancel, retry, extract_again, delete or restore;
   * `onAction("split", { starts })` when a stack is to be taken apart on other pages.
   */
  constructor(onAction) {
    this.#onSplit = (starts) => onAction("split", { starts });
    const names = ["cancel", "retry", "extract_again", "delete", "restore"];
    for (const name of names) {
      this.#buttons[name] = createButton({ text: localize(`uploads.${name}`), data: { action: name } }, () =>
        onAction(name),
      );
    }
    this.element = createElement(
      "tr",
      {},
      createElement("td", { class: "file" }, this.#icon, this.#name, this.#documents, this.#strip.element),
      this.#kind,
      createElement("td", {}, this.#state, this.#progress, this.#link),
      this.#age,
      createElement("td", { class: "actions" }, ...Object.values(this.#buttons)),
    );
  }

  show(row) {
    const age = formatAge(row.at);
    const fingerprint = JSON.stringify([row, age]);
    if (fingerprint === this.#shown) return;
    this.#shown = fingerprint;
    const isOpen = OPEN.includes(row.state);
    this.element.dataset.state = row.state;
    this.element.dataset.handin = row.id;
    setText(this.#icon, ICONS[row.state]);
    setText(this.#name, row.name);
    this.#name.title = row.name;
    this.#kind.replaceChildren(...kindTexts(row, isOpen));
    setText(this.#state, stateText(row));
    this.#progress.hidden = !isOpen || row.state === "waiting";
    setText(this.#age, age);
    this.#age.title = formatDateTime(row.at);
    this.#link.hidden = row.record === null || row.deleted !== null;
    if (!this.#link.hidden) {
      this.#link.href = `#record=${Number(row.record)}`;
      setText(this.#link, localize("uploads.open"));
      this.#link.setAttribute("aria-label", `${localize("uploads.open")}: ${row.name}`);
    }
    this.#showDocuments(row);
    this.#strip.show(isOpen || row.deleted !== null ? [] : row.documents);
    const isDeleted = row.deleted !== null;
    const isStuck = row.state === "failed" || row.state === "cancelled";
    this.#buttons.cancel.hidden = isDeleted || !isOpen;
    this.#buttons.retry.hidden = isDeleted || !isStuck;
    this.#buttons.extract_again.hidden = isDeleted || isOpen;
    this.#buttons.delete.hidden = isDeleted;
    this.#buttons.restore.hidden = !isDeleted;
    for (const button of Object.values(this.#buttons)) {
      button.setAttribute("aria-label", `${button.textContent}: ${row.name}`);
    }
  }

  /** Show the documents of a file that has several, each with the way to its record. */
  #showDocuments({ documents, deleted }) {
    const isShown = documents.length > 1;
    this.#documents.hidden = !isShown;
    if (!isShown) return;
    const several = new Set(documents.map((each) => each.schema)).size > 1;
    const items = documents.map((each) => {
      const state = createElement("span", { class: "state", text: documentStateText(each) });
      const name =
        each.record === null || deleted !== null
          ? createElement("span", { text: formatName(each.name) })
          : createElement("a", { href: `#record=${Number(each.record)}`, text: formatName(each.name) });
      const kind = several ? createElement("span", { class: "kind", text: each.schema_title ?? "" }) : null;
      return createElement("li", { data: { state: each.state } }, name, " ", kind, " ", state);
    });
    this.#documents.replaceChildren(...items);
  }
}

/** Return the kind of a hand-in's documents, and how sure that is where the tool has found it out. */
function kindTexts({ schema, schema_title, kind_probability, documents }, isOpen) {
  if (schema === "auto" && !documents.some((each) => each.schema)) {
    return [localize(isOpen ? "uploads.find_out" : "uploads.kind_unknown")];
  }
  if (!kind_probability) return [schema_title];
  const text = formatPercent(kind_probability);
  const title = localize("uploads.kind_probability", { probability: text });
  return [schema_title, " ", createElement("span", { class: "probability", title, text })];
}

/** Return the state of a hand-in as a sentence: its stage or place in line, what is left to do, or what went wrong. */
function stateText(row) {
  if (row.state === "waiting") return waitingText(row.place);
  if (row.state === "done" && row.count > 1) {
    return localize(row.left ? "uploads.done_many_left" : "uploads.done_many", row);
  }
  if (row.state === "failed" && row.count > 1) return localize("uploads.failed_many", row);
  return documentStateText({ ...row, status: row.documents[0]?.status });
}

function documentStateText({ state, place, kind, left, status }) {
  if (state === "waiting") return waitingText(place);
  if (state === "failed") return localize(hasMessage(`failed.${kind}`) ? `failed.${kind}` : "failed.error");
  if (state !== "done") return localize(`uploads.state.${state}`);
  if (status === "approved" || status === "rejected") return localize(`status.${status}`);
  return left ? localize("review.to_check", { n: left }) : localize("uploads.state.done");
}

const waitingText = (place) => localize(place > 1 ? "uploads.place" : "uploads.next", { n: (place ?? 1) - 1 });
