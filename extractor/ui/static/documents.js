/** What stands at the left of the review: pages, a text, or a sentence about why there is neither. */

import { get } from "./api.js";
import { make, pause } from "./dom.js";
import { Pages } from "./pages.js";
import { Reading } from "./reading.js";
import { say } from "./words.js";

/** What is to be shown of a record's document: `{ info, text }`; it waits for as long as the document is being read. */
export async function fetchDocument(record, isWanted = () => true) {
  for (let wait = 200; ; wait = Math.min(wait * 2, 2000)) {
    const info = await get(`records/${record}/document`);
    if (info.state === "ready") {
      return { info, text: info.kind === "text" ? await get(`records/${record}/text`) : null };
    }
    if (info.state !== "reading" || !isWanted()) return { info, text: null };
    await pause(wait);
  }
}

/** The pane for a document that was fetched. */
export function paneOf(record, { info, text }, hooks) {
  if (info.state !== "ready") return new Notice(info.message || say("review.document_gone"));
  return text ? new Reading(text, hooks) : new Pages(record, info.pages, hooks);
}

/** A sentence in the place of a document. */
export class Notice {
  constructor(sentence) {
    this.element = make("div", { class: "notice", text: sentence });
  }
  close() {}
  setMarks() {}
  light() {}
  snippet() {
    return null;
  }
  zoom() {}
  showMarks() {}
  turn() {}
}
