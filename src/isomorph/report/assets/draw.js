// Elements, scales and the note beside the pointer: what every drawing of the page uses.

const SVG = "http://www.w3.org/2000/svg";

/** Return an HTML element: attributes (`onclick` and the like are listeners), then children. */
function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return an SVG element; likewise. */
function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => ![null, undefined, false].includes(child)));
  return element;
}

/** Return the function from values of `domain` [low, high] to positions in `range`. */
function linear([low, high], [start, stop]) {
  const slope = high === low ? 0 : (stop - start) / (high - low);
  return (value) => start + slope * (value - low);
}

/** Return round values that cover [low, high], about `n` of them. */
function ticks(low, high, n = 6) {
  const rough = (high - low) / n || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

/** Return a number as the tables print it: .28, −.04, 1.20; an en dash where there is none. */
function number(value, digits = 2) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  const short = Math.abs(value) < 1 && text.startsWith("0.") ? text.slice(1) : text;
  return (value < 0 && Number(text) !== 0 ? "\u2212" : "") + short;
}

/** Return a corrected p as the tables print it: "p < .001", "p = .012". One that rounds to .050
 *  from below has a fourth digit, as it is significant. */
function probability(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not tested";
  if (value < 0.001) return "p < .001";
  return value > 0.9995 ? "p = 1" : `p = ${number(value, value >= 0.0495 && value < 0.05 ? 4 : 3)}`;
}

/** Return "[.38, .53]", an en dash where an end is missing. */
function between(low, high, digits = 2) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "–";
  return `[${number(low, digits)}, ${number(high, digits)}]`;
}

/** Return ".28 [.16, .38]", without an interval where there is none. */
function estimated(value, low, high) {
  return Number.isFinite(low) && Number.isFinite(high) ? `${number(value)} ${between(low, high)}` : number(value);
}

const note = html("div", { class: "note", role: "tooltip", hidden: true });

/** Show a note at a place of the window: lines of text or elements, the first in bold. */
function showNote([first, ...rest], at) {
  note.replaceChildren(html("strong", {}, first), ...rest.map((line) => html("div", {}, line)));
  note.hidden = false;
  if (!note.isConnected) document.body.append(note);
  place(at);
}

function hideNote() { note.hidden = true; }

/** Show a note beside an element while it is pointed at or has the focus.
 *  `lines()` returns the lines: text or elements, the first in bold. */
function noted(element, lines) {
  const show = (event) => showNote(lines(event), event.clientX ? { x: event.clientX, y: event.clientY } : middle(element));
  for (const kind of ["pointerenter", "pointermove", "focus"]) element.addEventListener(kind, show);
  for (const kind of ["pointerleave", "blur"]) element.addEventListener(kind, hideNote);
  return element;
}

addEventListener("keydown", (event) => { if (event.key === "Escape") hideNote(); });

function middle(element) {
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function place({ x, y }) {
  const { width, height } = note.getBoundingClientRect();
  note.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
  note.style.top = `${y + 16 + height > innerHeight ? y - height - 10 : y + 16}px`;
}
