/**
 * Creating and changing elements. Texts of documents, schemas, file names and errors reach the page only through this
 * module, as text, values or numbers: it has no way to write markup.
 */

/** Return an element with properties, attributes, listeners (`on`) and children; children that are strings become text. */
export function createElement(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") addListeners(element, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PROPERTIES = new Set(["value", "hidden", "disabled", "readOnly", "tabIndex", "open", "rowSpan", "colSpan"]);

function addListeners(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
}

/** Return a button that does not take the focus away from the field being edited. */
export function createButton(attributes, action) {
  const { tabIndex = 0, ...rest } = attributes;
  return createElement("button", {
    type: "button",
    tabIndex,
    ...rest,
    on: { click: action, mousedown: (event) => event.preventDefault() },
  });
}

/** Set the text of an element; the page is not touched where it is the same already. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The screens' style sheets, in the order of the cascade. */
const STYLE_SHEETS = ["screen", "queue", "review", "document", "form", "uploads", "kinds", "lessons"];

/**
 * Add the style sheets of the screens behind Gradio's, once per page: with equal specificity the later rule wins, so the
 * links that the page begins with are not enough.
 */
export function addStyles() {
  if (document.querySelector("link[data-screen]")) return;
  for (const name of STYLE_SHEETS) {
    const href = `/static/${name}.css`;
    document.head.append(createElement("link", { rel: "stylesheet", href, data: { screen: name } }));
  }
}

/** Call `callback` once the browser has painted the latest changes. */
export function afterPaint(callback) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = callback;
    port2.postMessage(null);
  });
}

/** Return a promise that is fulfilled after so many milliseconds. */
export const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Decide whether an element is on screen: neither hidden nor in a tab that is not selected. */
export const isShown = (element) => element.isConnected && element.getClientRects().length > 0;
