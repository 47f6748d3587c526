// A square of all pairs of stimuli: an RDM, or the difference of two.

const squares = (() => {
  const STRIP = 6; // of the colours of categories
  const LETTER = 6.3; // width of a letter at 10 px
  const SHARP = 800; // pixels of the side of the picture
  const NAMED = 10.5; // pixels of a cell from which stimuli are named one by one

  /** Draw a square and return { element, mark(cell) }.
   *  options: `set`, `order` (places of stimuli), `column` or null, `colour(pair)` → [r, g, b],
   *  `width` in pixels, `label` for who does not see it, `move(cell)`. A cell is { row, column },
   *  both stimuli. */
  function square(options) {
    const { set, order, column, width } = options;
    const cell = celled((width - (width > 420 ? 84 : 64) - 2) / set.n);
    const side = cell * set.n;
    const margin = Math.min(Math.floor(width - side - 2), 120);
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${side + margin + 2}`, width, height: side + margin + 2,
      class: "viewed square", role: "img", tabindex: 0, "aria-label": options.label,
      "aria-describedby": "viewer-keys",
    });
    const box = { x: margin, y: margin, cell, side };
    drawing.append(picture(options, box), ...edges(options, box));
    const cross = svg("g", { class: "cross", "data-screen": "", "pointer-events": "none" });
    drawing.append(cross);
    listen(drawing, options, box);
    const place = new Map(order.map((stimulus, at) => [stimulus, at]));
    return {
      element: drawing,
      mark: (one) => cross.replaceChildren(...(one ? lines(place, one, box) : [])),
    };
  }

  /** Cells of whole pixels are all equally large; where that loses too much, of quarters. */
  function celled(cell) {
    return Math.floor(cell) > 0.85 * cell ? Math.floor(cell) : Math.floor(4 * cell) / 4 || cell;
  }

  function picture({ set, order, colour }, { x, y, side }) {
    const canvas = html("canvas", { width: set.n, height: set.n });
    const context = canvas.getContext("2d");
    const image = context.createImageData(set.n, set.n);
    for (let row = 0; row < set.n; row++) {
      for (let at = 0; at < set.n; at++) {
        if (row === at) continue; // a stimulus and itself: 0 by definition
        const place = 4 * (row * set.n + at);
        image.data.set(colour(rdms.pairOf(order[row], order[at], set.n)), place);
        image.data[place + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    return svg("image", { href: enlarged(canvas), x, y, width: side, height: side });
  }

  /** Return a picture in which every cell is a square of pixels: edges stay sharp when it is scaled. */
  function enlarged(small) {
    const side = small.width * Math.max(1, Math.floor(SHARP / small.width));
    const canvas = html("canvas", { width: side, height: side });
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, side, side);
    return canvas.toDataURL();
  }

  /** Names of stimuli where there is room, else categories in brackets, along both sides. */
  function edges({ set, order, column }, { x, y, cell }) {
    const room = Math.floor((x - STRIP - 12) / LETTER);
    if (cell >= NAMED) {
      return order.flatMap((stimulus, at) => [
        ...strip(column ? column.codes[stimulus] : null, at, at, x, y, cell),
        ...text(short(set.stimuli[stimulus], room), (at + 0.5) * cell, x, y),
      ]);
    }
    if (!column) return [];
    return arrange.runs(order, column).flatMap(({ code, first, last }) => {
      const long = (last - first + 1) * cell;
      return [
        ...strip(code, first, last, x, y, cell),
        ...(long >= 11 ? bracket(first * cell, long, x, y) : []),
        ...(long >= 11 ? text(short(arrange.words(column, code), room), first * cell + long / 2, x, y) : []),
      ];
    });
  }

  function strip(code, first, last, x, y, cell) {
    if (code === null) return [];
    const [start, long] = [first * cell, (last - first + 1) * cell];
    const fill = ramps.category(code);
    return [
      svg("rect", { x: x - STRIP - 2, y: y + start, width: STRIP, height: long, fill }),
      svg("rect", { x: x + start, y: y - STRIP - 2, width: long, height: STRIP, fill }),
    ];
  }

  function bracket(start, long, x, y) {
    const [near, far] = [STRIP + 4, STRIP + 7];
    return [
      `M${x - near} ${y + start + 1}H${x - far}V${y + start + long - 1}H${x - near}`,
      `M${x + start + 1} ${y - near}V${y - far}H${x + start + long - 1}V${y - near}`,
    ].map((d) => svg("path", { d, class: "bracket" }));
  }

  function text(words, middle, x, y) {
    const away = STRIP + 10;
    const turned = `translate(${x + middle} ${y - away}) rotate(-90)`;
    return [
      svg("text", { x: x - away, y: y + middle, dy: ".35em", "text-anchor": "end" }, words),
      svg("text", { transform: turned, dy: ".35em" }, words),
    ];
  }

  function short(words, room) {
    return words.length > room ? `${words.slice(0, Math.max(1, room - 1))}…` : words;
  }

  function lines(place, one, { x, y, cell, side }) {
    const [row, at] = [place.get(one.row), place.get(one.column)];
    const outlined = (px, py, width, height) => ["under", "over"].map((kind) => svg("rect", {
      x: px, y: py, width, height, class: kind,
    }));
    return [
      ...outlined(x - 2, y + row * cell - 0.5, side + 3, cell + 1),
      ...outlined(x + at * cell - 0.5, y - 2, cell + 1, side + 3),
    ];
  }

  function listen(drawing, { order, move, set }, { x, y, cell, side }) {
    const at = (event) => {
      const shown = drawing.getBoundingClientRect();
      const scale = drawing.viewBox.baseVal.width / shown.width;
      const [px, py] = [(event.clientX - shown.x) * scale - x, (event.clientY - shown.y) * scale - y];
      if (px < 0 || py < 0 || px >= side || py >= side) return null;
      return { row: order[Math.floor(py / cell)], column: order[Math.floor(px / cell)] };
    };
    const follow = (event) => { const one = at(event); if (one) move(one, false); };
    drawing.addEventListener("pointermove", (event) => event.pointerType !== "touch" && follow(event));
    drawing.addEventListener("pointerdown", follow);
    drawing.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1],
                              ArrowLeft: [0, -1] }[event.key] ?? [0, 0];
      if (!down && !right) return;
      event.preventDefault();
      move((now) => ({
        row: stepped(order, now.row, down, set.n), column: stepped(order, now.column, right, set.n),
      }), true);
    });
  }

  function stepped(order, stimulus, by, n) {
    return order[Math.min(n - 1, Math.max(0, order.indexOf(stimulus) + by))];
  }

  return { square };
})();
