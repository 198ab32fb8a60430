/** How many fields people had to change in each document, over time. */

import { createElement } from "../common/dom.js";
import { language, localize } from "../common/localization.js";

const HEIGHT = 80; // pixels of the highest bar

/** Return the curve as bars, each of documents that were approved one after the other: `{ first, last, mean }`. */
export function createCorrectionCurve(groups) {
  const highest = Math.max(...groups.map(({ mean }) => mean), 1);
  const bars = groups.map((group) => {
    const bar = createElement("span", { class: "bar", "aria-hidden": "true" });
    bar.style.height = `${Math.round((group.mean / highest) * HEIGHT)}px`;
    return createElement(
      "li",
      { title: groupText(group) },
      createElement("span", { class: "mean", "aria-hidden": "true", text: formatMean(group.mean) }),
      bar,
      createElement("span", { class: "for-readers", text: groupText(group) }),
    );
  });
  const ends = { first: formatMean(groups[0].mean), last: formatMean(groups[groups.length - 1].mean) };
  return createElement(
    "section",
    { "aria-label": localize("lessons.curve") },
    createElement("h3", { text: localize("lessons.curve") }),
    createElement("p", { class: "about", text: localize("lessons.about_curve", ends) }),
    createElement("ol", { class: "curve" }, ...bars),
  );
}

function groupText({ first, last, mean }) {
  const values = { first, last, mean: formatMean(mean) };
  return localize(first === last ? "lessons.curve_document" : "lessons.curve_documents", values);
}

const formatMean = (mean) => mean.toLocaleString(language, { maximumFractionDigits: 1 });
