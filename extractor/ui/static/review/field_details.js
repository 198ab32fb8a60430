/** Details of the current field: why it is in doubt, what the document says, and what can be done. */

import { createButton, createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { isEmpty, learntText, levelIcon, levelText, reasonTexts } from "./field_status.js";

export class FieldDetails {
  /** It has its own place and size under the form, so that it neither moves nor covers a field. */
  element = createElement("div", { class: "field-details", role: "note", "aria-label": localize("review.beside") });
  #actions;

  /** `actions`: accept(view), absent_button(view), history(view). */
  constructor(actions) {
    this.#actions = actions;
    // A click does not take the focus away from the field.
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
  }

  /** Show a field; `snippet` is an element with its evidence, or null. */
  show(view, { snippet, readOnly, calibrated }) {
    const { field } = view;
    const header = createElement(
      "div",
      { class: "field-details-level", data: { level: view.refusal ? "wrong" : field.level } },
      createElement("span", { class: "icon", text: levelIcon(field) }),
      createElement("span", { class: "field-title", text: view.label }),
      createElement("span", { text: levelText(field), title: calibrated ? null : localize("review.uncalibrated") }),
      readOnly ? null : this.#createButtons(view),
    );
    const refusals = view.refusal ? [localize("review.not_saved", { why: view.refusal })] : [];
    const { description } = view.node;
    const text = localize("review.no_evidence");
    this.element.replaceChildren(
      header,
      ...[...refusals, ...reasonTexts(field)].map((text) => createElement("div", { class: "reason", text })),
      ...(learntText(field) ? [createElement("div", { class: "learnt", text: learntText(field) })] : []),
      ...(snippet || isEmpty(field) ? [] : [createElement("div", { class: "no-evidence", text })]),
      ...(snippet ? [snippet] : []),
      ...(description ? [createElement("div", { class: "description", text: description })] : []),
    );
    this.element.scrollTop = 0;
  }

  clear() {
    this.element.replaceChildren();
  }

  #createButtons(view) {
    const create = (name, shortcut) =>
      createButton({ tabIndex: -1, text: localize(`review.${name}`), title: shortcut }, () =>
        this.#actions[name](view),
      );
    return createElement(
      "span",
      { class: "field-details-actions" },
      create("accept", "Enter"),
      create("absent_button", "Alt+N"),
      create("history", "Alt+H"),
    );
  }
}
