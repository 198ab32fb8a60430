/** The head of the review: which record, how much is left, whether it is saved, what can be done, and what went wrong. */

import { button, make, put } from "./dom.js";
import { clock, say } from "./words.js";

const NOTE_FOR = 8000; // milliseconds that a note stays, unless another takes its place before

const STATUS_ICONS = { new: "○", needs_review: "◐", approved: "✓", rejected: "✗" };

export class Head {
  element = make("div", { class: "head" });
  banners = make("div", { class: "banners" });
  tools = make("div", { class: "tools", role: "toolbar", "aria-label": say("review.tools") });
  #name = make("strong", { class: "name" });
  #about = make("span", { class: "about" });
  #left = make("span", { class: "left", role: "status" });
  #saved = make("span", { class: "saved", role: "status", "aria-live": "polite" });
  #buttons = {};

  /** `actions` has a function for each button. */
  constructor(actions) {
    const decide = (name, key, primary = false) => {
      const act = () => actions[name]();
      this.#buttons[name] = button({ class: primary ? "primary" : "", text: say(`review.${name}`), title: key }, act);
      return this.#buttons[name];
    };
    this.element.append(
      decide("previous", "Alt+K"),
      decide("next", "Alt+J"),
      make("div", { class: "which" }, this.#name, this.#about),
      this.#left,
      this.#saved,
      decide("accept_next", "Enter"),
      decide("flag", "Alt+F"),
      decide("reject", "Alt+R"),
      decide("reopen", "Alt+O"),
      decide("approve", "Ctrl+Enter", true),
    );
    for (const [name, key] of TOOLS) {
      this.#buttons[name] = button(
        { text: say(`review.${name}`), title: `${say(`keys.${KEY_WORDS[name] ?? name}`)} ${key}` },
        () => actions[name](),
      );
      this.#buttons[name].dataset.tool = name;
      this.tools.append(this.#buttons[name]);
    }
  }

  /** Show a record; `readOnly` is whether nothing can be changed in it now. */
  show(record, { readOnly }) {
    put(this.#name, record.name);
    this.#name.title = (record.names ?? []).join("\n");
    const about = [record.schema.title, `${STATUS_ICONS[record.status] ?? ""} ${say(`status.${record.status}`)}`];
    if (record.flag) about.push(`⚑ ${record.flag.who}: ${record.flag.note}`);
    if (record.approvals?.length) {
      const who = record.approvals.map((each) => each.who ?? each).join(", ");
      about.push(say("review.approved_by", { who }));
    }
    if (!record.calibrated) about.push(say("review.uncalibrated"));
    put(this.#about, about.join(" · "));
    const decided = record.status === "approved" || record.status === "rejected";
    this.#buttons.reopen.hidden = !decided;
    for (const name of ["approve", "reject", "accept_next"]) this.#buttons[name].hidden = readOnly;
    this.#buttons.flag.hidden = decided;
    for (const name of ["undo", "redo", "read_region"]) this.#buttons[name].disabled = readOnly;
  }

  left(count, total) {
    put(this.#left, count ? say("review.left", { n: count, total }) : say("review.none_left", { total }));
    this.#left.classList.toggle("none", count === 0);
  }

  saved(state) {
    put(this.#saved, say(`review.${state}`, { time: clock() }));
    this.#saved.dataset.state = state;
  }

  /** Show a button as pressed or not. */
  press(name, pressed) {
    this.#buttons[name].setAttribute("aria-pressed", String(pressed));
  }

  offer(name, offered) {
    this.#buttons[name].hidden = !offered;
  }

  /**
   * Say something across the screen. Of each kind there is one banner at a time; no sentence takes it away. A note lies over
   * the document for a while, so that nothing moves; the others stay until they are dealt with.
   */
  banner(kind, sentence, { lines = [], action = null } = {}) {
    this.banners.querySelector(`[data-kind="${kind}"]`)?.remove();
    if (!sentence) return;
    const isNote = kind === "note";
    const banner = make("div", { class: "banner", role: isNote ? "status" : "alert", data: { kind } });
    const list = lines.length ? make("ul", {}, ...lines.map((line) => make("li", { text: line }))) : null;
    banner.append(make("div", {}, make("span", { text: sentence }), list ?? ""));
    if (action?.href) banner.append(make("a", { href: action.href, text: action.text }));
    else if (action) banner.append(button({ text: action.text }, action.act));
    const close = () => banner.remove();
    if (isNote) setTimeout(close, NOTE_FOR);
    banner.append(button({ class: "close", text: "×", "aria-label": say("dialog.close") }, close));
    this.banners.append(banner);
  }
}

const TOOLS = [
  ["smaller", "Alt+-"],
  ["larger", "Alt+="],
  ["fit", "Alt+0"],
  ["marks", "Alt+B"],
  ["lines", "Alt+T"],
  ["read_region", "Alt+drag"],
  ["undo", "Ctrl+Z"],
  ["redo", "Ctrl+Shift+Z"],
  ["help", "F1"],
];
const KEY_WORDS = { read_region: "mouse.alt_drag_does" };
