/** What went wrong, in the language of the page. The server says it in English, and most exactly there. */

import { known, language, say } from "./words.js";

/** A refusal of the server as a sentence. */
export function sentenceOf({ message, hint, kind, body }) {
  const said = [message, hint].filter(Boolean).join(" ");
  if (language === "en" && said) return said;
  const wanted = `error.wanted.${body?.wanted}`;
  if (known(wanted)) return say(wanted);
  return known(`error.${kind}`) ? say(`error.${kind}`) : said;
}

/** What happened to a document: what its kind means, and what the server says of it. */
export const happened = (kind, message) => told(`about.${kind}`, message);

/** Why a file could not be read. */
export const failure = (kind, message) => told(`failed.${kind}`, message);

function told(key, message) {
  if (!known(key)) return message ?? "";
  return message && language === "en" ? message : [say(key), message].filter(Boolean).join(" ");
}
