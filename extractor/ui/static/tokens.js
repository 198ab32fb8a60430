/** The user's access tokens for other programs: made, listed and revoked. */

import { get, post } from "./common/api.js";
import { addStyles, createButton, createElement, setText } from "./common/dom.js";
import { errorMessage } from "./common/error_messages.js";
import { formatDateTime, loadMessages, localize } from "./common/localization.js";

const SCOPES = ["read", "submit", "review"];

/** Build the list inside an element, once. */
export async function mount(element) {
  addStyles();
  await loadMessages();
  return new TokenList(element);
}

class TokenList {
  #name = createElement("input", { type: "text", maxlength: 100, "aria-label": localize("tokens.name") });
  #scopes = SCOPES.map((scope) => createElement("input", { type: "checkbox", value: scope }));
  #message = createElement("p", { class: "tokens-message", role: "status" });
  #secret = createElement("input", {
    type: "text",
    readOnly: true,
    hidden: true,
    "aria-label": localize("tokens.secret"),
  });
  #list = createElement("ul", { class: "tokens-list", "aria-label": localize("tokens.title") });

  constructor(element) {
    this.#scopes[0].checked = true;
    const boxes = this.#scopes.map((box) =>
      createElement("label", {}, box, " ", localize(`tokens.scope.${box.value}`)),
    );
    const make = createButton({ text: localize("tokens.make"), class: "primary" }, () => this.#make());
    this.#name.placeholder = localize("tokens.name");
    element.replaceChildren(
      createElement(
        "div",
        { class: "screen tokens" },
        createElement("h2", { text: localize("tokens.title") }),
        createElement("p", { text: localize("tokens.about") }),
        createElement("div", { class: "tokens-new" }, this.#name, ...boxes, make),
        this.#message,
        this.#secret,
        this.#list,
      ),
    );
    this.#refresh();
  }

  async #make() {
    const scopes = this.#scopes.filter((box) => box.checked).map((box) => box.value);
    await this.#tell(async () => {
      const { secret } = await post("tokens", { name: this.#name.value, scopes });
      this.#secret.value = secret;
      this.#secret.hidden = false;
      this.#secret.focus();
      this.#secret.select();
      this.#name.value = "";
      return localize("tokens.made");
    });
  }

  async #revoke(id) {
    await this.#tell(async () => {
      await post(`tokens/${id}/revoke`);
      return "";
    });
  }

  async #tell(action) {
    try {
      setText(this.#message, await action());
      await this.#refresh();
    } catch (error) {
      setText(this.#message, errorMessage(error));
    }
  }

  async #refresh() {
    const { tokens } = await get("tokens");
    const items = tokens.map((token) => {
      const scopes = token.scopes.map((scope) => localize(`tokens.scope.${scope}`)).join(", ");
      const used = token.used ? localize("tokens.used", { at: formatDateTime(token.used) }) : localize("tokens.unused");
      const revoke = createButton(
        { text: localize("tokens.revoke"), "aria-label": `${localize("tokens.revoke")}: ${token.name}` },
        () => this.#revoke(token.id),
      );
      const name = createElement("span", { class: "name", text: token.name });
      return createElement("li", {}, name, createElement("span", { text: ` ${scopes}; ${used} ` }), revoke);
    });
    this.#list.replaceChildren(...items);
  }
}
