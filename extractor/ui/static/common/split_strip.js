/** A strip of a stack's pages, to correct on which of them a document begins. */

import { createButton, createElement } from "./dom.js";
import { localize } from "./localization.js";

const RETRY_INTERVAL = 1500;
const MAX_TRIES = 40;

export class SplitStrip {
  #pages = createElement("ol", { class: "split-pages" });
  #open = createButton({ text: localize("split.open"), "aria-expanded": "false" }, () => this.#toggle());
  #save = createButton({ text: localize("split.save"), class: "primary" }, () => this.#onSave([...this.#starts]));
  #panel = createElement(
    "div",
    { class: "split-panel", hidden: true },
    createElement("p", { text: localize("split.about") }),
    this.#pages,
    this.#save,
  );
  #onSave;
  #documents = [];
  #starts = new Set();
  element = createElement("div", { class: "split", hidden: true }, this.#open, this.#panel);

  /** `onSave(starts)` is called with the pages on which documents begin. */
  constructor(onSave) {
    this.#onSave = onSave;
  }

  /** Offer the documents of a stack for correction; hidden where they are no parts of one. */
  show(documents) {
    const parts = documents.filter((each) => each.pages);
    this.element.hidden = !parts.length;
    if (JSON.stringify(parts) === JSON.stringify(this.#documents)) return;
    this.#documents = parts;
    this.#starts = new Set(parts.map((each) => each.pages[0]));
    if (!this.#panel.hidden) this.#draw();
  }

  #toggle() {
    this.#panel.hidden = !this.#panel.hidden;
    this.#open.setAttribute("aria-expanded", String(!this.#panel.hidden));
    if (!this.#panel.hidden) this.#draw();
  }

  #draw() {
    const items = [];
    for (const { pages, record } of this.#documents) {
      for (let page = pages[0]; page <= pages[1]; page++) items.push(this.#page(page, pages[0], record));
    }
    this.#pages.replaceChildren(...items);
  }

  #page(page, first, record) {
    const picture = createElement("img", { alt: localize("split.page", { n: page }), loading: "lazy" });
    if (record !== null) load(picture, `/api/records/${Number(record)}/pages/${page - first + 1}.webp?dpi=110`);
    const begins = createButton(
      {
        text: localize("split.begins"),
        "aria-pressed": String(this.#starts.has(page)),
        "aria-label": `${localize("split.begins")}: ${localize("split.page", { n: page })}`,
        disabled: page === 1,
      },
      () => {
        if (!this.#starts.delete(page)) this.#starts.add(page);
        begins.setAttribute("aria-pressed", String(this.#starts.has(page)));
        item.classList.toggle("begins", this.#starts.has(page));
      },
    );
    const number = createElement("span", { class: "number", text: String(page) });
    const item = createElement("li", { class: this.#starts.has(page) ? "begins" : "" }, picture, number, begins);
    return item;
  }
}

/** Show a picture, and ask again for a while where the document is still being read. */
function load(picture, address, tries = 0) {
  picture.onerror = () => {
    if (tries < MAX_TRIES) setTimeout(() => load(picture, address, tries + 1), RETRY_INTERVAL);
  };
  picture.src = tries ? `${address}&again=${tries}` : address;
}
