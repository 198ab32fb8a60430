/** One field: its name, type, unit or choices, other names, whether it is required, and what the sample has for it. */

import { createButton, createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { NUMERIC, WITH_COLUMNS } from "./draft.js";

const TYPES = [
  ...["text", "identifier", "number", "integer", "money", "date", "date_time", "time", "boolean", "choice"],
  ...["email", "phone", "uri", "postal_address", "organization", "list", "texts", "group"],
];
/** Types that a column cannot have. */
const NOT_IN_LISTS = new Set(["list", "group", "texts"]);
const SEPARATOR = /\s*[;；\n]\s*/u;

export class FieldRow {
  element;
  #field;
  #callbacks;
  #name;
  #type;
  #detail; // unit or choices
  #labels;
  #required;
  #found = createElement("span", { class: "found-text" });
  #foundIcon = createElement("span", { class: "icon", "aria-hidden": "true" });
  #foundState = createElement("span", { class: "for-readers" });
  #buttons;

  /**
   * `depth` is 0, or 1 for a column. `callbacks`: onChange(), onStructure() after rows have to be built again,
   * onFocus(field), onMove(field, by), onRemove(field), onAddColumn(field), onEnter(field).
   */
  constructor(field, depth, callbacks) {
    this.#field = field;
    this.#callbacks = callbacks;
    this.#name = this.#input("name", field.name, (text) => this.#rename(text));
    this.#type = this.#createTypes(depth);
    this.#detail = this.#input("detail", "", (text) => this.#setDetail(text));
    this.#labels = this.#input("labels", field.labels.join("; "), (text) => {
      field.labels = split(text);
      callbacks.onChange();
    });
    this.#required = createElement("input", { type: "checkbox" });
    this.#required.checked = field.required;
    this.#required.addEventListener("change", () => {
      field.required = this.#required.checked;
      callbacks.onChange();
    });
    this.#buttons = this.#createButtons();
    const cells = [
      [this.#name],
      [this.#type],
      [this.#detail],
      [this.#labels],
      [this.#required],
      [this.#foundIcon, this.#found, this.#foundState],
      this.#buttons,
    ];
    this.element = createElement(
      "tr",
      { class: depth ? "column-row" : "field-row" },
      ...cells.map((contents) => createElement("td", {}, ...contents)),
    );
    this.element.addEventListener("focusin", () => callbacks.onFocus(field));
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.#showType();
    this.#nameControls();
  }

  get field() {
    return this.#field;
  }

  focus() {
    this.#name.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Show what the sample has: `{ text, rows, found }`, or undefined where it has nothing. */
  showFound(value) {
    const rows = value?.rows === undefined ? null : localize("kinds.rows", { n: value.rows });
    setText(this.#found, value ? (rows ?? value.text) : "");
    setText(this.#foundIcon, value ? (value.found ? "✓" : "○") : "");
    const state = value ? (value.found ? "found" : "printed") : "nothing";
    this.element.dataset.found = state;
    this.#found.parentElement.title = localize(`kinds.found.${state}`);
    setText(this.#foundState, localize(`kinds.found.${state}`));
  }

  markWrong(isWrong) {
    this.#name.setAttribute("aria-invalid", String(isWrong));
  }

  #input(name, value, onInput) {
    const input = createElement("input", { type: "text", value, data: { part: name }, autocomplete: "off" });
    input.addEventListener("input", () => onInput(input.value));
    return input;
  }

  #createTypes(depth) {
    const select = createElement("select", { data: { part: "type" } });
    const types = TYPES.filter((type) => !depth || !NOT_IN_LISTS.has(type) || type === this.#field.type);
    if (this.#field.type === "other") types.push("other");
    for (const type of types)
      select.append(createElement("option", { value: type, text: localize(`kinds.type.${type}`) }));
    select.value = this.#field.type;
    select.addEventListener("change", () => {
      this.#field.type = select.value;
      if (WITH_COLUMNS.has(select.value) && !this.#field.columns.length) this.#callbacks.onAddColumn(this.#field);
      this.#showType();
      this.#callbacks.onStructure();
    });
    return select;
  }

  #createButtons() {
    const { onMove, onRemove, onAddColumn } = this.#callbacks;
    const button = (name, text, action) => createButton({ text, data: { action: name } }, action);
    return [
      button("up", "↑", () => onMove(this.#field, -1)),
      button("down", "↓", () => onMove(this.#field, 1)),
      button("remove", "✕", () => onRemove(this.#field)),
      button("add_column", localize("kinds.add_column"), () => onAddColumn(this.#field)),
    ];
  }

  /** The name that was printed stays a name of the field, or it would not be found any more. */
  #rename(text) {
    const field = this.#field;
    const printed = field.name;
    if (field.sample && printed && !field.printed) field.printed = printed;
    field.name = text;
    const labels = field.labels.filter((label) => label !== field.printed);
    if (field.printed) {
      field.labels = field.printed === text ? labels : [field.printed, ...labels];
      this.#labels.value = field.labels.join("; ");
    }
    this.#nameControls();
    this.#callbacks.onChange();
  }

  #setDetail(text) {
    if (this.#field.type === "choice") this.#field.choices = split(text);
    else this.#field.unit = text.trim();
    this.#callbacks.onChange();
  }

  /** Show what there is to say about a field of its type. */
  #showType() {
    const { type, unit, choices } = this.#field;
    const isChoice = type === "choice";
    this.#detail.hidden = !isChoice && !NUMERIC.has(type);
    this.#detail.value = isChoice ? choices.join("; ") : unit;
    this.#detail.placeholder = localize(
      isChoice ? "kinds.choices" : type === "money" ? "kinds.currency" : "kinds.unit",
    );
    this.#buttons.at(-1).hidden = !WITH_COLUMNS.has(type);
    this.element?.classList.toggle("with-columns", WITH_COLUMNS.has(type));
    this.#nameControls();
  }

  /** Give every control a name that says which field it is of. */
  #nameControls() {
    const field = this.#field.name || localize("kinds.unnamed");
    const name = (control, key) => control.setAttribute("aria-label", `${localize(key)}: ${field}`);
    name(this.#name, "kinds.field.name");
    name(this.#type, "kinds.field.type");
    name(this.#detail, this.#field.type === "choice" ? "kinds.choices" : "kinds.unit");
    name(this.#labels, "kinds.field.labels");
    name(this.#required, "kinds.field.required");
    for (const button of this.#buttons ?? []) name(button, `kinds.action.${button.dataset.action}`);
  }

  #onKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && event.target === this.#name) {
      event.preventDefault();
      this.#callbacks.onEnter(this.#field);
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.#callbacks.onMove(this.#field, event.key === "ArrowUp" ? -1 : 1);
    }
  }
}

const split = (text) =>
  text
    .split(SEPARATOR)
    .map((part) => part.trim())
    .filter(Boolean);
