/** The history of a field, or of a record: a small panel, the newest entry first. */

import { get } from "../common/api.js";
import { createButton, createElement } from "../common/dom.js";
import { formatDateTime, localize } from "../common/localization.js";

export class HistoryPanel {
  element = createElement("div", {
    class: "history-panel",
    role: "region",
    "aria-label": localize("review.history"),
    hidden: true,
  });

  /** Fetch and show the history of the field at a path, without one that of the record. */
  async show(record, path, title) {
    const query = path ? `?path=${encodeURIComponent(JSON.stringify(path))}` : "";
    const entries = await get(`records/${record}/history${query}`);
    const close = createButton({ class: "close", text: "×", "aria-label": localize("dialog.close") }, () =>
      this.hide(),
    );
    const heading = createElement("h2", { text: title || localize("review.history") });
    this.element.replaceChildren(heading, close, ...entries.map(createEntry));
    if (!entries.length) this.element.append(createElement("p", { text: localize("review.no_history") }));
    this.element.hidden = false;
  }

  /** Hide the panel; returns whether it was shown. */
  hide() {
    const wasShown = !this.element.hidden;
    this.element.hidden = true;
    return wasShown;
  }
}

function createEntry({ at, who, what, old, new: current, note }) {
  const isChange = old !== undefined && JSON.stringify(old) !== JSON.stringify(current);
  return createElement(
    "div",
    { class: "history-entry" },
    createElement("span", { class: "time", text: at ? formatDateTime(at) : "" }),
    createElement("span", { class: "person", text: `${who ?? ""} ${localize(`did.${what}`)}` }),
    isChange && createElement("span", { class: "change", text: `${formatValue(old)} → ${formatValue(current)}` }),
    note && createElement("span", { class: "note", text: note }),
  );
}

function formatValue(value) {
  if (value === null || value === undefined || value === "") return "∅";
  if (typeof value === "object" && "size" in value) return localize("review.rows", { n: value.size });
  return typeof value === "string" ? value : JSON.stringify(value);
}
