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

const LEAVE_EVENT = "extractor:leave";

/** Wait until everybody has saved what would be lost with the page; false where somebody rather stays. */
export async function mayLeave() {
  const answers = [];
  document.dispatchEvent(new CustomEvent(LEAVE_EVENT, { detail: answers }));
  return (await Promise.all(answers)).every(Boolean);
}

/** Have `save()`, a promise of whether the page may be left, called before it is left. */
export function onLeave(save) {
  document.addEventListener(LEAVE_EVENT, (event) => event.detail.push(save()));
}

const LESSONS_EVENT = "extractor:lessons";

/** The schema of which was last asked what was learnt, before or after the page on it is loaded. */
let lessonsSchema = null;

/** Show what was learnt of a schema (its id). */
export function showLessons(schema) {
  lessonsSchema = schema;
  showTab("lessons");
  document.dispatchEvent(new Event(LESSONS_EVENT));
}

/** Call `listener(schema)` for each request to show what was learnt, also for the last one before now. */
export function onShowLessons(listener) {
  document.addEventListener(LESSONS_EVENT, () => listener(lessonsSchema));
  if (lessonsSchema !== null) listener(lessonsSchema);
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
