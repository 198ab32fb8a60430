/** The texts of the screens in the page's language, and numbers and times as people read them. */

import { language } from "./language.js";

export { language };

const messages = {};
const loading = new Map(); // file -> a promise

/** Fetch the texts of a part of the screens (`screen`, `kinds`), once per page. */
export function loadMessages(file = "screen") {
  if (!loading.has(file)) {
    const fetched = fetch(`/static/words/${file}.${language}.json`).then(async (response) => {
      Object.assign(messages, await response.json());
    });
    loading.set(file, fetched);
  }
  return loading.get(file);
}

/** Return the text of a key, with each `{name}` in it replaced from `values`. */
export function localize(key, values = {}) {
  return (messages[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Decide whether a key has a text. */
export const hasMessage = (key) => key in messages;

/** Format a share as a percentage: 0.348 is 35%. */
export const formatPercent = (share) => `${Math.round(share * 100)}%`;

/** Format the time of day of an ISO time, or of now. */
export function formatTime(time = undefined) {
  const date = time === undefined ? new Date() : new Date(time);
  return date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Format the date and time of an ISO time. */
export const formatDateTime = (time) =>
  new Date(time).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });

/** Units in which an age is given, the largest first, and their seconds. */
const AGE_UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** Format how long ago an ISO time is: `3 hours ago`, `3小时前`. */
export function formatAge(time) {
  const seconds = (Date.now() - new Date(time).getTime()) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  for (const [unit, length] of AGE_UNITS) {
    if (seconds >= length) return format.format(-Math.floor(seconds / length), unit);
  }
  return format.format(0, "minute");
}

/** What the server calls a part of a file, and the text for it: pages of a stack, an attachment of a mail. */
const PAGES = /^pages (\d+)-(\d+) of (.*)$/s;
const ATTACHMENT = /^attachment (\d+), (.*)$/s;

/** Return the name of a document as people read it: of a part of a file, in the page's language. */
export function formatName(name) {
  const [, first, last, stack] = name.match(PAGES) ?? [];
  if (stack) return localize(first === last ? "part.page" : "part.pages", { first, last, file: stack });
  const [, number, attached] = name.match(ATTACHMENT) ?? [];
  return attached ? localize("part.attachment", { number, file: attached }) : name;
}
