/** The server counts characters as code points, the browser as UTF-16 units; they differ behind the first astral character. */

export class Offsets {
  #points = []; // offsets in code points of the characters that take two units

  constructor(text) {
    if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return;
    let point = 0;
    for (const character of text) {
      if (character.length === 2) this.#points.push(point);
      point += 1;
    }
  }

  /** Units in front of a code point. */
  toUnits(point) {
    return point + this.#before(point);
  }

  /** Code points in front of a unit; inside a character, those in front of the character. */
  toPoints(unit) {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle] + middle < unit) low = middle + 1;
      else high = middle;
    }
    return unit - low;
  }

  #before(point) {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle] < point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many code points a piece of text has. */
export function pointsIn(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
