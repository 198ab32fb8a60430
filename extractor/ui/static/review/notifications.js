/** What the review tells in banners: who has or changed the record, what was refused, that nothing is left to do. */

import { documentProblemMessage, errorMessage } from "../common/error_messages.js";
import { formatTime, localize } from "../common/localization.js";
import { openRecord, showTab } from "../common/navigation.js";

const MAX_CHANGES = 6; // that are listed of somebody else's

export class Notifications {
  #banners;
  #form;

  constructor(banners, form) {
    this.#banners = banners;
    this.#form = form;
  }

  note(text) {
    this.#banners.show("note", text);
  }

  offline() {
    this.#banners.show("offline", localize("review.offline_stay"));
  }

  /** Show an error of the server; `prefix` names what it is about. */
  error(error, prefix = "") {
    const action = error.status === 401 ? { href: "/login", text: localize("review.log_in") } : null;
    this.#banners.show("error", prefix + errorMessage(error), { action });
  }

  clearError() {
    this.#banners.show("error", "");
  }

  /** Show that the server refused a change, of the field `view` where it is about one. */
  refused(error, view) {
    if (error.kind.startsWith("nothing_to")) this.note(localize("review.nothing_to_undo"));
    else this.error(error, view ? `${view.label}: ` : "");
  }

  noNextRecord() {
    const action = { text: localize("review.to_queue"), act: () => showTab("queue") };
    this.#banners.show("note", localize("review.no_next"), { action });
  }

  /** Show who else has the record, if anybody. */
  claim(record) {
    const isHeld = Boolean(record.claimed_by) && !record.mine;
    const until = record.claimed_until ? formatTime(record.claimed_until) : "";
    const text = isHeld ? localize("review.held", { who: record.claimed_by, until }) : "";
    const action = { text: localize("review.take_over"), act: () => openRecord(record.id, { take: true }) };
    this.#banners.show("held", text, { action });
  }

  /** Show the problems of the document as a whole, which no field shows. */
  documentProblems({ problems }) {
    const ofDocument = problems.filter(({ paths }) => !paths?.some((path) => path.length));
    const lines = ofDocument.map(({ kind, message }) => documentProblemMessage(kind, message) || kind);
    this.#banners.show("problems", lines.length ? localize("review.problems") : "", { lines });
  }

  /** Show that the document has pictures of pages but no text. */
  documentWithoutText(hasNoText) {
    this.#banners.show("unread", hasNoText ? localize("review.unread") : "");
  }

  /** Show that somebody else changed the record: what they changed, and what of one's own text is not saved. */
  conflict({ record, changes, unsaved, lost }) {
    const lines = changes.slice(0, MAX_CHANGES).map((change) => this.#describeChange(change));
    if (changes.length > MAX_CHANGES) lines.push(localize("review.and_more", { n: changes.length - MAX_CHANGES }));
    for (const view of unsaved) {
      lines.push(localize("review.yours_unsaved", { title: view.label, text: view.input.value }));
    }
    for (const text of lost) lines.push(localize("review.yours_lost", { text }));
    const status = localize(`status.${record.status}`);
    this.#banners.show("conflict", localize("review.conflict", { status }), { lines });
  }

  #describeChange({ path, old, new: current, who }) {
    const title = this.#form.get(path)?.label ?? path.join(".");
    const change = `${title}: ${old || "∅"} → ${current || "∅"}`;
    return who ? localize("review.changed_by", { change, who }) : change;
  }
}
