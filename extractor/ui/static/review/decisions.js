/** Decisions about a record as a whole: approve, reject, reopen, flag. */

import { showModal } from "../common/dialog.js";
import { createElement } from "../common/dom.js";
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

  /** `callbacks`: onNote(sentence), focusField(view), onOffline(), onError(error), onDecided(decision, answer). */
  constructor(autosave, form, callbacks) {
    this.#autosave = autosave;
    this.#form = form;
    this.#callbacks = callbacks;
  }

  /** Forget the warning about the record that was open before. */
  reset() {
    this.#warnedAt = -CONFIRM_WITHIN;
  }

  /**
   * Approve the record. Where something is left to check, the server refuses it: then a second request within a few
   * seconds approves it all the same; where fields have to have a value, a dialog names them and asks.
   */
  async approve() {
    const { unsavedFields } = this.#form;
    if (unsavedFields.length) {
      this.#callbacks.onNote(localize("review.unsaved", { n: unsavedFields.length }));
      this.#callbacks.focusField(unsavedFields[0]);
      return;
    }
    await this.#decide("approve", { force: performance.now() - this.#warnedAt < CONFIRM_WITHIN });
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
    let answer;
    try {
      answer = await this.#autosave.decide(decision, body);
    } catch (error) {
      if (error.kind === "open") await this.#onOpen(error.body);
      else if (error.kind !== "conflict") this.#callbacks.onError(error);
      return;
    }
    if (this.#autosave.record === record) await this.#callbacks.onDecided(decision, answer);
  }

  /** Say what is left to check, and focus the first of it; ask where fields have to have a value. */
  async #onOpen({ left = 0, failed = 0, first = null, required = [] }) {
    const fields = required.map((path) => this.#form.get(path)).filter(Boolean);
    if (fields.length) {
      if (await askToApproveOpen(fields.map((view) => view.label))) await this.#decide("approve", { force: true });
      else this.#callbacks.focusField(fields[0]);
      return;
    }
    this.#warnedAt = performance.now();
    this.#callbacks.onNote(
      left ? localize("review.ask.left", { n: left }) : localize("review.ask.failed", { n: failed }),
    );
    this.#callbacks.focusField(first && this.#form.get(first));
  }
}

/** Ask whether to approve a record in which these fields have to have a value and have none. */
function askToApproveOpen(titles) {
  const answerButton = (text, action, attributes) =>
    createElement("button", { type: "button", text, on: { click: action }, ...attributes });
  return showModal(
    localize("review.ask.required"),
    (close) => [
      createElement("ul", { class: "open-fields" }, ...titles.map((text) => createElement("li", { text }))),
      createElement("p", { text: localize("review.ask.required_next") }),
      createElement(
        "div",
        { class: "dialog-buttons" },
        answerButton(localize("review.ask.anyway"), () => close(true), { class: "approve-anyway" }),
        answerButton(localize("review.ask.back"), () => close(null), { class: "primary", autofocus: true }),
      ),
    ],
    { role: "alertdialog" },
  );
}
