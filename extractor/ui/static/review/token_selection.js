/**
 * What a click on a character selects: a date, a number with its signs and unit, a code or an address where the server has
 * found one there, else a word.
 */

import { language } from "../common/localization.js";
import { lowerBound } from "./code_points.js";

/** Characters that are written without spaces between words, and take a whole cell of width. */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const NARROW_WIDTH = 0.55; // of other characters, as a share of a wide one's
const MAX_DISTANCE = 120; // characters around the click within which a word is looked for

const segmenter = new Intl.Segmenter(language, { granularity: "word" });

/** Return the value `[start, end]` that contains an offset, or null. `values` are sorted and do not overlap. */
export function findValue(values, offset) {
  const value = values[lowerBound(values, (index) => values[index][1] <= offset)];
  return value && value[0] <= offset ? value : null;
}

/** Return the word `[start, end]` at an index of the text, or null where there is white space. Words end with their line. */
export function findWord(text, index) {
  const from = Math.max(text.lastIndexOf("\n", index - 1) + 1, index - MAX_DISTANCE);
  const lineEnd = text.indexOf("\n", index);
  const line = text.slice(from, Math.min(lineEnd < 0 ? text.length : lineEnd, index + MAX_DISTANCE));
  const at = index - from;
  if (at >= line.length || /\s/u.test(line[at])) return null;
  const found = segmenter.segment(line).containing(at);
  return found ? [from + found.index, from + found.index + found.segment.length] : null;
}

/** Join pieces of text with a space between them, unless both characters at the joint are Chinese or Japanese. */
export function joinTexts(pieces) {
  let text = "";
  for (const piece of pieces.filter(Boolean)) {
    const needsSpace = text !== "" && !(WIDE.test(text.at(-1)) && WIDE.test(piece[0]));
    text += (needsSpace ? " " : "") + piece;
  }
  return text;
}

/** Return a text of several lines as one line. */
export function toOneLine(text) {
  return joinTexts(text.split(/\s*[\n\t\r]+\s*/u).map((line) => line.trim()));
}

/** Estimate where each character of a word begins across its width: shares from 0 to 1, the last for the word's end. */
export function characterEdges(text) {
  const widths = Array.from({ length: text.length }, (_, i) => (WIDE.test(text[i]) ? 1 : NARROW_WIDTH));
  const total = widths.reduce((sum, width) => sum + width, 0) || 1;
  let passed = 0;
  return [0, ...widths.map((width) => (passed += width) / total)];
}
