/**
 * The pages of a document, one under the other: pictures fetched when they come near, boxes over them, words to take.
 *
 * Words are looked up in a list a page, so a page of a thousand words adds nothing to the document tree. Places are in
 * points from the top left of the page, as the server gives them, and are put on screen as shares of the page.
 */

import { get } from "./api.js";
import { make } from "./dom.js";
import { joined, shares, wordAt } from "./taking.js";
import { pointsIn } from "./offsets.js";
import { say } from "./words.js";

const NEAR = "150% 0px";
const SLACK = 1.5; // points around a word in which a click still means it
const A_CLICK = 3; // points that the mouse may move in a click
const TRY_AGAIN = 1000; // milliseconds
const MOST_TRIES = 5;
const SNIPPET = { width: 420, around: 90, above: 5, most: 2.2 };

export class Pages {
  element = make("div", { class: "pages", role: "document", tabIndex: -1, "aria-label": say("review.document") });
  #record;
  #pages;
  #hooks;
  #sheets = []; // a page each: { element, size, words, marks, faint, picture, resolution, ... }
  #marks = ""; // every value's evidence as it was drawn last
  #lit = [];
  #zoom = 1;
  #drag = null;
  #hover = null;
  #near;

  /** `hooks`: wants(), taken(pick), read(page, box), went(path). `pages`: [{ n, width, height }]. */
  constructor(record, pages, hooks) {
    this.#record = record;
    this.#pages = pages;
    this.#hooks = hooks;
    this.#near = new IntersectionObserver((seen) => this.#came(seen), { root: this.element, rootMargin: NEAR });
    for (const page of pages) this.#addSheet(page);
    this.#listen();
    this.#setZoom(1);
  }

  /** Let go of what outlives the element. */
  close() {
    this.#near.disconnect();
  }

  /** The evidence of all values, shown faintly: { path, title, evidence } each. */
  setMarks(all) {
    const marks = all.filter(({ evidence }) => evidence.boxes?.length);
    const said = JSON.stringify(marks.map(({ path, evidence }) => [path, evidence.boxes]));
    if (said === this.#marks) return;
    this.#marks = said;
    for (const sheet of this.#sheets) {
      sheet.marks = [];
      for (const element of sheet.faint) element.remove();
      sheet.faint = [];
    }
    for (const mark of marks) {
      for (const box of mark.evidence.boxes) this.#sheet(box.page)?.marks.push({ mark, box });
    }
    for (const sheet of this.#sheets) if (sheet.asked) this.#drawMarks(sheet);
  }

  /** Light a value's evidence, and scroll to it when it is out of sight; null puts the light out. */
  light(evidence, level) {
    for (const element of this.#lit) element.remove();
    this.#lit = [];
    for (const box of evidence?.boxes ?? []) {
      const sheet = this.#sheet(box.page);
      if (sheet) this.#lit.push(this.#draw(sheet, box, "lit", level));
    }
    if (this.#lit.length) this.#bringIntoSight(evidence.boxes[0]);
  }

  /** A picture of the evidence and what stands around it, or null. */
  snippet(evidence) {
    const box = evidence?.boxes?.[0];
    const sheet = box && this.#sheet(box.page);
    if (!sheet) return null;
    const { width, height } = sheet.size;
    const x0 = Math.max(0, box.x0 - SNIPPET.around);
    const x1 = Math.min(width, box.x1 + SNIPPET.around);
    const top = Math.max(0, box.top - SNIPPET.above);
    const bottom = Math.min(height, box.bottom + SNIPPET.above);
    const scale = Math.min(SNIPPET.width / (x1 - x0), SNIPPET.most);
    const picture = make("div", { class: "snippet-page", role: "img", "aria-label": evidence.text ?? "" });
    picture.style.width = `${(x1 - x0) * scale}px`;
    picture.style.height = `${(bottom - top) * scale}px`;
    picture.style.backgroundImage = `url("${this.#address(sheet, sheet.resolution || 110)}")`;
    picture.style.backgroundSize = `${width * scale}px ${height * scale}px`;
    picture.style.backgroundPosition = `${-x0 * scale}px ${-top * scale}px`;
    const frame = make("div", { class: "snippet-frame" });
    frame.style.left = `${(box.x0 - x0) * scale}px`;
    frame.style.top = `${(box.top - top) * scale}px`;
    frame.style.width = `${(box.x1 - box.x0) * scale}px`;
    frame.style.height = `${(box.bottom - box.top) * scale}px`;
    picture.append(frame);
    return picture;
  }

  /** Larger or smaller by a factor; "fit" is the width of the pane, or a whole page where it is the width already. */
  zoom(factor) {
    if (factor !== "fit") return this.#setZoom(this.#zoom * factor);
    const size = this.#pages[0];
    const whole = this.element.clientHeight / (this.element.clientWidth * (size.height / size.width));
    return this.#setZoom(Math.abs(this.#zoom - 1) < 0.01 ? whole : 1);
  }

  showMarks(shown) {
    this.element.classList.toggle("unmarked", !shown);
  }

  turn(direction) {
    this.element.scrollBy({ top: direction * this.element.clientHeight * 0.85 });
  }

  #addSheet(size) {
    const element = make(
      "div",
      { class: "page", data: { page: size.n } },
      make("div", { class: "page-number", text: `${size.n} / ${this.#pages.length}` }),
    );
    element.style.aspectRatio = `${size.width} / ${size.height}`;
    this.#sheets.push({ element, size, words: [], marks: [], faint: [], asked: false, resolution: 0, failed: 0 });
    this.element.append(element);
    this.#near.observe(element);
  }

  #sheet(number) {
    const guess = this.#sheets[number - 1];
    return guess?.size.n === number ? guess : this.#sheets.find((sheet) => sheet.size.n === number);
  }

  #sheetOf(event) {
    const element = event.target.closest?.(".page");
    return element && this.#sheet(Number(element.dataset.page));
  }

  #came(seen) {
    for (const entry of seen) {
      if (!entry.isIntersecting) continue;
      const sheet = this.#sheet(Number(entry.target.dataset.page));
      this.#fetch(sheet);
    }
  }

