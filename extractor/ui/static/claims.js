/** A record is claimed while somebody works on it, and let go when they leave. */

import { post, postLeaving } from "./api.js";

const RENEW_EVERY = 4 * 60 * 1000;

export class Claim {
  #record = null;
  #active = false;
  #timer;

  /** `lost(refusal)` is told when somebody else has it by the time it is renewed. */
  constructor(lost) {
    this.#timer = setInterval(() => this.#renew(lost), RENEW_EVERY);
    window.addEventListener("pagehide", () => this.release(true));
  }

  /** Claim a record; the view of it. Throws Refused of kind `held` where somebody else has it. */
  async take(record, byForce = false) {
    const view = await post(`records/${record}/claim`, { take: byForce });
    this.#record = record;
    return view;
  }

  /** Somebody is at work: the claim is worth renewing. */
  stir() {
    this.#active = true;
  }

  release(leaving = false) {
    if (this.#record === null) return;
    const path = `records/${this.#record}/release`;
    this.#record = null;
    if (leaving) postLeaving(path);
    else post(path).catch(() => {});
  }

  async #renew(lost) {
    if (this.#record === null || !this.#active) return;
    this.#active = false;
    try {
      await post(`records/${this.#record}/claim`, { take: false });
    } catch (error) {
      if (error.kind === "held") lost(error);
    }
  }
}
