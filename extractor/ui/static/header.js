/** The header: what this is, who is logged in, and the switch between the languages. */

import { get } from "/static/api.js";
import { make } from "/static/dom.js";
import { choose, language, load } from "/static/language.js";
import { translate } from "/static/messages.js";

export async function mount(element) {
  const [words, me] = await Promise.all([load(), get("me").catch(() => ({ user: "", login: false }))]);
  translate(words);
  const other = language === "zh" ? "en" : "zh";
  const out = make(
    "form",
    { method: "post", action: "/logout", hidden: !me.login },
    make("button", { text: words["shell.logout"] }),
  );
  const change = make("button", {
    type: "button",
    id: "language",
    lang: other,
    text: words["shell.other_language"],
    on: { click: () => choose(other) },
  });
  element.replaceChildren(
    make(
      "header",
      { class: "shell-header" },
      make("b", { text: words["shell.name"] }),
      make("span", { class: "shell-about", text: words["shell.about"] }),
      make("span", { class: "shell-who", text: me.user }),
      out,
      change,
    ),
  );
}
