// A PDF of one drawing, written from a standalone SVG (see downloads.js) without any library.

const pdf = (() => {
  const { short } = pdfPath;
  const POINTS = 0.75; // of a pixel of CSS
  const FONTS = { regular: "F1", bold: "F2", symbol: "F3" };
  const NAMES = { F1: "Helvetica", F2: "Helvetica-Bold", F3: "Symbol" };
  const SHARPNESS = 4; // pixels of a text drawn as a picture, per pixel of the page

  /** Return the bytes of a PDF with the drawing on a page of its size.
   *  Every property must stand in attributes, as `standalone` leaves them. */
  async function written(drawing, title) {
    const [, , width, height] = drawing.getAttribute("viewBox").split(/\s+/).map(Number);
    const page = { said: [], states: new Map(), images: [] };
    page.said.push(`${POINTS} 0 0 ${-POINTS} 0 ${short(height * POINTS)} cm`);
    await children(drawing, page, inherited({}, drawing));
    return file(page, width * POINTS, height * POINTS, title);
  }

  /** Return the properties of an element: what is said above it, and what it says itself. */
  function inherited(above, element) {
    const own = { ...above, "dominant-baseline": element.getAttribute("dominant-baseline") };
    for (const name of INHERITED) if (element.hasAttribute(name)) own[name] = element.getAttribute(name);
    own.opacity = (above.opacity ?? 1) * Number(element.getAttribute("opacity") ?? 1);
    return own;
  }

  async function children(element, page, style) {
    for (const child of element.children) await drawn(child, page, inherited(style, child));
  }

  async function drawn(element, page, style) {
    if (["title", "desc", "defs", "style"].includes(element.tagName)) return;
    const number = (name, other = 0) => Number(element.getAttribute(name) ?? other);
    page.said.push("q");
    const moved = element.getAttribute("transform");
    if (moved) page.said.push(matrix(moved).map(short).join(" ") + " cm");
    const paint = PAINTED[element.tagName];
    if (["g", "svg", "a"].includes(element.tagName)) await children(element, page, style);
    else if (element.tagName === "text") await text(element, page, style, number("x"), number("y"));
    else if (element.tagName === "image") await image(element.getAttribute("href"), page, ["x", "y", "width", "height"].map((name) => number(name)));
    else if (paint) shape(paint(element, number), page, style);
    else throw new Error(`a drawing has <${element.tagName}>, which cannot be written as PDF`);
    page.said.push("Q");
  }

  /** Return the path of a list of points, empty where there is none. */
  function lines(element, end = "") {
    const numbers = element.getAttribute("points").trim().split(/[\s,]+/);
    return numbers.length < 2 ? "" : `M${numbers.join(" ")}${end}`;
  }

  const PAINTED = {
    line: (_, n) => `${short(n("x1"))} ${short(n("y1"))} m ${short(n("x2"))} ${short(n("y2"))} l`,
    rect: (_, n) => `${["x", "y", "width", "height"].map((name) => short(n(name))).join(" ")} re`,
    circle: (_, n) => pdfPath.ellipse(n("cx"), n("cy"), n("r"), n("r")),
    ellipse: (_, n) => pdfPath.ellipse(n("cx"), n("cy"), n("rx"), n("ry")),
    polyline: (element) => pdfPath.path(lines(element)),
    polygon: (element) => pdfPath.path(lines(element, "Z")),
    path: (element) => pdfPath.path(element.getAttribute("d") ?? ""),
  };

  function shape(outline, page, style) {
    const filled = colour(style.fill ?? "#000"), stroked = colour(style.stroke ?? "none");
    if ((!filled && !stroked) || !outline) return;
    state(page, style);
    if (filled) page.said.push(filled.join(" ") + " rg");
    if (stroked) {
      page.said.push(stroked.join(" ") + " RG", `${short(parseFloat(style["stroke-width"] ?? 1))} w`);
      const dashes = (style["stroke-dasharray"] ?? "none") === "none" ? [] : style["stroke-dasharray"].split(/[\s,]+/).map(parseFloat);
      page.said.push(`[${dashes.map(short).join(" ")}] 0 d`);
      page.said.push(`${{ round: 1, square: 2 }[style["stroke-linecap"]] ?? 0} J ${{ round: 1, bevel: 2 }[style["stroke-linejoin"]] ?? 0} j`);
    }
    page.said.push(outline, filled && stroked ? "B" : filled ? "f" : "S");
  }

  /** Set how opaque what follows is. */
  function state(page, style) {
    const key = ["fill", "stroke"].map((of) => short(style.opacity * parseFloat(style[`${of}-opacity`] ?? 1))).join(" ");
    if (!page.states.has(key)) page.states.set(key, `G${page.states.size + 1}`);
    page.said.push(`/${page.states.get(key)} gs`);
  }

  async function text(element, page, style, x, y) {
    const said = element.textContent.replace(/\s+/g, " ").trim();
    if (!said || style.fill === "none") return;
    const size = parseFloat(style["font-size"] ?? 12), bold = parseInt(style["font-weight"] ?? 400, 10) >= 600 || style["font-weight"] === "bold";
    const down = { central: 0.36, middle: 0.36, hanging: 0.72, "text-before-edge": 0.9 }[style["dominant-baseline"]] ?? 0;
    const back = { middle: 0.5, end: 1 }[style["text-anchor"]] ?? 0;
    const runs = pdfText.runs(said, bold);
    if (!runs) return picturedText(said, page, style, { x, y: y + down * size, size, bold, back });
    const width = runs.reduce((sum, run) => sum + run.width, 0) * size / 1000;
    state(page, style);
    page.said.push(colour(style.fill ?? "#000").join(" ") + " rg", "BT", `1 0 0 -1 ${short(x - back * width)} ${short(y + down * size)} Tm`);
    for (const run of runs) page.said.push(`/${FONTS[run.font]} ${short(size)} Tf ${pdfText.hexadecimal(run.codes)} Tj`);
    page.said.push("ET");
  }

  /** Write a text that has letters no font of every reader has, as a picture. */
  async function picturedText(said, page, style, { x, y, size, bold, back }) {
    const canvas = document.createElement("canvas"), font = `${bold ? "bold " : ""}${size * SHARPNESS}px sans-serif`;
    const pen = canvas.getContext("2d");
    pen.font = font;
    const width = Math.ceil(pen.measureText(said).width) + SHARPNESS;
    [canvas.width, canvas.height] = [width, Math.ceil(1.3 * size * SHARPNESS)];
    Object.assign(pen, { font, fillStyle: style.fill ?? "#000" });
    pen.fillText(said, 0, size * SHARPNESS);
    pictured(canvas, page, [x - back * width / SHARPNESS, y - size, width / SHARPNESS, canvas.height / SHARPNESS]);
  }

  async function image(href, page, place) {
    const picture = new Image();
    picture.src = href;
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    pictured(canvas, page, place);
  }

  function pictured(canvas, page, [x, y, width, height]) {
    page.images.push(canvas);
    page.said.push("q", `${short(width)} 0 0 ${short(-height)} ${short(x)} ${short(y + height)} cm /I${page.images.length} Do`, "Q");
  }

  /** Return red, green and blue from 0 to 1, null for none. */
  function colour(value) {
    if (value === "none" || value === "transparent") return null;
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = value;
    return pen.fillStyle.slice(1).match(/../g).map((two) => short(parseInt(two, 16) / 255));
  }

  /** Return the six numbers of a transformation as SVG writes it. */
  function matrix(value) {
    const { a, b, c, d, e, f } = new DOMMatrix(value.replace(/(translate|rotate|scale)\(([^)]*)\)/g, styled));
    return [a, b, c, d, e, f];
  }

  function styled(_, name, inside) {
    const n = inside.trim().split(/[\s,]+/).map(Number);
    if (name === "scale") return `scale(${n.join(",")})`;
    if (name === "translate") return `translate(${n[0]}px,${n[1] ?? 0}px)`;
    const [turn, x, y] = n;
    return x === undefined ? `rotate(${turn}deg)` : `translate(${x}px,${y}px) rotate(${turn}deg) translate(${-x}px,${-y}px)`;
  }

  async function deflated(bytes) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** Return the file: its objects, where each starts, and how to find them. */
  async function file(page, width, height, title) {
    const encoder = new TextEncoder(), parts = [], starts = [];
    let length = 0;
    const add = (part) => { parts.push(part); length += part.length; };
    const object = (head, stream) => {
      starts.push(length);
      add(encoder.encode(`${starts.length} 0 obj\n${head}\n`));
      if (stream) { add(encoder.encode("stream\n")); add(stream); add(encoder.encode("\nendstream\n")); }
      add(encoder.encode("endobj\n"));
      return `${starts.length} 0 R`;
    };
    add(encoder.encode("%PDF-1.4\n%\u00e9\u00e8\n"));
    const streamed = async (head, bytes) => {
      const packed = await deflated(bytes);
      return object(`<< ${head} /Filter /FlateDecode /Length ${packed.length} >>`, packed);
    };
    const fonts = Object.entries(NAMES).map(([key, name]) => {
      const encoding = name === "Symbol" ? "" : " /Encoding /WinAnsiEncoding";
      return `/${key} ${object(`<< /Type /Font /Subtype /Type1 /BaseFont /${name}${encoding} >>`)}`;
    });
    const states = [...page.states].map(([key, name]) => {
      const [fill, stroke] = key.split(" ");
      return `/${name} ${object(`<< /Type /ExtGState /ca ${fill} /CA ${stroke} >>`)}`;
    });
    const images = [];
    for (const canvas of page.images) images.push(`/I${images.length + 1} ${await picture(canvas, streamed)}`);
    const contents = await streamed("", encoder.encode(page.said.join("\n")));
    const resources = `<< /Font << ${fonts.join(" ")} >> /ExtGState << ${states.join(" ")} >> /XObject << ${images.join(" ")} >> >>`;
    const pages = `${starts.length + 2} 0 R`;
    const leaf = object(`<< /Type /Page /Parent ${pages} /MediaBox [0 0 ${short(width)} ${short(height)}] /Resources ${resources} /Contents ${contents} >>`);
    object(`<< /Type /Pages /Kids [${leaf}] /Count 1 >>`);
    const catalogue = object(`<< /Type /Catalog /Pages ${pages} >>`);
    const about = object(`<< /Title ${unicode(title)} /Producer (isomorph) >>`);
    const table = length;
    const entries = starts.map((start) => `${String(start).padStart(10, "0")} 00000 n \n`).join("");
    add(encoder.encode(`xref\n0 ${starts.length + 1}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${starts.length + 1} /Root ${catalogue} /Info ${about} >>\nstartxref\n${table}\n%%EOF\n`));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** Write a canvas as red, green and blue, and how opaque it is. */
  async function picture(canvas, streamed) {
    const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const bytes = new Uint8Array(width * height * 3), opaque = new Uint8Array(width * height);
    for (let n = 0; n < opaque.length; n++) {
      bytes.set(data.subarray(4 * n, 4 * n + 3), 3 * n);
      opaque[n] = data[4 * n + 3];
    }
    const head = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /BitsPerComponent 8`;
    const mask = await streamed(`${head} /ColorSpace /DeviceGray`, opaque);
    return streamed(`${head} /ColorSpace /DeviceRGB /SMask ${mask}`, bytes);
  }

  /** Return a text as a string of PDF in UTF-16. */
  function unicode(text) {
    const units = Array.from({ length: text.length }, (_, n) => text.charCodeAt(n).toString(16).padStart(4, "0"));
    return `<feff${units.join("")}>`;
  }

  return { written };
})();
