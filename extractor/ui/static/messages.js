/** Messages that Gradio has in English only, said in the page's language. */

const KNOWN = [
  [/^File\(s\) exceed the maximum allowed size of (?<most>[^:]+): (?<names>[\s\S]*)$/, "upload.message_large"],
  [/^Invalid file types?: (?<names>[\s\S]*?)\. Only (?<kinds>[\s\S]*) allowed\.$/, "upload.message_kind"],
];

/** Watch for messages from now on, and put those that are known into these words. */
export function translate(words) {
  new MutationObserver(() => {
    for (const element of document.querySelectorAll('[data-testid="toast-text"]')) {
      const said = inWords(element.textContent.trim(), words);
      if (said !== null) element.textContent = said;
    }
  }).observe(document.body, { childList: true, subtree: true });
}

function inWords(text, words) {
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(text);
    if (found) return words[key].replace(/\{(\w+)\}/g, (_, name) => found.groups[name] ?? "");
  }
  return null;
}
