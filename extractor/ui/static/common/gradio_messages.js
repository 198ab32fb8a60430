/** Translates messages that Gradio has in English only into the page's language. */

const TRANSLATED = [
  [/^File\(s\) exceed the maximum allowed size of (?<most>[^:]+): (?<names>[\s\S]*)$/, "upload.message_large"],
  [/^Invalid file types?: (?<names>[\s\S]*?)\. Only (?<kinds>[\s\S]*) allowed\.$/, "upload.message_kind"],
];

/** Replace known messages with the shell's texts as soon as Gradio shows them. */
export function translateGradioMessages(texts) {
  new MutationObserver(() => {
    for (const element of document.querySelectorAll('[data-testid="toast-text"]')) {
      const translated = translate(element.textContent.trim(), texts);
      if (translated !== null) element.textContent = translated;
    }
  }).observe(document.body, { childList: true, subtree: true });
}

function translate(message, texts) {
  for (const [pattern, key] of TRANSLATED) {
    const match = pattern.exec(message);
    if (match) return texts[key].replace(/\{(\w+)\}/g, (_, name) => match.groups[name] ?? "");
  }
  return null;
}
