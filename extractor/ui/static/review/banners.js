/** Banners above the review, at most one of each kind. */

import { createButton, createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

const NOTE_DURATION = 8000; // milliseconds that a note is shown, unless another replaces it

export class Banners {
  element = createElement("div", { class: "banners" });

  /**
   * Show a banner in place of the one of its kind; an empty text removes it. A note lies over the document for a while, so
   * that nothing moves; the others stay until they are closed. `action` is a link (`href`) or a button (`act`).
   */
  show(kind, text, { lines = [], action = null } = {}) {
    this.element.querySelector(`[data-kind="${kind}"]`)?.remove();
    if (!text) return;
    const isNote = kind === "note";
    const banner = createElement("div", { class: "banner", role: isNote ? "status" : "alert", data: { kind } });
    const content = createElement("div", {}, createElement("span", { text }));
    if (lines.length)
      content.append(createElement("ul", {}, ...lines.map((line) => createElement("li", { text: line }))));
    banner.append(content);
    if (action?.href) banner.append(createElement("a", { href: action.href, text: action.text }));
    else if (action) banner.append(createButton({ text: action.text }, action.act));
    const close = () => banner.remove();
    if (isNote) setTimeout(close, NOTE_DURATION);
    banner.append(createButton({ class: "close", text: "×", "aria-label": localize("dialog.close") }, close));
    this.element.append(banner);
  }

  clear() {
    this.element.replaceChildren();
  }
}
