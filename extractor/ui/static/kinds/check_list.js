/** Checks between fields, each made by choosing fields: what adds up, what is not later, what has to be there. */

import { createButton, createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { NUMERIC, WITH_COLUMNS } from "./draft.js";

const TYPES = ["sum", "order", "one_of"];
const ORDERED = new Set(["date", "date_time", ...NUMERIC]);
const FEWEST_PARTS = { sum: 1, order: 1, one_of: 2 };

export class CheckList {
  element;
  #draft;
  #onChange;
  #items = createElement("ul", { class: "checks" });
  #failed = new Set(); // positions of checks that the sample's values fail

  constructor(draft, onChange) {
    this.#draft = draft;
    this.#onChange = onChange;
    const buttons = TYPES.map((type) =>
      createButton({ text: localize(`kinds.check.add_${type}`), data: { check: type } }, () => this.#add(type)),
    );
    this.element = createElement(
      "section",
      { class: "check-section", "aria-label": localize("kinds.checks") },
      createElement("h2", { text: localize("kinds.checks") }),
      this.#items,
      createElement("div", { class: "check-buttons" }, ...buttons),
    );
    this.build();
  }

  /** Build the checks again after fields have changed. */
  build() {
    const focused = this.#items.contains(document.activeElement) ? document.activeElement.dataset.control : null;
    this.#items.replaceChildren(...this.#draft.checks.map((check, index) => this.#item(check, index)));
    if (focused) this.#items.querySelector(`[data-control="${focused}"]`)?.focus();
  }

  /** Mark the checks that the values of the sample fail, by their positions. */
  showFailed(positions) {
    this.#failed = new Set(positions);
    [...this.#items.children].forEach((item, index) => this.#mark(item, index));
  }

  #add(type) {
    this.#draft.checks.push({ type, parts: Array(FEWEST_PARTS[type]).fill(null), target: null, original: null });
    this.build();
    this.#items.lastElementChild.querySelector("select")?.focus();
    this.#onChange();
  }

  #item(check, index) {
    const contents = check.type === "other" ? [this.#rule(check)] : this.#sentence(check, index);
    const remove = createButton(
      { text: "✕", "aria-label": `${localize("kinds.check.remove")} ${index + 1}`, data: { action: "remove" } },
      () => {
        this.#draft.checks.splice(index, 1);
        this.build();
        this.#onChange();
      },
    );
    const item = createElement("li", {}, ...contents, remove, createElement("span", { class: "check-state" }));
    this.#mark(item, index);
    return item;
  }

  #mark(item, index) {
    const isFailed = this.#failed.has(index);
    item.dataset.failed = String(isFailed);
    item.querySelector(".check-state").textContent = isFailed ? `! ${localize("kinds.check.failed")}` : "";
  }

  #rule({ original }) {
    return createElement("span", { class: "rule", text: original?.message || original?.expr || "" });
  }

  /** Return the words of a check with a choice of fields in each gap. */
  #sentence(check, index) {
    const parts = check.parts.map((field, part) => this.#choice(check, index, part, field));
    const mayGrow = check.type === "one_of" || (check.type === "sum" && !this.#isColumn(check.parts[0]));
    const more = mayGrow
      ? [createButton({ text: "+", "aria-label": localize("kinds.check.add_part") }, () => this.#addPart(check))]
      : [];
    const joined = parts.flatMap((part, n) => (n && check.type === "sum" ? [text("+"), part] : [part]));
    if (check.type === "one_of") return [text(localize("kinds.check.one_of")), ...joined, ...more];
    const words = text(localize(`kinds.check.${check.type}`));
    return [...joined, ...more, words, this.#choice(check, index, "target", check.target)];
  }

  #addPart(check) {
    check.parts.push(null);
    this.build();
    this.#onChange();
  }

  #isColumn(field) {
    return this.#draft.places().some((each) => each.field === field && each.parent?.type === "list");
  }

  #choice(check, index, part, chosen) {
    const offered = this.#offered(check.type, part);
    const select = createElement("select", {
      "aria-label": `${localize(`kinds.check.name_${check.type}`)} ${index + 1}, ${localize("kinds.check.field")}`,
      data: { control: `${index}-${part}` },
    });
    select.append(createElement("option", { value: "", text: localize("kinds.check.choose") }));
    for (const { place, name } of offered) select.append(createElement("option", { value: place, text: name }));
    select.value = offered.find(({ field }) => field === chosen)?.place ?? "";
    select.addEventListener("change", () => {
      const field = offered.find(({ place }) => place === select.value)?.field ?? null;
      if (part === "target") check.target = field;
      else check.parts[part] = field;
      this.build();
      this.#onChange();
    });
    return select;
  }

  /** Return the fields that can stand in a gap: `{ place, name, field }` each. */
  #offered(type, part) {
    return this.#draft
      .places()
      .filter(({ field, parent }) => {
        if (WITH_COLUMNS.has(field.type)) return false;
        if (parent?.type === "list") return type === "sum" && part !== "target" && NUMERIC.has(field.type);
        return type === "sum" ? NUMERIC.has(field.type) : type === "order" ? ORDERED.has(field.type) : true;
      })
      .map(({ place, field, parent }) => ({
        place,
        field,
        name: parent ? `${parent.name} › ${field.name}` : field.name,
      }));
  }
}

const text = (words) => createElement("span", { text: words });
