/** The page's language, the texts of the shell in it, and the switch to the other language. */

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** Return the shell's texts by their keys. */
export async function loadShellTexts() {
  const response = await fetch(`/static/words/shell.${language}.json`);
  return response.json();
}

/** Show this page, or the one at an address, in another language from now on. */
export function switchLanguage(name, address = null) {
  document.cookie = `lang=${name}; Path=/; Max-Age=31536000; SameSite=Strict`;
  if (address === null) location.reload();
  else location.assign(address);
}
