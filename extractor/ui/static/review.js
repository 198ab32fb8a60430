/**
 * The review: the document at the left, the form at the right, and what keys and mouse do in them.
 *
 * Modules in `review/`, in reading order:
 *   record_loader, prefetch, claims            which record is open
 *   form, grid, field_view, field_status       the fields of a record
 *   current_field, field_details               the field that has the focus
 *   field_editor, clipboard_cells              changes to values
 *   autosave, request_queue                    saving them, and conflicts
 *   decisions, note_dialog                     approving, rejecting, flagging, reopening
 *   document_area, document_pane               the document, in one of two panes:
 *     page_pane, page_view, page_words, page_images
 *     text_pane, text_rendering, text_tables, text_nodes, highlights
 *   token_selection, code_points               what a click selects
 *   toolbar, banners, notifications, learnt_toast, history, shortcuts
 */

import { addStyles, afterPaint, createButton, createElement, isShown } from "./common/dom.js";
import { errorMessage } from "./common/error_messages.js";
import { loadMessages, localize } from "./common/localization.js";
import { onLeave, onOpenRecord, showTab } from "./common/navigation.js";
import { recordTiming } from "./common/timings.js";
import { Autosave } from "./review/autosave.js";
import { Banners } from "./review/banners.js";
import { CurrentField } from "./review/current_field.js";
import { Decisions } from "./review/decisions.js";
import { DocumentArea } from "./review/document_area.js";
import { MessagePane, createDocumentPane } from "./review/document_pane.js";
import { FieldDetails } from "./review/field_details.js";
import { FieldEditor } from "./review/field_editor.js";
import { viewOfInput } from "./review/field_view.js";
import { Form } from "./review/form.js";
import { HistoryPanel } from "./review/history.js";
import { LearntToast } from "./review/learnt_toast.js";
import { Notifications } from "./review/notifications.js";
import { RecordLoader } from "./review/record_loader.js";
import { createShortcutHelp, createShortcutLine, findShortcut } from "./review/shortcuts.js";
import { Toolbar } from "./review/toolbar.js";

/** Build the review inside an element, once. */
export async function mount(element) {
  addStyles();
  await Promise.all([loadMessages(), loadMessages("lessons")]);
  return new ReviewScreen(element);
}

