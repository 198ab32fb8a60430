/** What somebody uploaded, and how far each file is. */

import { get } from "./api.js";
import { addStyles, make, put } from "./dom.js";
import { failure } from "./errors.js";
import { age, loadWords, say } from "./words.js";

const SOON = 800;
const LATER = 3000;
const ICONS = { waiting: "○", working: "◐", done: "✓", failed: "!" };

/** Build the list inside an element, once; `refresh()` of what comes back looks for new uploads. */
export async function mount(element) {
  addStyles();
  await loadWords();
  return new Uploads(element);
}

class Uploads {
  #list = make("ul", { class: "screen uploads", "aria-live": "polite", "aria-label": say("uploads.title") });
  #rows = new Map();
  #timer = null;
  #was = "";

  constructor(element) {
    element.replaceChildren(this.#list);
    document.addEventListener("extractor:uploaded", () => this.refresh());
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.refresh()).observe(element);
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.#timer);
    let said;
    try {
      said = await get("uploads");
    } catch (error) {
      if (!error.status) this.#timer = setTimeout(() => this.refresh(), LATER);
      return;
    }
    clearTimeout(this.#timer);
    this.#show(said.rows);
    if (said.working) this.#timer = setTimeout(() => this.refresh(), SOON);
    const now = said.rows.filter((row) => row.state === "done").length;
    if (this.#was !== "" && this.#was !== now) document.dispatchEvent(new Event("extractor:changed"));
    this.#was = now;
  }

  #show(rows) {
    const now = new Set();
    rows.forEach((row, index) => {
      const key = JSON.stringify([row.name, row.at]);
      now.add(key);
      const known = this.#rows.get(key) ?? this.#add(key);
      const there = this.#list.children[index];
      if (there !== known.element) this.#list.insertBefore(known.element, there ?? null);
      known.show(row);
    });
    for (const [key, { element }] of this.#rows) {
      if (now.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
  }

  #add(key) {
    const added = new Upload();
    this.#rows.set(key, added);
    return added;
  }
}

class Upload {
  #icon = make("span", { class: "icon" });
  #name = make("span", { class: "name" });
  #state = make("span", { class: "state" });
  #bar = make("progress", { "aria-label": say("uploads.working") });
  #message = make("span", { class: "message" });
  #link = make("a", { hidden: true });
  element = make("li", {}, this.#icon, this.#name, this.#state, this.#bar, this.#link, this.#message);

  show({ name, state, kind, message, record, at }) {
    this.element.dataset.state = state;
    put(this.#icon, ICONS[state] ?? "◐");
    put(this.#name, name);
    this.#name.title = at ? age(at) : "";
    put(this.#state, say(`uploads.state.${state}`));
    this.#bar.hidden = state !== "working";
    put(this.#message, kind ? failure(kind, message) : (message ?? ""));
    this.#link.hidden = record === null || record === undefined;
    if (this.#link.hidden) return;
    this.#link.href = `#record=${Number(record)}`;
    put(this.#link, say("uploads.open"));
  }
}
