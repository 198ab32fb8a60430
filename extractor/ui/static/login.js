/** The login page: to the record that was asked for after it, and the switch between the languages. */

import { choose } from "/static/language.js";

const form = document.querySelector("form");
const aim = () => (form.action = `/login${location.hash}`);
aim();
addEventListener("hashchange", aim);

const other = document.getElementById("language");
other.addEventListener("click", (event) => {
  event.preventDefault();
  choose(other.dataset.language, `/login?${other.dataset.language}${location.hash}`); // a reload would log in again
});

// Who comes by a link on another site may have a cookie that the browser did not send along; from here it does.
if ("linked" in document.body.dataset) {
  const me = await fetch("/api/me");
  if (me.ok) location.replace(`/ui/${location.hash}`);
}
