/** The review: the document at the left, the form at the right, and everything that keys and mouse do between them. */

import { post } from "./api.js";
import { Beside } from "./beside.js";
import { Deciding } from "./deciding.js";
import { Notice, paneOf } from "./documents.js";
import { addStyles, button, isShown, make, whenPainted } from "./dom.js";
import { sentenceOf } from "./errors.js";
import { viewOf } from "./field.js";
import { Form } from "./form.js";
import { cellsOf } from "./grid.js";
import { Head } from "./head.js";
import { entryFor, keyHelp, keyLine } from "./keys.js";
import { Notices } from "./notices.js";
import { Opener } from "./opener.js";
import { showTab, whenOpened } from "./opening.js";
import { Past } from "./past.js";
import { Saving } from "./saving.js";
import { joined } from "./taking.js";
import { took } from "./timing.js";
import { loadWords, say } from "./words.js";

const ZOOM_STEP = 1.2;

/** Build the review inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadWords();
  return new Review(element);
}

class Review {
  #root;
  #nothing = make("div", { class: "screen nothing" });
  #left = make("div", { class: "left-pane" });
  #pane = new Notice("");
  #help = keyHelp(() => this.#toggleHelp(false));
  #form = new Form({
    addRow: (grid, at) => this.#addRow(grid, at),
    deleteRow: (grid, at) => this.#deleteRow(grid, at),
  });
  #actions = this.#allActions();
  #head = new Head(this.#actions);
  #beside = new Beside({
    accept: (view) => this.#acceptAndGo(view),
    absent_button: (view) => this.#absent(view),
    history: () => this.#history(),
  });
  #past = new Past();
  #notices = new Notices(this.#head, this.#form);
  #saving = new Saving(this.#form, {
    state: (state) => this.#head.saved(state),
    counted: () => this.#counted(),
    changed: (answer) => this.#changed(answer),
    conflicted: (conflict) => this.#conflicted(conflict),
    held: (error) => this.#heldBy(error),
    refused: (error, view) => this.#refused(error, view),
  });
  #deciding = new Deciding(this.#saving, this.#form, {
    note: (sentence) => this.#notices.note(sentence),
    goTo: (view) => this.#focus(view),
    offline: () => this.#notices.offline(),
    failed: (error) => this.#notices.failed(error),
    decided: (what) => this.#decided(what),
  });
  #opener = new Opener({
    leave: () => this.#leave(),
    show: (view) => this.#show(view),
    waiting: () => this.#putPane(new Notice(say("review.reading"))),
    paper: (fetched) => this.#showPaper(fetched),
    renewed: (view) => this.#renewed(view),
    held: (error) => this.#heldBy(error),
    failed: (error) => this.#failed(error),
    width: () => this.#left.clientWidth,
  });

  #current = null; // the view of the field that has the focus, or had it last
  #lit = null; // the evidence that is lit
  #readOnly = false;
  #changing = false; // the form is being replaced: focus that is lost now is nobody's doing
  #readNext = false; // the next box drawn is read again, as with Alt
  #marks = true; // all evidence is framed

  constructor(element) {
    this.#help.hidden = true;
    this.#left.append(this.#head.tools, this.#pane.element);
    const right = [this.#form.element, this.#beside.element, this.#past.element];
    const body = make("div", { class: "review-body" }, this.#left, make("div", { class: "right-pane" }, ...right));
    const parts = [this.#head.element, this.#head.banners, body, keyLine(), this.#help];
    this.#root = make("div", { class: "screen review", hidden: true }, ...parts);
    element.replaceChildren(this.#root, this.#nothing);
    this.#sayNothing(say("review.nothing_open"));
    this.#listen();
    whenOpened(({ record, take }) => this.#opener.open(record, { take }));
  }

  // Showing a record, and leaving it.

  #show(view) {
    const start = performance.now();
    this.#root.hidden = false;
    this.#nothing.hidden = true;
    this.#current = null;
    this.#deciding.begin();
    this.#beside.clear();
    this.#past.hide();
    this.#notices.clear();
    const { form, fields, ...record } = view;
    this.#saving.record = record;
    this.#changing = true;
    this.#form.build(form, fields);
    this.#changing = false;
    this.#about();
    this.#counted();
    this.#head.saved("unchanged");
    this.#notices.problems(view);
    this.#fit();
    this.#root.dataset.record = view.id;
    this.#focus(this.#form.nextNeeding(null) ?? this.#form.order[0]);
    took("build", start);
  }

  #showPaper(fetched) {
    const { record } = this.#opener;
    if (fetched.error) this.#putPane(new Notice(sentenceOf(fetched.error) || say("review.document_gone")));
    else this.#putPane(paneOf(record, fetched, this.#paneHooks(record)));
    this.#notices.unread(fetched.info?.unread);
    this.#root.dataset.paper = record;
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

  #paneHooks(record) {
    return {
      wants: () => !this.#readOnly && this.#current !== null,
      taken: (pick) => this.#taken(pick),
      reading: () => this.#readNext,
      read: (page, box) => this.#readRegion(record, page, box),
      went: (path) => this.#focus(this.#form.get(path)),
    };
  }

  /** Save what is typed and wait until all is saved; false where that cannot be, or somebody rather stays. */
  async #leave() {
    this.#flush();
    if (!(await this.#saving.emptied())) {
      this.#notices.offline();
      return false;
    }
    return !this.#form.unsaved.length || window.confirm(say("review.leave_unsaved"));
  }

  async #goNext() {
    if (this.#opener.record !== null && !(await this.#opener.openNext())) this.#notices.noNext();
  }

  async #decided(what) {
    document.dispatchEvent(new Event("extractor:changed"));
    this.#about();
    if (what === "approve" || what === "reject") await this.#goNext();
    else await this.#opener.reload();
  }

  // What is shown of the record as a whole.

  #about() {
    const { record } = this.#saving;
    const elsewhere = Boolean(record.claimed_by) && !record.mine;
    this.#readOnly = elsewhere || record.status === "approved" || record.status === "rejected";
    this.#form.setReadOnly(this.#readOnly);
    this.#head.show(record, { readOnly: this.#readOnly });
    this.#root.classList.toggle("read-only", this.#readOnly);
    this.#notices.held(record);
  }

  #counted() {
    this.#head.left(this.#form.count(), this.#form.order.length);
  }

  #renewed(view) {
    this.#saving.renew(view);
    this.#about();
  }

  #heldBy(error) {
    Object.assign(this.#saving.record, error.body, { mine: false });
    this.#about();
  }

  #failed(error) {
    if (this.#saving.record) this.#notices.failed(error);
    else this.#sayNothing(sentenceOf(error));
  }

  /** Why there is no record here, and where there are some. */
  #sayNothing(sentence) {
    const toQueue = button({ text: say("review.to_queue") }, () => showTab("queue"));
    this.#nothing.replaceChildren(make("p", { text: sentence }), toQueue);
  }

  #refused(error, view) {
    this.#notices.refused(error, view);
    if (view && view === this.#current) this.#light(view);
  }

  #conflicted(conflict) {
    this.#notices.conflicted(conflict);
    this.#about();
    this.#counted();
    if (this.#current) this.#light(this.#current);
  }

  #changed(answer) {
    this.#notices.done();
    this.#counted();
    this.#head.show(this.#saving.record, { readOnly: this.#readOnly });
    this.#setMarks();
    if (answer.focus) this.#focus(this.#form.get(answer.focus));
    else if (this.#current && !this.#current.element.isConnected) this.#focus(this.#near(this.#current));
    else if (this.#current) this.#light(this.#current, { still: true });
  }

  /** A field near one whose row is gone. */
  #near(view) {
    return this.#form.get(view.path) ?? view.grid?.views.at(-1) ?? this.#form.order[0];
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
    this.#opener.stir();
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

  #setMarks() {
    const marked = this.#form.order.filter((view) => view.field.evidence);
    this.#pane.setMarks(marked.map(({ path, label, field }) => ({ path, title: label, evidence: field.evidence })));
  }

  // Changing values.

  /** Save what is typed in a field. */
  #flush(view = this.#current) {
    if (!view || this.#readOnly || !view.element.isConnected || !view.isTyped) return;
    if (view.draft && view.input.value === view.draft.text) return; // it waits for a second try, which nobody asked for yet
    this.#saving.field(view, "typed", { text: view.input.value });
  }

  /** Save the field: what is typed in it, or, where nothing is, that it is right as it stands. */
  #accept(view) {
    if (this.#readOnly) return;
    if (view.draft && view.input.value === view.draft.text) this.#saving.field(view, view.draft.how, view.draft);
    else if (view.isTyped) this.#saving.field(view, "typed", { text: view.input.value });
    else if (view.field.state === "machine") this.#saving.field(view, "accepted");
  }

  #acceptAndGo(view) {
    this.#accept(view);
    const next = this.#form.nextNeeding(view);
    if (next) {
      this.#focus(next);
      return;
    }
    this.#light(view, { still: true });
    if (!this.#readOnly) this.#notices.note(say("review.all_checked"));
  }

  #absent(view) {
    if (this.#readOnly) return;
    this.#saving.field(view, "absent", { evidence: null });
    this.#focus(this.#form.nextNeeding(view) ?? view);
  }

  #restore(view) {
    if (view.isTyped || view.draft) {
      view.restore();
      this.#counted();
      this.#light(view, { still: true });
    } else if (!this.#past.hide()) this.#toggleHelp(false);
  }

  /** Fill the field that has the focus with what was pointed at in the document. */
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

  async #readRegion(record, page, box) {
    const view = this.#current;
    this.#setReadNext(false);
    if (!view || this.#readOnly) return;
    this.#notices.note(say("review.reading_region"));
    try {
      const { text } = await post(`records/${record}/read`, { page, box: [box.x0, box.top, box.x1, box.bottom] });
      if (this.#opener.record !== record || this.#current !== view) return;
      this.#notices.note(text ? "" : say("review.nothing_read"));
      if (text) this.#taken({ text, evidence: { start: null, end: null, boxes: [box] }, how: "region", append: false });
    } catch (error) {
      this.#notices.note("");
      this.#notices.failed(error);
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

  #paste(event) {
    const view = viewOf(event.target);
    if (!view?.grid || this.#readOnly) return;
    const cells = cellsOf(event.clipboardData?.getData("text/plain") ?? "");
    const { row, column } = view.grid.placeOf(view);
    if (!cells || row < 0) return;
    event.preventDefault();
    view.restore();
    this.#saving.pasted(view.grid, row, column, cells);
  }

  #step(which) {
    if (this.#readOnly) return;
    this.#flush();
    this.#saving.step(which);
  }

  // Deciding about the record.

  async #approve() {
    if (this.#readOnly) return;
    this.#flush();
    // The one field that is left and looked at is settled by approving.
    const left = this.#form.needing;
    if (left.length === 1 && left[0] === this.#current && !left[0].draft) this.#accept(left[0]);
    await this.#deciding.approve();
  }

  async #decideWithReason(what) {
    if (this.#readOnly === (what === "reopen")) {
      this.#flush();
      await this.#deciding.withReason(what);
    }
  }

  // Keys and buttons.

  #allActions() {
    const view = () => viewOf(document.activeElement) ?? this.#current;
    const place = () => view().grid.placeOf(view());
    return {
      accept: () => this.#acceptAndGo(view()),
      accept_next: () => this.#current && this.#acceptAndGo(this.#current),
      back: () => this.#focus(this.#form.nextNeeding(view(), -1)),
      approve: () => this.#approve(),
      restore: () => this.#restore(view()),
      undo: () => this.#step("undo"),
      redo: () => this.#step("redo"),
      absent: () => this.#absent(view()),
      history: () => this.#history(),
      newline: () => insertNewline(view().input),
      up: () => this.#moveRow(view(), -1),
      down: () => this.#moveRow(view(), 1),
      addRow: () => this.#addRow(view().grid, place().row + 1),
      deleteRow: () => this.#deleteRow(view().grid, place().row),
      next: () => this.#goNext(),
      previous: () => this.#opener.openBefore(),
      flag: () => this.#decideWithReason("flag"),
      reject: () => this.#decideWithReason("reject"),
      reopen: () => this.#decideWithReason("reopen"),
      marks: () => this.#toggleMarks(),
      lines: () => this.#pane.toggleLines?.(),
      larger: () => this.#pane.zoom(ZOOM_STEP),
      smaller: () => this.#pane.zoom(1 / ZOOM_STEP),
      fit: () => this.#pane.zoom("fit"),
      read_region: () => this.#setReadNext(!this.#readNext),
      pageDown: () => this.#pane.turn(1),
      pageUp: () => this.#pane.turn(-1),
      help: () => this.#toggleHelp(this.#help.hidden),
    };
  }

  #listen() {
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
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("resize", () => this.#fit());
    new IntersectionObserver(() => this.#fit()).observe(this.#root);
    window.addEventListener("beforeunload", (event) => {
      const typed = this.#form.order.some((view) => view.isTyped && !this.#readOnly);
      if (typed || this.#saving.waiting) event.preventDefault();
    });
  }

  #key(event) {
    if (!this.#saving.record || !isShown(this.#root) || document.querySelector("dialog[open]")) return;
    if (event.target !== document.body && !this.#root.contains(event.target)) return;
    const entry = entryFor(event);
    const view = viewOf(event.target);
    if (!entry || (entry.field && !view)) return;
    if (entry.grid && (!view.grid || hasLines(event.target))) return;
    // While something is typed, the browser undoes the typing.
    if (/^(?:undo|redo)$/.test(entry.action) && view?.isTyped && !view.draft) return;
    event.preventDefault();
    this.#actions[entry.action]();
  }

  #moveRow(view, by) {
    const { row, column } = view.grid.placeOf(view);
    this.#focus(view.grid.rows[row + by]?.views[column]);
  }

  async #history() {
    if (this.#past.hide()) return;
    const view = this.#current;
    await this.#saving.emptied();
    await this.#past.show(this.#opener.record, view?.path, view?.label).catch((error) => this.#notices.failed(error));
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

/** Whether the arrow keys move inside the input. */
const hasLines = (input) => input.tagName === "SELECT" || input.value.includes("\n");

function insertNewline(input) {
  if (input.tagName === "TEXTAREA") input.setRangeText("\n", input.selectionStart, input.selectionEnd, "end");
}

/** The evidence of two stretches. */
function together(one, other) {
  if (!one) return other;
  const known = [one.start, other.start].every((start) => typeof start === "number");
  const boxes = [...(one.boxes ?? []), ...(other.boxes ?? [])];
  return {
    start: known ? Math.min(one.start, other.start) : null,
    end: known ? Math.max(one.end, other.end) : null,
    boxes: boxes.length ? boxes : null,
  };
}
