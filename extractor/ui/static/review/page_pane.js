/**
 * The pages of a document, one below the other, with the evidence of values, and words to select.
 *
 * Words are looked up in a list per page, so that a page of a thousand words adds no elements. Coordinates are points from
 * the top left of the page, as the server gives them, and are placed on screen as shares of the page.
 */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { PageView } from "./page_view.js";
import { selectAt, selectIn } from "./page_words.js";

const LOAD_MARGIN = "150% 0px"; // pages that far off the pane are loaded
const MAX_CLICK_MOVE = 3; // points that the mouse may move in a click
const SCROLL_MARGIN = 30; // pixels within the pane's edge in which evidence counts as out of sight
const DEFAULT_WIDTH = 700; // pixels of a pane that has not been laid out
const WHEEL_STEP = 1.1;
const MIN_ZOOM = 0.3;
const MAX_ZOOM = 4;

export class PagePane {
  element = createElement("div", {
    class: "page-pane",
    role: "document",
    tabIndex: -1,
    "aria-label": localize("review.document"),
  });
  #callbacks;
  #pages = [];
  #evidence = ""; // a fingerprint of what is drawn
  #active = []; // the elements of the current field's evidence
  #zoom = 1;
  #drag = null;
  #hover = null;
  #observer;

  /**
   * `callbacks`: canFill(), onSelect(selection), isReadingRegion(), onReadRegion(page, box), onOpenField(path).
   * `pages`: [{ n, width, height }].
   */
  constructor(source, pages, callbacks) {
    this.#callbacks = callbacks;
    this.#observer = new IntersectionObserver((entries) => this.#loadVisible(entries), {
      root: this.element,
      rootMargin: LOAD_MARGIN,
    });
    const shownWidth = () => (this.element.clientWidth || DEFAULT_WIDTH) * this.#zoom;
    for (const size of pages) {
      const page = new PageView(source, size, pages.length, shownWidth);
      this.#pages.push(page);
      this.element.append(page.element);
      this.#observer.observe(page.element);
    }
    this.#listen();
    this.#setZoom(1);
  }

  /** Release what outlives the element. */
  close() {
    this.#observer.disconnect();
  }

  /** Show the evidence of all values faintly: `{ path, title, evidence }` each. */
  setEvidence(marks) {
    const withBoxes = marks.filter(({ evidence }) => evidence.boxes?.length);
    const fingerprint = JSON.stringify(withBoxes.map(({ path, evidence }) => [path, evidence.boxes]));
    if (fingerprint === this.#evidence) return;
    this.#evidence = fingerprint;
    const byPage = new Map(this.#pages.map((page) => [page, []]));
    for (const mark of withBoxes) {
      for (const box of mark.evidence.boxes) byPage.get(this.#page(box.page))?.push({ mark, box });
    }
    for (const [page, evidence] of byPage) page.setEvidence(evidence);
  }

  /** Highlight the current field's evidence and scroll to it where it is out of sight; null removes the highlight. */
  highlight(evidence, level) {
    for (const element of this.#active) element.remove();
    this.#active = [];
    for (const box of evidence?.boxes ?? []) {
      const page = this.#page(box.page);
      if (page) this.#active.push(page.drawBox(box, "active", level));
    }
    if (this.#active.length) this.#scrollTo(evidence.boxes[0]);
  }

  /** Return a picture of the evidence and its surroundings, or null. */
  createSnippet(evidence) {
    const box = evidence?.boxes?.[0];
    const page = box && this.#page(box.page);
    return page ? page.createSnippet(box, evidence.text ?? "") : null;
  }

  /** Zoom by a factor; "fit" is the width of the pane, or a whole page where it is the width already. */
  zoom(factor) {
    if (factor !== "fit") return this.#setZoom(this.#zoom * factor);
    const { width, height } = this.#pages[0].size;
    const wholePage = this.element.clientHeight / (this.element.clientWidth * (height / width));
    return this.#setZoom(Math.abs(this.#zoom - 1) < 0.01 ? wholePage : 1);
  }

  setEvidenceShown(isShown) {
    this.element.classList.toggle("evidence-hidden", !isShown);
  }

  /** Scroll by most of the pane's height; `direction` is 1 or -1. */
  scrollScreen(direction) {
    this.element.scrollBy({ top: direction * this.element.clientHeight * 0.85 });
  }

  #page(number) {
    const guess = this.#pages[number - 1];
    return guess?.number === number ? guess : this.#pages.find((page) => page.number === number);
  }

  #pageOf(element) {
    const page = element.closest?.(".page");
    return page && this.#page(Number(page.dataset.page));
  }

  #loadVisible(entries) {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.#pageOf(target).load();
  }

  #scrollTo(box) {
    const page = this.#page(box.page);
    const pane = this.element;
    const { offsetTop, offsetLeft, offsetHeight } = page.element;
    const scale = offsetHeight / page.size.height;
    const top = offsetTop + box.top * scale;
    const bottom = offsetTop + box.bottom * scale;
    const left = offsetLeft + box.x0 * scale;
    const right = offsetLeft + box.x1 * scale;
    if (top < pane.scrollTop + SCROLL_MARGIN || bottom > pane.scrollTop + pane.clientHeight - SCROLL_MARGIN) {
      pane.scrollTop = top - pane.clientHeight * 0.35;
    }
    if (left < pane.scrollLeft || right > pane.scrollLeft + pane.clientWidth) {
      pane.scrollLeft = left - pane.clientWidth * 0.2;
    }
    page.load();
  }

  /** Set the zoom, keeping what is at the middle of the pane there. */
  #setZoom(zoom) {
    const pane = this.element;
    const middle = (pane.scrollTop + pane.clientHeight / 2) / (pane.scrollHeight || 1);
    this.#zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom));
    pane.style.setProperty("--zoom", String(this.#zoom));
    pane.scrollTop = middle * pane.scrollHeight - pane.clientHeight / 2;
    for (const page of this.#pages) page.sharpen();
  }

  #listen() {
    const pane = this.element;
    pane.addEventListener("pointerdown", (event) => this.#onPress(event));
    pane.addEventListener("pointermove", (event) => this.#onMove(event));
    pane.addEventListener("pointerup", (event) => this.#onRelease(event));
    pane.addEventListener("pointercancel", () => this.#endDrag());
    pane.addEventListener("pointerleave", () => this.#clearHover());
    // The focus stays in the field that is to be filled.
    pane.addEventListener("mousedown", (event) => event.target.closest(".page") && event.preventDefault());
    pane.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
  }

  #onWheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#setZoom(this.#zoom * (event.deltaY < 0 ? WHEEL_STEP : 2 - WHEEL_STEP));
  }

  #onPress(event) {
    const page = this.#pageOf(event.target);
    if (!page || event.button !== 0) return;
    this.#drag = { page, from: page.pointAt(event), box: null, element: null };
    this.element.setPointerCapture(event.pointerId);
  }

  #onMove(event) {
    const drag = this.#drag;
    if (!drag) {
      this.#showHover(event);
      return;
    }
    const to = drag.page.pointAt(event);
    if (!drag.box && Math.hypot(to.x - drag.from.x, to.y - drag.from.y) < MAX_CLICK_MOVE) return;
    this.#clearHover();
    drag.box = { page: drag.page.number, ...rectangle(drag.from, to) };
    drag.element?.remove();
    drag.element = drag.page.drawBox(drag.box, this.#readsRegion(event) ? "ocr-region" : "selecting");
  }

  #onRelease(event) {
    const drag = this.#drag;
    this.#endDrag();
    if (!drag) return;
    if (drag.box) this.#selectBox(drag.page, drag.box, event);
    else this.#onClick(drag.page, drag.from, event);
  }

  #endDrag() {
    this.#drag?.element?.remove();
    this.#drag = null;
  }

  #readsRegion(event) {
    return event.altKey || this.#callbacks.isReadingRegion();
  }

  /** Open the field whose evidence was clicked, or fill the current one; modifier keys always fill. */
  #onClick(page, point, event) {
    const mark = this.#markAt(page, point);
    if (mark && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      this.#callbacks.onOpenField(mark.path);
      return;
    }
    const selection = selectAt(page, point);
    if (selection && this.#callbacks.canFill()) {
      this.#callbacks.onSelect({ ...selection, how: "word", append: event.shiftKey });
    }
  }

  #selectBox(page, box, event) {
    if (!this.#callbacks.canFill()) return;
    const selection = this.#readsRegion(event) ? null : selectIn(page, box);
    if (!selection) {
      this.#callbacks.onReadRegion(page.number, box);
      return;
    }
    const { text, evidence, isSingleWord } = selection;
    this.#callbacks.onSelect({ text, evidence, how: isSingleWord ? "word" : "words", append: event.shiftKey });
  }

  #markAt(page, point) {
    return this.element.classList.contains("evidence-hidden") ? null : page.markAt(point);
  }

  /** Show what a click would select, and which field its evidence belongs to. */
  #showHover(event) {
    this.#clearHover();
    const page = this.#pageOf(event.target);
    const selection = page && selectAt(page, page.pointAt(event));
    if (!selection) return;
    const mark = this.#markAt(page, page.pointAt(event));
    this.#hover = page.drawBox(selection.evidence.boxes[0], mark ? "hover marked" : "hover");
    if (mark) this.#hover.append(createElement("span", { class: "hover-title", text: mark.title }));
  }

  #clearHover() {
    this.#hover?.remove();
    this.#hover = null;
  }
}

function rectangle(one, other) {
  return {
    x0: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    x1: Math.max(one.x, other.x),
    bottom: Math.max(one.y, other.y),
  };
}
