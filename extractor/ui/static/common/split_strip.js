/** The pages of a stack in a dialog, to correct on which of them a document begins. */

import { showModal } from "./dialog.js";
import { createButton, createElement } from "./dom.js";
import { localize } from "./localization.js";

const RETRY_INTERVAL = 1500;
const MAX_TRIES = 40;

export class SplitStrip {
  #onSave;
  #documents = [];
  element = createButton(
    { text: localize("split.open"), class: "split", "aria-haspopup": "dialog", hidden: true },
    () => this.#correct(),
  );

  /** `onSave(starts)` is called with the pages on which documents begin. */
  constructor(onSave) {
    this.#onSave = onSave;
  }

  /** Offer the documents of a stack for correction; hidden where they are no parts of one. */
  show(documents) {
    this.#documents = documents.filter((each) => each.pages);
    this.element.hidden = !this.#documents.length;
  }

  async #correct() {
    const starts = new Set(this.#documents.map((each) => each.pages[0]));
    const items = this.#documents.flatMap(({ pages: [first, last], record }) =>
      Array.from({ length: last - first + 1 }, (_, n) => createPage(first + n, first, record, starts)),
    );
    const isSent = await showModal(
      localize("split.open"),
      (close) => [
        createElement("p", { text: localize("split.about") }),
        createElement("ol", { class: "split-pages" }, ...items),
        createElement(
          "div",
          { class: "dialog-buttons" },
          createButton({ text: localize("dialog.cancel") }, () => close(null)),
          createButton({ text: localize("split.save"), class: "primary" }, () => close(true)),
        ),
      ],
      { class: "screen-dialog split-dialog" },
    );
    if (isSent) this.#onSave([...starts]);
  }
}

/** Return the item of a page: its picture, its number, and whether a document begins with it, kept in `starts`. */
function createPage(page, first, record, starts) {
  const picture = createElement("img", { alt: localize("split.page", { n: page }), loading: "lazy" });
  if (record !== null) load(picture, `/api/records/${Number(record)}/pages/${page - first + 1}.webp?dpi=110`);
  const begins = createButton(
    {
      text: localize("split.begins"),
      "aria-pressed": String(starts.has(page)),
      "aria-label": `${localize("split.begins")}: ${localize("split.page", { n: page })}`,
      disabled: page === 1,
    },
    () => {
      if (!starts.delete(page)) starts.add(page);
      begins.setAttribute("aria-pressed", String(starts.has(page)));
      item.classList.toggle("begins", starts.has(page));
    },
  );
  const number = createElement("span", { class: "number", text: String(page) });
  const item = createElement("li", { class: starts.has(page) ? "begins" : "" }, picture, number, begins);
  return item;
}

/** Show a picture, and ask again for a while where the document is still being read. */
function load(picture, address, tries = 0) {
  picture.onerror = () => {
    if (tries < MAX_TRIES) setTimeout(() => load(picture, address, tries + 1), RETRY_INTERVAL);
  };
  picture.onload = () => picture.classList.add("loaded");
  picture.src = tries ? `${address}&again=${tries}` : address;
}
