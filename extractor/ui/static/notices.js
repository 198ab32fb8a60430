/** What is said across the screen: somebody else has the record or changed it, something was refused, nothing is left. */

import { happened, sentenceOf } from "./errors.js";
import { open, showTab } from "./opening.js";
import { clock, say } from "./words.js";

const MOST_CHANGES = 6;

export class Notices {
  #head;
  #form;

  constructor(head, form) {
    this.#head = head;
    this.#form = form;
  }

  clear() {
    this.#head.banners.replaceChildren();
  }

  note(sentence) {
    this.#head.banner("note", sentence);
  }

  offline() {
    this.#head.banner("offline", say("review.offline_stay"));
  }

  failed(error, about = "") {
    const action = error.status === 401 ? { href: "/login", text: say("review.log_in") } : null;
    this.#head.banner("error", about + sentenceOf(error), { action });
  }

  /** What was refused before has been done by now. */
  done() {
    this.#head.banner("error", "");
  }

  /** The server refused to change something: of `view`, where it is about a field. */
  refused(error, view) {
    if (error.kind.startsWith("nothing_to")) {
      this.note(say("review.nothing_to_undo"));
      return;
    }
    this.failed(error, view ? `${view.label}: ` : "");
  }

  noNext() {
    const action = { text: say("review.to_queue"), act: () => showTab("queue") };
    this.#head.banner("note", say("review.no_next"), { action });
  }

  /** Somebody else has the record, or nobody does. */
  held(record) {
    const elsewhere = Boolean(record.claimed_by) && !record.mine;
    const until = record.claimed_until ? clock(record.claimed_until) : "";
    const action = { text: say("review.take_over"), act: () => open(record.id, { take: true }) };
    this.#head.banner("held", elsewhere ? say("review.held", { who: record.claimed_by, until }) : "", { action });
  }

  /** Problems of the record or the document as a whole, which no field shows. */
  problems({ problems }) {
    const whole = problems.filter(({ paths }) => !paths?.some((path) => path.length));
    const lines = whole.map(({ kind, message }) => happened(kind, message) || kind);
    this.#head.banner("problems", lines.length ? say("review.problems") : "", { lines });
  }

  unread(isUnread) {
    this.#head.banner("unread", isUnread ? say("review.unread") : "");
  }

  /** Somebody else was faster: what they changed, and what of one's own is not saved. */
  conflicted({ record, changes, unsaved, lost }) {
    const lines = changes.slice(0, MOST_CHANGES).map((change) => this.#changed(change));
    if (changes.length > MOST_CHANGES) lines.push(say("review.and_more", { n: changes.length - MOST_CHANGES }));
    for (const view of unsaved) lines.push(say("review.yours_unsaved", { title: view.label, text: view.input.value }));
    for (const text of lost) lines.push(say("review.yours_lost", { text }));
    this.#head.banner("conflict", say("review.conflict", { status: say(`status.${record.status}`) }), { lines });
  }

  #changed({ path, old, new: now, who }) {
    const title = this.#form.get(path)?.label ?? path.join(".");
    const change = `${title}: ${old || "∅"} → ${now || "∅"}`;
    return who ? say("review.changed_by", { change, who }) : change;
  }
}
