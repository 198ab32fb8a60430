/** The login page: keeps the record in the address through the login, and switches between the languages. */

import { switchLanguage } from "/static/common/language.js";

const form = document.querySelector("form");
const updateAction = () => (form.action = `/login${location.hash}`);
updateAction();
addEventListener("hashchange", updateAction);

const other = document.getElementById("language");
other.addEventListener("click", (event) => {
  event.preventDefault();
  // A reload would send the login form again.
  switchLanguage(other.dataset.language, `/login?${other.dataset.language}${location.hash}`);
});

// Browsers withhold the SameSite cookie on a link from another site; a request from this page has it.
if ("linked" in document.body.dataset) {
  const response = await fetch("/api/me");
  if (response.ok) location.replace(`/ui/${location.hash}`);
}
