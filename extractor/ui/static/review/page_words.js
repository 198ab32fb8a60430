/**
 * Selecting words of a page by a point or a box. Coordinates are points from the top left of the page; offsets are code
 * points of the document's text. A selection is `{ text, evidence: { start, end, boxes } }`.
 */

import { countPoints } from "./code_points.js";
import { characterEdges, findValue, findWord, joinTexts } from "./token_selection.js";

const CLICK_TOLERANCE = 1.5; // points around a word in which a click still selects it

/** Return the words that the server lists as arrays as `{ text, box, start, end }`. */
export const parseWords = (rows) =>
  rows.map(([text, x0, top, x1, bottom, start, end]) => ({ text, box: { x0, top, x1, bottom }, start, end }));

/** Return the selection of a click at a point, or null where there is no word. */
export function selectAt({ words, values, number }, point) {
  const hit = words.findIndex(({ box }) => isInside(point, box, CLICK_TOLERANCE));
  if (hit < 0) return null;
  const index = characterAt(words[hit], point.x);
  const value = findValue(values, words[hit].start + countPoints(words[hit].text.slice(0, index)));
  const parts = value ? partsBetween(words, ...value) : wordParts(touchingWords(words, hit), words[hit], index);
  return createSelection(parts, number);
}

/** Return the selection of the words in a box, or null where there are none. */
export function selectIn({ words, number }, box) {
  const parts = words.map((word) => partInBox(word, box)).filter(Boolean);
  if (!parts.length) return null;
  parts.sort((one, other) => one.start - other.start);
  return { ...createSelection(parts, number), isSingleWord: parts.length === 1 };
}

export function isInside({ x, y }, { x0, top, x1, bottom }, tolerance = 0) {
  return x >= x0 - tolerance && x <= x1 + tolerance && y >= top - tolerance && y <= bottom + tolerance;
}

function createSelection(parts, page) {
  const start = parts[0].start;
  const end = Math.max(...parts.map((part) => part.end));
  const boxes = mergeLines(parts.map(({ box }) => ({ page, ...box })));
  return { text: joinParts(parts), evidence: { start, end, boxes } };
}

/** Join the texts of parts; those that touch in the document's text are one word, cut in two where the font changes. */
function joinParts(parts) {
  const words = [];
  parts.forEach(({ text, start }, index) => {
    if (index > 0 && parts[index - 1].end === start) words.push(words.pop() + text);
    else words.push(text);
  });
  return joinTexts(words);
}

/** Return the index of a word's character at a horizontal position. */
function characterAt({ text, box }, x) {
  const share = (x - box.x0) / (box.x1 - box.x0 || 1);
  const behind = characterEdges(text).findIndex((edge) => edge > share);
  return Math.max(0, Math.min(text.length - 1, behind - 1));
}

/** Return the characters of a word from index `from` to `to`, with their estimated box. */
function partOf({ text, box, start }, from, to) {
  const edges = characterEdges(text);
  const xAt = (index) => box.x0 + (box.x1 - box.x0) * edges[index];
  const part = text.slice(from, to);
  const partStart = start + countPoints(text.slice(0, from));
  return {
    text: part,
    start: partStart,
    end: partStart + countPoints(part),
    box: { ...box, x0: xAt(from), x1: xAt(to) },
  };
}

/** Return the parts of words between two offsets of the document. */
function partsBetween(words, start, end) {
  return words
    .filter((word) => word.start < end && word.end > start)
    .map((word) => {
      const points = [...word.text];
      const unitsBefore = (offset) => points.slice(0, Math.max(0, offset - word.start)).join("").length;
      return partOf(word, unitsBefore(start), unitsBefore(end));
    });
}

/** Return the words around one that touch it in the text and stand on its line. */
function touchingWords(words, at) {
  const touch = (one, other) =>
    one &&
    other &&
    one.end === other.start &&
    Math.abs(one.box.bottom - other.box.bottom) < (one.box.bottom - one.box.top) / 2;
  let from = at;
  while (touch(words[from - 1], words[from])) from -= 1;
  let to = at;
  while (touch(words[to], words[to + 1])) to += 1;
  return words.slice(from, to + 1);
}

/** Return the parts of touching words that make up the word at a character of one of them. */
function wordParts(run, word, index) {
  const starts = [];
  let length = 0;
  for (const { text } of run) {
    starts.push(length);
    length += text.length;
  }
  const at = starts[run.indexOf(word)];
  const [from, to] = findWord(run.map(({ text }) => text).join(""), at + index) ?? [at, at + word.text.length];
  return run
    .map((each, i) => [each, Math.max(0, from - starts[i]), Math.min(each.text.length, to - starts[i])])
    .filter(([, first, end]) => first < end)
    .map(([each, first, end]) => partOf(each, first, end));
}

/** Return the part of a word in a box, by the centres of its characters; null where there is none. */
function partInBox(word, box) {
  const { x0, top, x1, bottom } = word.box;
  const centre = (top + bottom) / 2;
  if (x1 < box.x0 || x0 > box.x1 || centre < box.top || centre > box.bottom) return null;
  const edges = characterEdges(word.text);
  const isCharacterInside = (index) => {
    const x = x0 + ((x1 - x0) * (edges[index] + edges[index + 1])) / 2;
    return x >= box.x0 && x <= box.x1;
  };
  let from = 0;
  while (from < word.text.length && !isCharacterInside(from)) from += 1;
  let to = word.text.length;
  while (to > from && !isCharacterInside(to - 1)) to -= 1;
  if (from === to) return null;
  // A hasty box does not cut a Latin word in two.
  return /^[\x21-\x7e]+$/.test(word.text) ? partOf(word, 0, word.text.length) : partOf(word, from, to);
}

/** Merge boxes of consecutive words into one for each line. */
function mergeLines(boxes) {
  const lines = [];
  for (const box of boxes) {
    const last = lines.at(-1);
    if (last && box.top < last.bottom - (last.bottom - last.top) / 2 && box.bottom > last.top && box.x0 > last.x0) {
      last.x1 = Math.max(last.x1, box.x1);
      last.top = Math.min(last.top, box.top);
      last.bottom = Math.max(last.bottom, box.bottom);
    } else {
      lines.push({ ...box });
    }
  }
  return lines;
}
