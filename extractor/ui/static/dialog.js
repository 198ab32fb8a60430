/** A question that needs an answer in words: why a record is flagged, rejected or opened again. */

import { make } from "./dom.js";
import { say } from "./words.js";

/** What was answered, or null where it was called off. `reasons` are offered to choose from. */
export function ask({ title, reasons = [], required = true }) {
  return new Promise((answered) => {
    const back = document.activeElement;
    const reason = make("select", { "aria-label": say("dialog.reason") });
    for (const each of ["", ...reasons]) reason.append(make("option", { value: each, text: each }));
    const note = make("textarea", { rows: "3", "aria-label": say("dialog.note"), placeholder: say("dialog.note") });
    const said = () => [reason.value, note.value.trim()].filter(Boolean).join(": ");
    const send = make("button", { type: "submit", class: "primary", text: say("dialog.send") });
    const cancel = make("button", { type: "button", text: say("dialog.cancel"), on: { click: () => dialog.close() } });
    const form = make(
      "form",
      { method: "dialog" },
      make("h2", { text: title }),
      reasons.length ? reason : null,
      note,
      make("div", { class: "dialog-buttons" }, cancel, send),
    );
    const dialog = make("dialog", { class: "screen-dialog", "aria-label": title }, form);
    let answer = null;
    form.addEventListener("submit", (event) => {
      if (required && !said()) {
        event.preventDefault();
        note.focus();
        return;
      }
      answer = said();
    });
    note.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      back?.focus?.({ preventScroll: true });
      answered(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (reasons.length ? reason : note).focus();
  });
}
