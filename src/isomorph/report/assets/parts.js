// Parts that several drawings of the explorer have: axes, bands, lines.

const parts = (() => {
  const known = (value) => Number.isFinite(value);

  /** Return an empty drawing. */
  const drawing = (width, height) => svg("svg", { class: "drawn", viewBox: `0 0 ${width} ${height}`, width, height });

  /** Return the vertical axis: lines across at round values, and what it measures.
   *  @param y from values to positions; @param [top, bottom] of the plot; @param [left, right] */
  function ordinate([low, high], y, [left, right], [top, bottom], label) {
    const values = ticks(low, high, (bottom - top) / 48), digits = values[1] - values[0] < 0.095 ? 2 : 1;
    const middle = (top + bottom) / 2;
    return svg("g", { class: "axis" },
      ...values.flatMap((value) => {
        const zero = Math.abs(value) < 1e-9, place = { y: y(value), "text-anchor": "end", "dominant-baseline": "central" };
        return [
          svg("line", { class: zero ? "zero" : "grid", x1: left, x2: right, y1: y(value), y2: y(value) }),
          svg("text", { x: left - 6, ...place }, zero ? "0" : number(value, digits)),
        ];
      }),
      svg("text", { class: "title", transform: `translate(11 ${middle}) rotate(-90)`, "text-anchor": "middle" }, label));
  }

  /** Return times below an axis, milliseconds. */
  function milliseconds(bins, x, y, width) {
    const values = ticks(bins[0].start, bins.at(-1).stop, Math.max(3, width / 90));
    const text = (value) => String(Math.round(value * 1000)).replace("-", "\u2212");
    return svg("g", { class: "axis" },
      ...values.map((value) => svg("text", { x: x(value), y, "text-anchor": "middle" }, text(value))),
      svg("text", { class: "title", x: x(bins.at(-1).stop), y: y + 15, "text-anchor": "end" }, "milliseconds after onset"));
  }

  /** Return a noise ceiling as a band between two positions. */
  function ceiling({ low, high, middle }, y, [start, stop]) {
    if (!known(low)) return svg("g");
    return svg("g", { class: "ceiling" },
      svg("rect", { x: start, y: y(high), width: stop - start, height: Math.max(1, y(low) - y(high)) }),
      known(middle) ? svg("line", { x1: start, x2: stop, y1: y(middle), y2: y(middle) }) : svg("g"));
  }

  /** Return the intervals of rows as a band. */
  function band(rows, x, y) {
    const sure = rows.filter((row) => known(row.low) && known(row.high));
    const above = sure.map((row) => `${x(row)},${y(row.high)}`), below = sure.map((row) => `${x(row)},${y(row.low)}`);
    return svg("polygon", { class: "band", points: [...above, ...below.reverse()].join(" ") });
  }

  /** Return the estimates of rows as a line. */
  function line(rows, x, y, kind = "line") {
    const points = rows.filter((row) => known(row.estimate)).map((row) => `${x(row)},${y(row.estimate)}`);
    return svg("polyline", { class: kind, points: points.join(" ") });
  }

  /** Return the lowest and highest of values, 0 among them, with some room. */
  function room(values, share) {
    const there = values.filter(known), low = Math.min(0, ...there), high = Math.max(low + 0.1, ...there);
    return [low - share * (high - low), high + share * (high - low)];
  }

  return { known, drawing, ordinate, milliseconds, ceiling, band, line, room };
})();
