/** A field's state, confidence and reasons for doubt as icons and texts. */

import { formatPercent, hasMessage, localize } from "../common/localization.js";

/** The symbol of each level, for those who do not see its colour. */
const LEVEL_ICONS = { sure: "○", unsure: "◐", doubtful: "●", wrong: "!", empty: "–", done: "✓" };
const STATE_ICONS = { edited: "✎", absent: "∅" };

export const levelIcon = (field) => STATE_ICONS[field.state] ?? LEVEL_ICONS[field.level] ?? "";

/** Decide whether a field has no value: there is nothing then that could point at a place in the document. */
export const isEmpty = ({ value }) => value === null || (Array.isArray(value) && value.length === 0);

/** Return the confidence in percent of a value that no person has checked, else an empty text. */
export function confidenceText(field) {
  const isShown = field.state === "machine" && field.level !== "empty" && typeof field.confidence === "number";
  return isShown ? formatPercent(field.confidence) : "";
}

/** Return how certain a field is: `doubtful, 35%`, `corrected by li`. */
export function levelText(field) {
  if (field.state === "machine") {
    const level = localize(`level.${isEmpty(field) && field.level !== "wrong" ? "empty" : field.level}`);
    return confidenceText(field) ? `${level}, ${confidenceText(field)}` : level;
  }
  return localize(field.by ? `state.${field.state}_by` : `state.${field.state}`, { who: field.by });
}

/** Return what approved records say for the machine's value: `as in 6 records of this layout`; empty where nothing. */
export function learntText({ learnt }) {
  if (!learnt) return "";
  const number = learnt.records > 1 ? "many" : learnt.records === 1 ? "one" : "other";
  const name = learnt.absent ? `lessons.absent.${number}` : `lessons.as.${number}`;
  return localize(name, { n: learnt.records });
}

/** Return why a field is in doubt, a sentence for each reason. */
export function reasonTexts(field) {
  return (field.reasons ?? []).map(({ kind, message }) => problemText(kind, message));
}

/**
 * Return a problem's text. Texts that end in a colon are completed by the message about this document; a kind without a
 * text is shown by its message alone.
 */
function problemText(kind, message) {
  const key = `problem.${kind}`;
  if (!hasMessage(key)) return message || kind;
  const text = localize(key);
  return message && /[:：]$/.test(text) ? `${text} ${message}` : text;
}
