// What leaves the page: drawings as SVG and PDF, what they show as CSV, tables.

/** Save bytes (or parts of a Blob) under a name. */
function saveBytes(name, bytes, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = html("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/** Save a text under a name. */
function saveText(name, text, type = "text/plain;charset=utf-8") {
  saveBytes(name, text, type);
}

const FORMULA = /^'*[=+\-@\t＝＋－＠]/; // what a spreadsheet would compute gets an apostrophe in front

/** Return rows (objects with the same keys) as CSV; where there is no number, nothing. */
function csv(rows) {
  if (!rows.length) return "";
  const names = Object.keys(rows[0]);
  return csvOf([names, ...rows.map((row) => names.map((name) => row[name]))]);
}

/** Return lines of cells as CSV. */
function csvOf(lines) {
  const cell = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "";
    const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Return a text as part of a file's name: lower case, words of any script joined by hyphens. */
function slug(text) {
  return text.toLowerCase().replaceAll("\u2212", " minus ").replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 80) || "unnamed";
}

const INHERITED = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray",
  "stroke-linecap", "stroke-linejoin", "font-size", "font-weight", "font-style", "text-anchor"];
const OWN = { opacity: "1", "dominant-baseline": "auto" }; // and what they are unless said otherwise

/** Return a copy of a drawing that needs no style sheet: light colours, every property in it, below
 *  a `head` { element, height } where one is given. What is marked `data-screen` (what only a
 *  pointer needs) stays behind. */
function standalone(drawing, head) {
  const copy = drawing.cloneNode(true);
  if (head) copy.replaceChildren(head.element, svg("g", { transform: `translate(0 ${head.height})` }, ...copy.childNodes));
  for (const one of copy.querySelectorAll("[data-screen]")) one.remove();
  const paper = html("div", { class: "paper offstage", "aria-hidden": true }, copy);
  document.body.append(paper);
  try {
    resolved(copy, {});
  } finally {
    paper.remove();
  }
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    for (const { name } of [...element.attributes]) {
      if (/^(class|style|tabindex|role|id|data-|aria-|on)/.test(name)) element.removeAttribute(name);
    }
  }
  const box = drawing.viewBox.baseVal, { width, height: own } = box?.width ? box : drawing.getBoundingClientRect();
  const height = own + (head?.height ?? 0);
  const whole = { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height, "font-family": "Helvetica, Arial, sans-serif" };
  for (const [name, value] of Object.entries(whole)) copy.setAttribute(name, value);
  copy.prepend(svg("rect", { width, height, fill: "#ffffff" }));
  return copy;
}

/** Write what style sheets say of an element into attributes, where its parent does not say it. */
function resolved(element, above) {
  const style = getComputedStyle(element), own = {};
  if (style.display === "none" || style.visibility === "hidden") { element.remove(); return; }
  for (const name of [...INHERITED, ...Object.keys(OWN)]) {
    own[name] = style.getPropertyValue(name).replace(/(\d)px\b/g, "$1");
    if (own[name] === (OWN[name] ?? above[name])) element.removeAttribute(name);
    else element.setAttribute(name, own[name]);
  }
  for (const child of [...element.children]) resolved(child, own);
}

/** Return a standalone drawing as the text of a file. */
function svgFile(drawing) {
  return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(drawing);
}

/** Return buttons: `ways` is label → what to do; what goes wrong is said beside them. */
function saving(ways) {
  const said = html("span", { role: "status" });
  const button = ([label, [meaning, run]]) => html("button", {
    type: "button", "aria-label": meaning, title: meaning,
    onclick: async () => {
      said.textContent = "";
      try { await run(); } catch (error) { said.textContent = `${label} could not be written: ${error.message}`; }
    },
  }, label);
  return html("div", { class: "downloads" }, ...Object.entries(ways).map(button), said);
}

/** Return the buttons of a drawing. All are functions: `name()`, the name of the file without its
 *  ending; `drawing()`, the <svg>; `rows()`, what it shows; `head()`, if given, what stands above
 *  the drawing where the page around it is missing, see `standalone`. */
function downloads({ name, drawing, rows, head = () => undefined, what = "drawing" }) {
  const alone = () => standalone(drawing(), head());
  return saving({
    SVG: [`Save the ${what} as SVG`, () => saveText(`${name()}.svg`, svgFile(alone()), "image/svg+xml")],
    PDF: [`Save the ${what} as PDF`, async () => saveBytes(`${name()}.pdf`, await pdf.written(alone(), name()), "application/pdf")],
    CSV: [`Save what the ${what} shows as CSV`, () => saveText(`${name()}.csv`, csv(rows()), "text/csv;charset=utf-8")],
  });
}
