/** A list as a table: a row for each element, a column for each property, sums below, rows to add and take away. */

import { button, make, put } from "./dom.js";
import { FieldView, iconOf, keyOf, levelOf, reasonsOf } from "./field.js";
import { say } from "./words.js";

export class Grid {
  rows = []; // [{ element, number, views }]

  /** `fieldAt(path)` gives the field of a cell; `hooks`: addRow(grid, at), deleteRow(grid, at). */
  constructor(node, fieldAt, hooks) {
    this.node = node;
    this.path = node.path;
    this.#fieldAt = fieldAt;
    this.#hooks = hooks;
    this.head = new ListHead(node, fieldAt(node.path));
    this.head.grid = this;
    this.body = make("tbody");
    this.sums = node.columns.map(() => make("td", { class: "sum" }));
    const heads = node.columns.map((column) =>
      make("th", { scope: "col", title: column.description }, titleOf(column, node), unitOf(column)),
    );
    this.foot = make("tfoot", {}, make("tr", {}, make("th", { scope: "row", text: "Σ" }), ...this.sums, make("td")));
    this.add = button({ class: "add-row", tabIndex: -1, text: say("review.add_row"), title: "Alt+A" }, () =>
      this.#hooks.addRow(this, this.rows.length),
    );
    this.element = make(
      "div",
      { class: "grid" },
      this.head.element,
      make(
        "table",
        { "aria-label": node.title },
        make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "#" }), ...heads, make("th"))),
        this.body,
        this.foot,
      ),
      this.add,
    );
    this.setRows(node.rows);
    this.setSums(node.sums);
  }

  #fieldAt;
  #hooks;

  /** The list itself, which may be doubted as a whole, and its cells. */
  get views() {
    return [this.head, ...this.rows.flatMap((row) => row.views)];
  }

  /**
   * Have so many rows. `change` says where a row was put in or taken out, `{ added: 2 }` or `{ deleted: 2 }`, so that the
   * others keep their elements, and with them what is being typed there.
   */
  setRows(count, change = {}) {
    if (change.deleted !== undefined && count < this.rows.length) this.#remove(change.deleted);
    if (change.added !== undefined && count > this.rows.length) this.#insert(change.added);
    while (this.rows.length > count) this.#remove(this.rows.length - 1);
    while (this.rows.length < count) this.#insert(this.rows.length);
    this.#renumber();
  }

  setSums(sums = {}) {
    this.foot.hidden = !Object.keys(sums ?? {}).length;
    this.sums.forEach((cell, column) => (cell.textContent = sums?.[column] ?? ""));
  }

  setReadOnly(readOnly) {
    this.add.hidden = readOnly;
    this.element.classList.toggle("read-only", readOnly);
  }

  /** Which row and column a view stands in. */
  placeOf(view) {
    const row = this.rows.findIndex((each) => each.views.includes(view));
    return { row, column: row < 0 ? -1 : this.rows[row].views.indexOf(view) };
  }

  #insert(at) {
    const views = this.node.columns.map((column) => {
      const cell = make("td");
      const path = [...this.path, at, ...column.path];
      const view = new FieldView(column, this.#fieldAt(path), cell, titleOf(column, this.node));
      view.path = path;
      view.grid = this;
      cell.append(view.input);
      return view;
    });
    const number = make("th", { scope: "row" });
    const remove = button({ class: "delete-row", tabIndex: -1, text: "×" }, () =>
      this.#hooks.deleteRow(this, this.rows.indexOf(row)),
    );
    const row = { number, views, remove };
    row.element = make("tr", {}, number, ...views.map((view) => view.element), make("td", {}, remove));
    this.body.insertBefore(row.element, this.rows[at]?.element ?? null);
    this.rows.splice(at, 0, row);
  }

  #remove(at) {
    const [row] = this.rows.splice(at, 1);
    row?.element.remove();
  }

  #renumber() {
    this.rows.forEach((row, index) => {
      row.number.textContent = String(index + 1);
      row.remove.title = say("review.delete_row", { n: index + 1 });
      row.remove.setAttribute("aria-label", row.remove.title);
      row.views.forEach((view, column) => {
        view.path = [...this.path, index, ...this.node.columns[column].path];
        view.input.dataset.key = keyOf(view.path);
        view.input.setAttribute("aria-label", `${titleOf(view.node, this.node)}, ${index + 1}`);
      });
    });
  }
}

/** A doubt about the list as a whole: a button that says it, there while somebody should look at it. */
class ListHead extends FieldView {
  constructor(node, field) {
    super({ ...node, type: "list" }, field, make("div", { class: "list-head" }), node.title);
    this.input.dataset.key = this.key;
    this.element.append(this.input);
  }

  paint() {
    super.paint();
    this.element.hidden = !this.needs;
    put(this.input, [iconOf(this.field), levelOf(this.field), ...reasonsOf(this.field)].join(" "));
  }
}

const titleOf = (column, node) => column.title || column.path.join(".") || node.title;
const unitOf = (node) => node.unit && make("span", { class: "unit", text: node.unit });

/** What was copied from a spreadsheet as cells, or null where it is one piece of text. */
export function cellsOf(text) {
  const trimmed = text.replace(/\r?\n$/u, "");
  if (!/[\t\n]/u.test(trimmed)) return null;
  return quotedCells(trimmed);
}

/** Cells parted by tabs, rows by line ends; a cell in quotes may hold both, as spreadsheets write them. */
function quotedCells(text) {
  const rows = [[]];
  for (let at = 0; at <= text.length;) {
    let cell = "";
    if (text[at] === '"') {
      const quoted = /^"((?:[^"]|"")*)"(?=[\t\r\n]|$)/u.exec(text.slice(at));
      if (quoted) {
        cell = quoted[1].replaceAll('""', '"');
        at += quoted[0].length;
      }
    }
    const rest = /^[^\t\r\n]*/u.exec(text.slice(at))[0];
    rows.at(-1).push(cell + rest);
    at += rest.length;
    if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
    if (text[at] === "\n" || text[at] === "\r") rows.push([]);
    at += 1;
  }
  return rows;
}
