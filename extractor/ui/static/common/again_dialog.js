/** A dialog that asks how documents are to be extracted again: as which kind, and by which model. */

import { get } from "./api.js";
import { ask } from "./dialog.js";
import { createElement } from "./dom.js";
import { localize } from "./localization.js";

/** Ask, and return `{ schema, model }` with empty texts for what stays as it is; null where it was cancelled. */
export async function askHowToExtractAgain() {
  const { kinds, models } = await get("options");
  const asIs = ["", localize("again.as_is")];
  const kind = createSelect(localize("again.kind"), [asIs, ...kinds.map(({ name, title }) => [name, title])]);
  const model = createSelect(localize("again.model"), [asIs, ...models.map((name) => [name, modelName(name)])]);
  const answer = await ask(localize("again.title"), [
    createElement("p", { text: localize("again.about") }),
    labelled(localize("again.kind"), kind),
    labelled(localize("again.model"), model),
  ]);
  return answer && { schema: kind.value, model: model.value };
}

/** Return the name of a model as people read it. */
export const modelName = (name) => (name === "none" ? localize("again.no_model") : name);

/** Return a select with options of value and text. */
export function createSelect(label, options) {
  const select = createElement("select", { "aria-label": label });
  for (const [value, text] of options) select.append(createElement("option", { value, text }));
  return select;
}

export const labelled = (text, control) => createElement("label", {}, createElement("span", { text }), control);
