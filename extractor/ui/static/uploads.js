/** The user's uploads, and how far each file is. */

import { get } from "./common/api.js";
import { addStyles, createElement, setText } from "./common/dom.js";
import { fileErrorMessage } from "./common/error_messages.js";
import { formatAge, loadMessages, localize } from "./common/localization.js";

/** Milliseconds until the list is fetched again: while files are processed, and after a failed request. */
const POLL_INTERVAL = 800;
const RETRY_INTERVAL = 3000;
const ICONS = { waiting: "○", working: "◐", done: "✓", failed: "!" };

/** Build the list inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadMessages();
  return new UploadList(element);
}

class UploadList {
  #list = createElement("ul", {
    class: "screen uploads",
    "aria-live": "polite",
    "aria-label": localize("uploads.title"),
  });
  #items = new Map();
  #timer = null;
  #doneCount = null;

  constructor(element) {
    element.replaceChildren(this.#list);
    document.addEventListener("extractor:uploaded", () => this.refresh());
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.refresh()).observe(
      element,
    );
    this.refresh();
  }

  /** Fetch the uploads, and again as long as some are processed. */
  async refresh() {
    clearTimeout(this.#timer);
    let answer;
    try {
      answer = await get("uploads");
    } catch (error) {
      if (!error.status) this.#timer = setTimeout(() => this.refresh(), RETRY_INTERVAL);
      return;
    }
    clearTimeout(this.#timer);
    this.#show(answer.rows);
    if (answer.working) this.#timer = setTimeout(() => this.refresh(), POLL_INTERVAL);
    const doneCount = answer.rows.filter((row) => row.state === "done").length;
    if (this.#doneCount !== null && this.#doneCount !== doneCount) {
      document.dispatchEvent(new Event("extractor:changed"));
    }
    this.#doneCount = doneCount;
  }

  #show(rows) {
    const keys = new Set();
    rows.forEach((row, index) => {
      const key = JSON.stringify([row.name, row.at]);
      keys.add(key);
      const item = this.#items.get(key) ?? this.#addItem(key);
      const current = this.#list.children[index];
      if (current !== item.element) this.#list.insertBefore(item.element, current ?? null);
      item.show(row);
    });
    for (const [key, { element }] of this.#items) {
      if (keys.has(key)) continue;
      element.remove();
      this.#items.delete(key);
    }
  }

  #addItem(key) {
    const item = new UploadItem();
    this.#items.set(key, item);
    return item;
  }
}

class UploadItem {
  #icon = createElement("span", { class: "icon" });
  #name = createElement("span", { class: "name" });
  #state = createElement("span", { class: "state" });
  #progress = createElement("progress", { "aria-label": localize("uploads.working") });
  #message = createElement("span", { class: "message" });
  #link = createElement("a", { hidden: true });
  element = createElement("li", {}, this.#icon, this.#name, this.#state, this.#progress, this.#link, this.#message);

  show({ name, state, kind, message, record, at }) {
    this.element.dataset.state = state;
    setText(this.#icon, ICONS[state] ?? "◐");
    setText(this.#name, name);
    this.#name.title = at ? formatAge(at) : "";
    setText(this.#state, localize(`uploads.state.${state}`));
    this.#progress.hidden = state !== "working";
    setText(this.#message, kind ? fileErrorMessage(kind, message) : (message ?? ""));
    this.#link.hidden = record === null || record === undefined;
    if (this.#link.hidden) return;
    this.#link.href = `#record=${Number(record)}`;
    setText(this.#link, localize("uploads.open"));
  }
}
