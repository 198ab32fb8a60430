/** The review: the document at the left, the form at the right, and everything that the keys and the mouse do between. */

import "./timing.js";
import { get, post } from "./api.js";
import { Beside } from "./beside.js";
import { Claim } from "./claims.js";
import { ask } from "./dialog.js";
import { Notice, fetchDocument, paneOf } from "./documents.js";
import { addStyles, isShown, make, whenPainted } from "./dom.js";
import { viewOf } from "./field.js";
import { Form } from "./form.js";
import { cellsOf } from "./grid.js";
import { Head } from "./head.js";
import { entryFor, keyHelp, keyLine } from "./keys.js";
import { filterQuery, noteInAddress, open, showTab, whenOpened } from "./opening.js";
import { Past } from "./past.js";
import { Saving } from "./saving.js";
import { Shelf } from "./shelf.js";
import { joined } from "./taking.js";
import { took } from "./timing.js";
import { clock, loadWords, say } from "./words.js";

const FORCE_WITHIN = 6000; // milliseconds in which a second Ctrl+Enter approves what has fields left
const STEP = 1.2;

/** Build the review inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadWords();
  return new Review(element);
}

class Review {
  #root;
  #head;
  #form = new Form({
    addRow: (grid, at) => this.#addRow(grid, at),
    deleteRow: (grid, at) => this.#deleteRow(grid, at),
  });
  #saving;
  #beside;
  #past = new Past();
  #claim = new Claim((refusal) => this.#heldBy(refusal));
  #shelf = new Shelf();
  #pane = new Notice("");
  #left = make("div", { class: "left-pane" });
  #help = keyHelp(() => this.#toggleHelp(false));

  #current = null; // the view of the field that has the focus, or had it last
  #readOnly = false;
  #opening = 0; // counts openings, so that what comes too late for one is told
  #next = null; // a promise of the number of the next record
  #opened = []; // records that were open before this one
  #changing = false; // the form is being replaced: focus that is lost now is nobody's doing
  #forced = 0;
  #readNext = false; // the next box drawn is read again, as with Alt
  #marks = true;

  constructor(element) {
    const actions = this.#actions();
    this.#head = new Head(actions);
    this.#beside = new Beside({
      accept: (view) => this.#acceptAndGo(view),
      absent_button: (view) => this.#absent(view),
      history: () => this.#history(),
    });
    this.#saving = new Saving(this.#form, {
      state: (state) => this.#head.saved(state),
      counted: () => this.#counted(),
      changed: (answer) => this.#changed(answer),
      conflicted: (conflict) => this.#conflicted(conflict),
      held: (error) => this.#heldBy(error),
      refused: (error, view) => this.#refused(error, view),
    });
    this.#help.hidden = true;
    this.#left.append(this.#head.tools, this.#pane.element);
    const right = make("div", { class: "right-pane" }, this.#form.element, this.#beside.element, this.#past.element);
    const body = make("div", { class: "review-body" }, this.#left, right);
    this.#root = make(
      "div",
      { class: "screen review" },
      this.#head.element,
      this.#head.banners,
      body,
      keyLine(),
      this.#help,
    );
    element.replaceChildren(this.#root);
    this.#root.hidden = true;
    this.#nothing = make("div", { class: "screen nothing", text: say("review.nothing_open") });
    element.append(this.#nothing);
    this.#listen(actions);
    whenOpened(({ record, take }) => this.open(record, { take }));
  }

  #nothing;

  // Opening and leaving.

  /** Open a record; what is typed in the one before is saved first. */
  async open(id, { take = false, back = false } = {}) {
    const before = this.#saving.record?.id;
    if (before === id && !take) return;
    if (before !== undefined && !(await this.#leave())) {
      noteInAddress(before);
      return;
    }
    const start = performance.now();
    const turn = (this.#opening += 1);
    const kept = this.#shelf.take(id);
    const paper = kept?.paper ?? fetchDocument(id, () => turn === this.#opening);
    paper.catch(() => {});
    const claimed = this.#claim.take(id, take);
    claimed.catch(() => {});
    let view;
    try {
      view = await (kept?.view ?? claimed.catch((error) => this.#viewOfHeld(id, error)));
    } catch (error) {
      if (turn === this.#opening) this.#failed(error);
      return;
    }
    if (turn !== this.#opening) return;
    if (before !== undefined && before !== id && !back) this.#opened.push(before);
    this.#show(view);
    this.#next = null;
    this.#showPaper(id, paper, turn, start);
    if (kept) await this.#settleClaim(claimed, turn);
  }

  /** The view of a record that somebody else has. */
  async #viewOfHeld(id, error) {
    if (error.kind !== "held") throw error;
    return get(`records/${id}`);
  }

  /** A record that was fetched ahead is claimed by now, and may have changed. */
  async #settleClaim(claimed, turn) {
    try {
      const view = await claimed;
      if (turn === this.#opening) this.#saving.renew(view);
      if (turn === this.#opening) this.#about();
    } catch (error) {
      if (turn !== this.#opening) return;
      if (error.kind === "held") this.#heldBy(error);
      else this.#failed(error);
    }
  }

  #show(view) {
    const start = performance.now();
    this.#root.hidden = false;
    this.#nothing.hidden = true;
    this.#changing = true;
    this.#current = null;
    this.#forced = 0;
    this.#beside.clear();
    this.#past.hide();
    this.#head.banners.replaceChildren();
    const { form, fields, ...record } = view;
    this.#saving.record = record;
    this.#form.build(form, fields);
    this.#changing = false;
    noteInAddress(view.id);
    this.#about();
    this.#counted();
    this.#head.saved("unchanged");
    this.#problems(view);
    this.#fit();
    this.#root.dataset.record = view.id;
    this.#focus(this.#form.nextNeeding(null) ?? this.#form.order[0]);
    took("build", start);
  }

  async #showPaper(id, paper, turn, start) {
    const slow = setTimeout(() => turn === this.#opening && this.#putPane(new Notice(say("review.reading"))), 150);
    try {
      const fetched = await paper;
      if (turn !== this.#opening) return;
      this.#putPane(paneOf(id, fetched, this.#paneHooks(id)));
      this.#head.banner("unread", fetched.info.unread ? say("review.unread") : "");
    } catch (error) {
      if (turn === this.#opening) this.#putPane(new Notice(error.message || say("review.document_gone")));
    } finally {
      clearTimeout(slow);
    }
    this.#root.dataset.paper = id;
    whenPainted(() => {
      took("open", start);
      if (turn === this.#opening) this.#fetchNext(id);
    });
  }

  #putPane(pane) {
    this.#pane.close();
    this.#pane.element.replaceWith(pane.element);
    this.#pane = pane;
    this.#head.offer("lines", Boolean(pane.hasTables));
    this.#head.offer("read_region", !pane.toggleLines);
    pane.showMarks(this.#marks);
    this.#setMarks();
    if (this.#current) this.#light(this.#current);
  }

  #paneHooks(id) {
    return {
      wants: () => !this.#readOnly && this.#current !== null,
      taken: (pick) => this.#taken(pick),
      reading: () => this.#readNext,
      read: (page, box) => this.#readRegion(id, page, box),
      went: (path) => this.#focus(this.#form.get(path)),
    };
  }

  /** Fetch what will most likely be opened next. */
  async #fetchNext(id) {
    this.#next = this.#nextOf(id);
    const next = await this.#next.catch(() => null);
    if (next !== null && this.#saving.record?.id === id) this.#shelf.prefetch(next, this.#left.clientWidth);
  }

  async #nextOf(id) {
    const filters = filterQuery();
    return (await get(`records/${id}/next${filters && `?${filters}`}`)).id;
  }

  /** Save what is typed and wait until all is saved; false where that cannot be and somebody rather stays. */
  async #leave() {
    this.#flush();
    if (!(await this.#saving.emptied())) {
      this.#head.banner("offline", say("review.offline_stay"));
      return false;
    }
    if (this.#unsaved().length && !window.confirm(say("review.leave_unsaved"))) return false;
    this.#claim.release();
    return true;
  }

  async #goNext() {
    const { id } = this.#saving.record;
    const next = await (this.#next ?? this.#nextOf(id)).catch(() => null);
    if (next === null) {
      this.#head.banner("note", say("review.no_next"), {
        action: { text: say("review.to_queue"), act: () => showTab("queue") },
      });
      return;
    }
    await this.open(next);
  }

  // What is shown of the record as a whole.

  #about() {
    const { record } = this.#saving;
    const elsewhere = Boolean(record.claimed_by) && !record.mine;
    this.#readOnly = elsewhere || record.status === "approved" || record.status === "rejected";
    this.#form.setReadOnly(this.#readOnly);
    this.#head.show(record, { readOnly: this.#readOnly });
    this.#root.classList.toggle("read-only", this.#readOnly);
    this.#head.banner("held", "");
    if (!elsewhere) return;
    const until = record.claimed_until ? clock(record.claimed_until) : "";
    this.#head.banner("held", say("review.held", { who: record.claimed_by, until }), {
      action: { text: say("review.take_over"), act: () => open(record.id, { take: true }) },
    });
  }

  #counted() {
    this.#head.left(this.#form.count(), this.#form.order.length);
  }

  /** Problems of the record or the document as a whole, which no field shows. */
  #problems(view) {
    const whole = view.problems.filter(({ paths }) => !paths?.some((path) => path.length));
    const lines = whole.map(({ message, kind }) => message || kind);
    this.#head.banner("problems", lines.length ? say("review.problems") : "", { lines });
  }

  #heldBy(error) {
    Object.assign(this.#saving.record, error.body, { mine: false });
    this.#about();
  }

  #failed(error) {
    const action = error.status === 401 ? { href: "/login", text: say("review.log_in") } : null;
    const sentence = [error.message, error.hint].filter(Boolean).join(" ");
    if (!this.#saving.record) {
      this.#nothing.textContent = sentence;
      return;
    }
    this.#head.banner("error", sentence, { action });
  }

  #refused(error, view) {
    if (error.kind === "nothing_to_undo" || /^nothing_to/.test(error.kind)) {
      this.#head.banner("note", say("review.nothing_to_undo"));
      return;
    }
    const about = view ? `${view.label}: ` : "";
    this.#failed(Object.assign(error, { message: about + error.message }));
    if (view === this.#current && view) this.#light(view);
  }

  #conflicted({ record, changes, unsaved, lost }) {
    const lines = changes.slice(0, 6).map(({ path, old, new: now, who }) => {
      const title = this.#form.get(path)?.label ?? path.join(".");
      const change = `${title}: ${old || "∅"} → ${now || "∅"}`;
      return who ? say("review.changed_by", { change, who }) : change;
    });
    if (changes.length > 6) lines.push(say("review.and_more", { n: changes.length - 6 }));
    for (const view of unsaved) lines.push(say("review.yours_unsaved", { title: view.label, text: view.input.value }));
    for (const text of lost) lines.push(say("review.yours_lost", { text }));
    this.#head.banner("conflict", say("review.conflict", { status: say(`status.${record.status}`) }), { lines });
    this.#about();
    this.#counted();
    if (this.#current) this.#light(this.#current);
  }

  #changed(answer) {
    this.#counted();
    this.#head.show(this.#saving.record, { readOnly: this.#readOnly });
    this.#setMarks();
    if (answer.focus) this.#focus(this.#form.get(answer.focus));
    else if (this.#current && !this.#current.element.isConnected) this.#focus(this.#near(this.#current));
    else if (this.#current) this.#light(this.#current, { still: true });
  }

  /** A field near one whose row is gone. */
  #near(view) {
    return this.#form.get(view.path) ?? this.#form.grid(view.grid?.path ?? [])?.views.at(-1) ?? this.#form.order[0];
  }

  // The focus, and what is lit by it.

  #focus(view) {
    if (!view) return;
    for (let fold = view.element.closest("details"); fold; fold = fold.parentElement.closest("details"))
      fold.open = true;
    view.input.focus({ preventScroll: true });
    const pane = this.#form.element.getBoundingClientRect();
    const place = view.element.getBoundingClientRect();
    if (place.top < pane.top + 30 || place.bottom > pane.bottom - 30) {
      this.#form.element.scrollTop += place.top - pane.top - pane.height * 0.5;
    }
    view.input.select?.();
  }

  #focused(view, start) {
    this.#current?.element.classList.remove("current");
    this.#current = view;
    view.element.classList.add("current");
    this.#claim.stir();
    this.#light(view);
    whenPainted(() => took("focus", start));
  }

  /** Light a field's evidence; `still` leaves the document where it is scrolled to when nothing new is to be seen. */
  #light(view, { still = false } = {}) {
    const { evidence, level } = view.field;
    if (!still || evidence !== this.#lit) this.#pane.light(evidence, level);
    this.#lit = evidence;
    const { calibrated } = this.#saving.record;
    this.#beside.show(view, { snippet: this.#pane.snippet(evidence), readOnly: this.#readOnly, calibrated });
  }

  #lit = null;

  #setMarks() {
    const marked = this.#form.order.filter((view) => view.field.evidence);
    this.#pane.setMarks(
      marked.map(({ path, label, field }) => ({
        path,
        title: label,
        level: field.level,
        evidence: field.evidence,
        boxes: field.evidence.boxes,
      })),
    );
  }

  // Changing values.

  #unsaved() {
    return this.#form.order.filter((view) => view.draft !== null);
  }

  /** Save what is typed in the field that has the focus. */
  #flush(view = this.#current) {
    if (!view || this.#readOnly || !view.element.isConnected || !view.isTyped) return;
    if (view.draft && view.input.value === view.draft.text) return;
    this.#saving.field(view, "typed", { text: view.input.value });
  }

  /** Save the field: what is typed in it, or, where nothing is, that it is right as it stands. */
  #accept(view) {
    if (this.#readOnly) return;
    if (view.draft && view.input.value === view.draft.text) {
      this.#saving.field(view, view.draft.how, view.draft);
    } else if (view.isTyped) {
      this.#saving.field(view, "typed", { text: view.input.value });
    } else if (view.field.state === "machine") {
      this.#saving.field(view, "accepted");
    }
  }

  #acceptAndGo(view) {
    this.#accept(view);
    const next = this.#form.nextNeeding(view);
    if (next) this.#focus(next);
    else {
      this.#light(view, { still: true });
      if (!this.#readOnly) this.#head.banner("note", say("review.all_checked"));
    }
  }

  #absent(view) {
    if (this.#readOnly) return;
    this.#saving.field(view, "absent", { evidence: null });
    this.#focus(this.#form.nextNeeding(view) ?? view);
  }

  #taken({ text, evidence, how, append }) {
    const view = this.#current;
    if (!view || this.#readOnly) return;
    const start = performance.now();
    const more = append && view.input.value !== "";
    this.#saving.field(view, more && how === "word" ? "words" : how, {
      text: more ? joined([view.input.value, text]) : text,
      evidence: more ? together(view.field.evidence, evidence) : evidence,
    });
    this.#light(view, { still: true });
    view.input.focus({ preventScroll: true });
    took("fill", start);
  }

  async #readRegion(id, page, box) {
    const view = this.#current;
    this.#setReadNext(false);
    if (!view || this.#readOnly) return;
    this.#head.banner("note", say("review.reading_region"));
    try {
      const { text } = await post(`records/${id}/read`, { page, box: [box.x0, box.top, box.x1, box.bottom] });
      if (this.#saving.record?.id !== id || this.#current !== view) return;
      this.#head.banner("note", text ? "" : say("review.nothing_read"));
      if (text) this.#taken({ text, evidence: { start: null, end: null, boxes: [box] }, how: "region", append: false });
    } catch (error) {
      this.#head.banner("note", "");
      this.#failed(error);
    }
  }

  #addRow(grid, at) {
    if (this.#readOnly) return;
    this.#flush();
    this.#saving.row(grid, "row_added", at);
  }

  #deleteRow(grid, at) {
    if (!this.#readOnly && at >= 0) this.#saving.row(grid, "row_deleted", at);
  }

  #step(which) {
    if (this.#readOnly) return;
    this.#flush();
    this.#saving.step(which);
  }

  // Deciding about the record.

  async approve() {
    if (this.#readOnly || !this.#saving.record) return;
    this.#flush();
    const left = this.#form.needing;
    if (left.length === 1 && left[0] === this.#current && !left[0].draft) this.#accept(left[0]);
    const open = this.#form.needing;
    const force = performance.now() - this.#forced < FORCE_WITHIN && !this.#unsaved().length;
    if (open.length && !force) {
      this.#askAgain(open.length, open[0]);
      return;
    }
    if (!(await this.#saving.emptied())) {
      this.#head.banner("offline", say("review.offline_stay"));
      return;
    }
    await this.#decide("approve", { force }, (error) => {
      if (error.kind !== "open") return false;
      this.#askAgain(error.body.left, error.body.first && this.#form.get(error.body.first), error.body.failed);
      return true;
    });
  }

  /** Say what is left, go to the first of it, and approve all the same if that is asked for again. */
  #askAgain(left, first, failed = 0) {
    const unsaved = this.#unsaved();
    this.#forced = performance.now();
    const said = [
      unsaved.length && say("review.unsaved", { n: unsaved.length }),
      left && say("review.still_left", { n: left }),
      failed && say("review.still_failed", { n: failed }),
      !unsaved.length && say("review.force"),
    ];
    this.#head.banner("note", said.filter(Boolean).join(" "));
    this.#focus(unsaved[0] ?? first);
  }

  async #decide(what, body, answered = () => false) {
    const record = this.#saving.record;
    try {
      await this.#saving.decide(what, body);
    } catch (error) {
      if (!answered(error) && error.kind !== "conflict") this.#failed(error);
      return;
    }
    if (this.#saving.record !== record) return;
    document.dispatchEvent(new Event("extractor:changed"));
    this.#about();
    if (what === "approve" || what === "reject") await this.#goNext();
    else await this.#reload();
  }

  async #reload() {
    const { id } = this.#saving.record;
    const view = await this.#claim.take(id).catch((error) => this.#viewOfHeld(id, error));
    if (this.#saving.record.id !== id) return;
    this.#saving.renew(view);
    this.#about();
  }

  async #askAndDecide(what, reasons) {
    if (!this.#saving.record) return;
    this.#flush();
    const note = await ask({ title: say(`review.${what}_title`), reasons, required: what !== "reopen" });
    if (note === null || !(await this.#saving.emptied())) return;
    await this.#decide(what, { note });
  }

  // Keys and buttons.

  #actions() {
    const view = () => viewOf(document.activeElement) ?? this.#current;
    const reasons = (...names) => names.map((name) => say(`reason.${name}`));
    return {
      accept: () => this.#acceptAndGo(view()),
      accept_next: () => this.#current && this.#acceptAndGo(this.#current),
      back: () => this.#focus(this.#form.nextNeeding(view(), -1)),
      approve: () => this.approve(),
      restore: () => this.#restore(view()),
      undo: () => this.#step("undo"),
      redo: () => this.#step("redo"),
      absent: () => this.#absent(view()),
      history: () => this.#history(),
      newline: () => insertNewline(view().input),
      up: () => this.#moveRow(view(), -1),
      down: () => this.#moveRow(view(), 1),
      addRow: () => this.#addRow(view().grid, view().grid.placeOf(view()).row + 1),
      deleteRow: () => this.#deleteRow(view().grid, view().grid.placeOf(view()).row),
      next: () => this.#saving.record && this.#goNext(),
      previous: () => this.#opened.length && this.open(this.#opened.pop(), { back: true }),
      flag: () => this.#askAndDecide("flag", reasons("bad_scan", "wrong_kind", "unsure", "other")),
      reject: () => !this.#readOnly && this.#askAndDecide("reject", reasons("no_report", "twice", "bad_scan", "other")),
      reopen: () => this.#askAndDecide("reopen", []),
      marks: () => this.#toggleMarks(),
      lines: () => this.#pane.toggleLines?.(),
      larger: () => this.#pane.zoom(STEP),
      smaller: () => this.#pane.zoom(1 / STEP),
      fit: () => this.#pane.zoom("fit"),
      read_region: () => this.#setReadNext(!this.#readNext),
      pageDown: () => this.#pane.turn(1),
      pageUp: () => this.#pane.turn(-1),
      help: () => this.#toggleHelp(this.#help.hidden),
    };
  }

  #listen(actions) {
    const form = this.#form.element;
    form.addEventListener("focusin", (event) => {
      const view = viewOf(event.target);
      if (view && !this.#changing) this.#focused(view, performance.now());
    });
    form.addEventListener("focusout", (event) => {
      const view = viewOf(event.target);
      if (view && !this.#changing && this.#form.get(view.path) === view) this.#flush(view);
    });
    form.addEventListener("change", (event) => {
      if (event.target.tagName === "SELECT") this.#flush(viewOf(event.target));
    });
    form.addEventListener("paste", (event) => this.#paste(event));
    document.addEventListener("keydown", (event) => this.#key(event, actions));
    window.addEventListener("resize", () => this.#fit());
    new IntersectionObserver(() => this.#fit()).observe(this.#root);
    window.addEventListener("beforeunload", (event) => {
      const typed = this.#form.order.some((view) => view.isTyped && !this.#readOnly);
      if (typed || this.#saving.waiting) event.preventDefault();
    });
  }

  #key(event, actions) {
    if (!this.#saving.record || !isShown(this.#root) || document.querySelector("dialog[open]")) return;
    if (event.target !== document.body && !this.#root.contains(event.target)) return;
    const entry = entryFor(event);
    if (!entry) return;
    const view = viewOf(event.target);
    if (entry.field && !view) return;
    if (entry.grid && (!view.grid || isManyLined(event.target))) return;
    // While something is typed, the browser undoes the typing.
    if (/^(?:undo|redo)$/.test(entry.action) && view?.isTyped && !view.draft) return;
    event.preventDefault();
    actions[entry.action]();
  }

  #paste(event) {
    const view = viewOf(event.target);
    if (!view?.grid || this.#readOnly) return;
    const cells = cellsOf(event.clipboardData?.getData("text/plain") ?? "");
    if (!cells) return;
    event.preventDefault();
    view.restore();
    const { row, column } = view.grid.placeOf(view);
    this.#saving.pasted(view.grid, row, column, cells);
  }

  #restore(view) {
    if (view.isTyped || view.draft) {
      view.restore();
      this.#counted();
      this.#light(view, { still: true });
    } else if (!this.#past.hide()) this.#toggleHelp(false);
  }

  #moveRow(view, by) {
    const { row, column } = view.grid.placeOf(view);
    this.#focus(view.grid.rows[row + by]?.views[column]);
  }

  async #history() {
    if (this.#past.hide()) return;
    const view = this.#current;
    await this.#saving.emptied();
    try {
      await this.#past.show(this.#saving.record.id, view?.path, view?.label);
    } catch (error) {
      this.#failed(error);
    }
  }

  #toggleMarks() {
    this.#marks = !this.#marks;
    this.#pane.showMarks(this.#marks);
    this.#head.press("marks", this.#marks);
  }

  #toggleHelp(shown) {
    this.#help.hidden = !shown;
  }

  #setReadNext(wanted) {
    this.#readNext = wanted;
    this.#head.press("read_region", wanted);
    this.#root.classList.toggle("read-next", wanted);
  }

  /** Fill the window below where the review begins. */
  #fit() {
    const top = this.#root.getBoundingClientRect().top + window.scrollY;
    this.#root.style.setProperty("--top", `${Math.round(Math.max(0, top))}px`);
  }
}

const isManyLined = (input) => input.tagName === "SELECT" || input.value.includes("\n");

function insertNewline(input) {
  if (input.tagName === "TEXTAREA") input.setRangeText("\n", input.selectionStart, input.selectionEnd, "end");
}

/** The evidence of two stretches. */
function together(one, other) {
  if (!one) return other;
  const known = [one.start, other.start].every((start) => start !== null && start !== undefined);
  const boxes = [...(one.boxes ?? []), ...(other.boxes ?? [])];
  return {
    start: known ? Math.min(one.start, other.start) : null,
    end: known ? Math.max(one.end, other.end) : null,
    boxes: boxes.length ? boxes : null,
  };
}
