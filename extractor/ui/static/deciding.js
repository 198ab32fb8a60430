/** What is decided about a record as a whole: approved, rejected, opened again, flagged. */

import { ask } from "./dialog.js";
import { say } from "./words.js";

const FORCE_WITHIN = 6000; // milliseconds in which a second Ctrl+Enter approves what has fields left

const REASONS = {
  flag: ["bad_scan", "wrong_kind", "unsure", "other"],
  reject: ["no_report", "twice", "bad_scan", "other"],
  reopen: [],
};

export class Deciding {
  #saving;
  #form;
  #hooks;
  #askedAt = -FORCE_WITHIN;

  /** `hooks`: note(sentence), goTo(view), offline(), failed(error), decided(what). */
  constructor(saving, form, hooks) {
    this.#saving = saving;
    this.#form = form;
    this.#hooks = hooks;
  }

  /** Another record is open: what was asked about the one before is over. */
  begin() {
    this.#askedAt = -FORCE_WITHIN;
  }

  /** Approve the record; where something is left, only when that is asked for again within a few seconds. */
  async approve() {
    const left = this.#form.needing;
    const unsaved = this.#form.unsaved;
    const force = performance.now() - this.#askedAt < FORCE_WITHIN && !unsaved.length;
    if (left.length && !force) {
      this.#askAgain({ left: left.length, first: left[0] });
      return;
    }
    await this.#decide("approve", { force });
  }

  /** Flag, reject or reopen the record, for a reason that is asked for. */
  async withReason(what) {
    const reasons = REASONS[what].map((name) => say(`reason.${name}`));
    const note = await ask({ title: say(`review.${what}_title`), reasons, required: what !== "reopen" });
    if (note !== null) await this.#decide(what, { note });
  }

  async #decide(what, body) {
    const { record } = this.#saving;
    if (!(await this.#saving.emptied())) {
      this.#hooks.offline();
      return;
    }
    try {
      await this.#saving.decide(what, body);
    } catch (error) {
      const { left, first, failed } = error.body ?? {};
      if (error.kind === "open") this.#askAgain({ left, first: first && this.#form.get(first), failed });
      else if (error.kind !== "conflict") this.#hooks.failed(error);
      return;
    }
    if (this.#saving.record === record) await this.#hooks.decided(what);
  }

  /** Say what is left, and go to the first of it. */
  #askAgain({ left = 0, first = null, failed = 0 }) {
    const unsaved = this.#form.unsaved;
    this.#askedAt = performance.now();
    const said = [
      unsaved.length && say("review.unsaved", { n: unsaved.length }),
      left && say("review.still_left", { n: left }),
      failed && say("review.still_failed", { n: failed }),
      !unsaved.length && say("review.force"),
    ];
    this.#hooks.note(said.filter(Boolean).join(" "));
    this.#hooks.goTo(unsaved[0] ?? first);
  }
}
