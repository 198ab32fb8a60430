/** What became of a field, or of a record: a small panel, newest first. */

import { get } from "./api.js";
import { button, make } from "./dom.js";
import { moment, say } from "./words.js";

export class Past {
  element = make("div", { class: "past", role: "region", "aria-label": say("review.history"), hidden: true });

  async show(record, path, title) {
    const asked = path ? `?path=${encodeURIComponent(JSON.stringify(path))}` : "";
    const entries = await get(`records/${record}/history${asked}`);
    const close = button({ class: "close", text: "×", "aria-label": say("dialog.close") }, () => this.hide());
    this.element.replaceChildren(make("h2", { text: title || say("review.history") }), close, ...entries.map(line));
    if (!entries.length) this.element.append(make("p", { text: say("review.no_history") }));
    this.element.hidden = false;
  }

  /** Whether it was there to be hidden. */
  hide() {
    const shown = !this.element.hidden;
    this.element.hidden = true;
    return shown;
  }
}

function line({ at, who, what, old, new: now, note }) {
  const changed = old !== undefined && JSON.stringify(old) !== JSON.stringify(now);
  return make(
    "div",
    { class: "past-line" },
    make("span", { class: "when", text: at ? moment(at) : "" }),
    make("span", { class: "who", text: `${who ?? ""} ${say(`did.${what}`)}` }),
    changed && make("span", { class: "what", text: `${shown(old)} → ${shown(now)}` }),
    note && make("span", { class: "note", text: note }),
  );
}

function shown(value) {
  if (value === null || value === undefined || value === "") return "∅";
  if (typeof value === "object" && "size" in value) return say("review.rows", { n: value.size });
  return typeof value === "string" ? value : JSON.stringify(value);
}
