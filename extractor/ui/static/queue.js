/** The queue: the records to review, those of the highest risk first. */

import { encodeQuery, get } from "./common/api.js";
import { addStyles, createButton, createElement, isShown, setText } from "./common/dom.js";
import { errorMessage } from "./common/error_messages.js";
import { loadMessages, localize } from "./common/localization.js";
import { followAddress, setFilters } from "./common/navigation.js";
import { QueueFilters } from "./queue/filters.js";
import { editReviewRules } from "./queue/rules_dialog.js";
import { Selection } from "./queue/selection.js";
import { createStartPage } from "./queue/start_page.js";
import { QueueTable } from "./queue/table.js";

const PAGE_SIZE = 100;
const REFRESH_INTERVAL = 4000; // milliseconds

/** Build the queue inside an element, once. */
export async function mount(element) {
  addStyles();
  const [options] = await Promise.all([get("options"), loadMessages()]);
  const queue = new QueueScreen(element, options);
  followAddress(); // the page begins with the queue's tab
  return queue;
}

class QueueScreen {
  #root;
  #filters;
  #selection;
  #table;
  #message = createElement("div", { class: "queue-message", role: "status" });
  #start = createStartPage();
  #range = createElement("span", { class: "pages-of" });
  #previousPage = createButton({ text: "‹", "aria-label": localize("queue.before") }, () => this.#turnPage(-PAGE_SIZE));
  #nextPage = createButton({ text: "›", "aria-label": localize("queue.behind") }, () => this.#turnPage(PAGE_SIZE));
  #offset = 0; // of the page's first record among all that match
  #total = 0;
  #requestCount = 0;

  /** `options`: the values to filter and sort by, as the server lists them. */
  constructor(element, options) {
    this.#filters = new QueueFilters(options, () => this.#onFiltered());
    this.#selection = new Selection(options.people, () => this.#table.showSelection());
    this.#table = new QueueTable(this.#selection);
    const rules = createButton({ text: localize("rules.button") }, () =>
      editReviewRules().catch((error) => setText(this.#message, errorMessage(error))),
    );
    const shortcuts = createElement("span", { text: localize("queue.keys") });
    this.#filters.element.append(rules);
    this.#root = createElement(
      "div",
      { class: "screen queue" },
      this.#filters.element,
      this.#selection.element,
      createElement("div", { class: "queue-scroll" }, this.#table.element, this.#message, this.#start),
      createElement("div", { class: "queue-foot" }, this.#previousPage, this.#range, this.#nextPage, shortcuts),
    );
    element.replaceChildren(this.#root);
    setFilters(this.#filters.values);
    document.addEventListener("keydown", (event) => this.#onKey(event));
    document.addEventListener("extractor:changed", () => this.refresh());
    this.refresh();
    setInterval(() => isShown(this.#root) && !document.hidden && this.refresh(), REFRESH_INTERVAL);
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.refresh(),
    );
    observer.observe(this.#root);
  }

  /** Fetch the records that match the filters; answers to requests that are out of date are dropped. */
  async refresh() {
    const request = (this.#requestCount += 1);
    let answer;
    try {
      answer = await get(`queue?${encodeQuery({ ...this.#filters.values, after: this.#offset, limit: PAGE_SIZE })}`);
    } catch (error) {
      const message = error.status ? errorMessage(error) : localize("queue.offline");
      if (request === this.#requestCount) setText(this.#message, message);
      return;
    }
    if (request !== this.#requestCount) return;
    if (!answer.rows.length && this.#offset > 0) {
      this.#offset = Math.max(0, Math.floor((answer.total - 1) / PAGE_SIZE) * PAGE_SIZE);
      await this.refresh();
      return;
    }
    this.#total = answer.total;
    this.#selection.setStatus(this.#filters.values.status);
    this.#table.show(answer.rows);
    this.#filters.update(answer);
    this.#showRange();
    const isEmpty = !answer.rows.length;
    const { isFiltered } = this.#filters;
    const isNew = Object.values(answer.counts).every((count) => count === 0);
    this.#start.hidden = !isEmpty || isFiltered;
    this.#root.classList.toggle("is-new", isNew && !this.#start.hidden);
    this.#table.element.hidden = !this.#start.hidden;
    const text = isFiltered ? "queue.none_found" : isNew ? "" : "queue.empty";
    setText(this.#message, isEmpty && text ? localize(text) : "");
  }

  #onFiltered() {
    this.#offset = 0;
    setFilters(this.#filters.values);
    this.refresh();
  }

  #turnPage(by) {
    this.#offset = Math.max(0, this.#offset + by);
    this.#root.querySelector(".queue-scroll").scrollTop = 0;
    this.refresh();
  }

  #showRange() {
    const first = this.#total ? this.#offset + 1 : 0;
    const last = Math.min(this.#offset + PAGE_SIZE, this.#total);
    setText(this.#range, localize("queue.page", { first, last, total: this.#total }));
    this.#previousPage.disabled = this.#offset === 0;
    this.#nextPage.disabled = last >= this.#total;
  }

  /** Move with the arrow keys, open with Enter, search with `/`. Keys of an input method are left alone. */
  #onKey(event) {
    if (!isShown(this.#root) || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (this.#filters.handleKey(event)) return;
    if (this.#filters.isSearch(event.target) && (event.key === "ArrowDown" || event.key === "Enter")) {
      event.preventDefault();
      this.#table.focusRow(0);
    } else {
      this.#table.handleKey(event);
    }
  }
}
