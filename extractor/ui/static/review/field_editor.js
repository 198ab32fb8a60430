/** Changes to values: typed, accepted, selected in the document, read by OCR, rows of lists, undone. */

import { post } from "../common/api.js";
import { localize } from "../common/localization.js";
import { recordTiming } from "../common/timings.js";
import { parseCells } from "./clipboard_cells.js";
import { viewOfInput } from "./field_view.js";
import { joinTexts } from "./token_selection.js";

export class FieldEditor {
  /** Whether nothing can be changed in the open record. */
  readOnly = false;
  #form;
  #autosave;
  #current;
  #notifications;

  /** `current` is the CurrentField. */
  constructor(form, autosave, current, notifications) {
    this.#form = form;
    this.#autosave = autosave;
    this.#current = current;
    this.#notifications = notifications;
  }

  /** Save what is typed in a field. */
  saveTyped(view = this.#current.view) {
    if (!view || this.readOnly || !view.element.isConnected || !view.isEdited) return;
    if (isUnchangedDraft(view)) return; // it was refused, and is saved again only when that is asked for
    this.#autosave.saveField(view, "typed", { text: view.input.value });
  }

  /**
   * Save what is typed in a field; where nothing is, accept its value as it stands. Returns false, and asks for a value,
   * where the field has to have one and has none: that the document has none has to be said (`markAbsent`).
   */
  accept(view) {
    if (this.readOnly) return true;
    if (needsValue(view)) {
      const key = view.node.type === "list" ? "review.needs_rows" : "review.needs_value";
      this.#notifications.note(localize(key, { title: view.label }));
      return false;
    }
    if (isUnchangedDraft(view)) this.#autosave.saveField(view, view.draft.how, view.draft);
    else if (view.isEdited) this.#autosave.saveField(view, "typed", { text: view.input.value });
    else if (view.field.state === "machine") this.#autosave.saveField(view, "accepted");
    return true;
  }

  /** Accept a field and focus the next one to check; a field that has to have a value keeps the focus. */
  acceptAndContinue(view) {
    if (!this.accept(view)) {
      this.#current.focus(view);
      return;
    }
    const next = this.#form.nextUnchecked(view);
    if (next) {
      this.#current.focus(next);
      return;
    }
    this.#current.show({ keepScroll: true });
    if (!this.readOnly) this.#tellState();
  }

  /** Say what is left to do with the record, once the server has told. */
  async #tellState() {
    const { record } = this.#autosave;
    if (!(await this.#autosave.whenSaved()) || this.#autosave.record !== record) return;
    this.#notifications.note(localize(`record.next.${record.state.kind}`, record.state));
  }

  /** Mark a value as not in the document. */
  markAbsent(view) {
    if (this.readOnly) return;
    this.#autosave.saveField(view, "absent", { evidence: null });
    this.#current.focus(this.#form.nextUnchecked(view) ?? view);
  }

  /** Replace what is typed by what is saved; returns false where nothing was typed. */
  restore(view) {
    if (!view.isEdited && !view.draft) return false;
    view.restore();
    this.#current.show({ keepScroll: true });
    return true;
  }

  /** Fill the current field with a selection in the document, or append it. */
  fill({ text, evidence, how, append }) {
    const { view } = this.#current;
    if (!view || this.readOnly) return;
    const start = performance.now();
    const appends = append && view.input.value !== "";
    this.#autosave.saveField(view, appends && how === "word" ? "words" : how, {
      text: appends ? joinTexts([view.input.value, text]) : text,
      evidence: appends ? mergeEvidence(view.field.evidence, evidence) : evidence,
    });
    this.#current.show({ keepScroll: true });
    view.input.focus({ preventScroll: true });
    recordTiming("fill", start);
  }

  /** Read a box of a page by OCR and fill the current field with the text. */
  async readRegion(record, page, box) {
    const { view } = this.#current;
    if (!view || this.readOnly) return;
    this.#notifications.note(localize("review.reading_region"));
    try {
      const { text } = await post(`records/${record}/read`, { page, box: [box.x0, box.top, box.x1, box.bottom] });
      if (this.#autosave.record.id !== record || this.#current.view !== view) return;
      this.#notifications.note(text ? "" : localize("review.nothing_read"));
      if (text) this.fill({ text, evidence: { start: null, end: null, boxes: [box] }, how: "region", append: false });
    } catch (error) {
      this.#notifications.note("");
      this.#notifications.error(error);
    }
  }

  addRow(grid, index) {
    if (this.readOnly) return;
    this.saveTyped();
    this.#autosave.saveRow(grid, "row_added", index);
  }

  /** Accept what is left to check in a row of a list; a cell that has to have a value and has none keeps the focus. */
  checkRow(grid, index) {
    const row = grid.rows[index];
    if (this.readOnly || !row) return;
    for (const view of row.views.filter((each) => each.needsCheck)) {
      if (!this.accept(view)) {
        this.#current.focus(view);
        return;
      }
    }
    const last = row.views.at(-1);
    const next = this.#form.nextUnchecked(last);
    if (next) this.#current.focus(next);
    else this.#tellState();
  }

  deleteRow(grid, index) {
    if (!this.readOnly && index >= 0) this.#autosave.saveRow(grid, "row_deleted", index);
  }

  /** Paste cells of a spreadsheet into a list; other text is left to the browser. */
  paste(event) {
    const view = viewOfInput(event.target);
    if (!view?.grid || this.readOnly) return;
    const cells = parseCells(event.clipboardData?.getData("text/plain") ?? "");
    const { row, column } = view.grid.positionOf(view);
    if (!cells || row < 0) return;
    event.preventDefault();
    view.restore();
    this.#autosave.savePastedCells(view.grid, row, column, cells);
  }

  /** Take back the newest change ("undo") or make it again ("redo"). */
  undoOrRedo(action) {
    if (this.readOnly) return;
    this.saveTyped();
    this.#autosave.undoOrRedo(action);
  }

  /** Save what is typed, and accept the current field where it is the only one left to check. */
  finish() {
    this.saveTyped();
    const unchecked = this.#form.uncheckedFields;
    if (unchecked.length === 1 && unchecked[0] === this.#current.view && !unchecked[0].draft) this.accept(unchecked[0]);
  }
}

/** Decide whether a field has to have a value and has none, and nobody has said that the document has none. */
const needsValue = (view) => {
  const isBlank = view.node.type === "list" ? !view.grid.rows.length : view.input.value.trim() === "";
  return view.field.required && isBlank && view.field.state !== "absent";
};

const isUnchangedDraft = (view) => Boolean(view.draft) && view.input.value === view.draft.text;

/** Return the evidence of two selections together. */
function mergeEvidence(one, other) {
  if (!one) return other;
  const haveOffsets = [one.start, other.start].every((start) => typeof start === "number");
  const boxes = [...(one.boxes ?? []), ...(other.boxes ?? [])];
  return {
    start: haveOffsets ? Math.min(one.start, other.start) : null,
    end: haveOffsets ? Math.max(one.end, other.end) : null,
    boxes: boxes.length ? boxes : null,
  };
}
