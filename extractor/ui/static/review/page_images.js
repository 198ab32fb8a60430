/** The pictures of pages, which the server draws in three resolutions. */

/** Return the address of a page's picture, at 110, 150 or 220 dots per inch; `source` is `records/12` or `samples/HASH`. */
export const pageImageUrl = (source, page, dpi) => `/api/${source}/pages/${page}.webp?dpi=${dpi}`;

/** Return the resolution for a page `pageWidth` points wide that is shown `shownWidth` pixels wide. */
export function chooseResolution(shownWidth, pageWidth) {
  const needed = (shownWidth * (window.devicePixelRatio || 1) * 72) / pageWidth;
  return needed <= 120 ? 110 : needed <= 175 ? 150 : 220;
}
