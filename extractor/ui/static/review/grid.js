/** A list as a table: a row for each element, a column for each property, sums below, buttons to add and delete rows. */

import { createButton, createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { levelIcon, levelText, reasonTexts } from "./field_status.js";
import { FieldView, pathKey } from "./field_view.js";

export class Grid {
  rows = []; // [{ element, number, views, deleteButton }]
  #fieldAt;
  #callbacks;
  #listView;
  #body = createElement("tbody");
  #sums;
  #footer;
  #addButton;

  /** `fieldAt(path)` returns the field of a cell; `callbacks`: onAddRow(grid, index), onDeleteRow(grid, index). */
  constructor(node, fieldAt, callbacks) {
    this.node = node;
    this.path = node.path;
    this.#fieldAt = fieldAt;
    this.#callbacks = callbacks;
    this.#listView = new ListView(node, fieldAt(node.path));
    this.#listView.grid = this;
    this.#sums = node.columns.map(() => createElement("td", { class: "sum" }));
    const sumLabel = createElement("th", { scope: "row", text: "Σ" });
    this.#footer = createElement("tfoot", {}, createElement("tr", {}, sumLabel, ...this.#sums, createElement("td")));
    this.#addButton = createButton(
      { class: "add-row", tabIndex: -1, text: localize("review.add_row"), title: "Alt+A" },
      () => this.#callbacks.onAddRow(this, this.rows.length),
    );
    const table = createElement("table", { "aria-label": node.title }, this.#createHeader(), this.#body, this.#footer);
    this.element = createElement("div", { class: "grid" }, this.#listView.element, table, this.#addButton);
    this.setRowCount(node.rows);
    this.setSums(node.sums);
  }

  /** The views of the list as a whole, which may itself be in doubt, and of its cells. */
  get views() {
    return [this.#listView, ...this.rows.flatMap((row) => row.views)];
  }

  /**
   * Set the number of rows. `change` says where a row was added or deleted, `{ added: 2 }` or `{ deleted: 2 }`, so that the
   * others keep their elements, and with them what is being typed there.
   */
  setRowCount(count, change = {}) {
    if (change.deleted !== undefined && count < this.rows.length) this.#deleteRow(change.deleted);
    if (change.added !== undefined && count > this.rows.length) this.#insertRow(change.added);
    while (this.rows.length > count) this.#deleteRow(this.rows.length - 1);
    while (this.rows.length < count) this.#insertRow(this.rows.length);
    this.#renumber();
  }

  /** Show the sums of columns, texts by the number of the column. */
  setSums(sums) {
    this.#footer.hidden = !Object.keys(sums ?? {}).length;
    this.#sums.forEach((cell, column) => (cell.textContent = sums?.[column] ?? ""));
  }

  setReadOnly(readOnly) {
    this.#addButton.hidden = readOnly;
    this.element.classList.toggle("read-only", readOnly);
  }

  /** Return the `{ row, column }` of a view, both -1 for the list as a whole. */
  positionOf(view) {
    const row = this.rows.findIndex(({ views }) => views.includes(view));
    return { row, column: row < 0 ? -1 : this.rows[row].views.indexOf(view) };
  }

  #createHeader() {
    const headers = this.node.columns.map((column) =>
      createElement(
        "th",
        { scope: "col", title: column.description },
        columnTitle(column, this.node),
        column.unit && createElement("span", { class: "unit", text: column.unit }),
      ),
    );
    const number = createElement("th", { scope: "col", text: "#" });
    return createElement("thead", {}, createElement("tr", {}, number, ...headers, createElement("th")));
  }

  #insertRow(index) {
    const views = this.node.columns.map((column) => {
      const cell = createElement("td");
      const path = [...this.path, index, ...column.path];
      const view = new FieldView(column, this.#fieldAt(path), cell, columnTitle(column, this.node));
      view.path = path;
      view.grid = this;
      cell.append(view.input);
      return view;
    });
    const number = createElement("th", { scope: "row" });
    const deleteButton = createButton({ class: "delete-row", tabIndex: -1, text: "×" }, () =>
      this.#callbacks.onDeleteRow(this, this.rows.indexOf(row)),
    );
    const cells = [number, ...views.map((view) => view.element), createElement("td", {}, deleteButton)];
    const row = { element: createElement("tr", {}, ...cells), number, views, deleteButton };
    this.#body.insertBefore(row.element, this.rows[index]?.element ?? null);
    this.rows.splice(index, 0, row);
  }

  #deleteRow(index) {
    const [row] = this.rows.splice(index, 1);
    row?.element.remove();
  }

  #renumber() {
    this.rows.forEach((row, index) => {
      row.number.textContent = String(index + 1);
      row.deleteButton.title = localize("review.delete_row", { n: index + 1 });
      row.deleteButton.setAttribute("aria-label", row.deleteButton.title);
      row.views.forEach((view, column) => {
        view.path = [...this.path, index, ...this.node.columns[column].path];
        view.input.dataset.key = pathKey(view.path);
        view.input.setAttribute("aria-label", `${columnTitle(view.node, this.node)}, ${index + 1}`);
      });
    });
  }
}

/** The list as a whole: a button with the doubt about it, shown while somebody should check it. */
class ListView extends FieldView {
  constructor(node, field) {
    super({ ...node, type: "list" }, field, createElement("div", { class: "list-doubt" }), node.title);
    this.input.dataset.key = this.key;
    this.element.append(this.input);
  }

  render() {
    super.render();
    this.element.hidden = !this.needsCheck;
    setText(this.input, [levelIcon(this.field), levelText(this.field), ...reasonTexts(this.field)].join(" "));
  }
}

const columnTitle = (column, node) => column.title || column.path.join(".") || node.title;