  #fetch(sheet) {
    this.#fetchPicture(sheet);
    if (sheet.asked) return;
    sheet.asked = true;
    this.#drawMarks(sheet);
    get(`records/${this.#record}/pages/${sheet.size.n}.json`)
      .then(({ words }) => (sheet.words = words))
      .catch(() => this.#again(sheet, () => (sheet.asked = false)));
  }

  #fetchPicture(sheet) {
    const wanted = resolution((this.element.clientWidth || 700) * this.#zoom, sheet.size.width);
    if (wanted <= sheet.resolution) return;
    sheet.resolution = wanted;
    const picture = make("img", { alt: "", draggable: "false", decoding: "async", src: this.#address(sheet, wanted) });
    picture.addEventListener("load", () => {
      sheet.picture?.remove();
      sheet.picture = picture;
      sheet.element.classList.add("drawn");
    });
    picture.addEventListener("error", () => {
      picture.remove();
      this.#again(sheet, () => (sheet.resolution = 0));
    });
    sheet.element.prepend(picture);
  }

  /** Fetch once more what could not be had, such as while the server is still reading the document; not for ever. */
  #again(sheet, forget) {
    sheet.failed += 1;
    if (sheet.failed > MOST_TRIES) return;
    setTimeout(() => {
      if (!sheet.element.isConnected) return;
      forget();
      this.#fetch(sheet);
    }, TRY_AGAIN * sheet.failed);
  }

  #address(sheet, dpi) {
    return pageAddress(this.#record, sheet.size.n, dpi);
  }

  #drawMarks(sheet) {
    for (const { box } of sheet.marks) sheet.faint.push(this.#draw(sheet, box, "faint"));
  }

  #draw(sheet, box, kind, level = "") {
    const { width, height } = sheet.size;
    const element = make("div", { class: `box ${kind}`, data: level ? { level } : {} });
    element.style.left = `${(box.x0 / width) * 100}%`;
    element.style.top = `${(box.top / height) * 100}%`;
    element.style.width = `${((box.x1 - box.x0) / width) * 100}%`;
    element.style.height = `${((box.bottom - box.top) / height) * 100}%`;
    sheet.element.append(element);
    return element;
  }

