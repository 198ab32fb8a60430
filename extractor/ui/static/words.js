/** The words on the screen, in the page's language. */

export const language = (document.documentElement.lang || navigator.language || "en").startsWith("zh") ? "zh" : "en";

let words = {};
let loading = null;

/** A promise that the words are there; they are fetched once. */
export function loadWords() {
  loading ??= fetch(`/static/words/screen.${language}.json`).then(async (answer) => {
    words = await answer.json();
  });
  return loading;
}

/** The words of that key, with `{name}` in them put in from `values`. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Whether there are words of that key. */
export const known = (key) => key in words;

/** A share as people read it: 0.348 is 35 %. */
export const percent = (share) => `${Math.round(share * 100)}%`;

/** The time of day of an ISO time, or of now. */
export function clock(at = undefined) {
  const time = at === undefined ? new Date() : new Date(at);
  return time.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Day and time of an ISO time. */
export const moment = (at) => new Date(at).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });

const AGES = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago an ISO time is: `3 hours ago`, `3小时前`. */
export function age(at) {
  const seconds = (Date.now() - new Date(at).getTime()) / 1000;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  for (const [unit, length] of AGES) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return relative.format(0, "minute");
}
