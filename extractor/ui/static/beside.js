/** What is shown beside the value somebody is at: why it is doubted, what the document says, what can be done. */

import { button, make } from "./dom.js";
import { iconOf, levelOf, reasonsOf } from "./field.js";
import { say } from "./words.js";

export class Beside {
  element = make("div", { class: "beside", role: "note", hidden: true });
  #form;
  #actions;

  /** It lies over the form without moving anything in it. `actions`: accept, absent, history. */
  constructor(form, actions) {
    this.#form = form;
    this.#actions = actions;
    // A click into it does not take the focus away from the field.
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  show(view, { snippet, readOnly, calibrated }) {
    const { field } = view;
    const level = make(
      "div",
      { class: "beside-level", data: { level: view.refused ? "wrong" : field.level } },
      make("span", { class: "icon", text: iconOf(field) }),
      make("span", { text: levelOf(field), title: calibrated ? null : say("review.uncalibrated") }),
      readOnly ? null : this.#buttons(view),
    );
    const reasons = [...(view.refused ? [say("review.not_saved", { why: view.refused })] : []), ...reasonsOf(field)];
    const { description } = view.node;
    this.element.replaceChildren(
      level,
      ...reasons.map((reason) => make("div", { class: "reason", text: reason })),
      snippet ?? make("div", { class: "no-evidence", text: say("review.no_evidence") }),
      ...(description ? [make("div", { class: "description", text: description })] : []),
    );
    this.element.hidden = false;
    if (this.element.parentNode !== this.#form) this.#form.append(this.element);
    this.#place(view);
  }

  hide() {
    this.element.hidden = true;
  }

  #buttons(view) {
    const act = (name, key) =>
      button({ tabIndex: -1, text: say(`review.${name}`), title: key }, () => this.#actions[name](view));
    return make(
      "span",
      { class: "beside-actions" },
      act("accept", "Enter"),
      act("absent_button", "Alt+N"),
      act("history", "Alt+H"),
    );
  }

  /** Under the field, or above it where there is no room below. */
  #place(view) {
    const pane = this.#form.getBoundingClientRect();
    const row = (view.grid ? view.input : view.element).getBoundingClientRect();
    const height = this.element.offsetHeight;
    const below = row.bottom - pane.top + this.#form.scrollTop;
    const above = row.top - pane.top + this.#form.scrollTop - height;
    const fits = row.bottom + height <= pane.bottom || above < this.#form.scrollTop;
    this.element.style.top = `${fits ? below + 2 : above - 2}px`;
  }
}
