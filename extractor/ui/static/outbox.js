/**
 * What is to be saved, one thing at a time and in order. What cannot be sent is tried again until it can; nothing of it is
 * written to disk, for it is other people's data.
 */

import { Offline } from "./api.js";
import { pause } from "./dom.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Outbox {
  #letters = [];
  #working = null;
  #told;

  /** `told(state)` hears "saving", "saved" and "offline". */
  constructor(told) {
    this.#told = told;
  }

  /** How many wait, the one on its way included. */
  get waiting() {
    return this.#letters.length;
  }

  /**
   * Send, when all before it is answered. `send()` is called then, not now: it reads the record's revision and the place of
   * the field as they are by that time; null from it means there is nothing to send any more. `answered(answer)` and
   * `refused(error, tries)` are called before the next is sent.
   */
  put(letter) {
    this.#letters.push({ tries: 0, ...letter });
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** Take back all that has not been sent yet, the newest last. */
  takeBack() {
    return this.#letters.splice(1);
  }

  /** Wait until nothing waits; false after so many milliseconds in vain. */
  async emptied(most = 5000) {
    const end = performance.now() + most;
    while (this.#working && performance.now() < end) {
      await Promise.race([this.#working, pause(Math.max(0, end - performance.now()))]);
    }
    return this.#letters.length === 0;
  }

  async #work() {
    let wait = FIRST_WAIT;
    while (this.#letters.length) {
      const [letter] = this.#letters;
      this.#told("saving");
      try {
        const answer = await letter.send();
        if (answer !== null) letter.answered(answer);
      } catch (error) {
        if (error instanceof Offline) {
          letter.tries += 1;
          this.#told("offline");
          await pause(wait);
          wait = Math.min(wait * 2, LONGEST_WAIT);
          continue;
        }
        letter.refused(error, letter.tries);
      }
      wait = FIRST_WAIT;
      this.#letters.shift();
    }
    this.#told("saved");
  }
}