  #bringIntoSight(box) {
    const sheet = this.#sheet(box.page);
    const pane = this.element;
    const scale = sheet.element.offsetHeight / sheet.size.height;
    const top = sheet.element.offsetTop + box.top * scale;
    const bottom = sheet.element.offsetTop + box.bottom * scale;
    const left = sheet.element.offsetLeft + box.x0 * scale;
    const right = sheet.element.offsetLeft + box.x1 * scale;
    const margin = 30;
    if (top < pane.scrollTop + margin || bottom > pane.scrollTop + pane.clientHeight - margin) {
      pane.scrollTop = top - pane.clientHeight * 0.35;
    }
    if (left < pane.scrollLeft || right > pane.scrollLeft + pane.clientWidth) {
      pane.scrollLeft = left - pane.clientWidth * 0.2;
    }
    this.#fetch(sheet);
  }

  #setZoom(zoom) {
    const pane = this.element;
    const middle = (pane.scrollTop + pane.clientHeight / 2) / (pane.scrollHeight || 1);
    this.#zoom = Math.min(4, Math.max(0.3, zoom));
    pane.style.setProperty("--zoom", String(this.#zoom));
    pane.scrollTop = middle * pane.scrollHeight - pane.clientHeight / 2;
    for (const sheet of this.#sheets) if (sheet.asked) this.#fetchPicture(sheet);
  }

  // The mouse.

  #listen() {
    const pane = this.element;
    pane.addEventListener("pointerdown", (event) => this.#press(event));
    pane.addEventListener("pointermove", (event) => this.#move(event));
    pane.addEventListener("pointerup", (event) => this.#release(event));
    pane.addEventListener("pointercancel", () => this.#endDrag());
    pane.addEventListener("pointerleave", () => this.#hoverOver(null));
    // The focus stays in the field that is to be filled.
    pane.addEventListener("mousedown", (event) => event.target.closest(".page") && event.preventDefault());
    pane.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.#setZoom(this.#zoom * (event.deltaY < 0 ? 1.1 : 0.9));
      },
      { passive: false },
    );
  }

  #press(event) {
    const sheet = this.#sheetOf(event);
    if (!sheet || event.button !== 0) return;
    const at = pointOn(sheet, event);
    this.#drag = { sheet, from: at, box: null, element: null };
    this.element.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) {
      const sheet = this.#sheetOf(event);
      this.#hoverOver(sheet && this.#pickAt(sheet, pointOn(sheet, event)), sheet, event);
      return;
    }
    const to = pointOn(drag.sheet, event);
    if (!drag.box && Math.hypot(to.x - drag.from.x, to.y - drag.from.y) < A_CLICK) return;
    this.#hoverOver(null);
    drag.box = { page: drag.sheet.size.n, ...rectangle(drag.from, to) };
    drag.element?.remove();
    drag.element = this.#draw(drag.sheet, drag.box, event.altKey || this.#hooks.reading() ? "reading" : "taking");
  }

  #release(event) {
    const drag = this.#drag;
    this.#endDrag();
    if (!drag) return;
    if (drag.box) this.#take(drag.sheet, drag.box, event);
    else this.#click(drag.sheet, drag.from, event);
  }

  #endDrag() {
    this.#drag?.element?.remove();
    this.#drag = null;
  }

  #click(sheet, at, event) {
    const mark = this.#markAt(sheet, at);
    if (mark && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      this.#hooks.went(mark.path);
      return;
    }
    const pick = this.#pickAt(sheet, at);
    if (pick && this.#hooks.wants()) this.#hooks.taken({ ...pick, how: "word", append: event.shiftKey });
  }

  #take(sheet, box, event) {
    if (!this.#hooks.wants()) return;
    const picks = sheet.words.map((word) => partIn(word, box)).filter(Boolean);
    if (event.altKey || this.#hooks.reading() || !picks.length) {
      this.#hooks.read(sheet.size.n, box);
      return;
    }
    picks.sort((one, other) => one.start - other.start);
    this.#hooks.taken({
      text: joined(picks.map((pick) => pick.text)),
      evidence: {
        start: picks[0].start,
        end: Math.max(...picks.map((pick) => pick.end)),
        boxes: lines(picks.map((pick) => ({ page: sheet.size.n, ...pick.box }))),
      },
      how: picks.length > 1 ? "words" : "word",
      append: event.shiftKey,
    });
  }

  /** What a click there takes: a word, or of a long run of Chinese the word or number under the mouse. */
  #pickAt(sheet, at) {
    const hit = sheet.words.findIndex(([, x0, top, x1, bottom]) => {
      return at.x >= x0 - SLACK && at.x <= x1 + SLACK && at.y >= top - SLACK && at.y <= bottom + SLACK;
    });
    if (hit < 0) return null;
    const [text, x0, , x1] = sheet.words[hit];
    const edges = shares(text);
    const share = (at.x - x0) / (x1 - x0 || 1);
    const index = Math.max(0, Math.min(text.length - 1, edges.findIndex((edge) => edge > share) - 1));
    const parts = wordOver(runAround(sheet.words, hit), sheet.words[hit], index);
    return {
      text: parts.map((each) => each.text).join(""),
      evidence: {
        start: parts[0].start,
        end: parts.at(-1).end,
        boxes: lines(parts.map(({ box }) => ({ page: sheet.size.n, ...box }))),
      },
    };
  }

  #markAt(sheet, at) {
    if (this.element.classList.contains("unmarked")) return null;
    const inside = ({ box }) => at.x >= box.x0 && at.x <= box.x1 && at.y >= box.top && at.y <= box.bottom;
    return sheet.marks.find(inside)?.mark ?? null;
  }

  #hoverOver(pick, sheet = null, event = null) {
    this.#hover?.remove();
    this.#hover = null;
    if (!pick) return;
    const mark = this.#markAt(sheet, pointOn(sheet, event));
    this.#hover = this.#draw(sheet, pick.evidence.boxes[0], mark ? "hover marked" : "hover");
    if (mark) this.#hover.append(make("span", { class: "hover-title", text: mark.title }));
  }
}

