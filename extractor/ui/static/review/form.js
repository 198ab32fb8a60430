/** The form of a record: groups that fold, fields, and lists as grids, in one order for keys and counters. */

import { createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { FieldView, pathKey, viewOfInput } from "./field_view.js";
import { Grid } from "./grid.js";

export class Form {
  element = createElement("div", { class: "form", role: "form", "aria-label": localize("review.form") });
  /** The views of all fields in the order of the form: that of Tab, of Enter and of the counter. */
  views = [];
  #viewsByKey = new Map();
  #grids = new Map();
  #groups = []; // { element, count, members: [view or grid] }
  #fields = new Map();
  #callbacks;

  /** `callbacks`: those of `Grid`. */
  constructor(callbacks) {
    this.#callbacks = callbacks;
  }

  /** Build the form of another record. */
  build(tree, fields) {
    this.#grids.clear();
    this.#groups = [];
    this.#fields = byKey(fields);
    const content = createElement("div", { class: "form-content" });
    for (const child of tree.children ?? [tree]) content.append(this.#createNode(child, [], 0));
    this.element.replaceChildren(content);
    this.#index();
    this.updateCounts();
  }

  get(path) {
    return this.#viewsByKey.get(pathKey(path)) ?? null;
  }

  /** Return a field as the server last answered it. */
  storedField(path) {
    return this.#fields.get(pathKey(path)) ?? emptyField(path);
  }

  /** The fields that a person should check, in order. */
  get uncheckedFields() {
    return this.views.filter((view) => view.needsCheck);
  }

  /** The fields whose text could not be saved and can be tried again. */
  get unsavedFields() {
    return this.views.filter((view) => view.draft !== null);
  }

  /** Return the next field to check after `view`, starting over at the end; null where there is none. */
  nextUnchecked(view, direction = 1) {
    const { views } = this;
    const from = view ? views.indexOf(view) : direction > 0 ? -1 : views.length;
    for (let step = 1; step <= views.length; step += 1) {
      const next = views[(from + direction * step + views.length * 2) % views.length];
      if (next.needsCheck && next !== view) return next;
    }
    return null;
  }

  /**
   * Apply an answer of the server: fields that changed, keys of fields that are gone, lists with other rows.
   * `rowChange` says where in which list a row was added or deleted. Returns the views of deleted rows that had unsaved
   * text.
   */
  apply(answer, rowChange = {}) {
    const lost = [];
    for (const [key, field] of byKey(answer.fields)) this.#fields.set(key, field);
    for (const key of answer.gone ?? []) this.#fields.delete(pathKey(JSON.parse(key)));
    if (answer.form) lost.push(...this.#updateRows(answer.form, rowChange));
    for (const [key] of byKey(answer.fields)) this.#viewsByKey.get(key)?.update(this.#fields.get(key));
    this.updateCounts();
    return lost;
  }

  setReadOnly(readOnly) {
    for (const view of this.views) view.setReadOnly(readOnly);
    for (const grid of this.#grids.values()) grid.setReadOnly(readOnly);
  }

  /** Show the number of fields to check at each group, and return that of the whole form. */
  updateCounts() {
    for (const grid of this.#grids.values()) grid.layOut();
    for (const { element, count, members } of this.#groups) {
      const unchecked = members.flatMap((member) => member.views ?? [member]).filter((view) => view.needsCheck).length;
      setText(count, unchecked ? localize("review.to_check", { n: unchecked }) : "✓");
      element.toggleAttribute("data-needs", unchecked > 0);
    }
    return this.uncheckedFields.length;
  }

  #createNode(node, groups, depth) {
    if (node.kind === "group") return this.#createGroup(node, groups, depth);
    return node.kind === "grid" ? this.#createList(node, groups, depth) : this.#createField(node, groups);
  }

  #createGroup(node, groups, depth) {
    const { element, group } = this.#createFold(node, depth);
    for (const child of node.children) element.append(this.#createNode(child, [...groups, group], depth + 1));
    return element;
  }

  #createList(node, groups, depth) {
    const grid = new Grid(node, (path) => this.storedField(path), this.#callbacks);
    this.#grids.set(pathKey(node.path), grid);
    const { element, group } = this.#createFold(node, depth);
    for (const each of [...groups, group]) each.members.push(grid);
    element.append(grid.element);
    return element;
  }

  #createFold(node, depth) {
    const count = createElement("span", { class: "count" });
    const title = createElement("span", { class: "group-title", text: node.title || String(node.path.at(-1) ?? "") });
    const summary = createElement("summary", { tabIndex: -1, title: node.description || null }, title, count);
    summary.addEventListener("mousedown", (event) => event.preventDefault());
    const element = createElement("details", { class: "group", open: true, data: { depth } }, summary);
    const group = { element, count, members: [], title: title.textContent };
    this.#groups.push(group);
    return { element, group };
  }

  #createField(node, groups) {
    const row = createElement("div", { class: "field" });
    const title = node.title || String(node.path.at(-1));
    const names = [...groups.map((group) => group.title), title];
    const view = new FieldView(node, this.storedField(node.path), row, names.join(" › "));
    view.input.id = `field-${(lastId += 1)}`;
    view.input.dataset.key = view.key;
    view.icon = createElement("span", { class: "icon" });
    view.confidence = createElement("span", { class: "confidence" });
    const label = createElement("label", { for: view.input.id, title: node.description || null }, view.icon);
    label.append(createElement("span", { class: "title", text: title }));
    if (node.required) label.append(createElement("abbr", { text: "*" }));
    row.append(label, view.confidence, view.input, createElement("span", { class: "unit", text: node.unit ?? "" }));
    view.render();
    for (const group of groups) group.members.push(view);
    return row;
  }

  #updateRows(tree, rowChange) {
    const lost = [];
    for (const node of listNodes(tree)) {
      const grid = this.#grids.get(pathKey(node.path));
      if (!grid) continue;
      const edited = grid.views.filter((view) => view.isEdited);
      const isChanged = rowChange.path && pathKey(rowChange.path) === pathKey(node.path);
      grid.setRowCount(node.rows, isChanged ? rowChange : {});
      grid.setSums(node.sums);
      for (const view of grid.views) view.update(this.storedField(view.path));
      lost.push(...edited.filter((view) => !view.element.isConnected));
    }
    this.#index();
    return lost;
  }

  #index() {
    this.views = [...this.element.querySelectorAll("[data-key]")].map(viewOfInput);
    this.#viewsByKey = new Map(this.views.map((view) => [view.key, view]));
  }
}

let lastId = 0;

/** Return a field without a value, as the server would answer one that it has nothing about. */
const emptyField = (path) => ({
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

const byKey = (fields) => new Map(Object.values(fields).map((field) => [pathKey(field.path), field]));

function* listNodes(node) {
  if (node.kind === "grid") yield node;
  for (const child of node.children ?? []) yield* listNodes(child);
}
