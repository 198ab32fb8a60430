/** How long things took, in milliseconds, for the tests and `python -m eval.screen`: `window.__screen.focus` and so on. */

const MOST = 5000;

const timings = { focus: [], open: [], build: [], save: [], fill: [] };

/** Keep what has passed since `start` (of `performance.now()`) under a name. */
export function took(name, start) {
  const kept = timings[name];
  kept.push(performance.now() - start);
  if (kept.length > MOST) kept.shift();
}

window.__screen = timings;
