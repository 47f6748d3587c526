// The layer profile: how similar each layer of each model is to one region.

const profile = (() => {
  const LEFT = 46, RIGHT = 10, TOP = 14, PLOT = 300, ROW = 5, GAP = 14;
  const MOST_BASELINE_LAYERS = 9;

  /** Return the drawing and its marks.
   *  @param data what `explored.open` returns; @param shown what the explorer shows, with a width.
   *  A mark { x, y, row, one } is of every dot that can be pointed at. */
  function drawn(data, shown) {
    const lines = shown.series.filter(({ group }) => group.kind !== "baseline");
    const beside = baselines(data, shown.series.filter(({ group }) => group.kind === "baseline"));
    const step = lines.length
      ? Math.min(24, Math.max(9, 0.35 * shown.width / (beside.length || 1)))
      : (shown.width - LEFT - RIGHT) / (beside.length || 1);
    const side = beside.length ? beside.length * step + (lines.length ? GAP : 0) : 0;
    const right = shown.width - RIGHT - side;
    const across = abscissa(data, lines, shown, [LEFT + 10, right - 10]);
    const sets = lines.filter(({ group, points }) => group.kind === "trained" && points.some((row) => row.inSet === "yes"));
    const range = parts.room(valuesOf(shown), 0.04), y = linear(range, [TOP + PLOT, TOP]);
    const bottom = TOP + PLOT + (sets.length ? 8 + sets.length * ROW : 0);
    const names = across.labels.map(([, text]) => text).concat(beside.map(({ label }) => label));
    const room = Math.min(120, 16 + 0.72 * Math.max(0, ...names.map((name) => look.width(name))));
    const height = bottom + room + 22;
    const ends = [LEFT, shown.width - RIGHT], drawing = parts.drawing(shown.width, height), marks = [];
    const apart = right + (lines.length ? GAP : 0), x = (n) => apart + (n + 0.5) * step;
    drawing.append(
      parts.ceiling(shown.setting.ceiling, y, ends),
      parts.ordinate(range, y, ends, [TOP, TOP + PLOT], shown.label),
      remark(shown.setting.ceiling, y),
      chance(lines, across, y),
      ...lines.map((one) => line(data, one, across, y, shown, marks)),
      best(beside, y, ends),
      ...beside.map((one, n) => dash(one, x(n), y, marks)),
      ...sets.map((one, n) => confidence(one, across, TOP + PLOT + 8 + n * ROW)),
      ...across.labels.map(([at, text]) => name(text, at, bottom + 12)),
      ...beside.map(({ label }, n) => name(label, x(n), bottom + 12)),
      title(lines.length ? across.title : "", (LEFT + right) / 2, height - 5, "middle"),
      title(lines.length && beside.length ? "no depth" : "", ends[1], height - 5, "end"),
    );
    return { drawing, marks };
  }

  /** Return what stands beside the lines: every layer of baselines where these are few, else the best. */
  function baselines(data, series) {
    const each = series.flatMap((one) => one.points.filter((row) => parts.known(row.estimate)).map((row) => ({ one, row })));
    const few = each.length <= MOST_BASELINE_LAYERS;
    const kept = few ? each : series.map((one) => ({ one, row: explored.highest(one.points) }));
    return kept.map(({ one, row }) => {
      const short = data.models[row.model].short.split(" of ")[0];
      const alone = one.points.length === 1 || !few;
      return { one, row, label: alone || kept.filter((other) => other.one === one).length < 2 ? short : row.name };
    });
  }

  /** Return the positions of layers, which of them are named, and what the axis is called. */
  function abscissa(data, lines, shown, [start, stop]) {
    const most = Math.max(1, ...lines.map(({ points }) => points.length));
    const place = linear([0, most - 1], [start, stop]), depth = linear([0, 1], [start, stop]);
    const x = ({ layer }) => {
      if (shown.axis === "depth") return depth(data.layers[layer].depth);
      return most > 1 ? place(data.layers[layer].place) : (start + stop) / 2;
    };
    if (shown.axis === "depth") {
      const labels = [0, 0.25, 0.5, 0.75, 1].map((at) => [depth(at), number(at).replace(/^\./, "0.")]);
      return { x, labels, title: stop - start < 460 ? "relative depth" : "relative depth, from the first layer to the last" };
    }
    const lists = new Set(lines.map(({ points }) => points.map((row) => row.name).join("\n")));
    const own = lines.find(({ group }) => group === shown.chosen) ?? (lists.size === 1 ? lines[0] : null);
    const named = own?.points ?? Array.from({ length: most }, (_, n) => ({ name: String(n + 1), n }));
    const every = Math.ceil(13 * named.length / Math.max(1, stop - start));
    const labelled = named.flatMap((row, n) => (n % every ? [] : [[row.layer === undefined ? place(row.n) : x(row), look.fitted(row.name, 130)]]));
    const title = stop - start < 300 ? "layer" : lists.size > 1 && own ? `layers of ${own.group.title}` : "layer, in the order of execution";
    return { x, labels: lines.length ? labelled : [], title };
  }

  function valuesOf({ series, setting: { ceiling } }) {
    const values = series.flatMap(({ points, members }) => [
      ...points.flatMap((row) => [row.estimate, row.low, row.high]), ...members.flat().map((row) => row.estimate),
    ]);
    return [...values, ceiling.low, ceiling.high];
  }

  const title = (text, x, y, anchor) => svg("text", { class: "title", x, y, "text-anchor": anchor }, text);

  /** Name the noise ceiling, or say why there is none. */
  function remark({ low, high, reason }, y) {
    const why = reason ? `ceiling undefined: ${reason}` : "no noise ceiling";
    return parts.known(low)
      ? svg("text", { class: "remark", x: LEFT + 4, y: y(high) + 11 }, "noise ceiling")
      : svg("text", { class: "remark", x: LEFT + 4, y: TOP + 4 }, why);
  }

  /** Draw what chance gives on average, where it is not 0: from the lowest to the highest model. */
  function chance(lines, { x }, y) {
    const at = new Map();
    for (const row of lines.flatMap(({ members }) => members.flat())) {
      if (parts.known(row.chance)) at.set(x(row), [...(at.get(x(row)) ?? []), row.chance]);
    }
    const places = [...at.keys()].sort((a, b) => a - b);
    if (!places.length || [...at.values()].flat().every((value) => Math.abs(value) < 0.005)) return svg("g");
    const top = places.map((place) => `${place},${y(Math.max(...at.get(place)))}`);
    const back = places.map((place) => `${place},${y(Math.min(...at.get(place)))}`).reverse();
    return svg("g", { class: "chance" },
      svg("polygon", { points: [...top, ...back].join(" ") }),
      svg("text", { class: "remark", x: places.at(-1), y: y(Math.min(...at.get(places.at(-1)))) + 11, "text-anchor": "end" }, "chance"));
  }

  /** Draw a network: its line, its interval, a dot per layer, and its score on held-out stimuli. */
  function line(data, one, { x }, y, shown, marks) {
    const { group, points, members } = one, several = members.length > 1;
    const there = points.filter((row) => parts.known(row.estimate));
    const drawing = svg("g", look.series(group),
      parts.band(there, x, y),
      ...(several ? members.map((rows) => parts.line(rows, x, y, "seed")) : []),
      parts.line(there, x, y),
      ...there.map((row) => look.marker(group, x(row), y(row.estimate), row.p < 0.05)));
    for (const row of there) marks.push({ x: x(row), y: y(row.estimate), row, one });
    const score = group.kind === "trained" ? explored.heldOut(data, shown.setting, members) : null;
    if (score && score.layer >= 0) drawing.append(heldOut(score, x({ layer: score.layer }), y));
    return drawing;
  }

  /** Draw a score on held-out stimuli as a diamond, with its interval, at the layer chosen. */
  function heldOut(score, x, y) {
    const at = y(score.score), side = 7.5;
    return svg("g", { class: "held-out" },
      parts.known(score.low) ? svg("line", { x1: x, x2: x, y1: y(score.low), y2: y(score.high) }) : svg("g"),
      svg("path", { d: `M${x} ${at - side}L${x + side} ${at}L${x} ${at + side}L${x - side} ${at}Z` }));
  }

  /** Draw a line at the best of the baselines, which networks are to exceed. */
  function best(beside, y, [x1, x2]) {
    if (!beside.length) return svg("g");
    const at = y(Math.max(...beside.map(({ row }) => row.estimate)));
    return svg("line", { class: "best", x1, x2, y1: at, y2: at });
  }

  /** Draw a baseline, which has no depth to stand along. */
  function dash({ one, row }, x, y, marks) {
    marks.push({ x, y: y(row.estimate), row, one });
    return svg("g", look.series(one.group),
      parts.known(row.low) ? svg("line", { class: "whisker", x1: x, x2: x, y1: y(row.low), y2: y(row.high) }) : svg("g"),
      look.marker(one.group, x, y(row.estimate), row.p < 0.05));
  }

  /** Draw which layers are in a model's confidence set, as a bar below the profile. */
  function confidence({ group, points }, { x }, y) {
    const xs = points.map(x), half = Math.max(2.5, (xs.length > 1 ? (xs.at(-1) - xs[0]) / (xs.length - 1) : 12) / 2);
    return svg("g", look.series(group),
      ...points.filter((row) => row.inSet === "yes").map((row) => (
        svg("rect", { class: "in-set", x: x(row) - half, y, width: 2 * half, height: ROW - 2 })
      )));
  }

  /** Name a layer below its place: numbers level, words aslant. */
  function name(text, x, y) {
    const level = /^[\d.]+$/.test(text);
    const place = level ? `translate(${x} ${y})` : `translate(${x + 4} ${y}) rotate(-45)`;
    return svg("text", { class: "name", transform: place, "text-anchor": level ? "middle" : "end" }, text);
  }

  return { drawn };
})();
