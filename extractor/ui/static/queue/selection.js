/** What is selected in the queue, and the bar with what can be done with all of it at once. */

import { askHowToExtractAgain, createSelect } from "../common/again_dialog.js";
import { post } from "../common/api.js";
import { createButton, createElement, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { localize } from "../common/localization.js";
import { askForNote } from "../review/note_dialog.js";

const MAX_TOLD = 5; // refusals that the bar names
const NOBODY = "-";
const FLAG_REASONS = ["bad_scan", "wrong_kind", "unsure", "other"];

export class Selection {
  element;
  #selected = new Set();
  #count = createElement("span", { class: "count", role: "status" });
  #message = createElement("span", { class: "told", role: "status" });
  #link = createElement("a", { hidden: true });
  #controls;
  #assign;
  #restoreButton;
  #onChange;

  /** `people` are those a record can be assigned to; `onChange(done)` is called when the selection has changed. */
  constructor(people, onChange) {
    this.#onChange = onChange;
    const options = people.map((name) => [name, name]);
    this.#assign = createSelect(localize("queue.assign"), [
      ["", localize("queue.assign")],
      ...options,
      [NOBODY, localize("queue.nobody")],
    ]);
    this.#assign.addEventListener("change", () => this.#onAssign());
    this.#restoreButton = this.#button("restore", () => this.#act({ action: "restore" }));
    this.#controls = createElement(
      "span",
      { class: "queue-actions" },
      this.#button("approve", () => this.#act({ action: "approve" })),
      this.#button("flag", () => this.#flag()),
      this.#assign,
      this.#button("extract_again", () => this.#extractAgain()),
      this.#button("export", () => this.#export()),
      this.#button("delete", () => this.#act({ action: "delete" })),
    );
    const clear = this.#button("clear", () => this.clear());
    this.element = createElement(
      "div",
      { class: "queue-selection", role: "toolbar", "aria-label": localize("queue.selection"), hidden: true },
      this.#count,
      this.#controls,
      this.#restoreButton,
      clear,
      this.#message,
      this.#link,
    );
  }

  has(record) {
    return this.#selected.has(record);
  }

  toggle(record, isSelected = !this.#selected.has(record)) {
    if (isSelected) this.#selected.add(record);
    else this.#selected.delete(record);
    this.#show();
  }

  clear() {
    this.#selected.clear();
    this.#tell("");
    this.#show();
    this.#onChange(false);
  }

  /** Show what can be done with records of this status: those in the bin can only be restored. */
  setStatus(status) {
    this.#controls.hidden = status === "bin";
    this.#restoreButton.hidden = status !== "bin";
  }

  /** Forget records that are not listed any more. */
  keepOnly(records) {
    const listed = new Set(records);
    for (const record of this.#selected) if (!listed.has(record)) this.#selected.delete(record);
    this.#show();
  }

  #button(name, act) {
    return createButton({ text: localize(`queue.do.${name}`), data: { do: name } }, act);
  }

  #show() {
    const n = this.#selected.size;
    setText(this.#count, n ? localize("queue.selected", { n }) : "");
    this.element.hidden = !n && !this.#message.textContent;
    for (const control of this.#controls.children) control.disabled = !n;
  }

  #tell(text, link = null) {
    setText(this.#message, text);
    this.#link.hidden = link === null;
    if (link) {
      this.#link.href = link.href;
      setText(this.#link, link.text);
    }
  }

  #onAssign() {
    const assignee = this.#assign.value;
    this.#assign.value = "";
    if (assignee) this.#act({ action: "assign", assignee: assignee === NOBODY ? "" : assignee });
  }

  async #flag() {
    const reasons = FLAG_REASONS.map((name) => localize(`reason.${name}`));
    const note = await askForNote({ title: localize("review.flag_title"), reasons });
    if (note !== null) await this.#act({ action: "flag", note });
  }

  async #extractAgain() {
    const how = await askHowToExtractAgain();
    if (how !== null) await this.#act({ action: "extract_again", ...how });
  }

  async #export() {
    try {
      const { href, name, records } = await post("records/export", { records: [...this.#selected] });
      this.#tell(localize("queue.exported", { n: records }), { href, text: name });
    } catch (error) {
      this.#tell(errorMessage(error));
    }
    this.#show();
  }

  /** Do the same with all that is selected; what was refused stays selected, and the bar says why. */
  async #act(body) {
    let answer;
    try {
      answer = await post("records/selected", { records: [...this.#selected], ...body });
    } catch (error) {
      this.#tell(errorMessage(error));
      this.#show();
      return;
    }
    for (const record of answer.done) this.#selected.delete(record);
    const refusals = answer.refused.slice(0, MAX_TOLD).map(refusalText);
    if (answer.refused.length > MAX_TOLD) {
      refusals.push(localize("review.and_more", { n: answer.refused.length - MAX_TOLD }));
    }
    this.#tell([localize(`queue.did.${body.action}`, { n: answer.done.length }), ...refusals].join(" "));
    this.#show();
    document.dispatchEvent(new Event("extractor:changed"));
    this.#onChange(true);
  }
}

/** Return why something was not done with a record. */
function refusalText({ name, kind, required, left }) {
  const key = required?.length ? "queue.refused.required" : left ? "queue.refused.left" : `queue.refused.${kind}`;
  return localize(key, { name, n: required?.length || left });
}
