/** Claims a record while somebody works on it, and releases it when they leave. */

import { post, postOnUnload } from "../common/api.js";

const RENEWAL_INTERVAL = 4 * 60 * 1000; // milliseconds

export class Claim {
  #record = null;
  #isActive = false;

  /** `onLost(error)` is called when somebody else has the record by the time its claim is renewed. */
  constructor(onLost) {
    setInterval(() => this.#renew(onLost), RENEWAL_INTERVAL);
    window.addEventListener("pagehide", () => this.release(true));
  }

  /** Claim a record and return its view; throws ApiError of kind `held` where somebody else has it. */
  async take(record, byForce = false) {
    const view = await post(`records/${record}/claim`, { take: byForce });
    this.#record = record;
    return view;
  }

  /** Note that somebody is at work, so that the claim is renewed. */
  noteActivity() {
    this.#isActive = true;
  }

  release(isUnloading = false) {
    if (this.#record === null) return;
    const path = `records/${this.#record}/release`;
    this.#record = null;
    if (isUnloading) postOnUnload(path);
    else post(path).catch(() => {});
  }

  async #renew(onLost) {
    if (this.#record === null || !this.#isActive) return;
    this.#isActive = false;
    try {
      await post(`records/${this.#record}/claim`, { take: false });
    } catch (error) {
      if (error.kind === "held") onLost(error);
    }
  }
}
