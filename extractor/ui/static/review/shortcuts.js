/** The keyboard shortcuts of the review: one list of what each does, which is also the help on screen. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

/**
 * `field` shortcuts work while a field has the focus, `grid` ones in a table, `native` ones are the browser's own; `shown`
 * ones stand in the line at the bottom.
 */
const SHORTCUTS = [
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
  { key: "Alt+v", action: "checkRow", field: true, grid: true },
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
const MOUSE_ACTIONS = ["click", "shift_click", "ctrl_click", "drag", "alt_drag"];
const KEY_NAMES = { Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", PageDown: "PgDn", PageUp: "PgUp" };

const byKey = new Map(SHORTCUTS.filter(({ native }) => !native).map((shortcut) => [shortcut.key, shortcut]));

/** Return the shortcut of a key event, or null. Keys that belong to an input method are none. */
export function findShortcut(event) {
  if (event.isComposing || event.keyCode === 229) return null;
  if (event.key === "?" && !isTextField(event.target)) return byKey.get("F1");
  return byKey.get(keyCombination(event)) ?? null;
}

function keyCombination(event) {
  const modifiers = [
    (event.ctrlKey || event.metaKey) && "Ctrl",
    event.altKey && "Alt",
    event.shiftKey && event.key !== "?" && "Shift",
  ];
  const key = event.altKey ? keyWithoutAlt(event) : lowerLetter(event.key);
  return [...modifiers.filter(Boolean), key].join("+");
}

const lowerLetter = (key) => (key.length === 1 ? key.toLowerCase() : key);

/** Return the key as it is without Alt: on some keyboards Alt+N gives another character, or none yet. */
function keyWithoutAlt(event) {
  const { code } = event;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (/^(?:Digit|Numpad)[0-9]$/.test(code)) return code.at(-1);
  return { Equal: "=", NumpadAdd: "=", Minus: "-", NumpadSubtract: "-" }[code] ?? lowerLetter(event.key);
}

const isTextField = (element) => /^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName ?? "");

/** Format a key combination for people: `Ctrl+Shift+Z`. */
function formatKey(key) {
  const parts = key.split("+").map((part) => KEY_NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return parts.join("+");
}

/** Return the line of shortcuts at the bottom of the screen. */
export function createShortcutLine() {
  const shown = SHORTCUTS.filter((shortcut) => shortcut.shown);
  const entries = shown.map(({ key, action }) =>
    createElement("span", {}, createElement("kbd", { text: formatKey(key) }), ` ${localize(`keys.${action}`)}`),
  );
  return createElement("div", { class: "shortcut-line" }, ...entries);
}

/** Return the help with all shortcuts, and with what the mouse does. */
export function createShortcutHelp(onClose) {
  const keys = SHORTCUTS.map(({ key, action }) => createHelpRow(formatKey(key), localize(`keys.${action}`)));
  const mouse = MOUSE_ACTIONS.map((name) =>
    createHelpRow(localize(`keys.mouse.${name}`), localize(`keys.mouse.${name}_does`)),
  );
  const close = createElement("button", {
    type: "button",
    class: "close",
    "aria-label": localize("dialog.close"),
    text: "×",
    on: { click: onClose },
  });
  return createElement(
    "div",
    { class: "shortcut-help", role: "dialog", "aria-label": localize("keys.title") },
    createElement("h2", { text: localize("keys.title") }),
    close,
    createElement("dl", {}, ...keys.flat(), ...mouse.flat()),
  );
}

const createHelpRow = (key, effect) => [
  createElement("dt", {}, createElement("kbd", { text: key })),
  createElement("dd", { text: effect }),
];
