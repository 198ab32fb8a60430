/** The filters above the queue: a search, and a choice each of status, document type, reason, job and order. */

import { createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";

/** What is kept while the page is loaded again, and under which key; texts of documents are not. */
const KEPT = ["status", "reason", "sort"];
const KEPT_AS = "extractor:filters";
const SEARCH_DELAY = 250; // milliseconds without a keystroke until the search is made
const OPEN_STATUSES = ["new", "needs_review"];
const ALL_STATUSES = [...OPEN_STATUSES, "approved", "rejected"];

export class QueueFilters {
  element;
  #controls = {};
  #searchesAll = false; // because of a search, not because somebody chose it
  #onChange;

  /** `options`: { statuses, reasons, sorts } of the server; `onChange()` is called when another value is chosen. */
  constructor({ statuses, reasons, sorts, people }, onChange) {
    this.#onChange = onChange;
    const all = ["", localize("queue.any")];
    const named = (group, values) => values.map((value) => [value, localize(`queue.${group}.${value}`)]);
    this.element = createElement(
      "div",
      { class: "queue-filters", role: "search" },
      this.#addSearch(),
      this.#addChoice("status", named("status", statuses)),
      this.#addChoice("schema", [all]),
      this.#addChoice("reason", [all, ...named("reason", reasons)]),
      this.#addChoice("assigned", [all, ...people.map((name) => [name, name]), ["-", localize("queue.nobody")]]),
      this.#addChoice("job", [all]),
      this.#addChoice("sort", named("sort", sorts)),
    );
    this.#restore();
  }

  /** Choose what was chosen before the page was loaded again, apart from the search, and remember it from now on. */
  #restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "{}");
    for (const name of KEPT) {
      if (kept[name] && [...this.#controls[name].options].some(({ value }) => value === kept[name])) {
        this.#controls[name].value = kept[name];
      }
    }
  }

  #keep() {
    const kept = Object.fromEntries(KEPT.map((name) => [name, this.#controls[name].value]));
    sessionStorage.setItem(KEPT_AS, JSON.stringify(kept));
  }

  /** The chosen values by the names of the request's parameters. */
  get values() {
    return Object.fromEntries(Object.entries(this.#controls).map(([name, control]) => [name, control.value.trim()]));
  }

  /** Whether records may be left out that wait for review. */
  get isFiltered() {
    const { status, schema, reason, job, search, assigned } = this.values;
    return Boolean(schema || reason || job || search || assigned) || status !== "open";
  }

  /** Show the counts of each status, and the document types and jobs that there are. */
  update({ counts, schemas, jobs }) {
    const countOf = (status) => counts[status] ?? 0;
    for (const option of this.#controls.status.options) {
      const { value } = option;
      const parts = { open: OPEN_STATUSES, all: ALL_STATUSES }[value] ?? [value];
      const count = parts.reduce((sum, each) => sum + countOf(each), 0);
      setText(option, localize(`queue.status.${value}`) + (value === "bin" ? "" : ` (${count})`));
    }
    const schemaOptions = schemas.map(({ id, name, title }) => [name ?? id, title || name]);
    const jobOptions = jobs.map(({ name, state }) => [name, `${name} · ${localize(`queue.job.${state}`)}`]);
    replaceOptions(this.#controls.schema, schemaOptions);
    replaceOptions(this.#controls.job, jobOptions);
  }

  isSearch(element) {
    return element === this.#controls.search;
  }

  /** Focus the search on `/`; returns whether the key was handled. */
  handleKey(event) {
    if (event.key !== "/" || /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return false;
    event.preventDefault();
    this.#controls.search.focus();
    this.#controls.search.select();
    return true;
  }

  /** Search records of every status, unless one was chosen; without a search, show those to review again. */
  #search() {
    const { status, search } = this.#controls;
    if (search.value.trim() && status.value === "open") {
      status.value = "all";
      this.#searchesAll = true;
    } else if (!search.value.trim() && this.#searchesAll) {
      if (status.value === "all") status.value = "open";
      this.#searchesAll = false;
    }
    this.#onChange();
  }

  #addChoice(name, options) {
    const label = localize(`queue.filter.${name}`);
    const select = createElement("select", { "aria-label": label });
    for (const [value, text] of options) select.append(createElement("option", { value, text }));
    select.addEventListener("change", () => {
      this.#keep();
      this.#onChange();
    });
    this.#controls[name] = select;
    return createElement("label", {}, createElement("span", { text: label }), select);
  }

  #addSearch() {
    const label = localize("queue.search");
    const search = createElement("input", { type: "search", placeholder: label, "aria-label": label });
    let timer;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#search(), SEARCH_DELAY);
    });
    this.#controls.search = search;
    return search;
  }
}

/** Replace the options behind the first, and keep what is chosen where it is still offered. */
function replaceOptions(select, options) {
  const fingerprint = JSON.stringify(options);
  if (select.dataset.options === fingerprint) return;
  select.dataset.options = fingerprint;
  const chosen = select.value;
  while (select.options.length > 1) select.lastChild.remove();
  for (const [value, text] of options) select.append(createElement("option", { value, text }));
  select.value = [...select.options].some((option) => option.value === chosen) ? chosen : "";
}
