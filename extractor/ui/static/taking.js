/** What a click on a character takes: a whole number with its signs and unit, a date, a code, else a word. */

import { language } from "./words.js";

const DATE =
  /\d{4}\s?年(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?)?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[:：]\d{2}(?:[:：]\d{2})?/gu;
const DIGITS = String.raw`[\d０-９]`;
const UNIT = String.raw`(?:\s?(?:[%％‰℃]|[十百千万亿]*(?:美元|欧元|日元|港元|人民币|元|角|分)|[十百千万亿]+)|°?[A-Za-zµμΩ][A-Za-z0-9µμΩ/^²³·]*)`;
const NUMBER = new RegExp(
  String.raw`\((?=${DIGITS}[^()]*[.,])[¥￥$€£]?${DIGITS}[${"\\d０-９"},，.．]*\)` +
    String.raw`|(?:(?<![\d０-９.．])[+\-−–±]|(?<!\p{Script=Han})[减增])?\s?(?:[¥￥$€£]\s?)?${DIGITS}+(?:[,，]${DIGITS}{3,4})*(?:[.．]${DIGITS}+)?${UNIT}?`,
  "gu",
);
const CODE = /[A-Za-z0-9](?:[A-Za-z0-9._\-/@:#&+]*[A-Za-z0-9])?/gu;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const REACH = 120;

const segmenter = new Intl.Segmenter(language, { granularity: "word" });

/** `[start, end]` of what stands at `index` of the text, or null where that is white space. */
export function wordAt(text, index) {
  const from = Math.max(text.lastIndexOf("\n", index - 1) + 1, index - REACH);
  const stop = text.indexOf("\n", index);
  const line = text.slice(from, Math.min(stop < 0 ? text.length : stop, index + REACH));
  const at = index - from;
  if (at >= line.length || /\s/u.test(line[at])) return null;
  const found = spanAt(DATE, line, at) ?? code(line, at) ?? spanAt(NUMBER, line, at) ?? segment(line, at);
  return found && [found[0] + from, found[1] + from];
}

function spanAt(pattern, line, at) {
  for (const match of line.matchAll(pattern)) {
    const start = match.index + (match[0].length - match[0].trimStart().length);
    if (start <= at && at < match.index + match[0].length) return [start, match.index + match[0].length];
  }
  return null;
}

/** Numbers of orders, addresses of mail and the like: figures or an `@` with letters in front, or hyphens between. */
function code(line, at) {
  const span = spanAt(CODE, line, at);
  if (span === null) return null;
  const said = line.slice(...span);
  const composed = /^[A-Za-z].*\d|@|^\d+(?:-\d+)+$|:\/\//u.test(said);
  return composed ? span : null;
}

function segment(line, at) {
  const found = segmenter.segment(line).containing(at);
  return found ? [found.index, found.index + found.segment.length] : null;
}

/** Pieces of text as one, with a blank between them unless both sides of the seam are Chinese or Japanese. */
export function joined(pieces) {
  let text = "";
  for (const piece of pieces.filter(Boolean)) {
    const seam = text !== "" && !(WIDE.test(text.at(-1)) && WIDE.test(piece[0]));
    text += (seam ? " " : "") + piece;
  }
  return text;
}

/** A stretch of a document on one line. */
export function onOneLine(text) {
  return joined(text.split(/\s*[\n\t\r]+\s*/u).map((line) => line.trim()));
}

/** Where each character of a word stands across its width: shares from 0 to 1, one more than there are characters. */
export function shares(text) {
  const widths = Array.from({ length: text.length }, (_, i) => (WIDE.test(text[i]) ? 1 : 0.55));
  const whole = widths.reduce((sum, width) => sum + width, 0) || 1;
  let passed = 0;
  return [0, ...widths.map((width) => (passed += width) / whole)];
}
