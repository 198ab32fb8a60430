/**
 * A queue of requests that are sent one at a time and in order. What cannot be sent is tried again until it can; nothing is
 * written to disk, for it may be confidential.
 */

import { Offline } from "../common/api.js";
import { delay } from "../common/dom.js";

/** Milliseconds until a request is tried again; doubled each time up to the most. */
const FIRST_DELAY = 500;
const MAX_DELAY = 8000;
const SAVE_TIMEOUT = 5000;

export class RequestQueue {
  #requests = [];
  #working = null;
  #onState;

  /** `onState(state)` is called with "saving", "saved" and "offline". */
  constructor(onState) {
    this.#onState = onState;
  }

  /** The number of requests that wait, the one being sent included. */
  get length() {
    return this.#requests.length;
  }

  /**
   * Add a request. `send()` is called when all before it are answered, so that it reads the record's revision and the
   * field's path as they are by then; null from it means that there is nothing to send any more. `onAnswer(answer)` or
   * `onRefused(error)` is called before the next is sent.
   */
  add(request) {
    this.#requests.push(request);
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** Remove and return all requests that have not been sent yet, the newest last. */
  removeUnsent() {
    return this.#requests.splice(1);
  }

  /** Wait until the queue is empty; returns false where it is not within so many milliseconds. */
  async whenEmpty(timeout = SAVE_TIMEOUT) {
    const end = performance.now() + timeout;
    while (this.#working && performance.now() < end) {
      await Promise.race([this.#working, delay(Math.max(0, end - performance.now()))]);
    }
    return this.#requests.length === 0;
  }

  async #work() {
    let wait = FIRST_DELAY;
    while (this.#requests.length) {
      const [request] = this.#requests;
      this.#onState("saving");
      try {
        const answer = await request.send();
        if (answer !== null) request.onAnswer(answer);
      } catch (error) {
        if (error instanceof Offline) {
          this.#onState("offline");
          await delay(wait);
          wait = Math.min(wait * 2, MAX_DELAY);
          continue;
        }
        request.onRefused(error);
      }
      wait = FIRST_DELAY;
      this.#requests.shift();
    }
    this.#onState("saved");
  }
}
