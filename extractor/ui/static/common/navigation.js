/** Which record is open, and which filters of the queue determine the next one: shared by the queue, the review and links. */

import { encodeQuery } from "./api.js";

const OPEN_EVENT = "extractor:open";

/** The filters that the queue was last shown with. */
let filters = {};

export function setFilters(values) {
  filters = { ...values };
}

/** Return the filters as a query string, for the request for the next record. */
export const filterQuery = () => encodeQuery(filters);

/** Return the number of the record in the address, or null. */
function recordInAddress() {
  const match = /^#record=(\d+)$/.exec(location.hash);
  return match ? Number(match[1]) : null;
}

/** Put the open record into the address, without an entry in the browser's history. */
export function setRecordInAddress(record) {
  history.replaceState(history.state, "", record === null ? location.pathname + location.search : `#record=${record}`);
}

/** Open a record in the review; `take` takes it over from whoever has it. */
export function openRecord(record, { take = false } = {}) {
  setRecordInAddress(record);
  lastRequest = { record, take };
  showTab("review");
  document.dispatchEvent(new CustomEvent(OPEN_EVENT, { detail: lastRequest }));
}

/** The last request to open a record, which may come before the review is loaded. */
let lastRequest = null;

/** Call `listener({ record, take })` for each request to open a record, also for the last one before now. */
export function onOpenRecord(listener) {
  document.addEventListener(OPEN_EVENT, (event) => listener(event.detail));
  window.addEventListener("hashchange", () => {
    const record = recordInAddress();
    if (record !== null) listener({ record, take: false });
  });
  const first = lastRequest ?? (recordInAddress() === null ? null : { record: recordInAddress(), take: false });
  if (first) listener(first);
}

/** Select a tab of the page by its id. */
export function showTab(id) {
  const tab = document.querySelector(`[role="tab"][data-tab-id="${id}"], #${id}-button`);
  if (tab && tab.getAttribute("aria-selected") !== "true") tab.click();
}

/** Show the review where the address names a record, now and whenever a link on any tab leads to one. */
export function followAddress() {
  const follow = () => recordInAddress() !== null && showTab("review");
  window.addEventListener("hashchange", follow);
  follow();
}
