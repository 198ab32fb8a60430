/** Decisions about a record as a whole: approve, reject, reopen, flag. */

import { localize } from "../common/localization.js";
import { askForNote } from "./note_dialog.js";

const CONFIRM_WITHIN = 6000; // milliseconds in which a second Ctrl+Enter approves a record with unchecked fields

/** Reasons to choose from: ends of `reason.` keys. The chosen text becomes part of the note. */
const NOTE_REASONS = {
  flag: ["bad_scan", "wrong_kind", "unsure", "other"],
  reject: ["no_report", "twice", "bad_scan", "other"],
  reopen: [],
};

export class Decisions {
  #autosave;
  #form;
  #callbacks;
  #warnedAt = -CONFIRM_WITHIN;

  /** `callbacks`: onNote(sentence), focusField(view), onOffline(), onError(error), onDecided(decision). */
  constructor(autosave, form, callbacks) {
    this.#autosave = autosave;
    this.#form = form;
    this.#callbacks = callbacks;
  }

  /** Forget the warning about the record that was open before. */
  reset() {
    this.#warnedAt = -CONFIRM_WITHIN;
  }

  /** Approve the record; where fields are unchecked, only on the second request within a few seconds. */
  async approve() {
    const unchecked = this.#form.uncheckedFields;
    const { unsavedFields } = this.#form;
    const force = performance.now() - this.#warnedAt < CONFIRM_WITHIN && !unsavedFields.length;
    if (unchecked.length && !force) {
      this.#warn({ left: unchecked.length, first: unchecked[0] });
      return;
    }
    await this.#decide("approve", { force });
  }

  /** Flag, reject or reopen the record, with a note that is asked for. */
  async decideWithNote(decision) {
    const reasons = NOTE_REASONS[decision].map((name) => localize(`reason.${name}`));
    const title = localize(`review.${decision}_title`);
    const note = await askForNote({ title, reasons, required: decision !== "reopen" });
    if (note !== null) await this.#decide(decision, { note });
  }

  async #decide(decision, body) {
    const { record } = this.#autosave;
    if (!(await this.#autosave.whenSaved())) {
      this.#callbacks.onOffline();
      return;
    }
    try {
      await this.#autosave.decide(decision, body);
    } catch (error) {
      const { left, first, failed } = error.body ?? {};
      if (error.kind === "open") this.#warn({ left, first: first && this.#form.get(first), failed });
      else if (error.kind !== "conflict") this.#callbacks.onError(error);
      return;
    }
    if (this.#autosave.record === record) await this.#callbacks.onDecided(decision);
  }

  /** Show what is left to check, and focus the first of it. */
  #warn({ left = 0, first = null, failed = 0 }) {
    const { unsavedFields } = this.#form;
    this.#warnedAt = performance.now();
    const sentences = [
      unsavedFields.length && localize("review.unsaved", { n: unsavedFields.length }),
      left && localize("review.still_left", { n: left }),
      failed && localize("review.still_failed", { n: failed }),
      !unsavedFields.length && localize("review.force"),
    ];
    this.#callbacks.onNote(sentences.filter(Boolean).join(" "));
    this.#callbacks.focusField(unsavedFields[0] ?? first);
  }
}
