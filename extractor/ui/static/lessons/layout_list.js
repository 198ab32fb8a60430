/** The layouts of documents that were learnt, each with the documents that taught it. */

import { createButton, createElement } from "../common/dom.js";
import { formatDateTime, formatName, localize } from "../common/localization.js";
import { createThumbnail } from "./thumbnail.js";

/** Return the list; `isOpen` has the layouts whose documents are shown, `actions` are enable(chosen, enabled), delete(chosen, question). */
export function createLayoutList({ layouts, more }, isOpen, actions) {
  return createElement(
    "section",
    { "aria-label": localize("lessons.layouts") },
    createElement("h3", { text: localize("lessons.layouts") }),
    createElement("ul", { class: "layouts" }, ...layouts.map((layout) => createLayout(layout, isOpen, actions))),
    more ? createElement("p", { class: "about", text: localize("lessons.more_layouts", { n: more }) }) : null,
  );
}

function createLayout(layout, isOpen, actions) {
  const { id, lessons, enabled, picture, documents } = layout;
  const name = formatName(layout.name);
  const count = localize(lessons === 1 ? "lessons.record" : "lessons.records", { n: lessons });
  const off = lessons - enabled;
  return createElement(
    "li",
    { class: "layout", data: { layout: id, off: off === lessons ? "all" : "" } },
    createThumbnail(picture, name),
    createElement(
      "div",
      {},
      createElement("strong", { text: localize("lessons.like", { name }) }),
      createElement("div", { text: off ? `${count}, ${localize("lessons.off", { n: off })}` : count }),
      createButtons(
        { layout: id },
        name,
        enabled > 0,
        localize("lessons.confirm_layout", { name, n: lessons }),
        actions,
      ),
      createElement(
        "details",
        { open: isOpen.has(String(id)), data: { layout: id } },
        createElement("summary", { text: localize("lessons.documents") }),
        createElement("ul", {}, ...documents.map((each) => createDocument(each, actions))),
        lessons > documents.length
          ? createElement("p", { text: localize("lessons.more", { n: lessons - documents.length }) })
          : null,
      ),
    ),
  );
}

function createDocument({ id, record, name: stored, at, enabled, fields, corrected }, actions) {
  const name = formatName(stored);
  const title =
    record === null
      ? createElement("span", { text: name })
      : createElement("a", { href: `#record=${Number(record)}`, text: name });
  const about = [
    localize(fields === 1 ? "lessons.field" : "lessons.fields", { n: fields }),
    localize("lessons.corrected", { n: corrected }),
    ...(at ? [formatDateTime(at)] : []),
    ...(enabled ? [] : [localize("lessons.is_off")]),
  ];
  return createElement(
    "li",
    { data: { lesson: id, off: enabled ? "" : "all" } },
    title,
    createElement("span", { class: "about", text: about.join(" · ") }),
    createButtons({ lesson: id }, name, enabled, localize("lessons.confirm_document", { name }), actions),
  );
}

/** Return the buttons that switch lessons off or on and delete them; `chosen` says which lessons. */
function createButtons(chosen, name, isOn, question, actions) {
  const [kind, id] = Object.entries(chosen)[0];
  const create = (action, text, act) =>
    createButton({ text, "aria-label": `${text}: ${name}`, data: { act: `${action}-${kind}-${id}` } }, act);
  return createElement(
    "span",
    { class: "lesson-actions" },
    create("switch", localize(isOn ? "lessons.switch_off" : "lessons.switch_on"), () => actions.enable(chosen, !isOn)),
    create("delete", localize("lessons.delete"), () => actions.delete(chosen, question)),
  );
}
