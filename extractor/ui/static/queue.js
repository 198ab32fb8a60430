/** The queue: the records that wait for somebody, the riskiest first. */

import { get, query } from "./api.js";
import { addStyles, button, isShown, make, put } from "./dom.js";
import { sentenceOf } from "./errors.js";
import { followAddress, open, setFilters, showTab } from "./opening.js";
import { age, loadWords, moment, percent, say } from "./words.js";

const PAGE = 100;
const REFRESH = 4000;
const TYPING = 250; // milliseconds of rest before what is typed in the search is looked for
const STATUSES = ["open", "new", "needs_review", "second", "flagged", "approved", "rejected"];
const REASONS = ["low_confidence", "failed_check", "no_evidence", "other_problem", "sample"];
const SORTS = ["risk", "new", "old", "name"];
const ICONS = { new: "○", needs_review: "◐", approved: "✓", rejected: "✗" };
const COLUMNS = ["status", "name", "kind", "reasons", "left", "confidence", "who", "approvals", "age"];

/** Build the queue inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadWords();
  const queue = new Queue(element);
  followAddress(); // the queue's tab is the one that a page begins with
  return queue;
}

class Queue {
  #root;
  #controls = {};
  #body = make("tbody");
  #rows = new Map(); // number of the record -> Row
  #order = [];
  #message = make("div", { class: "queue-message", role: "status" });
  #upload = button({ class: "primary queue-upload", text: say("queue.upload"), hidden: true }, () => showTab("upload"));
  #pages = make("span", { class: "pages-of" });
  #before;
  #behind;
  #after = 0;
  #total = 0;
  #asked = 0;

  constructor(element) {
    this.#before = button({ text: "‹", "aria-label": say("queue.before") }, () => this.#turn(-PAGE));
    this.#behind = button({ text: "›", "aria-label": say("queue.behind") }, () => this.#turn(PAGE));
    const table = make(
      "table",
      { class: "queue-table", "aria-label": say("queue.title") },
      make(
        "thead",
        {},
        make("tr", {}, ...COLUMNS.map((name) => make("th", { scope: "col", class: name, text: say(`queue.${name}`) }))),
      ),
      this.#body,
    );
    this.#root = make(
      "div",
      { class: "screen queue" },
      this.#filters(),
      make("div", { class: "queue-scroll" }, table, this.#message, this.#upload),
      make(
        "div",
        { class: "queue-foot" },
        this.#before,
        this.#pages,
        this.#behind,
        make("span", { text: say("queue.keys") }),
      ),
    );
    element.replaceChildren(this.#root);
    this.#listen();
    this.#remember();
    this.refresh();
    setInterval(() => isShown(this.#root) && !document.hidden && this.refresh(), REFRESH);
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.refresh()).observe(this.#root);
    document.addEventListener("extractor:changed", () => this.refresh());
  }

  /** Fetch what the filters ask for, and change on screen only what is another than before. */
  async refresh() {
    const turn = (this.#asked += 1);
    let said;
    try {
      said = await get(`queue?${query({ ...this.#chosen(), after: this.#after, limit: PAGE })}`);
    } catch (error) {
      if (turn === this.#asked) put(this.#message, error.status ? sentenceOf(error) : say("queue.offline"));
      return;
    }
    if (turn !== this.#asked) return;
    if (!said.rows.length && this.#after > 0) {
      this.#after = Math.max(0, Math.floor((said.total - 1) / PAGE) * PAGE);
      await this.refresh();
      return;
    }
    this.#total = said.total;
    this.#show(said.rows);
    this.#count(said);
    put(this.#message, said.rows.length ? "" : say(this.#isFiltered() ? "queue.none_found" : "queue.empty"));
    this.#upload.hidden = said.rows.length > 0 || this.#isFiltered();
  }

  #filters() {
    const choice = (name, entries) => {
      const select = make("select", { "aria-label": say(`queue.filter.${name}`) });
      for (const [value, text] of entries) select.append(make("option", { value, text }));
      select.addEventListener("change", () => this.#filtered());
      this.#controls[name] = select;
      return make("label", {}, make("span", { text: say(`queue.filter.${name}`) }), select);
    };
    const search = make("input", {
      type: "search",
      placeholder: say("queue.search"),
      "aria-label": say("queue.search"),
    });
    let rest;
    search.addEventListener("input", () => {
      clearTimeout(rest);
      rest = setTimeout(() => this.#filtered(), TYPING);
    });
    this.#controls.search = search;
    const any = ["", say("queue.any")];
    return make(
      "div",
      { class: "queue-filters", role: "search" },
      search,
      choice(
        "status",
        STATUSES.map((status) => [status, say(`queue.status.${status}`)]),
      ),
      choice("schema", [any]),
      choice("reason", [any, ...REASONS.map((reason) => [reason, say(`queue.reason.${reason}`)])]),
      choice("job", [any]),
      choice(
        "sort",
        SORTS.map((sort) => [sort, say(`queue.sort.${sort}`)]),
      ),
    );
  }

  #chosen() {
    return Object.fromEntries(Object.entries(this.#controls).map(([name, control]) => [name, control.value.trim()]));
  }

  #isFiltered() {
    const { status, schema, reason, job, search } = this.#chosen();
    return Boolean(schema || reason || job || search) || status !== "open";
  }

  #filtered() {
    this.#after = 0;
    this.#remember();
    this.refresh();
  }

  #remember() {
    setFilters(this.#chosen());
  }

  #turn(by) {
    this.#after = Math.max(0, this.#after + by);
    this.#root.querySelector(".queue-scroll").scrollTop = 0;
    this.refresh();
  }

  #show(rows) {
    const focused = document.activeElement?.closest?.("tr[data-record]");
    const focusedAt = focused ? [...this.#body.children].indexOf(focused) : -1;
    const now = new Set(rows.map((row) => row.id));
    for (const [id, row] of this.#rows) {
      if (now.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    rows.forEach((said, index) => {
      let row = this.#rows.get(said.id);
      if (!row) this.#rows.set(said.id, (row = new Row(said.id)));
      row.show(said);
      // An element that is moved loses the focus: only what stands elsewhere is moved.
      const there = this.#body.children[index];
      if (there !== row.element) this.#body.insertBefore(row.element, there ?? null);
    });
    this.#order = rows.map((said) => said.id);
    const elements = [...this.#body.children];
    if (!elements.some((element) => element.tabIndex === 0) && elements.length) elements[0].tabIndex = 0;
    if (focused && !focused.isConnected) this.#focusRow(Math.min(focusedAt, elements.length - 1));
    else if (focused && document.activeElement !== focused && !focused.contains(document.activeElement))
      focused.focus();
  }

  #count({ counts, schemas, jobs }) {
    for (const option of this.#controls.status.options) {
      const { value } = option;
      const number = value === "open" ? (counts.new ?? 0) + (counts.needs_review ?? 0) : (counts[value] ?? 0);
      put(option, `${say(`queue.status.${value}`)} (${number})`);
    }
    offer(
      this.#controls.schema,
      schemas.map(({ id, name, title }) => [name ?? id, title || name]),
    );
    offer(
      this.#controls.job,
      jobs.map(({ name, state }) => [name, `${name} · ${say(`queue.job.${state}`)}`]),
    );
    const last = Math.min(this.#after + PAGE, this.#total);
    put(this.#pages, say("queue.page", { first: this.#total ? this.#after + 1 : 0, last, total: this.#total }));
    this.#before.disabled = this.#after === 0;
    this.#behind.disabled = last >= this.#total;
  }

  #focusRow(index) {
    const row = this.#body.children[index];
    if (!row) return;
    for (const other of this.#body.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
  }

  #listen() {
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-record]");
      if (row && !window.getSelection().toString())
        open(Number(row.dataset.record), { take: "take" in event.target.dataset });
    });
  }

  #key(event) {
    if (!isShown(this.#root) || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.target;
    const typing = /^(?:INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
    if (event.key === "/" && !typing) {
      event.preventDefault();
      this.#controls.search.focus();
      this.#controls.search.select();
      return;
    }
    if (at === this.#controls.search && (event.key === "ArrowDown" || event.key === "Enter")) {
      event.preventDefault();
      this.#focusRow(0);
      return;
    }
    const row = at.closest?.("tr[data-record]");
    if (!row && at !== document.body) return;
    const rows = [...this.#body.children];
    const index = row ? rows.indexOf(row) : -1;
    const moves = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: index + 10,
      PageUp: index - 10,
    };
    if (event.key in moves) {
      event.preventDefault();
      this.#focusRow(Math.max(0, Math.min(rows.length - 1, moves[event.key])));
    } else if (event.key === "Enter" && row && at === row) {
      event.preventDefault();
      open(Number(row.dataset.record));
    }
  }
}

/** A record's row; it is written once and then only changed where it says something else. */
class Row {
  #cells = {};
  #said = "";

  constructor(id) {
    const cells = COLUMNS.map((name) => (this.#cells[name] = make("td", { class: name })));
    this.#bar = make("meter", { min: "0", max: "1", low: "0.7", high: "0.95", optimum: "1" });
    this.#share = make("span");
    this.#cells.confidence.append(this.#bar, this.#share);
    this.#take = button({ text: say("review.take_over"), tabIndex: -1, data: { take: "" } }, () => {});
    this.#cells.who.append(this.#who, this.#take);
    this.element = make("tr", { tabIndex: -1, data: { record: id } }, ...cells);
  }

  #bar;
  #share;
  #who = make("span");
  #take;

  show(row) {
    const ages = age(row.updated ?? row.created);
    const said = JSON.stringify([row, ages]);
    if (said === this.#said) return;
    this.#said = said;
    const cells = this.#cells;
    const status = say(`status.${row.status}`);
    put(cells.status, `${row.flag ? "⚑" : (ICONS[row.status] ?? "")} ${status}`);
    cells.status.title = row.flag ? `${row.flag.who}: ${row.flag.note}` : status;
    cells.status.dataset.status = row.status;
    put(cells.name, row.name);
    cells.name.title = (row.names ?? [row.name]).join("\n");
    put(cells.kind, row.schema_title || row.schema);
    put(cells.reasons, row.reasons.map(reasonOf).join(say("queue.and")));
    cells.reasons.title = cells.reasons.textContent;
    put(cells.left, String(row.left));
    const unknown = row.confidence === null || row.confidence === undefined;
    this.#bar.hidden = unknown;
    if (!unknown) this.#bar.value = row.confidence;
    put(this.#share, unknown ? "" : percent(row.confidence));
    put(this.#who, row.claimed_by ? (row.mine ? say("queue.you") : row.claimed_by) : "");
    put(cells.approvals, (row.approvals ?? []).map((each) => each.who ?? each).join(", "));
    put(cells.age, ages);
    cells.age.title = moment(row.updated ?? row.created);
    this.#take.hidden = !row.claimed_by || row.mine;
    this.element.setAttribute("aria-label", `${row.name}, ${status}, ${say("review.to_check", { n: row.left })}`);
  }
}

const reasonOf = ({ kind, count }) =>
  count > 1 ? `${say(`queue.reason.${kind}`)} ${count}` : say(`queue.reason.${kind}`);

/** Give a choice its options behind the first, and leave it chosen as it is. */
function offer(select, entries) {
  const now = JSON.stringify(entries);
  if (select.dataset.offered === now) return;
  select.dataset.offered = now;
  const chosen = select.value;
  while (select.options.length > 1) select.lastChild.remove();
  for (const [value, text] of entries) select.append(make("option", { value, text }));
  select.value = [...select.options].some((option) => option.value === chosen) ? chosen : "";
}
