/** Fetches the next record while the present one is worked on, so that it opens at once. */

import { get } from "../common/api.js";
import { fetchDocument } from "./document_pane.js";
import { chooseResolution, pageImageUrl } from "./page_images.js";

const MAX_RECORDS = 3;

export class PrefetchCache {
  #entries = new Map(); // record number -> { view, document, isWanted }: two promises, and whether to go on waiting

  /** Fetch a record and its document, and the picture of the page that will be seen first; `width` is the pane's. */
  prefetch(record, width) {
    if (this.#entries.has(record)) return;
    const view = get(`records/${record}`);
    const entry = { view, isWanted: () => this.#entries.get(record) === entry };
    entry.document = fetchDocument(`records/${record}`, () => entry.isWanted());
    this.#entries.set(record, entry);
    while (this.#entries.size > MAX_RECORDS) this.#entries.delete(this.#entries.keys().next().value);
    Promise.all([view, entry.document])
      .then(([fetchedView, { info }]) => this.#prefetchPage(record, fetchedView, info, width))
      .catch(() => this.#entries.delete(record));
  }

  /**
   * Remove and return what was fetched of a record, `{ view, document }`; null where nothing was. A document that is still
   * being read is waited for while `isWanted()` is true.
   */
  take(record, isWanted) {
    const entry = this.#entries.get(record);
    if (!entry) return null;
    entry.isWanted = isWanted;
    this.#entries.delete(record);
    return entry;
  }

  #prefetchPage(record, view, info, width) {
    if (info.kind !== "pages" || info.state !== "ready" || !info.pages.length) return;
    const first = Object.values(view.fields).find((field) => field.needs && field.evidence?.boxes?.length);
    const number = first?.evidence.boxes[0].page ?? 1;
    const page = info.pages.find(({ n }) => n === number) ?? info.pages[0];
    new Image().src = pageImageUrl(`records/${record}`, page.n, chooseResolution(width, page.width));
  }
}
