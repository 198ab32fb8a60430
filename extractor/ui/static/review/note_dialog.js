/** A dialog that asks for a note: why a record is flagged, rejected or reopened. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

/** Ask for a note and return it, null where the dialog was cancelled. `reasons` are texts to choose from. */
export function askForNote({ title, reasons = [], required = true }) {
  return new Promise((resolve) => {
    const focusedBefore = document.activeElement;
    const reason = createElement("select", { "aria-label": localize("dialog.reason") });
    for (const text of ["", ...reasons]) reason.append(createElement("option", { value: text, text }));
    const placeholder = localize("dialog.note");
    const note = createElement("textarea", { rows: "3", "aria-label": placeholder, placeholder });
    const answerText = () => [reason.value, note.value.trim()].filter(Boolean).join(": ");
    const submit = createElement("button", { type: "submit", class: "primary", text: localize("dialog.send") });
    const cancel = createElement("button", {
      type: "button",
      text: localize("dialog.cancel"),
      on: { click: () => dialog.close() },
    });
    const form = createElement(
      "form",
      { method: "dialog" },
      createElement("h2", { text: title }),
      reasons.length ? reason : null,
      note,
      createElement("div", { class: "dialog-buttons" }, cancel, submit),
    );
    const dialog = createElement("dialog", { class: "screen-dialog", "aria-label": title }, form);
    let answer = null;
    form.addEventListener("submit", (event) => {
      if (required && !answerText()) {
        event.preventDefault();
        note.focus();
        return;
      }
      answer = answerText();
    });
    note.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      focusedBefore?.focus?.({ preventScroll: true });
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (reasons.length ? reason : note).focus();
  });
}
