/** Error messages in the language of the page. The server's own are in English, and more precise there. */

import { hasMessage, language, localize } from "./localization.js";

/** Return the message of an `ApiError`. */
export function errorMessage({ message, hint, kind, body }) {
  const original = [message, hint].filter(Boolean).join(" ");
  if (language === "en" && original) return original;
  const wanted = `error.wanted.${body?.wanted}`;
  if (hasMessage(wanted)) return localize(wanted);
  return hasMessage(`error.${kind}`) ? localize(`error.${kind}`) : original;
}

/** Return what is wrong with a document: what the kind of problem means, and the server's message about this document. */
export const documentProblemMessage = (kind, message) => combine(`about.${kind}`, message);

function combine(key, message) {
  if (!hasMessage(key)) return message ?? "";
  return message && language === "en" ? message : [localize(key), message].filter(Boolean).join(" ");
}
