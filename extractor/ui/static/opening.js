/** Which record is open, and which of the queue's filters lead to the next: shared by the queue, the review and links. */

import { query } from "./api.js";

const OPEN = "extractor:open";

/** The filters that the queue was last shown with. */
let filters = {};

export function setFilters(chosen) {
  filters = { ...chosen };
}

/** The filters as a query, for the way to the next record. */
export const filterQuery = () => query(filters);

/** The number of the record in the address, or null. */
export function recordInAddress() {
  const found = /^#record=(\d+)$/.exec(location.hash);
  return found ? Number(found[1]) : null;
}

/** Note in the address that a record is open, without going back and forth in the browser's history. */
export function noteInAddress(record) {
  history.replaceState(history.state, "", record === null ? location.pathname + location.search : `#record=${record}`);
}

/** Open a record in the review; `take` takes it over from whoever has it. */
export function open(record, { take = false } = {}) {
  noteInAddress(record);
  asked = { record, take };
  showTab("review");
  document.dispatchEvent(new CustomEvent(OPEN, { detail: asked }));
}

/** What was asked for before the review was there to hear it. */
let asked = null;

/** Hear which record is to be opened, also what was asked for before now. */
export function whenOpened(listener) {
  document.addEventListener(OPEN, (event) => listener(event.detail));
  window.addEventListener("hashchange", () => {
    const record = recordInAddress();
    if (record !== null) listener({ record, take: false });
  });
  const first = asked ?? (recordInAddress() === null ? null : { record: recordInAddress(), take: false });
  if (first) listener(first);
}

/** Choose a tab of the page by its id. */
export function showTab(id) {
  const tab = document.querySelector(`[role="tab"][data-tab-id="${id}"], #${id}-button`);
  if (tab && tab.getAttribute("aria-selected") !== "true") tab.click();
}

/** Bring the review up where the address names a record, now and whenever a link from any tab does so. */
export function followAddress() {
  const follow = () => recordInAddress() !== null && showTab("review");
  window.addEventListener("hashchange", follow);
  follow();
}
