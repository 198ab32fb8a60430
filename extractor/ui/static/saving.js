/** Every change, saved at once and in order; and what happens when somebody else changed the record meanwhile. */

import { post } from "./api.js";
import { sentenceOf } from "./errors.js";
import { keyOf } from "./field.js";
import { Outbox } from "./outbox.js";
import { took } from "./timing.js";

const STATE = { accepted: "accepted", absent: "absent" };

export class Saving {
  /** The record as the server last said it; its `revision` goes with every change. */
  record = null;
  #form;
  #hooks;
  #outbox;

  /**
   * `hooks`: state(word), changed(answer), counted(), conflicted({ record, changes, unsaved, lost }), held(error),
   * refused(error, view or null).
   */
  constructor(form, hooks) {
    this.#form = form;
    this.#hooks = hooks;
    this.#outbox = new Outbox((state) => hooks.state(state));
  }

  get waiting() {
    return this.#outbox.waiting;
  }

  emptied(most) {
    return this.#outbox.emptied(most);
  }

  /** Save what somebody made of a field: `how` is typed, word, words, region, accepted or absent. */
  field(view, how, { text = view.settled, evidence } = {}) {
    const done = { state: STATE[how] ?? "edited", by: null };
    if (evidence !== undefined) done.evidence = evidence;
    view.put(how === "absent" ? "" : text, done);
    view.sending += 1;
    const said = how in STATE ? {} : { text, evidence };
    this.#put({ view, how, text, evidence, ended: () => (view.sending -= 1) }, () =>
      view.element.isConnected ? { path: view.path, how, ...said } : null,
    );
    this.#form.count();
    this.#hooks.counted();
  }

  /** Put a row into a list, or take one out of it. */
  row(grid, how, at) {
    const change = { path: grid.path, [how === "row_added" ? "added" : "deleted"]: at };
    this.#put({ change }, () => ({ path: grid.path, how, at }));
  }

  /** Put cells of a spreadsheet into a list, from a row and a column on. */
  pasted(grid, row, column, cells) {
    this.#put({}, () => ({ path: grid.path, how: "pasted", at: row, column, cells }));
  }

  /** "undo" takes the newest step back, "redo" does it again. */
  step(which) {
    this.#put({ which }, () => ({}));
  }

  /** Do to the record as a whole: approve, reject, reopen, flag. The answer; throws what is refused. */
  async decide(what, body) {
    const { record } = this;
    try {
      const answer = await post(`records/${record.id}/${what}`, { revision: record.revision, ...body });
      Object.assign(record, answer);
      return answer;
    } catch (error) {
      if (error.kind === "conflict" && error.body.record) this.#conflict(record, error.body.record, []);
      throw error;
    }
  }

  /** Take over a view of the record that is open; one from before the newest change only says who has the record. */
  renew(view) {
    const { claimed_by, claimed_until, mine } = view;
    if (view.revision > this.record.revision) this.#take(this.record, view);
    else Object.assign(this.record, { claimed_by, claimed_until, mine });
  }

  #put(edit, said) {
    const { record } = this;
    const start = performance.now();
    this.#outbox.put({
      edit,
      send: async () => {
        const body = said();
        return body && post(`records/${record.id}/${edit.which ?? "edit"}`, { revision: record.revision, ...body });
      },
      answered: (answer) => {
        edit.ended?.();
        took("save", start);
        this.#answered(record, answer, edit);
      },
      refused: (error) => this.#refused(record, error, edit),
    });
  }

  #answered(record, answer, { change, view }) {
    const { fields, form, gone, focus, ...about } = answer;
    Object.assign(record, about);
    if (record !== this.record) return;
    this.#form.apply({ fields, form, gone }, change);
    // What was typed may mean the value that was there already: then no field changed, and it is shown again as it stands.
    if (view?.element.isConnected) view.show(this.#form.said(view.path));
    this.#hooks.changed(answer);
  }

  #refused(record, error, edit) {
    edit.ended?.();
    if (record !== this.record) return;
    if (error.kind === "conflict" && error.body.record) {
      const behind = this.#outbox.takeBack().map((letter) => letter.edit);
      for (const each of behind) each.ended?.();
      this.#conflict(record, error.body.record, [edit, ...behind]);
      return;
    }
    const said = edit.view && this.#form.said(edit.view.path);
    if (edit.view && !(edit.how in STATE)) edit.view.unsaved(edit, sentenceOf(error), said);
    else if (edit.view) edit.view.show(said);
    this.#form.count();
    if (error.kind === "held") this.#hooks.held(error);
    else this.#hooks.refused(error, edit.view ?? null);
  }

  /** Somebody else was faster: show what they did, and keep what could not be saved for a second try. */
  #conflict(record, view, edits) {
    const { changes, lost } = this.#take(record, view);
    const unsaved = [];
    for (const edit of edits) {
      if (!edit.view || edit.how in STATE) continue;
      const said = this.#form.said(edit.view.path);
      if (!edit.view.element.isConnected) lost.push(edit.text);
      else if (said.text !== edit.text) {
        edit.view.unsaved(edit, "", said);
        unsaved.push(edit.view);
      }
    }
    this.#form.count();
    this.#hooks.conflicted({ record: view, changes, unsaved, lost });
  }

  /** Show a newer view; what differs in it, and what was typed into rows that it does not have. */
  #take(record, view) {
    const changes = [];
    for (const field of Object.values(view.fields)) {
      const before = this.#form.said(field.path);
      if (before.text !== field.text || before.state !== field.state) {
        changes.push({ path: field.path, old: before.text, new: field.text, state: field.state, who: field.by });
      }
    }
    const now = new Set(Object.values(view.fields).map((field) => keyOf(field.path)));
    const gone = this.#form.order.map((each) => each.key).filter((key) => !now.has(key));
    Object.assign(record, lean(view));
    const lost = this.#form.apply({ fields: view.fields, gone, form: view.form }).map((each) => each.input.value);
    this.#hooks.changed({});
    return { changes, lost };
  }
}

const lean = ({ fields, form, ...about }) => about;
