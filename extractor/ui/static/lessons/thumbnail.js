/** A small picture of a record's document: its first page, or how its text begins. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { fetchDocument } from "../review/document_pane.js";
import { pageImageUrl } from "../review/page_images.js";

const MAX_CHARACTERS = 1200;

/** Return the picture, which is fetched once it comes into view; a blank sheet where the document is not there. */
export function createThumbnail(record, name) {
  const sheet = createElement("div", {
    class: "thumbnail",
    role: "img",
    "aria-label": localize("lessons.picture", { name }),
  });
  if (record !== null) {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      fill(sheet, `records/${record}`).catch(() => {}); // a blank sheet stays
    });
    observer.observe(sheet);
  }
  return sheet;
}

async function fill(sheet, source) {
  const { info, text } = await fetchDocument(source, () => sheet.isConnected);
  if (text) sheet.replaceChildren(createElement("pre", { text: text.text.slice(0, MAX_CHARACTERS) }));
  else if (info.pages?.length) {
    const src = pageImageUrl(source, info.pages[0].n, 110);
    sheet.replaceChildren(createElement("img", { alt: "", decoding: "async", src }));
  }
}
