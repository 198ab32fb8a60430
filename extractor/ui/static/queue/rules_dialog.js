/** A dialog with the rules for the review of a kind of document: thresholds of its fields, automatic approval. */

import { createSelect, labelled } from "../common/again_dialog.js";
import { get, post } from "../common/api.js";
import { ask } from "../common/dialog.js";
import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

/** Let the rules of a kind be edited, and store them. */
export async function editReviewRules() {
  const { schemas } = await get("queue?limit=1&status=all");
  const kinds = schemas.map(({ name, title }) => [name, title || name]);
  if (!kinds.length) return;
  const kind = createSelect(localize("queue.filter.schema"), kinds);
  const fields = createElement("div", { class: "rules-fields" });
  const automatic = createElement("input", { type: "checkbox", id: "rules-automatic" });
  const sampled = createElement("input", { type: "number", min: "1", max: "1000", id: "rules-sampled" });
  const show = async () => {
    const rules = await get(`rules/${encodeURIComponent(kind.value)}`);
    automatic.checked = rules.automatic;
    sampled.value = String(rules.sampled_one_in);
    fields.replaceChildren(...rules.fields.map((field) => createThreshold(field, rules.thresholds[field.name])));
  };
  await show();
  kind.addEventListener("change", show);
  const contents = [
    labelled(localize("queue.filter.schema"), kind),
    createElement("p", { text: localize("rules.about_thresholds") }),
    fields,
    createElement(
      "label",
      { class: "rules-line" },
      automatic,
      createElement("span", { text: localize("rules.automatic") }),
    ),
    createElement("p", { text: localize("rules.about_automatic") }),
    labelled(localize("rules.sampled"), sampled),
  ];
  if (!(await ask(localize("rules.title"), contents))) return;
  const thresholds = {};
  for (const input of fields.querySelectorAll("input")) {
    if (input.value !== "") thresholds[input.dataset.field] = Number(input.value) / 100;
  }
  const rules = { thresholds, automatic: automatic.checked, sampled_one_in: Number(sampled.value) };
  await post(`rules/${encodeURIComponent(kind.value)}`, rules);
  document.dispatchEvent(new Event("extractor:changed"));
}

/** Return an input for the confidence, in percent, from which on a field needs no review; empty for the common one. */
function createThreshold({ name, title }, threshold) {
  const input = createElement("input", {
    type: "number",
    min: "0",
    max: "100",
    step: "any",
    value: threshold === undefined ? "" : String(Math.round(threshold * 1e4) / 100),
    placeholder: localize("rules.common"),
    data: { field: name },
  });
  return labelled(title, input);
}
