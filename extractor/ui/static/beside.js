/** What is shown beside the value somebody is at: why it is doubted, what the document says, what can be done. */

import { button, make } from "./dom.js";
import { iconOf, levelOf, reasonsOf } from "./field.js";
import { say } from "./words.js";

export class Beside {
  /** It has its own place and size under the form: nothing in the form is moved or covered by it. */
  element = make("div", { class: "beside", role: "note", "aria-label": say("review.beside") });
  #actions;

  /** `actions`: accept, absent_button, history. */
  constructor(actions) {
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
      make("span", { class: "which-field", text: view.label }),
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
    this.element.scrollTop = 0;
  }

  clear() {
    this.element.replaceChildren();
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
}
