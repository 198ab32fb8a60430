/** The pane with a document: its pages, its text, or a message in their place. */

import { get } from "../common/api.js";
import { createElement, delay } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { PagePane } from "./page_pane.js";
import { TextPane } from "./text_pane.js";

/** Milliseconds between questions whether a document has been read. */
const FIRST_DELAY = 200;
const MAX_DELAY = 2000;

/**
 * Return `{ info, text }` of a document, once the server has read it or `isWanted()` turns false; `source` is where it is
 * asked for: `records/12`, `samples/HASH`.
 */
export async function fetchDocument(source, isWanted = () => true) {
  for (let wait = FIRST_DELAY; ; wait = Math.min(wait * 2, MAX_DELAY)) {
    const info = await get(`${source}/document`);
    if (info.state === "ready") {
      return { info, text: info.kind === "text" ? await get(`${source}/text`) : null };
    }
    if (info.state !== "reading" || !isWanted()) return { info, text: null };
    await delay(wait);
  }
}

/** Return the pane for a fetched document. */
export function createDocumentPane(source, { info, text }, callbacks) {
  if (info.state !== "ready") return new MessagePane(info.message || localize("review.document_gone"));
  return text ? new TextPane(text, callbacks) : new PagePane(source, info.pages, callbacks);
}

/** A message in the place of a document; it has the methods of a pane, which do nothing. */
export class MessagePane {
  constructor(message) {
    this.element = createElement("div", { class: "message-pane", text: message });
  }
  close() {}
  setEvidence() {}
  highlight() {}
  createSnippet() {
    return null;
  }
  zoom() {}
  setEvidenceShown() {}
  scrollScreen() {}
}
