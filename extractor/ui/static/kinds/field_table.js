/** The fields of a kind of report, a row each, with the columns of lists below them. */

import { createButton, createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { createField } from "./draft.js";
import { FieldRow } from "./field_row.js";

const COLUMNS = ["name", "type", "detail", "labels", "required", "found", "actions"];

export class FieldTable {
  element;
  #draft;
  #callbacks;
  #rows = new Map(); // field -> row
  #body = createElement("tbody");
  #removed = null; // { field, fields, index }
  #undoText = createElement("span");
  #undo;

  /** `callbacks`: onChange() after every change, onFocus(field). */
  constructor(draft, callbacks) {
    this.#draft = draft;
    this.#callbacks = callbacks;
    const heads = COLUMNS.map((name) => createElement("th", { scope: "col", text: localize(`kinds.field.${name}`) }));
    const add = createButton({ text: localize("kinds.add_field"), class: "add-field" }, () => this.add(createField()));
    this.#undo = createElement(
      "div",
      { class: "undo", role: "status", hidden: true },
      this.#undoText,
      createButton({ text: localize("kinds.undo") }, () => this.#putBack()),
    );
    this.element = createElement(
      "section",
      { class: "field-section", "aria-label": localize("kinds.fields") },
      createElement(
        "table",
        { class: "field-table" },
        createElement("thead", {}, createElement("tr", {}, ...heads)),
        this.#body,
      ),
      this.#undo,
      add,
    );
    this.#build();
  }

  /** Add a field at the end, and go to it. */
  add(field) {
    this.#draft.fields.push(field);
    this.#onStructure();
    this.#rows.get(field).focus();
  }

  focus(field) {
    this.#rows.get(field)?.focus();
  }

  /** Show what the sample has for each field, by its place. */
  showFound(values) {
    for (const { place, field } of this.#draft.places()) this.#rows.get(field)?.showFound(values[place]);
  }

  /** Mark the field of that name as wrong, and no other. */
  markWrong(name) {
    for (const [field, row] of this.#rows) row.markWrong(name !== null && field.name.trim() === name);
  }

  /** Build the rows again where fields were added, removed or moved; those that stay keep the focus and what is typed. */
  #build() {
    const rows = this.#draft.places().map(({ field, parent }) => {
      const known = this.#rows.get(field);
      return known ?? new FieldRow(field, parent ? 1 : 0, this.#rowCallbacks());
    });
    this.#rows = new Map(rows.map((row) => [row.field, row]));
    const focused = document.activeElement;
    this.#body.replaceChildren(...rows.map((row) => row.element));
    if (this.#body.contains(focused)) focused.focus();
  }

  #rowCallbacks() {
    return {
      onChange: () => this.#callbacks.onChange(),
      onStructure: () => this.#onStructure(),
      onFocus: (field) => this.#callbacks.onFocus(field),
      onMove: (field, by) => this.#move(field, by),
      onRemove: (field) => this.#remove(field),
      onAddColumn: (field) => this.#addColumn(field),
      onEnter: (field) => this.#goOn(field),
    };
  }

  #onStructure() {
    this.#build();
    this.#callbacks.onChange();
  }

  #siblings(field) {
    return this.#draft.places().find((each) => each.field === field)?.parent?.columns ?? this.#draft.fields;
  }

  #move(field, by) {
    const fields = this.#siblings(field);
    const from = fields.indexOf(field);
    const to = from + by;
    if (to < 0 || to >= fields.length) return;
    fields.splice(from, 1);
    fields.splice(to, 0, field);
    this.#onStructure();
  }

  #remove(field) {
    const fields = this.#siblings(field);
    const index = fields.indexOf(field);
    fields.splice(index, 1);
    this.#removed = { field, fields, index };
    setText(this.#undoText, localize("kinds.removed", { name: field.name || localize("kinds.unnamed") }));
    this.#undo.hidden = false;
    this.#onStructure();
    this.#rows.get(fields[Math.min(index, fields.length - 1)])?.focus();
  }

  #putBack() {
    const { field, fields, index } = this.#removed;
    fields.splice(index, 0, field);
    this.#removed = null;
    this.#undo.hidden = true;
    this.#onStructure();
    this.focus(field);
  }

  #addColumn(field) {
    const column = createField();
    field.columns.push(column);
    this.#onStructure();
    this.focus(column);
  }

  /** Go to the next field; behind the last one, to a new one. */
  #goOn(field) {
    const fields = this.#siblings(field);
    const next = fields[fields.indexOf(field) + 1];
    if (next) this.focus(next);
    else if (fields === this.#draft.fields) this.add(createField());
    else this.#addColumn(this.#draft.fields.find((list) => list.columns === fields));
  }
}
