/**
 * Elements. Whatever a document, a schema, a file name or an error says reaches the page through here, as text, as a
 * value or as a number: there is no way in this module to write markup.
 */

/** An element with properties, attributes, listeners (`on`) and children; children that are strings become text. */
export function make(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name === "on") listen(element, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PROPERTIES = new Set(["value", "hidden", "disabled", "readOnly", "tabIndex", "open", "rowSpan", "colSpan"]);

function listen(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
}

/** A button that does not take the focus away from the field somebody is at. */
export function button(given, action) {
  const { tabIndex = 0, ...rest } = given;
  return make("button", {
    type: "button",
    tabIndex,
    ...rest,
    on: { click: action, mousedown: (event) => event.preventDefault() },
  });
}

/** Put the element's text, touching the page only when it is another one. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The stylesheet of the screen, once a page. */
export function addStyles() {
  if (document.querySelector("link[data-screen]")) return;
  document.head.append(make("link", { rel: "stylesheet", href: "/static/screen.css", data: { screen: "1" } }));
}

/** Call `done` once the browser has painted what was changed just now. */
export function whenPainted(done) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
}

/** A promise that is kept after so many milliseconds. */
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Whether an element is on screen: neither hidden nor in a tab that is not chosen. */
export const isShown = (element) => element.isConnected && element.getClientRects().length > 0;
