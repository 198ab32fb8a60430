/** Loads records: which one is open, the way to the next, and the claim on the open one. */

import { get } from "../common/api.js";
import { afterPaint } from "../common/dom.js";
import { filterQuery, setRecordInAddress } from "../common/navigation.js";
import { recordTiming } from "../common/timings.js";
import { Claim } from "./claims.js";
import { fetchDocument } from "./document_pane.js";
import { PrefetchCache } from "./prefetch.js";

const WAITING_AFTER = 150; // milliseconds until a message says that the document is still being read

export class RecordLoader {
  /** The number of the open record, null before any is. */
  record = null;
  #callbacks;
  #claim;
  #prefetched = new PrefetchCache();
  #openCount = 0; // tells answers that come too late from those for the latest request
  #next = null; // a promise of the number of the next record
  #previous = []; // records that were open before this one, the last of them at the end

  /**
   * `callbacks`: confirmLeave() is a promise of whether the open record may be left; onView(view), onDocument(fetched) and
   * onWaiting() show a record, its document, and that it is still being read; onRenewed(view); onHeld(error);
   * onError(error); paneWidth().
   */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    this.#claim = new Claim((error) => callbacks.onHeld(error));
  }

  /** Open a record, once what is typed in the open one is saved. `take` takes it over from whoever has it. */
  async open(id, { take = false, isBack = false } = {}) {
    const previous = this.record;
    if (previous === id && !take) return;
    if (previous !== null && !(await this.#callbacks.confirmLeave())) {
      setRecordInAddress(previous);
      return;
    }
    this.#claim.release();
    const start = performance.now();
    const request = (this.#openCount += 1);
    const isCurrent = () => request === this.#openCount;
    const prefetched = this.#prefetched.take(id, isCurrent);
    const document = prefetched?.document ?? fetchDocument(`records/${id}`, isCurrent);
    const claimed = this.#claim.take(id, take);
    for (const promise of [document, claimed]) promise.catch(() => {}); // errors are handled where they are awaited
    let view;
    try {
      view = await (prefetched?.view ?? this.#viewOrReadOnly(id, claimed));
    } catch (error) {
      if (request === this.#openCount) this.#callbacks.onError(error);
      return;
    }
    if (request !== this.#openCount) return;
    if (previous !== null && previous !== id && !isBack) this.#previous.push(previous);
    this.record = id;
    this.#next = null;
    setRecordInAddress(id);
    this.#callbacks.onView(view);
    this.#showDocument(id, document, request, start);
    if (prefetched) await this.#renewPrefetched(claimed, request);
  }

  /** Open the next record of the queue; returns false where there is none. */
  async openNext() {
    const next = await (this.#next ?? this.#findNext(this.record)).catch(() => null);
    if (next === null) return false;
    await this.open(next);
    return true;
  }

  /** Open the record that was open before this one. */
  async openPrevious() {
    if (this.#previous.length) await this.open(this.#previous.pop(), { isBack: true });
  }

  /** Fetch the open record again. */
  async reload() {
    const id = this.record;
    const view = await this.#viewOrReadOnly(id, this.#claim.take(id));
    if (this.record === id) this.#callbacks.onRenewed(view);
  }

  /** Note that somebody works on the record, so that its claim is renewed. */
  noteActivity() {
    this.#claim.noteActivity();
  }

  /** Return the view that comes with the claim; where somebody else has the record, the one to read only. */
  async #viewOrReadOnly(id, claimed) {
    try {
      return await claimed;
    } catch (error) {
      if (error.kind !== "held") throw error;
      return get(`records/${id}`);
    }
  }

  /** Replace a prefetched view by that of the claim: the record may have changed meanwhile. */
  async #renewPrefetched(claimed, request) {
    try {
      const view = await claimed;
      if (request === this.#openCount) this.#callbacks.onRenewed(view);
    } catch (error) {
      if (request !== this.#openCount) return;
      if (error.kind === "held") this.#callbacks.onHeld(error);
      else this.#callbacks.onError(error);
    }
  }

  async #showDocument(id, document, request, start) {
    const timer = setTimeout(() => request === this.#openCount && this.#callbacks.onWaiting(), WAITING_AFTER);
    const fetched = await document.catch((error) => ({ error }));
    clearTimeout(timer);
    if (request !== this.#openCount) return;
    this.#callbacks.onDocument(fetched);
    afterPaint(() => {
      recordTiming("open", start);
      if (request === this.#openCount) this.#prefetchNext(id);
    });
  }

  async #prefetchNext(id) {
    this.#next = this.#findNext(id);
    const next = await this.#next.catch(() => null);
    if (next !== null && this.record === id) this.#prefetched.prefetch(next, this.#callbacks.paneWidth());
  }

  async #findNext(id) {
    const filters = filterQuery();
    return (await get(`records/${id}/next${filters && `?${filters}`}`)).id;
  }
}
