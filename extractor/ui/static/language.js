/** The page's language, the words of the host's own parts in it, and the switch to the other one. */

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** The words by their keys. */
export async function load() {
  const answer = await fetch(`/static/words/shell.${language}.json`);
  return answer.json();
}

/** Show this page, or the one at an address, in another language from now on. */
export function choose(name, address = null) {
  document.cookie = `lang=${name}; Path=/; Max-Age=31536000; SameSite=Strict`;
  if (address === null) location.reload();
  else location.assign(address);
}
