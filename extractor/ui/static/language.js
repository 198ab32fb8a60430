/** The page's language, the words of the host's own parts in it, and the switch to the other one. */

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** The words by their keys. */
export async function load() {
  const answer = await fetch(`/static/words/shell.${language}.json`);
  return answer.json();
}

/** Show this page in another language from now on. */
export function choose(name) {
  document.cookie = `lang=${name}; Path=/; Max-Age=31536000; SameSite=Strict`;
  location.reload();
}
