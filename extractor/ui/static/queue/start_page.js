/** What stands in place of an empty queue: the three steps from a report to values, and a sample to try them with. */

import { get, post } from "../common/api.js";
import { createButton, createElement, delay, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { localize } from "../common/localization.js";
import { openRecord, showTab } from "../common/navigation.js";

const STEPS = [
  ["upload", "upload"],
  ["check", "queue"],
  ["export", "export"],
];
const POLL_INTERVAL = 500; // milliseconds between questions whether the sample has been extracted
const MAX_POLLS = 240;

/** Return the start page, hidden. */
export function createStartPage() {
  const message = createElement("p", { class: "start-message", role: "status" });
  const steps = STEPS.map(([name, tab], index) =>
    createElement(
      "li",
      {},
      createElement(
        "h3",
        {},
        createElement("span", { class: "start-number", "aria-hidden": "true", text: String(index + 1) }),
        localize(`start.${name}`),
      ),
      createElement("p", { text: localize(`start.${name}_about`) }),
      name === "check"
        ? null
        : createButton({ class: name === "upload" ? "primary" : "", text: localize(`start.${name}_go`) }, () =>
            showTab(tab),
          ),
    ),
  );
  const sample = createButton({ class: "start-sample", text: localize("start.sample") }, () => trySample(message));
  return createElement(
    "section",
    { class: "start-page", "aria-label": localize("start.title"), hidden: true },
    createElement("h2", { text: localize("start.title") }),
    createElement("ol", {}, ...steps),
    createElement("div", { class: "start-try" }, sample, message),
  );
}

/** Hand in the sample, and open its record once it was extracted. */
async function trySample(message) {
  setText(message, localize("start.sample_running"));
  try {
    const { handins } = await post("sample");
    for (let n = 0; n < MAX_POLLS; n += 1) {
      const { rows } = await get("uploads");
      const row = rows.find(({ id }) => id === handins[0]);
      if (row?.record) {
        setText(message, "");
        openRecord(row.record);
        return;
      }
      await delay(POLL_INTERVAL);
    }
  } catch (error) {
    setText(message, errorMessage(error));
  }
}