class ReviewScreen {
  #root;
  #placeholder = createElement("div", { class: "screen placeholder" });
  #help = createShortcutHelp(() => this.#showHelp(false));
  #banners = new Banners();
  #history = new HistoryPanel();
  #form = new Form({
    onAddRow: (grid, index) => this.#editor.addRow(grid, index),
    onDeleteRow: (grid, index) => this.#editor.deleteRow(grid, index),
    onShowRow: (grid, index) => this.#showRow(grid, index),
    onCheckRow: (grid, index) => this.#editor.checkRow(grid, index),
  });
  #learntToast = new LearntToast();
  #notifications = new Notifications(this.#banners, this.#form);
  #toolbar = new Toolbar((name) => this.#actions[name]());
  #documentArea = new DocumentArea(this.#toolbar);
  #details = new FieldDetails({
    accept: (view) => this.#editor.acceptAndContinue(view),
    absent_button: (view) => this.#editor.markAbsent(view),
    history: () => this.#toggleHistory(),
  });
  #current = new CurrentField(this.#form, this.#documentArea, this.#details, () => ({
    readOnly: this.#editor.readOnly,
    calibrated: this.#autosave.record.calibrated,
  }));
  #autosave = new Autosave(this.#form, {
    onState: (state) => this.#toolbar.showSaveState(state),
    onCounted: () => this.#updateCounts(),
    onChanged: (answer) => this.#onChanged(answer),
    onConflict: (conflict) => this.#onConflict(conflict),
    onHeld: (error) => this.#onHeld(error),
    onRefused: (error, view) => this.#onRefused(error, view),
  });
  #editor = new FieldEditor(this.#form, this.#autosave, this.#current, this.#notifications);
  #decisions = new Decisions(this.#autosave, this.#form, {
    onNote: (text) => this.#notifications.note(text),
    focusField: (view) => this.#current.focus(view),
    onOffline: () => this.#notifications.offline(),
    onError: (error) => this.#notifications.error(error),
    onDecided: (decision, answer) => this.#onDecided(decision, answer),
  });
  #loader = new RecordLoader({
    confirmLeave: () => this.#confirmLeave(),
    onView: (view) => this.#showRecord(view),
    onWaiting: () => this.#setPane(new MessagePane(localize("review.reading"))),
    onDocument: (fetched) => this.#showDocument(fetched),
    onRenewed: (view) => this.#renew(view),
    onHeld: (error) => this.#onHeld(error),
    onError: (error) => this.#onError(error),
    paneWidth: () => this.#documentArea.width,
  });
  #actions = this.#createActions();
  #focusBeforeHelp = null;
  #isBuilding = false; // the form is being replaced, which moves the focus without anybody's doing

  constructor(element) {
    this.#help.hidden = true;
    const fields = createElement(
      "div",
      { class: "field-area" },
      this.#form.element,
      this.#details.element,
      this.#history.element,
    );
    this.#root = createElement(
      "div",
      { class: "screen review", hidden: true },
      this.#toolbar.element,
      this.#banners.element,
      createElement("div", { class: "review-body" }, this.#documentArea.element, fields),
      createShortcutLine(),
      this.#learntToast.element,
      this.#help,
    );
    element.replaceChildren(this.#root, this.#placeholder);
    this.#showPlaceholder(localize("review.nothing_open"));
    this.#listen();
    onLeave(async () => this.#autosave.record === null || this.#confirmLeave());
    onOpenRecord(({ record, take }) => this.#loader.open(record, { take }));
  }

  // Opening and leaving records.

  #showRecord(view) {
    const start = performance.now();
    this.#root.hidden = false;
    this.#placeholder.hidden = true;
    this.#decisions.reset();
    this.#current.clear();
    this.#history.hide();
    this.#banners.clear();
    const { form, fields, ...record } = view;
    this.#autosave.record = record;
    this.#isBuilding = true;
    this.#form.build(form, fields);
    this.#isBuilding = false;
    this.#updateRecord();
    this.#updateCounts();
    this.#toolbar.showSaveState("unchanged");
    this.#notifications.documentProblems(view);
    this.#fitHeight();
    this.#root.dataset.record = view.id;
    this.#current.focus(this.#form.nextUnchecked(null) ?? this.#form.views[0]);
    recordTiming("build", start);
  }

  #showDocument(fetched) {
    const { record } = this.#loader;
    if (fetched.error) {
      this.#setPane(new MessagePane(errorMessage(fetched.error) || localize("review.document_gone")));
    } else {
      this.#setPane(createDocumentPane(`records/${record}`, fetched, this.#paneCallbacks(record)));
    }
    this.#notifications.documentWithoutText(fetched.info?.unread);
    this.#root.dataset.document = record;
  }

  #setPane(pane) {
    this.#documentArea.setPane(pane);
    this.#updateEvidence();
    this.#current.show();
  }

  #paneCallbacks(record) {
    return {
      canFill: () => !this.#editor.readOnly && this.#current.view !== null,
      onSelect: (selection) => this.#editor.fill(selection),
      isReadingRegion: () => this.#documentArea.isReadingRegion,
      onReadRegion: (page, box) => {
        this.#documentArea.setReadingRegion(false);
        this.#editor.readRegion(record, page, box);
      },
      onOpenField: (path) => this.#current.focus(this.#form.get(path)),
    };
  }

  /** Save what is typed and wait until all is saved; returns false where that fails or the person rather stays. */
  async #confirmLeave() {
    this.#editor.saveTyped();
    if (!(await this.#autosave.whenSaved())) {
      this.#notifications.offline();
      return false;
    }
    return !this.#form.unsavedFields.length || window.confirm(localize("review.leave_unsaved"));
  }

  async #openNext() {
    if (this.#loader.record !== null && !(await this.#loader.openNext())) this.#notifications.noNextRecord();
  }

  /** Show why there is no record here, and the way to the queue. */
  #showPlaceholder(text) {
    const toQueue = createButton({ text: localize("review.to_queue") }, () => showTab("queue"));
    this.#placeholder.replaceChildren(createElement("p", { text }), toQueue);
  }

  // Showing changes of the record.

  /** Show the record's status, and who has it; where it is decided or somebody else has it, nothing can be changed. */
  #updateRecord() {
    const { record } = this.#autosave;
    const isHeld = Boolean(record.claimed_by) && !record.mine;
    const readOnly = isHeld || record.status === "approved" || record.status === "rejected";
    this.#editor.readOnly = readOnly;
    this.#form.setReadOnly(readOnly);
    this.#toolbar.showRecord(record, { readOnly });
    this.#root.classList.toggle("read-only", readOnly);
    this.#notifications.claim(record);
  }

  #updateCounts() {
    this.#form.updateCounts();
    this.#toolbar.showState(this.#autosave.record.state, this.#form.unsavedFields.length);
  }

  #updateEvidence() {
    const views = this.#form.views.filter((view) => view.field.evidence);
    const marks = views.map(({ path, label, field }) => ({ path, title: label, evidence: field.evidence }));
    this.#documentArea.setEvidence(marks);
  }

  #renew(view) {
    this.#autosave.renew(view);
    this.#updateRecord();
    this.#updateCounts();
  }

  #onChanged(answer) {
    this.#notifications.clearError();
    this.#updateCounts();
    this.#toolbar.showRecord(this.#autosave.record, { readOnly: this.#editor.readOnly });
    this.#updateEvidence();
    if (answer.focus) this.#current.focus(this.#form.get(answer.focus));
    else this.#current.refresh();
  }

  #onConflict(conflict) {
    this.#notifications.conflict(conflict);
    this.#updateRecord();
    this.#updateCounts();
    this.#current.show();
  }

  #onHeld(error) {
    Object.assign(this.#autosave.record, error.body, { mine: false });
    this.#updateRecord();
  }

  #onRefused(error, view) {
    this.#notifications.refused(error, view);
    if (view && view === this.#current.view) this.#current.show();
  }

  #onError(error) {
    if (this.#autosave.record) this.#notifications.error(error);
    else this.#showPlaceholder(errorMessage(error));
  }

  async #onDecided(decision, { learnt }) {
    if (learnt?.length) this.#learntToast.announce(this.#autosave.record.id);
    document.dispatchEvent(new Event("extractor:changed"));
    this.#updateRecord();
    this.#updateCounts();
    if (decision === "approve" || decision === "reject") await this.#openNext();
    else await this.#loader.reload();
  }

  // Keys and buttons.

  #createActions() {
    const view = () => viewOfInput(document.activeElement) ?? this.#current.view;
    const row = () => view().grid.positionOf(view()).row;
    return {
      ...this.#documentArea.actions,
      accept: () => this.#editor.acceptAndContinue(view()),
      accept_next: () => this.#current.view && this.#editor.acceptAndContinue(this.#current.view),
      back: () => this.#current.focus(this.#form.nextUnchecked(view(), -1)),
      approve: () => this.#approve(),
      restore: () => this.#restoreOrClose(view()),
      undo: () => this.#editor.undoOrRedo("undo"),
      redo: () => this.#editor.undoOrRedo("redo"),
      absent: () => this.#editor.markAbsent(view()),
      history: () => this.#toggleHistory(),
      newline: () => insertNewline(view().input),
      up: () => this.#moveRow(view(), -1),
      down: () => this.#moveRow(view(), 1),
      addRow: () => this.#editor.addRow(view().grid, row() + 1),
      deleteRow: () => this.#editor.deleteRow(view().grid, row()),
      checkRow: () => this.#editor.checkRow(view().grid, row()),
      next: () => this.#openNext(),
      previous: () => this.#loader.openPrevious(),
      flag: () => this.#decideWithNote("flag"),
      reject: () => this.#decideWithNote("reject"),
      reopen: () => this.#decideWithNote("reopen"),
      help: () => this.#showHelp(this.#help.hidden),
    };
  }

  #listen() {
    const form = this.#form.element;
    form.addEventListener("focusin", (event) => this.#onFocus(event));
    form.addEventListener("mousedown", (event) => selectCellOnClick(event));
    form.addEventListener("focusout", (event) => {
      const view = viewOfInput(event.target);
      if (view && !this.#isBuilding && this.#form.get(view.path) === view) this.#editor.saveTyped(view);
    });
    form.addEventListener("change", (event) => {
      if (event.target.tagName === "SELECT") this.#editor.saveTyped(viewOfInput(event.target));
    });
    form.addEventListener("paste", (event) => this.#editor.paste(event));
    document.addEventListener("keydown", (event) => this.#onKey(event));
    this.#help.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#showHelp(false);
    });
    window.addEventListener("resize", () => this.#fitHeight());
    new IntersectionObserver(() => this.#fitHeight()).observe(this.#root);
    window.addEventListener("beforeunload", (event) => {
      const isEdited = !this.#editor.readOnly && this.#form.views.some((view) => view.isEdited);
      if (isEdited || this.#autosave.hasPending) event.preventDefault();
    });
  }

  #onFocus(event) {
    const view = viewOfInput(event.target);
    if (!view || this.#isBuilding) return;
    const start = performance.now();
    this.#loader.noteActivity();
    this.#current.set(view);
    afterPaint(() => recordTiming("focus", start));
  }

  #onKey(event) {
    if (!this.#autosave.record || !isShown(this.#root) || document.querySelector("dialog[open]")) return;
    if (event.target !== document.body && !this.#root.contains(event.target)) return;
    const shortcut = findShortcut(event);
    const view = viewOfInput(event.target);
    if (!shortcut || (shortcut.field && !view)) return;
    if (shortcut.grid && (!view.grid || usesArrowKeys(event.target))) return;
    // While something is typed, the browser undoes the typing.
    if (/^(?:undo|redo)$/.test(shortcut.action) && view?.isEdited && !view.draft) return;
    event.preventDefault();
    this.#actions[shortcut.action]();
  }

  async #approve() {
    if (this.#editor.readOnly) return;
    this.#editor.finish();
    await this.#decisions.approve();
  }

  /** Ask for a note and decide; only a record that cannot be changed is reopened, and only one that can is decided. */
  async #decideWithNote(decision) {
    if (this.#editor.readOnly !== (decision === "reopen")) return;
    this.#editor.saveTyped();
    await this.#decisions.decideWithNote(decision);
  }

  #restoreOrClose(view) {
    if (this.#editor.restore(view)) this.#updateCounts();
    else if (!this.#history.hide()) this.#showHelp(false);
  }

  /** Go to a row, and to its place in the document. */
  #showRow(grid, index) {
    const evidence = grid.evidenceOf(index);
    this.#current.focus(grid.rows[index].views.find((view) => !view.element.hidden));
    if (evidence) this.#current.showEvidence(evidence);
    else this.#notifications.note(localize("review.row_without_place", { n: index + 1 }));
  }

  #moveRow(view, by) {
    const { row, column } = view.grid.positionOf(view);
    this.#current.focus(view.grid.rows[row + by]?.views[column]);
  }

  async #toggleHistory() {
    if (this.#history.hide()) return;
    const { view } = this.#current;
    await this.#autosave.whenSaved();
    const shown = this.#history.show(this.#loader.record, view?.path, view?.label);
    await shown.catch((error) => this.#notifications.error(error));
  }

  /** Show or hide the help; it takes the focus, and gives it back to where it was. */
  #showHelp(isShown) {
    if (isShown === !this.#help.hidden) return;
    this.#help.hidden = !isShown;
    if (isShown) {
      this.#focusBeforeHelp = document.activeElement;
      this.#help.querySelector(".close").focus();
    } else {
      this.#focusBeforeHelp?.focus?.({ preventScroll: true });
    }
  }

  /** Fill the window below where the review begins. */
  #fitHeight() {
    const top = this.#root.getBoundingClientRect().top + window.scrollY;
    this.#root.style.setProperty("--top", `${Math.round(Math.max(0, top))}px`);
  }
}

/** Decide whether the arrow keys move inside an input. */
const usesArrowKeys = (input) => input.tagName === "SELECT" || input.value.includes("\n");

/** Select all of a table's cell with the click that enters it, so that typing replaces it; later clicks place the caret. */
function selectCellOnClick(event) {
  const input = event.target;
  if (!viewOfInput(input)?.grid || document.activeElement === input || !("select" in input)) return;
  input.addEventListener("mouseup", (up) => up.preventDefault(), { once: true });
  event.preventDefault();
  input.focus({ preventScroll: true });
  input.select();
}

function insertNewline(input) {
  if (input.tagName === "TEXTAREA") input.setRangeText("\n", input.selectionStart, input.selectionEnd, "end");
}
