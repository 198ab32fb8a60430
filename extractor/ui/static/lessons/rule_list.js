/** Rules for the values of fields: those that are applied, and those that repeated edits suggest, with examples. */

import { createButton, createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";

const NAMED_MARKS = { "\n": "lessons.rule.line_end", "\t": "lessons.rule.tab" };

/** Return the list; `onSwitch(key, enabled)` applies a rule, or applies it no longer. */
export function createRuleList(rules, onSwitch) {
  return createElement(
    "section",
    { "aria-label": localize("lessons.rules") },
    createElement("h3", { text: localize("lessons.rules") }),
    createElement("p", { class: "about", text: localize("lessons.about_rules") }),
    createElement("ul", { class: "rules" }, ...rules.map((rule) => createRule(rule, onSwitch))),
  );
}

function createRule({ key, title, kind, argument, enabled, saved, spoilt, examples }, onSwitch) {
  const mark = NAMED_MARKS[argument] ? localize(NAMED_MARKS[argument]) : `“${argument}”`;
  const name = localize(`lessons.rule.${kind}`, { field: title, text: mark });
  const about = [...(enabled ? [localize("lessons.rule.on")] : []), localize("lessons.rule.saved", { saved, spoilt })];
  const text = localize(enabled ? "lessons.rule.stop" : "lessons.rule.apply");
  return createElement(
    "li",
    { data: { rule: key } },
    createElement("strong", { text: name }),
    createElement("span", { class: "about", text: about.join(" · ") }),
    createElement(
      "span",
      { class: "lesson-actions" },
      createButton({ text, "aria-label": `${text}: ${name}`, data: { act: `rule-${key}` } }, () =>
        onSwitch(key, !enabled),
      ),
    ),
    createElement("ul", {}, ...examples.map(createExample)),
  );
}

function createExample({ name, machine, changed, approved }) {
  return createElement(
    "li",
    { data: { wrong: changed === approved ? "" : "yes" } },
    createElement("span", { class: "about", text: `${name}: ` }),
    createElement("q", { text: machine }),
    " → ",
    createElement("q", { text: changed }),
    changed === approved
      ? null
      : createElement("span", { text: ` (${localize("lessons.rule.approved", { text: approved })})` }),
  );
}