/** Where the picture of a page is, at 110, 150 or 220 dots an inch. */
export const pageAddress = (record, page, dpi) => `/api/records/${record}/pages/${page}.webp?dpi=${dpi}`;

/** The resolution for a page of that width in points, shown that wide. */
export function resolution(shown, width) {
  const wanted = (shown * (window.devicePixelRatio || 1) * 72) / width;
  return wanted <= 120 ? 110 : wanted <= 175 ? 150 : 220;
}

function pointOn(sheet, event) {
  const place = sheet.element.getBoundingClientRect();
  return {
    x: ((event.clientX - place.left) / place.width) * sheet.size.width,
    y: ((event.clientY - place.top) / place.height) * sheet.size.height,
  };
}

function rectangle(one, other) {
  return {
    x0: Math.min(one.x, other.x),
    top: Math.min(one.y, other.y),
    x1: Math.max(one.x, other.x),
    bottom: Math.max(one.y, other.y),
  };
}

/** Of a word the characters from `from` to `to`, and about where they stand. */
function part([text, x0, top, x1, bottom, start], from, to) {
  const edges = shares(text);
  const at = (index) => x0 + (x1 - x0) * edges[index];
  const first = start + pointsIn(text.slice(0, from));
  const said = text.slice(from, to);
  return { text: said, start: first, end: first + pointsIn(said), box: { x0: at(from), top, x1: at(to), bottom } };
}

/** The words before and behind one that touch it without a blank: where the font changes, a word is cut in two. */
function runAround(words, at) {
  const touch = (one, other) =>
    one && other && one[6] === other[5] && Math.abs(one[4] - other[4]) < (one[4] - one[2]) / 2;
  let from = at;
  while (touch(words[from - 1], words[from])) from -= 1;
  let to = at;
  while (touch(words[to], words[to + 1])) to += 1;
  return words.slice(from, to + 1);
}

/** Of a run of words, the parts that make up the word or number at a character of one of them. */
function wordOver(run, word, index) {
  const starts = [];
  let length = 0;
  for (const [text] of run) {
    starts.push(length);
    length += text.length;
  }
  const whole = run.map(([text]) => text).join("");
  const at = starts[run.indexOf(word)];
  const [from, to] = wordAt(whole, at + index) ?? [at, at + word[0].length];
  return run
    .map((each, i) => [each, Math.max(0, from - starts[i]), Math.min(each[0].length, to - starts[i])])
    .filter(([, first, end]) => first < end)
    .map(([each, first, end]) => part(each, first, end));
}

/** What of a word lies in a box, by the middle of its characters; null where nothing does. */
function partIn(word, box) {
  const [text, x0, top, x1, bottom] = word;
  const middle = (top + bottom) / 2;
  if (x1 < box.x0 || x0 > box.x1 || middle < box.top || middle > box.bottom) return null;
  const edges = shares(text);
  const inside = (index) => {
    const at = x0 + ((x1 - x0) * (edges[index] + edges[index + 1])) / 2;
    return at >= box.x0 && at <= box.x1;
  };
  let from = 0;
  while (from < text.length && !inside(from)) from += 1;
  let to = text.length;
  while (to > from && !inside(to - 1)) to -= 1;
  if (from === to) return null;
  // A Latin word is not cut in two by a box that is drawn in haste.
  return /^[\x21-\x7e]+$/.test(text) ? part(word, 0, text.length) : part(word, from, to);
}

/** Boxes of words, one for each line of them. */
function lines(boxes) {
  const found = [];
  for (const box of boxes) {
    const last = found.at(-1);
    if (last && box.top < last.bottom - (last.bottom - last.top) / 2 && box.bottom > last.top && box.x0 > last.x0) {
      last.x1 = Math.max(last.x1, box.x1);
      last.top = Math.min(last.top, box.top);
      last.bottom = Math.max(last.bottom, box.bottom);
    } else {
      found.push({ ...box });
    }
  }
  return found;
}
