// What the tests ask of a page they have open.

const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: false });
const box = (element) => element.getBoundingClientRect();
const written = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

/** Return pixels of the letters of an element, those of a drawing as they are scaled. */
function letters(element) {
  const size = parseFloat(getComputedStyle(element).fontSize);
  if (!element.ownerSVGElement) return size;
  const { a, b } = element.getScreenCTM();
  return size * Math.hypot(a, b);
}

/** Return all elements with text of their own that is seen. */
function texts(root = document.body) {
  return [...root.querySelectorAll("*")].filter((one) => !one.closest("script, style, .skip") && written(one) && shown(one));
}

const named = (element) => `<${element.localName}> ${element.textContent.trim().slice(0, 60)}`;

/** Return texts whose letters are smaller than so many pixels. */
function tooSmall(least) {
  return texts().filter((one) => letters(one) < least - 0.01).map((one) => `${named(one)}: ${letters(one).toFixed(1)}`);
}

/** Return texts of drawings that are printed over each other or reach out of the drawing. */
function collisions() {
  const found = [];
  for (const drawing of document.querySelectorAll("main svg")) {
    if (!shown(drawing)) continue;
    const edge = box(drawing);
    const lines = [...drawing.querySelectorAll("text")].filter((one) => written(one) || one.querySelector("tspan")).map((one) => ({ one, corners: corners(one) }));
    for (const { one, corners } of lines) {
      if (corners.some(([x, y]) => x < edge.left - 2 || x > edge.right + 2 || y < edge.top - 2 || y > edge.bottom + 2)) found.push(`outside: ${named(one)}`);
    }
    lines.forEach((a, n) => lines.slice(n + 1).forEach((b) => {
      if (overlap(a.corners, b.corners)) found.push(`over each other: ${named(a.one)} and ${named(b.one)}`);
    }));
  }
  return found;
}

/** Return the corners of a text on the screen, turned as it is, without the room above letters. */
function corners(text) {
  const { x, y, width, height } = text.getBBox(), matrix = text.getScreenCTM();
  const top = y + 0.22 * height, bottom = y + 0.8 * height;
  return [[x, top], [x + width, top], [x + width, bottom], [x, bottom]]
    .map(([x, y]) => [matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f]);
}

/** Return whether two turned rectangles share more than a pixel: no axis separates them. */
function overlap(a, b) {
  for (const corners of [a, b]) {
    for (const n of [0, 1]) {
      const [dx, dy] = [corners[n + 1][0] - corners[n][0], corners[n + 1][1] - corners[n][1]];
      const length = Math.hypot(dx, dy) || 1;
      const along = ([x, y]) => (dx * x + dy * y) / length;
      const [p, q] = [a.map(along), b.map(along)];
      if (Math.min(Math.max(...p), Math.max(...q)) - Math.max(Math.min(...p), Math.min(...q)) <= 1) return false;
    }
  }
  return true;
}

const CANVAS = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
function luminance(colour) {
  CANVAS.clearRect(0, 0, 1, 1);
  CANVAS.fillStyle = colour;
  CANVAS.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...CANVAS.getImageData(0, 0, 1, 1).data].map((one) => one / 255).map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Return texts of drawings that stand out too little from the paper (those over cells have a
 *  colour of their own, and are left to whoever draws the cells). */
function tooFaint(least) {
  return [...document.querySelectorAll("main svg:not(.paper) text")].filter(shown).flatMap((one) => {
    const paper = luminance(getComputedStyle(document.body).backgroundColor), ink = luminance(getComputedStyle(one).fill);
    const contrast = (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05);
    return contrast < least ? [`${named(one)}: ${contrast.toFixed(1)}`] : [];
  });
}

/** Return what is wrong with the element that has the focus: no name, no sign of the focus, unseen. */
function focused() {
  const one = document.activeElement, style = getComputedStyle(one), { width, height } = box(one);
  if (one === document.body) return null;
  const name = one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.[0]?.textContent || one.title;
  const ring = one.matches(":focus-visible") && (style.outlineStyle !== "none" || getComputedStyle(one.nextElementSibling ?? one).outlineStyle !== "none");
  const wrong = [];
  if (!name) wrong.push("no name");
  if (!ring) wrong.push("no sign of the focus");
  if (!width || !height) wrong.push("not seen");
  if (one.matches(".scroll") && one.scrollWidth <= one.clientWidth + 1 && one.scrollHeight <= one.clientHeight + 1) wrong.push("a box that does not scroll");
  return { what: named(one), wrong };
}

Object.assign(globalThis, { tooSmall, collisions, tooFaint, focused });
