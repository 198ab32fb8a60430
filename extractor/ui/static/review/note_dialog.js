/** A dialog that asks for a note: why a record is flagged, rejected or reopened. */

import { createDialogButtons, showModal } from "../common/dialog.js";
import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

/** Ask for a note and return it, null where the dialog was cancelled. `reasons` are texts to choose from. */
export function askForNote({ title, reasons = [], required = true }) {
  const reason = createElement("select", { "aria-label": localize("dialog.reason"), autofocus: true });
  for (const text of ["", ...reasons]) reason.append(createElement("option", { value: text, text }));
  const placeholder = localize("dialog.note");
  const note = createElement("textarea", {
    rows: "3",
    "aria-label": placeholder,
    placeholder,
    autofocus: !reasons.length,
  });
  const answerText = () => [reason.value, note.value.trim()].filter(Boolean).join(": ");
  return showModal(title, (close) => {
    const form = createElement(
      "form",
      { method: "dialog" },
      reasons.length ? reason : null,
      note,
      createDialogButtons(close),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (required && !answerText()) note.focus();
      else close(answerText());
    });
    note.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    return [form];
  });
}
