/**
 * Offsets in code points, which the server counts, and in UTF-16 units, which the browser counts; they differ behind the
 * first character outside the Basic Multilingual Plane.
 */

export class OffsetMap {
  #wide = []; // offsets in code points of the characters that take two units

  constructor(text) {
    if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return;
    let point = 0;
    for (const character of text) {
      if (character.length === 2) this.#wide.push(point);
      point += 1;
    }
  }

  /** Return the number of units in front of a code point. */
  toUnits(point) {
    return point + lowerBound(this.#wide, (index) => this.#wide[index] < point);
  }

  /** Return the number of code points in front of a unit; inside a character, those in front of the character. */
  toPoints(unit) {
    return unit - lowerBound(this.#wide, (index) => this.#wide[index] + index < unit);
  }
}

/** Return the first index of a sorted list for which `isBefore(index)` is false. */
export function lowerBound(list, isBefore) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Count the code points of a text. */
export function countPoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
