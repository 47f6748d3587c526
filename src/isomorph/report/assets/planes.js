// The stimuli of two RDMs as points of two planes, the second turned to lie as the first.

const planes = (() => {
  const AIR = 26;
  const NAMED = 24; // stimuli without images up to which the points carry names

  /** Draw both and return { elements, mark(cell), stress: [left, right] }; options: `set`, `left`,
   *  `right`, `column`, `width`, `labels`, `move(cell)`. */
  function draw(options) {
    const { set, left, right, width } = options;
    const [first, second] = [mds.plane(left, set.n), mds.plane(right, set.n)];
    const start = mds.centred(first.points);
    const both = [start, mds.aligned(second.points, start)];
    const drawn = both.map((points, k) => plane(points, options.labels[k], options));
    return {
      elements: drawn.map((one) => one.element),
      mark: (cell) => drawn.forEach((one) => one.mark(cell)),
      stress: [first.stress, second.stress],
    };
  }

  function plane(points, label, { set, column, width, move }) {
    const reach = points.flat().reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    const scale = linear([-reach, reach], [AIR, width - AIR]);
    const places = points.map(([x, y]) => [scale(x), scale(-y)]);
    const size = set.images.length ? Math.max(16, Math.min(34, width / Math.sqrt(set.n) / 1.5)) : 6;
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${width}`, width, height: width, class: "viewed plane", role: "img",
      "aria-label": label,
    });
    const marked = svg("g", { class: "cross", "data-screen": "", "pointer-events": "none" });
    drawing.append(
      svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: width - 1, class: "frame" }),
      ...places.map(([x, y], stimulus) => point(set, column, stimulus, x, y, size)),
      ...names(set, places, size), marked,
    );
    const hit = (event) => {
      const stimulus = event.target.closest?.("[data-stimulus]")?.dataset.stimulus;
      if (stimulus !== undefined) move(Number(stimulus), false);
    };
    drawing.addEventListener("pointermove", hit);
    drawing.addEventListener("pointerdown", hit);
    return {
      element: drawing,
      mark(cell) {
        const shown = cell ? [cell.row, cell.column] : [];
        marked.replaceChildren(...lines(places, cell), ...shown.flatMap((stimulus) => [
          point(set, column, stimulus, ...places[stimulus], 1.5 * size),
          svg("rect", { ...around(places[stimulus], 1.5 * size), class: "under" }),
          svg("rect", { ...around(places[stimulus], 1.5 * size), class: "over" }),
        ]));
      },
    };
  }

  /** Return the names of points without images, where none stands yet. */
  function names(set, places, size) {
    if (set.images.length || set.n > NAMED) return [];
    const free = places.map(([x, y], k) => places.slice(0, k).every(
      ([otherX, otherY]) => Math.abs(x - otherX) > 50 || Math.abs(y - otherY) > 11));
    return places.flatMap(([x, y], k) => (free[k]
      ? svg("text", { x, y: y - size - 3, "text-anchor": "middle" }, set.stimuli[k]) : []));
  }

  function lines(places, cell) {
    if (!cell || cell.row === cell.column) return [];
    const [from, to] = [places[cell.row], places[cell.column]];
    return ["under", "over"].map((kind) => svg("path", {
      d: `M${from.join(" ")}L${to.join(" ")}`, class: kind,
    }));
  }

  function around([x, y], size) {
    return { x: x - size / 2 - 1, y: y - size / 2 - 1, width: size + 2, height: size + 2 };
  }

  function point(set, column, stimulus, x, y, size) {
    const code = column ? column.codes[stimulus] : 0;
    const own = { "data-stimulus": stimulus };
    if (!set.images.length) return ramps.mark(code, x, y, size, own);
    return svg("g", own,
      svg("image", {
        href: set.images[stimulus], x: x - size / 2, y: y - size / 2, width: size, height: size,
      }),
      column && ramps.mark(code, x + size / 2 - 2, y + size / 2 - 2, 3.5),
    );
  }

  return { draw };
})();
