/**
 * Highlights of the CSS Custom Highlight API over a text as it stands: the document tree stays the same, and no text has to
 * be split. Browsers without the API show the text without highlights.
 */

const registry = globalThis.CSS?.highlights ?? new Map();
const LEVELS = ["sure", "unsure", "doubtful", "wrong", "done"];

/** Show ranges as the evidence of all values ("all"), a selection ("selecting"), or evidence of a level. */
export function showHighlight(name, ranges) {
  if (!ranges.length || !globalThis.Highlight) {
    clearHighlight(name);
    return;
  }
  const highlight = new Highlight(...ranges);
  highlight.priority = name === "all" ? 0 : 1;
  registry.set(`evidence-${name}`, highlight);
}

export const clearHighlight = (name) => registry.delete(`evidence-${name}`);

/** Show ranges as the current field's evidence, in the colour of its level. */
export function showEvidence(ranges, level) {
  clearEvidence();
  showHighlight(LEVELS.includes(level) ? level : "sure", ranges);
}

export function clearEvidence() {
  for (const level of LEVELS) clearHighlight(level);
}

export function clearAllHighlights() {
  clearEvidence();
  for (const name of ["all", "selecting"]) clearHighlight(name);
}
