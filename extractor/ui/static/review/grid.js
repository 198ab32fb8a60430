/**
 * A list as a table: a row for each element, a column for each property, sums below. Columns are as wide as their
 * content, and those without any are folded; the column of the amounts stays in sight; a row's number leads to its place
 * in the document, and its mark says what is left to check in it and settles that.
 */

import { createButton, createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { levelIcon, levelText, reasonTexts } from "./field_status.js";
import { FieldView, pathKey } from "./field_view.js";

/** Characters that a column is wide at least and at most; a character of Chinese is as wide as two. */
const MIN_WIDTH = 3;
const MAX_WIDTH = 36;
const NUMERIC = new Set(["number", "integer"]);

export class Grid {
  rows = []; // [{ element, number, check, views, deleteButton }]
  #headers = [];
  #folded = new Set(); // numbers of columns that have no values
  #isUnfolded = false;
  #foldButton;
  #fieldAt;
  #callbacks;
  #listView;
  #body = createElement("tbody");
  #sums;
  #footer;
  #addButton;

  /**
   * `fieldAt(path)` returns the field of a cell; `callbacks`: onAddRow(grid, index), onDeleteRow(grid, index),
   * onShowRow(grid, index), onCheckRow(grid, index).
   */
  constructor(node, fieldAt, callbacks) {
    this.node = node;
    this.path = node.path;
    this.#fieldAt = fieldAt;
    this.#callbacks = callbacks;
    this.#listView = new ListView(node, fieldAt(node.path));
    this.#listView.grid = this;
    this.#sums = node.columns.map((column, n) => createElement("td", { class: `sum ${this.#columnClass(column, n)}` }));
    const sumLabel = createElement("th", { scope: "row", text: "Σ", "aria-label": localize("review.sums") });
    const blanks = [createElement("td"), createElement("td")];
    this.#footer = createElement("tfoot", {}, createElement("tr", {}, sumLabel, blanks[0], ...this.#sums, blanks[1]));
    this.#addButton = createButton(
      { class: "add-row", tabIndex: -1, text: localize("review.add_row"), title: "Alt+A" },
      () => this.#callbacks.onAddRow(this, this.rows.length),
    );
    const table = createElement("table", { "aria-label": node.title }, this.#createHeader(), this.#body, this.#footer);
    this.#foldButton = createButton({ class: "fold-columns", tabIndex: -1, hidden: true }, () => {
      this.#isUnfolded = !this.#isUnfolded;
      this.#showColumns();
    });
    const scroll = createElement("div", { class: "grid-scroll" }, table);
    this.element = createElement(
      "div",
      { class: "grid" },
      this.#listView.element,
      scroll,
      this.#addButton,
      this.#foldButton,
    );
    this.setRowCount(node.rows);
    this.setSums(node.sums);
  }

  /** Make the columns as wide as their content, fold those without any, and show what is left to check in each row. */
  layOut() {
    this.node.columns.forEach((column, n) => {
      const views = this.rows.map((row) => row.views[n]);
      const width = Math.max(MIN_WIDTH, ...views.map((view) => textWidth(view.input.value)));
      for (const { input } of views) setWidth(input, Math.min(width, MAX_WIDTH));
      const isEmpty = views.length > 0 && views.every((view) => view.input.value === "" && !view.needsCheck);
      if (isEmpty) this.#folded.add(n);
      else this.#folded.delete(n);
    });
    this.#showColumns();
    for (const row of this.rows) this.#showCheck(row);
  }

  /** Unfold the column of a view, where it is folded. */
  reveal(view) {
    const { column } = this.positionOf(view);
    if (!this.#folded.has(column) || this.#isUnfolded) return;
    this.#isUnfolded = true;
    this.#showColumns();
  }

  /** Return the evidence of a row: that of all of its values together; null where there is none. */
  evidenceOf(index) {
    const found = this.rows[index].views.map((view) => view.field.evidence).filter(Boolean);
    if (!found.length) return null;
    const placed = found.filter(({ start }) => Number.isInteger(start));
    return {
      text: "", // between the values stands what is none of them
      boxes: found.flatMap(({ boxes }) => boxes ?? []),
      start: placed.length ? Math.min(...placed.map(({ start }) => start)) : null,
      end: placed.length ? Math.max(...placed.map(({ end }) => end)) : null,
    };
  }

  #columnClass(column, n) {
    return [NUMERIC.has(column.type) && "number", n === this.node.key && "key-column"].filter(Boolean).join(" ");
  }

  #showColumns() {
    const isFolded = (n) => this.#folded.has(n) && !this.#isUnfolded;
    this.node.columns.forEach((_, n) => {
      this.#headers[n].hidden = isFolded(n);
      this.#sums[n].hidden = isFolded(n);
      for (const row of this.rows) row.views[n].element.hidden = isFolded(n);
    });
    this.#foldButton.hidden = !this.#folded.size;
    const key = this.#isUnfolded ? "review.fold_columns" : "review.unfold_columns";
    setText(this.#foldButton, localize(key, { n: this.#folded.size }));
  }

  #showCheck({ check, views, element }) {
    const left = views.filter((view) => view.needsCheck).length;
    const isWrong = views.some((view) => view.field.level === "wrong");
    setText(check, left ? `● ${left}` : isWrong ? "!" : "✓");
    check.title = left ? localize("review.check_row", { n: left }) : localize(isWrong ? "level.wrong" : "level.done");
    check.disabled = !left;
    check.setAttribute("aria-label", `${check.title}, ${element.rowIndex}`);
    element.toggleAttribute("data-row-needs", left > 0);
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
    this.layOut();
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
    this.#headers = this.node.columns.map((column, n) =>
      createElement(
        "th",
        { scope: "col", title: column.description, class: this.#columnClass(column, n) },
        columnTitle(column, this.node),
        column.unit && createElement("span", { class: "unit", text: column.unit }),
      ),
    );
    const number = createElement("th", { scope: "col", text: "#" });
    const check = createElement("th", { scope: "col", text: "✓", "aria-label": localize("review.row_state") });
    const last = createElement("td", { class: "corner" });
    return createElement("thead", {}, createElement("tr", {}, number, check, ...this.#headers, last));
  }

  #insertRow(index) {
    const views = this.node.columns.map((column, n) => {
      const cell = createElement("td", { class: this.#columnClass(column, n) });
      const path = [...this.path, index, ...column.path];
      const view = new FieldView(column, this.#fieldAt(path), cell, columnTitle(column, this.node));
      view.path = path;
      view.grid = this;
      cell.append(view.input);
      return view;
    });
    const show = createButton({ class: "show-row", tabIndex: -1 }, () =>
      this.#callbacks.onShowRow(this, this.rows.indexOf(row)),
    );
    const check = createButton({ class: "check-row", tabIndex: -1 }, () =>
      this.#callbacks.onCheckRow(this, this.rows.indexOf(row)),
    );
    const number = createElement("th", { scope: "row" }, show);
    const deleteButton = createButton({ class: "delete-row", tabIndex: -1, text: "×" }, () =>
      this.#callbacks.onDeleteRow(this, this.rows.indexOf(row)),
    );
    const last = createElement("td", { class: "delete" }, deleteButton);
    const cells = [number, createElement("td", { class: "check" }, check), ...views.map((view) => view.element), last];
    const row = { element: createElement("tr", {}, ...cells), number: show, check, views, deleteButton };
    this.#body.insertBefore(row.element, this.rows[index]?.element ?? null);
    this.rows.splice(index, 0, row);
  }

  #deleteRow(index) {
    const [row] = this.rows.splice(index, 1);
    row?.element.remove();
  }

  #renumber() {
    this.rows.forEach((row, index) => {
      setText(row.number, String(index + 1));
      row.number.title = localize("review.show_row", { n: index + 1 });
      row.number.setAttribute("aria-label", row.number.title);
      row.deleteButton.title = localize("review.delete_row", { n: index + 1 });
      row.deleteButton.setAttribute("aria-label", row.deleteButton.title);
      row.views.forEach((view, column) => {
        view.path = [...this.path, index, ...this.node.columns[column].path];
        view.input.dataset.key = pathKey(view.path);
        view.input.setAttribute("aria-label", `${this.node.title} ${index + 1}, ${columnTitle(view.node, this.node)}`);
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

/** Return how wide a text is, in characters; wide ones count twice. */
function textWidth(text) {
  let width = 0;
  for (const character of text) width += /[\u1100-\u115f\u2e80-\uffdc]/.test(character) ? 2 : 1;
  return width;
}

function setWidth(input, width) {
  if (input.tagName === "INPUT") input.size = width;
  else if (input.tagName === "TEXTAREA") input.cols = width;
}

const columnTitle = (column, node) => column.title || column.path.join(".") || node.title;
