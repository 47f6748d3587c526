// Every pair of stimuli as a point: its distance in one RDM against that in the other.

const scatter = (() => {
  const MOST = 5000; // with more points their density is drawn
  const BINS = 72;
  const [WITHIN, BETWEEN] = ["#d55e00", "#7d848e"]; // seen on white and on dark paper
  const MARGIN = { left: 52, right: 12, top: 10, bottom: 42 };

  /** Draw it and return { element, mark(cell) }; options: `set`, `left`, `right`, `column`,
   *  `width`, `label`, `move(cell)`. */
  function draw(options) {
    const { left, right, width, set } = options;
    const height = Math.round(Math.min(width, 460) * 0.9);
    const x = linear([left.low, left.high], [MARGIN.left, width - MARGIN.right]);
    const y = linear([right.low, right.high], [height - MARGIN.bottom, MARGIN.top]);
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${height}`, width, height, class: "viewed scatter", role: "img",
      "aria-label": options.label,
    });
    const place = { x, y, width, height };
    const points = left.values.length > MOST ? density(options, place) : dots(options, place);
    const ring = svg("g", { class: "cross", "data-screen": "", "pointer-events": "none" });
    drawing.append(points, ...axes(options, place), ring);
    drawing.addEventListener("pointermove", (event) => nearest(event, drawing, options, place));
    drawing.addEventListener("pointerdown", (event) => nearest(event, drawing, options, place));
    return {
      element: drawing,
      mark(cell) {
        if (!cell || cell.row === cell.column) return ring.replaceChildren();
        const pair = rdms.pairOf(cell.row, cell.column, set.n);
        const at = { cx: x(left.values[pair]), cy: y(right.values[pair]) };
        return ring.replaceChildren(
          svg("circle", { ...at, r: 6, class: "under" }), svg("circle", { ...at, r: 6, class: "over" }),
        );
      },
    };
  }

  /** Return whether the two stimuli of each pair are of one category; null without categories. */
  function within(set, column) {
    if (!column) return null;
    const found = [];
    for (let i = 0; i < set.n; i++) {
      for (let j = i + 1; j < set.n; j++) found.push(column.codes[i] === column.codes[j]);
    }
    return found;
  }

  function dots({ left, right, set, column }, { x, y, width, height }) {
    const [canvas, context] = sheet(width, height);
    const same = within(set, column);
    const paint = (kind, wanted) => {
      context.fillStyle = kind;
      context.strokeStyle = kind;
      left.values.forEach((value, pair) => {
        if (same && same[pair] !== wanted) return;
        context.beginPath();
        if (same && wanted) context.rect(x(value) - 2, y(right.values[pair]) - 2, 4, 4);
        else context.arc(x(value), y(right.values[pair]), 1.7, 0, 7);
        context.fill();
      });
    };
    context.globalAlpha = same ? 0.4 : 0.6;
    paint(BETWEEN, false);
    context.globalAlpha = 0.75;
    if (same) paint(WITHIN, true);
    return pictured(canvas, width, height);
  }

  function density({ left, right }, { x, y, width, height }) {
    const counts = new Map();
    const [across, up] = [(width - MARGIN.left - MARGIN.right) / BINS, (height - MARGIN.top - MARGIN.bottom) / BINS];
    left.values.forEach((value, pair) => {
      const column = Math.min(BINS - 1, Math.floor((x(value) - MARGIN.left) / across));
      const row = Math.min(BINS - 1, Math.floor((y(right.values[pair]) - MARGIN.top) / up));
      counts.set(row * BINS + column, (counts.get(row * BINS + column) ?? 0) + 1);
    });
    const most = Math.log1p([...counts.values()].reduce((a, b) => Math.max(a, b), 1));
    const [canvas, context] = sheet(width, height);
    for (const [bin, count] of counts) {
      context.fillStyle = `rgb(${ramps.rising(Math.log1p(count) / most).join(" ")})`;
      context.fillRect(MARGIN.left + (bin % BINS) * across, MARGIN.top + Math.floor(bin / BINS) * up, across + 0.5, up + 0.5);
    }
    return pictured(canvas, width, height);
  }

  function sheet(width, height) {
    const canvas = html("canvas", { width: 2 * width, height: 2 * height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    return [canvas, context];
  }

  function pictured(canvas, width, height) {
    return svg("image", { href: canvas.toDataURL(), width, height });
  }

  function axes({ left, right }, { x, y, width, height }) {
    const [foot, side] = [height - MARGIN.bottom, MARGIN.left];
    const digits = (rdm) => Math.max(0, 1 - Math.floor(Math.log10(rdm.high - rdm.low || 1)));
    return [
      svg("path", { d: `M${side} ${MARGIN.top}V${foot}H${width - MARGIN.right}`, class: "axis" }),
      ...ticks(left.low, left.high, width > 420 ? 6 : 4).map((at) => svg("text", {
        x: x(at), y: foot + 14, "text-anchor": "middle",
      }, number(at, digits(left)))),
      ...ticks(right.low, right.high, 5).map((at) => svg("text", {
        x: side - 6, y: y(at), dy: ".35em", "text-anchor": "end",
      }, number(at, digits(right)))),
      svg("text", { x: (side + width) / 2, y: height - 8, "text-anchor": "middle" }, left.name),
      svg("text", {
        transform: `translate(12 ${(foot + MARGIN.top) / 2}) rotate(-90)`, "text-anchor": "middle",
      }, right.name),
    ];
  }

  function nearest(event, drawing, { left, right, set, move }, { x, y }) {
    const shown = drawing.getBoundingClientRect();
    const [px, py] = [event.clientX - shown.x, event.clientY - shown.y];
    let [best, most] = [null, 15 ** 2];
    for (let i = 0, pair = 0; i < set.n; i++) {
      for (let j = i + 1; j < set.n; j++, pair++) {
        const away = (x(left.values[pair]) - px) ** 2 + (y(right.values[pair]) - py) ** 2;
        if (away < most) [best, most] = [{ row: i, column: j }, away];
      }
    }
    if (best) move(best, false);
  }

  return { BETWEEN, MOST, WITHIN, draw, within };
})();
