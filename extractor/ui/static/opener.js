/** Which record is open, how the next one comes to be there at once, and who has it meanwhile. */

import { get } from "./api.js";
import { Claim } from "./claims.js";
import { fetchDocument } from "./documents.js";
import { whenPainted } from "./dom.js";
import { filterQuery, noteInAddress } from "./opening.js";
import { Shelf } from "./shelf.js";
import { took } from "./timing.js";

const SLOW = 150; // milliseconds after which somebody is told that a document is still being read

export class Opener {
  /** The number of the record that is open, null before any is. */
  record = null;
  #hooks;
  #claim;
  #shelf = new Shelf();
  #turn = 0; // counts openings, so that what comes too late for one is told
  #next = null; // a promise of the number of the next record
  #before = []; // records that were open before this one, the last of them at the end

  /**
   * `hooks`: leave() is a promise of whether the open record may be left; show(view); paper(fetched) and waiting() for the
   * document at the left; renewed(view); held(error); failed(error); width() of the document's pane.
   */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#claim = new Claim((error) => hooks.held(error));
  }

  /** Open a record; what is typed in the one before is saved first. `take` takes it over from whoever has it. */
  async open(id, { take = false, back = false } = {}) {
    const before = this.record;
    if (before === id && !take) return;
    if (before !== null && !(await this.#hooks.leave())) {
      noteInAddress(before);
      return;
    }
    this.#claim.release();
    const start = performance.now();
    const turn = (this.#turn += 1);
    const kept = this.#shelf.take(id);
    const paper = kept?.paper ?? fetchDocument(id, () => turn === this.#turn);
    const claimed = this.#claim.take(id, take);
    for (const promise of [paper, claimed]) promise.catch(() => {}); // what goes wrong is told where they are awaited
    let view;
    try {
      view = await (kept?.view ?? this.#viewOf(id, claimed));
    } catch (error) {
      if (turn === this.#turn) this.#hooks.failed(error);
      return;
    }
    if (turn !== this.#turn) return;
    if (before !== null && before !== id && !back) this.#before.push(before);
    this.record = id;
    this.#next = null;
    noteInAddress(id);
    this.#hooks.show(view);
    this.#showPaper(id, paper, turn, start);
    if (kept) await this.#settle(claimed, turn);
  }

  /** Open the record that comes next in the queue; false where there is none. */
  async openNext() {
    const next = await (this.#next ?? this.#nextOf(this.record)).catch(() => null);
    if (next === null) return false;
    await this.open(next);
    return true;
  }

  /** Open the record that was open before this one. */
  async openBefore() {
    if (this.#before.length) await this.open(this.#before.pop(), { back: true });
  }

  /** Fetch the open record again. */
  async reload() {
    const id = this.record;
    const view = await this.#viewOf(id, this.#claim.take(id));
    if (this.record === id) this.#hooks.renewed(view);
  }

  /** Somebody is at work on the record: their claim is to be renewed. */
  stir() {
    this.#claim.stir();
  }

  /** The view that came with the claim, or, where somebody else has the record, the view for readers. */
  async #viewOf(id, claimed) {
    try {
      return await claimed;
    } catch (error) {
      if (error.kind !== "held") throw error;
      return get(`records/${id}`);
    }
  }

  /** A record that was fetched ahead is claimed by now, and may have changed since. */
  async #settle(claimed, turn) {
    try {
      const view = await claimed;
      if (turn === this.#turn) this.#hooks.renewed(view);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error.kind === "held") this.#hooks.held(error);
      else this.#hooks.failed(error);
    }
  }

  async #showPaper(id, paper, turn, start) {
    const slow = setTimeout(() => turn === this.#turn && this.#hooks.waiting(), SLOW);
    const fetched = await paper.catch((error) => ({ error }));
    clearTimeout(slow);
    if (turn !== this.#turn) return;
    this.#hooks.paper(fetched);
    whenPainted(() => {
      took("open", start);
      if (turn === this.#turn) this.#fetchNext(id);
    });
  }

  /** Fetch what will most likely be opened next. */
  async #fetchNext(id) {
    this.#next = this.#nextOf(id);
    const next = await this.#next.catch(() => null);
    if (next !== null && this.record === id) this.#shelf.prefetch(next, this.#hooks.width());
  }

  async #nextOf(id) {
    const filters = filterQuery();
    return (await get(`records/${id}/next${filters && `?${filters}`}`)).id;
  }
}
