/** The keys of the review: which does what, in one list that is also the one shown on screen. */

import { make } from "./dom.js";
import { say } from "./words.js";

/** `field` keys work while a field has the focus, `grid` keys in a table; `shown` ones stand in the line at the bottom. */
export const KEYS = [
  { key: "Enter", action: "accept", field: true, shown: true },
  { key: "Shift+Enter", action: "back", field: true, shown: true },
  { key: "Tab", action: "tab", native: true },
  { key: "Ctrl+Enter", action: "approve", shown: true },
  { key: "Escape", action: "restore", field: true },
  { key: "Ctrl+z", action: "undo", shown: true },
  { key: "Ctrl+Shift+z", action: "redo" },
  { key: "Alt+n", action: "absent", field: true, shown: true },
  { key: "Alt+h", action: "history" },
  { key: "Alt+Enter", action: "newline", field: true },
  { key: "ArrowUp", action: "up", field: true, grid: true },
  { key: "ArrowDown", action: "down", field: true, grid: true },
  { key: "Alt+a", action: "addRow", field: true, grid: true },
  { key: "Alt+Delete", action: "deleteRow", field: true, grid: true },
  { key: "Alt+j", action: "next" },
  { key: "Alt+k", action: "previous" },
  { key: "Alt+f", action: "flag", shown: true },
  { key: "Alt+r", action: "reject" },
  { key: "Alt+o", action: "reopen" },
  { key: "Alt+b", action: "marks" },
  { key: "Alt+t", action: "lines" },
  { key: "Alt+=", action: "larger" },
  { key: "Alt+-", action: "smaller" },
  { key: "Alt+0", action: "fit" },
  { key: "Alt+PageDown", action: "pageDown" },
  { key: "Alt+PageUp", action: "pageUp" },
  { key: "F1", action: "help", shown: true },
];

const OF_MOUSE = ["click", "shift_click", "ctrl_click", "drag", "alt_drag"];

const actions = new Map(KEYS.filter((each) => !each.native).map((each) => [each.key, each]));

/** The entry of the list for a key that was pressed, or null. Keys that belong to an input method are nobody's. */
export function entryFor(event) {
  if (event.isComposing || event.keyCode === 229) return null;
  if (event.key === "?" && !isTextField(event.target)) return actions.get("F1");
  return actions.get(nameOf(event)) ?? null;
}

function nameOf(event) {
  const held = [
    (event.ctrlKey || event.metaKey) && "Ctrl",
    event.altKey && "Alt",
    event.shiftKey && event.key !== "?" && "Shift",
  ];
  return [...held.filter(Boolean), event.altKey ? plain(event) : letter(event.key)].join("+");
}

const letter = (key) => (key.length === 1 ? key.toLowerCase() : key);

/** The key without what Alt makes of it: on some keyboards Alt+N gives another letter, or none yet. */
function plain(event) {
  const { code } = event;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (/^(?:Digit|Numpad)[0-9]$/.test(code)) return code.at(-1);
  return { Equal: "=", NumpadAdd: "=", Minus: "-", NumpadSubtract: "-" }[code] ?? letter(event.key);
}

const isTextField = (element) => /^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName ?? "");

const NAMES = { Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", PageDown: "PgDn", PageUp: "PgUp", "Alt+-": "Alt+-" };

/** A key as it is written for people: `Ctrl+Shift+Z`. */
export function written(key) {
  const parts = key.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return parts.join("+");
}

/** The line of keys at the bottom of the screen. */
export function keyLine() {
  const shown = KEYS.filter((each) => each.shown);
  return make(
    "div",
    { class: "key-line" },
    ...shown.map((each) => keyed(written(each.key), say(`keys.${each.action}`))),
  );
}

/** All keys, and what the mouse does. */
export function keyHelp(close) {
  const rows = KEYS.map((each) => row(written(each.key), say(`keys.${each.action}`)));
  const mouse = OF_MOUSE.map((each) => row(say(`keys.mouse.${each}`), say(`keys.mouse.${each}_does`)));
  return make(
    "div",
    { class: "key-help", role: "dialog", "aria-label": say("keys.title") },
    make("h2", { text: say("keys.title") }),
    make("button", {
      type: "button",
      class: "close",
      "aria-label": say("dialog.close"),
      text: "×",
      on: { click: close },
    }),
    make("dl", {}, ...rows.flat(), ...mouse.flat()),
  );
}

const keyed = (key, does) => make("span", {}, make("kbd", { text: key }), ` ${does}`);
const row = (key, does) => [make("dt", {}, make("kbd", { text: key })), make("dd", { text: does })];
