/** The header: the product's name, who is logged in, and the switch between the languages. */

import { get } from "/static/common/api.js";
import { createElement } from "/static/common/dom.js";
import { translateGradioMessages } from "/static/common/gradio_messages.js";
import { language, loadShellTexts, switchLanguage } from "/static/common/language.js";
import { mayLeave } from "/static/common/navigation.js";

/** Build the header inside an element, once. */
export async function mount(element) {
  const [texts, me] = await Promise.all([loadShellTexts(), get("me").catch(() => ({ user: "", login: false }))]);
  translateGradioMessages(texts);
  const other = language === "zh" ? "en" : "zh";
  const logout = createElement(
    "form",
    { method: "post", action: "/logout", hidden: !me.login },
    createElement("button", { text: texts["shell.logout"] }),
  );
  const languageSwitch = createElement("button", {
    type: "button",
    id: "language",
    lang: other,
    text: texts["shell.other_language"],
    on: { click: async () => (await mayLeave()) && switchLanguage(other) },
  });
  element.replaceChildren(
    createElement(
      "header",
      { class: "shell-header" },
      createElement("b", { text: texts["shell.name"] }),
      createElement("span", { class: "shell-about", text: texts["shell.about"] }),
      createElement("span", { class: "shell-who", text: me.user }),
      logout,
      languageSwitch,
    ),
  );
}
