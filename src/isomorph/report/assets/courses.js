// Similarity over time: a line per model at one layer, and a map of every layer of one model.

const courses = (() => {
  const RIGHT = 16, TOP = 16, PLOT = 210, CELL = 14;
  const FEWEST = 2; // bins that make a course
  let shown = null, left = 46;

  /** Draw the time course of a region into `home`, or hide that where it has no time bins. */
  function show(home, given) {
    shown = given;
    const { data, setting, here } = given;
    const bins = data.bins.filter((bin) => bin.words && here.some((one) => one.time === bin.words)).sort((a, b) => a.start - b.start);
    home.hidden = bins.length < FEWEST;
    if (home.hidden) return;
    const at = bins.map((bin) => ({ bin, setting: here.find((one) => one.time === bin.words && one.measure === setting.measure && one.distance === setting.distance) })).filter((one) => one.setting);
    const width = Math.max(280, home.clientWidth);
    const mapped = one();
    left = Math.min(120, Math.max(46, 9 + Math.max(0, ...(mapped?.points ?? []).map((row) => look.width(row.name)))));
    const lines = linesOf(at), low = Math.min(0, ...lines.flatMap(({ points }) => points.map((row) => row.estimate)));
    const high = Math.max(low + 0.1, ...lines.flatMap(({ points }) => points.map((row) => row.estimate)), ...at.map((one) => one.setting.ceiling.high).filter(Number.isFinite));
    const x = linear([bins[0].start, bins.at(-1).stop], [left, width - RIGHT]);
    const y = linear([low - 0.05 * (high - low), high + 0.05 * (high - low)], [TOP + PLOT, TOP]);
    home.querySelector('[data-part="course-lines"]').replaceChildren(course(at, lines, x, y, width));
    home.querySelector('[data-part="course-map"]').replaceChildren(map(mapped, at, x, width));
    if (home.querySelector(".downloads")) return;
    for (const [place, what] of [["course-lines", "time course"], ["course-map", "layers over time"]]) {
      const plot = home.querySelector(`[data-part="${place}"]`);
      const name = () => slug([shown.data.dataset, shown.setting.region, what, shown.setting.measure].join(" "));
      plot.after(downloads({ name, drawing: () => plot.querySelector("svg"), rows: rowsOf, head: () => finding.head(shown, place === "course-lines"), what }));
    }
  }

  /** Return the model whose layers are mapped: the chosen one, else the first network. */
  function one() {
    const { series, chosen } = shown;
    return series.find(({ group }) => group === chosen) ?? series.find(({ group }) => group.kind === "trained") ?? series[0];
  }

  const middle = ({ bin }) => (bin.start + bin.stop) / 2;

  /** Return each model at one layer for all bins: the chosen one, else that of the highest mean. */
  function linesOf(at) {
    const { data, series, state } = shown;
    return series.map(({ group }) => {
      const each = at.map((one) => explored.series(data, one.setting).find((other) => other.group === group)?.points ?? []);
      const names = [...new Set(each.flat().map((row) => row.name))];
      const mean = (name) => { const own = each.flatMap((rows) => rows.filter((row) => row.name === name && Number.isFinite(row.estimate))); return own.reduce((sum, row) => sum + row.estimate, 0) / own.length || -Infinity; };
      const layer = group === shown.chosen && names.includes(state.layer) ? state.layer : names.reduce((a, b) => (mean(a) >= mean(b) ? a : b), names[0]);
      const points = each.flatMap((rows, n) => rows.filter((row) => row.name === layer && Number.isFinite(row.estimate)).map((row) => ({ ...row, at: at[n] })));
      return { group, layer, points };
    }).filter((one) => one.points.length);
  }

  function course(at, lines, x, y, width) {
    const bottom = TOP + PLOT, drawing = svg("svg", { class: "drawn", viewBox: `0 0 ${width} ${bottom + 56}`, width, height: bottom + 56 });
    const marks = [], level = levels(lines, at);
    drawing.append(
      ...at.filter((one) => Number.isFinite(one.setting.ceiling.low)).map(({ bin, setting: { ceiling } }) => svg("g", { class: "ceiling" },
        svg("rect", { x: x(bin.start), width: x(bin.stop) - x(bin.start) + 0.3, y: y(ceiling.high), height: Math.max(1, y(ceiling.low) - y(ceiling.high)) }))),
      ...level.flatMap((value) => [
        svg("line", { class: Math.abs(value) < 1e-9 ? "zero" : "grid", x1: left, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        svg("text", { x: left - 6, y: y(value), "text-anchor": "end", "dominant-baseline": "central" }, Math.abs(value) < 1e-9 ? "0" : number(value, level[1] - level[0] < 0.095 ? 2 : 1)),
      ]),
      ...seconds(at, x, bottom, width),
      svg("text", { class: "title", transform: `translate(11 ${TOP + PLOT / 2}) rotate(-90)`, "text-anchor": "middle" }, shown.label),
      ...lines.map((one) => drawnLine(one, x, y, marks)),
      ...clusters(lines, x, bottom + 5),
    );
    pointing.chosen(drawing, shown.chosen?.name);
    pointing.follow(drawing, marks, {
      title: `Time course of ${shown.setting.region}.`,
      lines: (mark) => finding.lines(shown.data, mark.row.at.setting, mark),
      choose: (mark) => view.set({ dataset: shown.data.dataset, region: shown.setting.region, time: mark.row.at.bin.words }),
    });
    return drawing;
  }

  function levels(lines, at) {
    const values = [0, ...lines.flatMap(({ points }) => points.map((row) => row.estimate)), ...at.map((one) => one.setting.ceiling.high).filter(Number.isFinite)];
    return ticks(Math.min(...values), Math.max(...values), 5);
  }

  function seconds(at, x, bottom, width) {
    const first = at[0].bin.start, last = at.at(-1).bin.stop;
    const now = at.find((one) => one.setting === shown.setting);
    return [
      ...ticks(first, last, Math.max(3, width / 90)).flatMap((value) => [
        svg("line", { class: "grid", x1: x(value), x2: x(value), y1: bottom, y2: bottom + 4 }),
        svg("text", { x: x(value), y: bottom + 38, "text-anchor": "middle" }, String(Math.round(value * 1000)).replace("-", "\u2212")),
      ]),
      first < 0 ? svg("line", { class: "zero", x1: x(0), x2: x(0), y1: TOP, y2: bottom }) : svg("g"),
      now ? svg("line", { class: "now", x1: x(middle(now)), x2: x(middle(now)), y1: TOP, y2: bottom }) : svg("g"),
      svg("text", { class: "title", x: width - RIGHT, y: bottom + 53, "text-anchor": "end" }, "milliseconds after onset"),
    ];
  }

  function drawnLine({ group, layer, points }, x, y, marks) {
    const one = { group, members: [points], points };
    const sure = points.filter((row) => Number.isFinite(row.low));
    const place = (row) => x(middle(row.at));
    for (const row of points) marks.push({ x: place(row), y: y(row.estimate), row, one });
    const band = [...sure.map((row) => `${place(row)},${y(row.high)}`), ...sure.map((row) => `${place(row)},${y(row.low)}`).reverse()];
    return svg("g", { ...look.series(group), "data-group": group.name, "data-layer": layer },
      band.length ? svg("polygon", { class: "band", points: band.join(" ") }) : svg("g"),
      svg("polyline", { class: "line", points: points.map((row) => `${place(row)},${y(row.estimate)}`).join(" ") }),
      ...(points.length <= 40 ? points.map((row) => look.marker(group, place(row), y(row.estimate), row.p < 0.05, 2.6)) : []));
  }

  /** Draw a bar below the lines over the bins of significant clusters, a row per model. */
  function clusters(lines, x, top) {
    return lines.filter(({ points }) => points.some((row) => row.cluster < 0.05)).map(({ group, points }, n) => svg("g", { ...look.series(group), "data-group": group.name },
      ...points.filter((row) => row.cluster < 0.05).map(({ at: { bin } }) => svg("rect", { class: "in-set", x: x(bin.start), y: top + 5 * n, width: x(bin.stop) - x(bin.start), height: 3 }))));
  }

  /** Draw every layer of one model in every bin, light to dark from chance to the highest. */
  function map(one, at, x, width) {
    const { data } = shown;
    if (!one) return svg("g");
    const names = one.points.map((row) => row.name), height = TOP + names.length * CELL + 34;
    const rows = at.map(({ setting }) => explored.series(data, setting).find(({ group }) => group === one.group)?.points ?? []);
    const highest = Math.max(0.01, ...rows.flat().map((row) => row.estimate).filter(Number.isFinite));
    const drawing = svg("svg", { class: "drawn", viewBox: `0 0 ${width} ${height}`, width, height });
    drawing.append(svg("text", { class: "strong", x: left, y: 11 }, `${one.group.title}: every layer, from 0 to ${number(highest)} (${shown.label})`));
    const cells = svg("g", look.series(one.group)), marks = [];
    const ofLayer = names.map(() => ({ ...one })); // a line of marks each
    drawing.append(cells);
    rows.forEach((column, n) => column.filter((row) => Number.isFinite(row.estimate)).forEach((row) => {
      const { bin } = at[n], place = names.indexOf(row.name);
      marks.push({ x: x(middle(at[n])), y: TOP + (place + 0.5) * CELL, row, at: at[n], one: ofLayer[place] });
      cells.append(svg("rect", {
        class: "cell", x: x(bin.start), width: x(bin.stop) - x(bin.start), y: TOP + place * CELL, height: CELL,
        "fill-opacity": Math.max(0.03, row.estimate / highest).toFixed(3),
      }));
      if (at[n].setting === shown.setting && row.name === shown.state.layer) drawing.append(svg("rect", { class: "chosen-cell", x: x(bin.start), width: x(bin.stop) - x(bin.start), y: TOP + place * CELL, height: CELL }));
    }));
    pointing.follow(drawing, marks, {
      title: `Every layer of ${one.group.title} over time; highest ${number(highest)}.`, reach: Infinity,
      lines: (mark) => finding.lines(data, mark.at.setting, mark),
      choose: ({ row, at: { bin } }) => view.set({ dataset: data.dataset, region: shown.setting.region, time: bin.words, model: data.models[row.model].name, layer: row.name }),
    });
    const every = names.length > 30 ? 2 : 1;
    drawing.append(
      ...names.flatMap((name, n) => (n % every ? [] : [svg("text", { x: left - 5, y: TOP + (n + 0.5) * CELL, "text-anchor": "end", "dominant-baseline": "central", class: "remark" }, look.fitted(name, left - 8))])),
      ...ticks(at[0].bin.start, at.at(-1).bin.stop, Math.max(3, width / 90)).map((value) => svg("text", { x: x(value), y: height - 20, "text-anchor": "middle" }, String(Math.round(value * 1000)).replace("-", "\u2212"))),
      svg("text", { class: "title", x: width - RIGHT, y: height - 5, "text-anchor": "end" }, "milliseconds after onset"));
    return drawing;
  }

  /** Return every value in every bin. */
  function rowsOf() {
    const { data, here, setting, hidden } = shown;
    return here.filter((one) => one.measure === setting.measure && one.distance === setting.distance)
      .flatMap((one) => finding.rows(data, { setting: one, series: explored.series(data, one, hidden) }));
  }

  return { show };
})();
