/** Dialogs that are answered before anything else on the page. */

import { createElement } from "./dom.js";
import { localize } from "./localization.js";

/**
 * Show a dialog over the page and return what it was closed with, null where it was cancelled.
 *
 * `build(close)` returns its contents below the title; what has `autofocus` takes the focus. Keys pressed in it do not
 * reach the screen behind it, and the focus goes back to where it was.
 */
export function showModal(title, build, attributes = {}) {
  return new Promise((resolve) => {
    const focusedBefore = document.activeElement;
    let answer = null;
    const dialog = createElement("dialog", { class: "screen-dialog", "aria-label": title, ...attributes });
    const close = (given) => {
      answer = given;
      dialog.close();
    };
    dialog.append(createElement("h2", { text: title }), ...build(close));
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      focusedBefore?.focus?.({ preventScroll: true });
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Return the buttons that cancel a dialog and submit its form. */
export function createDialogButtons(close) {
  return createElement(
    "div",
    { class: "dialog-buttons" },
    createElement("button", { type: "button", text: localize("dialog.cancel"), on: { click: () => close(null) } }),
    createElement("button", { type: "submit", class: "primary", text: localize("dialog.send") }),
  );
}

/** Show a dialog with these contents and a button to go on; returns whether it was pressed. */
export async function ask(title, contents) {
  const answer = await showModal(title, (close) => [
    createElement(
      "form",
      { method: "dialog", on: { submit: () => close(true) } },
      ...contents,
      createDialogButtons(close),
    ),
  ]);
  return answer === true;
}
