/** What was learnt about each field: labels beside its values, their form, and what is not to be taken for one. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

const COLUMNS = ["field", "labels", "forms", "instead", "seen", "corrected"];

/** Return the table of the fields. */
export function createFieldTable(fields) {
  const heads = COLUMNS.map((name) => createElement("th", { scope: "col", text: localize(`lessons.column.${name}`) }));
  return createElement(
    "section",
    { "aria-label": localize("lessons.by_field") },
    createElement("h3", { text: localize("lessons.by_field") }),
    createElement("p", { class: "about", text: localize("lessons.about_fields") }),
    createElement(
      "table",
      { class: "lesson-fields", "aria-label": localize("lessons.by_field") },
      createElement("thead", {}, createElement("tr", {}, ...heads)),
      createElement("tbody", {}, ...fields.map(createRow)),
    ),
  );
}

function createRow({ field, title, seen, present, corrected, labels, shapes, instead, never }) {
  const there = never ? localize("lessons.never", { n: seen }) : localize("lessons.present", { n: present, of: seen });
  return createElement(
    "tr",
    { data: { field } },
    createElement("th", { scope: "row", text: title, title: field }),
    createElement("td", {}, createCounts(labels)),
    createElement("td", {}, createCounts(shapes)),
    createElement("td", {}, createCounts(instead)),
    createElement("td", { text: there }),
    createElement("td", { text: String(corrected) }),
  );
}

/** Return texts with the number of documents that each was found in. */
function createCounts(counted) {
  const items = counted.map(({ text, count }) =>
    createElement(
      "li",
      {},
      createElement("q", { text }),
      createElement("span", { class: "count", text: ` ×${count}` }),
    ),
  );
  return items.length ? createElement("ul", { class: "counts" }, ...items) : "–";
}
