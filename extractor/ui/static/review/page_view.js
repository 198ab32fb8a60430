/** One page of a document: its picture and words, fetched when it comes near, and boxes over them. */

import { get } from "../common/api.js";
import { createElement } from "../common/dom.js";
import { chooseResolution, pageImageUrl } from "./page_images.js";
import { isInside, parseWords } from "./page_words.js";

const RETRY_DELAY = 1000; // milliseconds, times the number of failures
const MAX_RETRIES = 5;
/** Of a snippet: its width in pixels, what is shown around the evidence in points, the largest scale. */
const SNIPPET = { width: 420, besides: 90, above: 5, maxScale: 2.2 };

export class PageView {
  words = [];
  /** Spans of dates, numbers and other values in the document's text, sorted. */
  values = [];
  #source;
  #shownWidth;
  #evidence = []; // { mark, box }
  #evidenceElements = [];
  #image = null;
  #resolution = 0;
  #isRequested = false;
  #failures = 0;

  /** `source` is where its document is asked for; `size`: { n, width, height } in points; `shownWidth()` returns the width on screen in pixels. */
  constructor(source, size, pageCount, shownWidth) {
    this.#source = source;
    this.#shownWidth = shownWidth;
    this.size = size;
    this.number = size.n;
    const label = createElement("div", { class: "page-number", text: `${size.n} / ${pageCount}` });
    this.element = createElement("div", { class: "page", data: { page: size.n } }, label);
    this.element.style.aspectRatio = `${size.width} / ${size.height}`;
  }

  /** Fetch the picture and the words, once; the picture again where a higher resolution is needed. */
  load() {
    this.#loadImage();
    if (this.#isRequested) return;
    this.#isRequested = true;
    this.#drawEvidence();
    get(`${this.#source}/pages/${this.number}.json`)
      .then(({ words, values }) => {
        this.words = parseWords(words);
        this.values = values ?? [];
        this.element.dataset.words = "loaded";
      })
      .catch(() => this.#retry(() => (this.#isRequested = false)));
  }

  /** Fetch the picture in a higher resolution where it was fetched before and is shown larger now. */
  sharpen() {
    if (this.#isRequested) this.#loadImage();
  }

  /** Set the evidence on this page, each `{ mark, box }`. */
  setEvidence(evidence) {
    for (const element of this.#evidenceElements) element.remove();
    this.#evidenceElements = [];
    this.#evidence = evidence;
    if (this.#isRequested) this.#drawEvidence();
  }

  /** Return the mark whose box contains a point, or null. */
  markAt(point) {
    return this.#evidence.find(({ box }) => isInside(point, box))?.mark ?? null;
  }

  /** Draw a box over the page and return its element. */
  drawBox(box, kind, level = "") {
    const { width, height } = this.size;
    const element = createElement("div", { class: `box ${kind}`, data: level ? { level } : {} });
    element.style.left = `${(box.x0 / width) * 100}%`;
    element.style.top = `${(box.top / height) * 100}%`;
    element.style.width = `${((box.x1 - box.x0) / width) * 100}%`;
    element.style.height = `${((box.bottom - box.top) / height) * 100}%`;
    this.element.append(element);
    return element;
  }

  /** Return the point of the page under the mouse. */
  pointAt(event) {
    const area = this.element.getBoundingClientRect();
    return {
      x: ((event.clientX - area.left) / area.width) * this.size.width,
      y: ((event.clientY - area.top) / area.height) * this.size.height,
    };
  }

  /** Return a picture of a box and its surroundings. */
  createSnippet(box, label) {
    const { width, height } = this.size;
    const x0 = Math.max(0, box.x0 - SNIPPET.besides);
    const x1 = Math.min(width, box.x1 + SNIPPET.besides);
    const top = Math.max(0, box.top - SNIPPET.above);
    const bottom = Math.min(height, box.bottom + SNIPPET.above);
    const scale = Math.min(SNIPPET.width / (x1 - x0), SNIPPET.maxScale);
    const url = pageImageUrl(this.#source, this.number, this.#resolution || 110);
    const picture = createElement("div", { class: "snippet-page", role: "img", "aria-label": label });
    picture.style.width = `${(x1 - x0) * scale}px`;
    picture.style.height = `${(bottom - top) * scale}px`;
    picture.style.backgroundImage = `url("${url}")`;
    picture.style.backgroundSize = `${width * scale}px ${height * scale}px`;
    picture.style.backgroundPosition = `${-x0 * scale}px ${-top * scale}px`;
    const frame = createElement("div", { class: "snippet-frame" });
    frame.style.left = `${(box.x0 - x0) * scale}px`;
    frame.style.top = `${(box.top - top) * scale}px`;
    frame.style.width = `${(box.x1 - box.x0) * scale}px`;
    frame.style.height = `${(box.bottom - box.top) * scale}px`;
    picture.append(frame);
    return picture;
  }

  #loadImage() {
    const resolution = chooseResolution(this.#shownWidth(), this.size.width);
    if (resolution <= this.#resolution) return;
    this.#resolution = resolution;
    const src = pageImageUrl(this.#source, this.number, resolution);
    const image = createElement("img", { alt: "", draggable: "false", decoding: "async", src });
    image.addEventListener("load", () => {
      this.#image?.remove();
      this.#image = image;
      this.element.classList.add("loaded");
    });
    image.addEventListener("error", () => {
      image.remove();
      this.#retry(() => (this.#resolution = 0));
    });
    this.element.prepend(image);
  }

  /** Load again what failed, such as while the server is still reading the document, a few times. */
  #retry(reset) {
    this.#failures += 1;
    if (this.#failures > MAX_RETRIES) return;
    setTimeout(() => {
      if (!this.element.isConnected) return;
      reset();
      this.load();
    }, RETRY_DELAY * this.#failures);
  }

  #drawEvidence() {
    for (const { box } of this.#evidence) this.#evidenceElements.push(this.drawBox(box, "evidence"));
  }
}
