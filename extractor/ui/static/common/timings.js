/** Durations in milliseconds for the tests and `python -m eval.screen`: `window.__screen.focus` and so on. */

const MAX_ENTRIES = 5000;

const timings = { focus: [], open: [], build: [], save: [], fill: [] };

/** Record the time that has passed since `start` (of `performance.now()`) under a name. */
export function recordTiming(name, start) {
  const entries = timings[name];
  entries.push(performance.now() - start);
  if (entries.length > MAX_ENTRIES) entries.shift();
}

window.__screen = timings;
