/** The next record, fetched while the present one is worked on, so that it is there at once. */

import { get } from "./api.js";
import { fetchDocument } from "./documents.js";
import { pageAddress, resolution } from "./pages.js";

const MOST = 3;

export class Shelf {
  #kept = new Map(); // number -> { view, paper }: promises

  /** Fetch a record and its document ahead, with the picture of the page that will be seen first. */
  prefetch(record, width) {
    if (this.#kept.has(record)) return;
    const view = get(`records/${record}`);
    const paper = fetchDocument(record, () => this.#kept.has(record));
    const kept = { view, paper };
    this.#kept.set(record, kept);
    while (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value);
    Promise.all([view, paper])
      .then(([record_, { info }]) => this.#prefetchPage(record, record_, info, width))
      .catch(() => this.#kept.delete(record));
  }

  /** What was fetched ahead of a record, once: `{ view, paper }`, promises; fetched now where it was not. */
  take(record) {
    const kept = this.#kept.get(record);
    this.#kept.delete(record);
    return kept ?? null;
  }

  #prefetchPage(record, view, info, width) {
    if (info.kind !== "pages" || info.state !== "ready" || !info.pages.length) return;
    const first = Object.values(view.fields).find((field) => field.needs && field.evidence?.boxes?.length);
    const number = first?.evidence.boxes[0].page ?? 1;
    const page = info.pages.find(({ n }) => n === number) ?? info.pages[0];
    new Image().src = pageAddress(record, page.n, resolution(width, page.width));
  }
}
