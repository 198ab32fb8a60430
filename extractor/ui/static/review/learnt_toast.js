/** What an approved record taught, said for a while after the next record is open. */

import { get } from "../common/api.js";
import { createButton, createElement, delay } from "../common/dom.js";
import { formatName, localize } from "../common/localization.js";
import { showLessons } from "../common/navigation.js";

const DURATION = 10_000; // milliseconds that it is shown, and longer while it has the focus or the mouse
const POLL_INTERVAL = 500;
const MAX_POLLS = 40;

export class LearntToast {
  /** It is always on the page, so that readers of the screen are told when it is filled. */
  element = createElement("div", { class: "learnt-toast", role: "status" });
  #timer = null;
  #asked = 0;

  /** Say what a record taught, once the server has learnt it; nothing where it taught nothing. */
  async announce(record) {
    const request = (this.#asked += 1);
    const learnt = await fetchLesson(record, () => request === this.#asked);
    if (learnt && request === this.#asked) this.#show(learnt);
  }

  #show(learnt) {
    const link = createButton({ text: localize("lessons.title") }, () => showLessons(learnt.schema));
    const close = createButton({ class: "close", text: "×", "aria-label": localize("dialog.close") }, () =>
      this.#clear(),
    );
    this.element.replaceChildren(createElement("span", { text: lessonText(learnt) }), link, close);
    this.#clearLater();
  }

  #clearLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.element.matches(":hover, :focus-within")) this.#clearLater();
      else this.#clear();
    }, DURATION);
  }

  #clear() {
    clearTimeout(this.#timer);
    this.element.replaceChildren();
  }
}

/** Return what a record taught, or null. */
async function fetchLesson(record, isWanted) {
  for (let poll = 0; poll < MAX_POLLS && isWanted(); poll += 1) {
    let lesson;
    try {
      lesson = await get(`records/${record}/lesson`);
    } catch {
      return null; // the approval itself was saved; the page on what was learnt has the rest
    }
    if (lesson.state !== "learning") return lesson.state === "learnt" ? lesson : null;
    await delay(POLL_INTERVAL);
  }
  return null;
}

/** Return what was learnt in a sentence: `Learnt from b.txt: 3 labels; layout as in 2 records.` */
function lessonText({ name, labels, fields, records }) {
  const what = labels
    ? localize(labels === 1 ? "lessons.toast.label" : "lessons.toast.labels", { n: labels })
    : localize(fields === 1 ? "lessons.toast.field" : "lessons.toast.fields", { n: fields });
  const layout = localize(records > 1 ? "lessons.toast.layout" : "lessons.toast.new_layout", { n: records });
  return localize("lessons.toast.learnt", { name: formatName(name), what, layout });
}
