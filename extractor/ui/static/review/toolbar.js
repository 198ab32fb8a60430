/** The toolbars of the review: the record with its decisions at the top, and the tools above the document. */

import { createButton, createElement, setText } from "../common/dom.js";
import { formatName, formatTime, localize } from "../common/localization.js";

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
/** States of a record in which nothing is left to check. */
const SETTLED = new Set(["ready", "approved", "approved_once", "rejected"]);
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
    setText(this.#name, formatName(record.name));
    this.#name.title = (record.names ?? []).map(formatName).join("\n");
    setText(this.#about, recordDescription(record));
    const isDecided = record.status === "approved" || record.status === "rejected";
    this.#buttons.reopen.hidden = !isDecided;
    for (const name of ["approve", "reject", "accept_next"]) this.#buttons[name].hidden = readOnly;
    this.#buttons.flag.hidden = isDecided;
    for (const name of ["undo", "redo", "read_region"]) this.#buttons[name].disabled = readOnly;
  }

  /** Show the state of the record, as the server decided it, in one sentence; `unsaved` texts come before it. */
  showState(state, unsaved) {
    const kind = unsaved ? "unsaved" : state.kind;
    setText(this.#remaining, localize(`record.state.${kind}`, unsaved ? { n: unsaved } : state));
    this.#remaining.dataset.state = kind;
    this.#remaining.classList.toggle("none", SETTLED.has(kind));
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

/** Describe a record: its kind, and whether its confidences are probabilities. Its state has its own sentence. */
function recordDescription(record) {
  const parts = [record.schema.title];
  if (!record.calibrated) parts.push(localize("review.uncalibrated"));
  return parts.join(" · ");
}
