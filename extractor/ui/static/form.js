/** The form that a schema makes: groups that fold, fields, and lists as grids, in one order for every key and counter. */

import { make, put } from "./dom.js";
import { FieldView, keyOf, viewOf } from "./field.js";
import { Grid } from "./grid.js";
import { say } from "./words.js";

export class Form {
  element = make("div", { class: "form", role: "form", "aria-label": say("review.form") });
  /** Every field's view, in the order of the form: the order of Tab, of Enter and of the counter. */
  order = [];
  #views = new Map();
  #grids = new Map();
  #groups = []; // { count, inside: [view or grid] }
  #fields = new Map();
  #hooks;

  /** `hooks`: addRow(grid, at), deleteRow(grid, at). */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** Show a record's form anew. */
  build(tree, fields) {
    this.#grids.clear();
    this.#groups = [];
    this.#fields = byKey(fields);
    const content = make("div", { class: "form-content" });
    for (const child of tree.children ?? [tree]) content.append(this.#node(child, [], 0));
    this.element.replaceChildren(content);
    this.#index();
    this.count();
  }

  get(path) {
    return this.#views.get(keyOf(path)) ?? null;
  }

  grid(path) {
    return this.#grids.get(keyOf(path)) ?? null;
  }

  /** A field as the server last said it. */
  said(path) {
    return this.#fields.get(keyOf(path)) ?? blank(path);
  }

  /** The fields that a person should look at, in order. */
  get needing() {
    return this.order.filter((view) => view.needs);
  }

  /** The fields whose text could not be saved and waits for a second try. */
  get unsaved() {
    return this.order.filter((view) => view.draft !== null);
  }

  /** The next field from `view` that a person should look at, around the end; null where there is none. */
  nextNeeding(view, direction = 1) {
    const { order } = this;
    const from = view ? order.indexOf(view) : direction > 0 ? -1 : order.length;
    for (let step = 1; step <= order.length; step += 1) {
      const next = order[(from + direction * step + order.length * 2) % order.length];
      if (next.needs && next !== view) return next;
    }
    return null;
  }

  /**
   * Take over what an answer of the server says: fields that changed, fields that are gone, lists with other rows.
   * `change` is where in which list a row came or went. What was typed in rows that are gone is given back.
   */
  apply(answer, change = {}) {
    const lost = [];
    for (const [key, field] of byKey(answer.fields)) this.#fields.set(key, field);
    for (const key of answer.gone ?? []) this.#fields.delete(keyOf(JSON.parse(key)));
    if (answer.form) lost.push(...this.#setRows(answer.form, change));
    for (const [key] of byKey(answer.fields)) this.#views.get(key)?.show(this.#fields.get(key));
    this.count();
    return lost;
  }

  setReadOnly(readOnly) {
    for (const view of this.order) view.setReadOnly(readOnly);
    for (const grid of this.#grids.values()) grid.setReadOnly(readOnly);
  }

  /** Count what needs a look, in all and for each group; the number in all. */
  count() {
    for (const { element, count, inside } of this.#groups) {
      const left = inside.flatMap((part) => part.views ?? [part]).filter((view) => view.needs).length;
      put(count, left ? say("review.to_check", { n: left }) : "✓");
      element.toggleAttribute("data-needs", left > 0);
    }
    return this.needing.length;
  }

  // Building.

  #node(node, groups, depth) {
    if (node.kind === "group") return this.#group(node, groups, depth);
    return node.kind === "grid" ? this.#list(node, groups, depth) : this.#field(node, groups);
  }

  #group(node, groups, depth) {
    const { element, group } = this.#fold(node, depth);
    for (const child of node.children) element.append(this.#node(child, [...groups, group], depth + 1));
    return element;
  }

  #list(node, groups, depth) {
    const grid = new Grid(node, (path) => this.said(path), this.#hooks);
    this.#grids.set(keyOf(node.path), grid);
    const { element, group } = this.#fold(node, depth);
    for (const each of [...groups, group]) each.inside.push(grid);
    element.append(grid.element);
    return element;
  }

  #fold(node, depth) {
    const count = make("span", { class: "count" });
    const title = make("span", { class: "group-title", text: node.title || String(node.path.at(-1) ?? "") });
    const summary = make("summary", { tabIndex: -1, title: node.description || null }, title, count);
    summary.addEventListener("mousedown", (event) => event.preventDefault());
    const element = make("details", { class: "group", open: true, data: { depth } }, summary);
    const group = { element, count, inside: [] };
    this.#groups.push(group);
    return { element, group };
  }

  #field(node, groups) {
    const row = make("div", { class: "field" });
    const title = node.title || String(node.path.at(-1));
    const view = new FieldView(node, this.said(node.path), row, title);
    view.input.id = `field-${(serial += 1)}`;
    view.input.dataset.key = view.key;
    view.icon = make("span", { class: "icon" });
    view.share = make("span", { class: "share" });
    const label = make("label", { for: view.input.id, title: node.description || null }, view.icon);
    label.append(make("span", { class: "title", text: title }), node.required ? make("abbr", { text: "*" }) : "");
    row.append(label, view.share, view.input, make("span", { class: "unit", text: node.unit ?? "" }));
    view.paint();
    for (const group of groups) group.inside.push(view);
    return row;
  }

  #setRows(tree, change) {
    const lost = [];
    for (const node of grids(tree)) {
      const grid = this.grid(node.path);
      if (!grid) continue;
      const typed = grid.views.filter((view) => view.isTyped);
      const here = change.path && keyOf(change.path) === keyOf(node.path) ? change : {};
      grid.setRows(node.rows, here);
      grid.setSums(node.sums);
      for (const view of grid.views) view.show(this.said(view.path));
      lost.push(...typed.filter((view) => !view.element.isConnected));
    }
    this.#index();
    return lost;
  }

  #index() {
    this.order = [...this.element.querySelectorAll("[data-key]")].map(viewOf);
    this.#views = new Map(this.order.map((view) => [view.key, view]));
  }
}

let serial = 0;

/** A field of which the server said nothing. */
const blank = (path) => ({
  path,
  value: null,
  text: "",
  state: "machine",
  needs: false,
  level: "empty",
  confidence: null,
  reasons: [],
  evidence: null,
  by: null,
});

const byKey = (fields) => new Map(Object.values(fields).map((field) => [keyOf(field.path), field]));

function* grids(node) {
  if (node.kind === "grid") yield node;
  for (const child of node.children ?? []) yield* grids(child);
}
