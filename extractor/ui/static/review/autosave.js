/** Saves every change at once and in order, and resolves conflicts with somebody else's changes to the record. */

import { post } from "../common/api.js";
import { errorMessage } from "../common/error_messages.js";
import { recordTiming } from "../common/timings.js";
import { pathKey } from "./field_view.js";
import { RequestQueue } from "./request_queue.js";

/** Ways of changing a field that leave its text alone, and the state that they give it. */
const VERDICTS = { accepted: "accepted", absent: "absent" };

export class Autosave {
  /** The record as the server last answered it; its `revision` is sent with every change. */
  record = null;
  #form;
  #callbacks;
  #queue;

  /**
   * `callbacks`: onState(state), onChanged(answer), onCounted(), onConflict({ record, changes, unsaved, lost }),
   * onHeld(error), onRefused(error, view or null).
   */
  constructor(form, callbacks) {
    this.#form = form;
    this.#callbacks = callbacks;
    this.#queue = new RequestQueue((state) => callbacks.onState(state));
  }

  get hasPending() {
    return this.#queue.length > 0;
  }

  /** Wait until all is saved; returns false where it is not within a few seconds. */
  whenSaved() {
    return this.#queue.whenEmpty();
  }

  /** Save a change to a field: `how` is typed, word, words, region, accepted or absent. */
  saveField(view, how, { text = view.savedText, evidence } = {}) {
    const changes = { state: VERDICTS[how] ?? "edited", by: null };
    if (evidence !== undefined) changes.evidence = evidence;
    view.applyChange(how === "absent" ? "" : text, changes);
    view.pendingCount += 1;
    const content = how in VERDICTS ? {} : { text, evidence };
    const edit = { view, how, text, evidence, onDone: () => (view.pendingCount -= 1) };
    this.#send(edit, () => (view.element.isConnected ? { path: view.path, how, ...content } : null));
    this.#form.updateCounts();
    this.#callbacks.onCounted();
  }

  /** Save that a row was added to a list or deleted from it: `how` is row_added or row_deleted. */
  saveRow(grid, how, index) {
    const rowChange = { path: grid.path, [how === "row_added" ? "added" : "deleted"]: index };
    this.#send({ rowChange }, () => ({ path: grid.path, how, at: index }));
  }

  /** Save cells of a spreadsheet that were pasted into a list, from a row and a column on. */
  savePastedCells(grid, row, column, cells) {
    this.#send({}, () => ({ path: grid.path, how: "pasted", at: row, column, cells }));
  }

  /** Take back the newest change ("undo") or make it again ("redo"). */
  undoOrRedo(action) {
    this.#send({ action }, () => ({}));
  }

  /** Approve, reject, reopen or flag the record; returns the answer, throws ApiError where it is refused. */
  async decide(decision, body) {
    const { record } = this;
    try {
      const answer = await post(`records/${record.id}/${decision}`, { revision: record.revision, ...body });
      Object.assign(record, answer);
      return answer;
    } catch (error) {
      if (error.kind === "conflict" && error.body.record) this.#resolveConflict(record, error.body.record, []);
      throw error;
    }
  }

  /** Show a view of the open record that was fetched again; one that is out of date only says who has the record. */
  renew(view) {
    const { claimed_by, claimed_until, mine } = view;
    if (view.revision > this.record.revision) this.#applyView(this.record, view);
    else Object.assign(this.record, { claimed_by, claimed_until, mine });
  }

  #send(edit, createBody) {
    const { record } = this;
    const start = performance.now();
    this.#queue.add({
      edit,
      send: async () => {
        const body = createBody();
        return body && post(`records/${record.id}/${edit.action ?? "edit"}`, { revision: record.revision, ...body });
      },
      onAnswer: (answer) => {
        edit.onDone?.();
        recordTiming("save", start);
        this.#onAnswer(record, answer, edit);
      },
      onRefused: (error) => this.#onRefused(record, error, edit),
    });
  }

  #onAnswer(record, answer, { rowChange, view }) {
    const { fields, form, gone, focus, ...metadata } = answer;
    Object.assign(record, metadata);
    if (record !== this.record) return;
    this.#form.apply({ fields, form, gone }, rowChange);
    // Typed text may mean the value that was there already: then no field changed, and it is shown as it is stored.
    if (view?.element.isConnected) view.update(this.#form.storedField(view.path));
    this.#callbacks.onChanged(answer);
  }

  #onRefused(record, error, edit) {
    edit.onDone?.();
    if (record !== this.record) return;
    if (error.kind === "conflict" && error.body.record) {
      const unsent = this.#queue.removeUnsent().map((request) => request.edit);
      for (const each of unsent) each.onDone?.();
      this.#resolveConflict(record, error.body.record, [edit, ...unsent]);
      return;
    }
    const stored = edit.view && this.#form.storedField(edit.view.path);
    if (edit.view && !(edit.how in VERDICTS)) edit.view.keepDraft(edit, errorMessage(error), stored);
    else if (edit.view) edit.view.update(stored);
    this.#form.updateCounts();
    if (error.kind === "held") this.#callbacks.onHeld(error);
    else this.#callbacks.onRefused(error, edit.view ?? null);
  }

  /** Show what somebody else changed, and keep one's own changes that could not be saved as drafts. */
  #resolveConflict(record, view, edits) {
    const { changes, lost } = this.#applyView(record, view);
    const unsaved = [];
    for (const edit of edits) {
      if (!edit.view || edit.how in VERDICTS) continue;
      const stored = this.#form.storedField(edit.view.path);
      if (!edit.view.element.isConnected) lost.push(edit.text);
      else if (stored.text !== edit.text) {
        edit.view.keepDraft(edit, "", stored);
        unsaved.push(edit.view);
      }
    }
    this.#form.updateCounts();
    this.#callbacks.onConflict({ record: view, changes, unsaved, lost });
  }

  /** Show a newer view; returns what differs in it, and what was typed into rows that it does not have. */
  #applyView(record, view) {
    const changes = [];
    for (const field of Object.values(view.fields)) {
      const before = this.#form.storedField(field.path);
      if (before.text !== field.text || before.state !== field.state) {
        changes.push({ path: field.path, old: before.text, new: field.text, state: field.state, who: field.by });
      }
    }
    const keys = new Set(Object.values(view.fields).map((field) => pathKey(field.path)));
    const gone = this.#form.views.map((each) => each.key).filter((key) => !keys.has(key));
    const { fields, form, ...metadata } = view;
    Object.assign(record, metadata);
    const lost = this.#form.apply({ fields, gone, form }).map((each) => each.input.value);
    this.#callbacks.onChanged({});
    return { changes, lost };
  }
}
