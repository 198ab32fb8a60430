/** The toolbars of the review: the record with its decisions at the top, and the tools above the document. */

import { createButton, createElement, setText } from "../common/dom.js";
import { formatTime, localize } from "../common/localization.js";
import { STATUS_ICONS } from "../common/status_icons.js";

/** The tools above the document, and their shortcuts. */
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
/** Ends of `keys.` texts that differ from the tool's name. */
const TOOL_TEXTS = { read_region: "mouse.alt_drag_does" };

export class Toolbar {
  element = createElement("div", { class: "toolbar" });
  tools = createElement("div", { class: "tools", role: "toolbar", "aria-label": localize("review.tools") });
  #name = createElement("strong", { class: "name" });
  #about = createElement("span", { class: "about" });
  #remaining = createElement("span", { class: "remaining", role: "status" });
  #saveState = createElement("span", { class: "save-state", role: "status", "aria-live": "polite" });
  #buttons = {};
  #onAction;

  /** `onAction(name)` is called when a button is pressed. */
  constructor(onAction) {
    this.#onAction = onAction;
    this.element.append(
      this.#addButton("previous", "Alt+K"),
      this.#addButton("next", "Alt+J"),
      createElement("div", { class: "record-title" }, this.#name, this.#about),
      this.#remaining,
      this.#saveState,
      this.#addButton("accept_next", "Enter"),
      this.#addButton("flag", "Alt+F"),
      this.#addButton("reject", "Alt+R"),
      this.#addButton("reopen", "Alt+O"),
      this.#addButton("approve", "Ctrl+Enter", "primary"),
    );
    for (const [name, shortcut] of TOOLS) {
      const tool = this.#addButton(name, `${localize(`keys.${TOOL_TEXTS[name] ?? name}`)} ${shortcut}`);
      tool.dataset.tool = name;
      this.tools.append(tool);
    }
  }

  /** Show a record; `readOnly` says that nothing in it can be changed now. */
  showRecord(record, { readOnly }) {
    setText(this.#name, record.name);
    this.#name.title = (record.names ?? []).join("\n");
    setText(this.#about, recordDescription(record));
    const isDecided = record.status === "approved" || record.status === "rejected";
    this.#buttons.reopen.hidden = !isDecided;
    for (const name of ["approve", "reject", "accept_next"]) this.#buttons[name].hidden = readOnly;
    this.#buttons.flag.hidden = isDecided;
    for (const name of ["undo", "redo", "read_region"]) this.#buttons[name].disabled = readOnly;
  }

  /** Show how many of the fields are left to check. */
  showRemaining(count, total) {
    const text = count ? localize("review.left", { n: count, total }) : localize("review.none_left", { total });
    setText(this.#remaining, text);
    this.#remaining.classList.toggle("none", count === 0);
  }

  /** Show whether all is saved; `state` is unchanged, saving, saved or offline. */
  showSaveState(state) {
    setText(this.#saveState, localize(`review.${state}`, { time: formatTime() }));
    this.#saveState.dataset.state = state;
  }

  setPressed(name, isPressed) {
    this.#buttons[name].setAttribute("aria-pressed", String(isPressed));
  }

  setAvailable(name, isAvailable) {
    this.#buttons[name].hidden = !isAvailable;
  }

  #addButton(name, title, className = "") {
    const act = () => this.#onAction(name);
    this.#buttons[name] = createButton({ class: className, text: localize(`review.${name}`), title }, act);
    return this.#buttons[name];
  }
}

/** Describe a record: its type, its status, who flagged or approved it. */
function recordDescription(record) {
  const status = `${STATUS_ICONS[record.status] ?? ""} ${localize(`status.${record.status}`)}`;
  const parts = [record.schema.title, status];
  if (record.flag) parts.push(`⚑ ${record.flag.who}: ${record.flag.note}`);
  if (record.approvals?.length) {
    const who = record.approvals.map((approval) => approval.who ?? approval).join(", ");
    parts.push(localize("review.approved_by", { who }));
  }
  if (!record.calibrated) parts.push(localize("review.uncalibrated"));
  return parts.join(" · ");
}
