// The layer profile: how similar each layer of each model is to one region.

const profile = (() => {
  const LEFT = 46, RIGHT = 10, TOP = 14, PLOT = 300, ROW = 5;
  const MOST_BASELINE_LAYERS = 9;

  /** Return the drawing and its marks.
   *  @param data what `explored.open` returns; @param shown { setting, series, axis, width, model }.
   *  A mark is { x, y, row, series } of every dot that can be pointed at. */
  function drawn(data, shown) {
    const lines = shown.series.filter(({ group }) => group.kind !== "baseline");
    const beside = baselines(data, shown.series.filter(({ group }) => group.kind === "baseline"));
    const step = Math.min(24, Math.max(9, 0.35 * shown.width / (beside.length || 1)));
    const side = beside.length ? beside.length * step + (lines.length ? 14 : 0) : 0;
    const right = shown.width - RIGHT - side;
    const across = abscissa(data, lines, shown, [LEFT + 10, right - 10]);
    const sets = lines.filter(({ group, points }) => group.kind === "trained" && points.some((row) => row.inSet === "yes"));
    const [low, high] = range(data, shown);
    const y = linear([low, high], [TOP + PLOT, TOP]);
    const bottom = TOP + PLOT + (sets.length ? 8 + sets.length * ROW : 0);
    const names = across.labels.map(([, text]) => text).concat(beside.map(({ label }) => label));
    const room = Math.min(120, 16 + 0.72 * Math.max(0, ...names.map((name) => look.width(name))));
    const height = bottom + room + 22;
    const drawing = svg("svg", { class: "drawn", viewBox: `0 0 ${shown.width} ${height}`, width: shown.width, height });
    const marks = [];
    drawing.append(
      ceiling(shown.setting.ceiling, y, [LEFT, shown.width - RIGHT]),
      ordinate(ticks(low, high, 6), y, shown.width - RIGHT, shown.label),
      chance(lines, across, y),
      ...lines.map((one) => line(data, one, across, y, shown, marks)),
      best(beside, y, [LEFT, shown.width - RIGHT]),
      ...beside.map((one, n) => dash(one, right + 14 * Boolean(lines.length) + (n + 0.5) * step, y, marks)),
      ...sets.map((one, n) => confidence(one, across, TOP + PLOT + 8 + n * ROW)),
      ...labels([...across.labels, ...beside.map(({ label }, n) => [right + 14 * Boolean(lines.length) + (n + 0.5) * step, label])], bottom + 6),
      svg("text", { class: "title", x: (LEFT + right) / 2, y: height - 5, "text-anchor": "middle" }, lines.length ? across.title : ""),
      beside.length ? svg("text", { class: "title", x: shown.width - RIGHT, y: height - 5, "text-anchor": "end" }, "no depth") : svg("g"),
    );
    return { drawing, marks };
  }

  /** Return what stands beside the lines: every layer of baselines where these are few, else the best. */
  function baselines(data, series) {
    const each = series.flatMap((one) => one.points.filter((row) => Number.isFinite(row.estimate)).map((row) => ({ one, row })));
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
    const x = (row) => (shown.axis === "depth" ? depth(data.layers[row.layer].depth) : most > 1 ? place(data.layers[row.layer].place) : (start + stop) / 2);
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

  function range(data, { series, setting }) {
    const values = series.flatMap(({ points, members }) => [
      ...points.flatMap((row) => [row.estimate, row.low, row.high]), ...members.flat().map((row) => row.estimate),
    ]).filter(Number.isFinite);
    const bounds = [setting.ceiling.low, setting.ceiling.high].filter(Number.isFinite);
    const low = Math.min(0, ...values), high = Math.max(...values, ...bounds, low + 0.1);
    return [low - 0.04 * (high - low), high + 0.04 * (high - low)];
  }

  function ordinate(at, y, right, label) {
    return svg("g", { class: "axis" },
      ...at.flatMap((value) => [
        svg("line", { class: Math.abs(value) < 1e-9 ? "zero" : "grid", x1: LEFT, x2: right, y1: y(value), y2: y(value) }),
        svg("text", { x: LEFT - 6, y: y(value), "text-anchor": "end", "dominant-baseline": "central" }, Math.abs(value) < 1e-9 ? "0" : number(value, at[1] - at[0] < 0.095 ? 2 : 1)),
      ]),
      svg("text", { class: "title", transform: `translate(11 ${TOP + PLOT / 2}) rotate(-90)`, "text-anchor": "middle" }, label));
  }

  function ceiling({ low, high, middle, reason }, y, [start, stop]) {
    if (!Number.isFinite(low)) {
      return svg("text", { class: "remark", x: start + 4, y: TOP + 4 }, reason ? `ceiling undefined: ${reason}` : "no noise ceiling");
    }
    return svg("g", { class: "ceiling" },
      svg("rect", { x: start, y: y(high), width: stop - start, height: Math.max(1, y(low) - y(high)) }),
      Number.isFinite(middle) ? svg("line", { x1: start, x2: stop, y1: y(middle), y2: y(middle) }) : svg("g"),
      svg("text", { class: "remark", x: start + 4, y: y(high) + 11 }, "noise ceiling"));
  }

  /** Draw what chance gives on average, where it is not 0: from the lowest to the highest model. */
  function chance(lines, { x }, y) {
    const at = new Map();
    for (const row of lines.flatMap(({ members }) => members.flat())) {
      if (Number.isFinite(row.chance)) at.set(x(row), [...(at.get(x(row)) ?? []), row.chance]);
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
    const there = points.filter((row) => Number.isFinite(row.estimate));
    const path = (rows) => rows.filter((row) => Number.isFinite(row.estimate)).map((row) => `${x(row)},${y(row.estimate)}`).join(" ");
    const sure = there.filter((row) => Number.isFinite(row.low));
    const band = [...sure.map((row) => `${x(row)},${y(row.high)}`), ...sure.map((row) => `${x(row)},${y(row.low)}`).reverse()];
    const drawing = svg("g", { ...look.series(group), "data-group": group.name },
      band.length ? svg("polygon", { class: "band", points: band.join(" ") }) : svg("g"),
      ...(several ? members.map((rows) => svg("polyline", { class: "seed", points: path(rows) })) : []),
      svg("polyline", { class: "line", points: path(there) }),
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
      Number.isFinite(score.low) ? svg("line", { x1: x, x2: x, y1: y(score.low), y2: y(score.high) }) : svg("g"),
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
    return svg("g", { ...look.series(one.group), "data-group": one.group.name },
      Number.isFinite(row.low) ? svg("line", { class: "whisker", x1: x, x2: x, y1: y(row.low), y2: y(row.high) }) : svg("g"),
      look.marker(one.group, x, y(row.estimate), row.p < 0.05));
  }

  /** Draw which layers are in a model's confidence set, as a bar below the profile. */
  function confidence({ group, points }, { x }, y) {
    const xs = points.map(x), half = Math.max(2.5, (xs.length > 1 ? (xs.at(-1) - xs[0]) / (xs.length - 1) : 12) / 2);
    return svg("g", { ...look.series(group), "data-group": group.name },
      ...points.filter((row) => row.inSet === "yes").map((row) => svg("rect", { class: "in-set", x: x(row) - half, y, width: 2 * half, height: ROW - 2 })));
  }

  function labels(named, y) {
    return named.map(([x, text]) => {
      const level = /^[\d.]+$/.test(text);
      return svg("text", { class: "name", transform: `translate(${x + (level ? 0 : 4)} ${y + 6})${level ? "" : " rotate(-45)"}`, "text-anchor": level ? "middle" : "end" }, text);
    });
  }

  return { drawn };
})();
