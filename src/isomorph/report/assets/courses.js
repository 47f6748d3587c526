// Similarity over time: a line per model at one layer, above a map of every layer of one model.

const courses = (() => {
  const RIGHT = 16, TOP = 16, PLOT = 210, BAR = 5;
  const FEWEST = 2; // bins that make a course
  const MOST_DOTS = 40;
  let shown = null;

  /** Draw the time course of a region into `home`, or hide that where it has no time bins. */
  function show(home, given) {
    shown = given;
    const at = moments();
    home.hidden = at.length < FEWEST;
    if (home.hidden) return;
    const mapped = layersInTime.model(shown), width = Math.max(280, home.clientWidth);
    const names = (mapped?.points ?? []).map((row) => look.width(row.name));
    const left = Math.min(120, Math.max(46, 9 + Math.max(0, ...names)));
    const x = linear([at[0].bin.start, at.at(-1).bin.stop], [left, width - RIGHT]);
    const plots = {
      "course-lines": ["time course", course(at, x, [left, width - RIGHT], width)],
      "course-map": ["layers over time", layersInTime.drawn(shown, mapped, at, x, left, width)],
    };
    for (const [place, [what, drawing]] of Object.entries(plots)) {
      const plot = home.querySelector(`[data-part="${place}"]`);
      plot.replaceChildren(drawing);
      if (!plot.nextElementSibling?.matches(".downloads")) plot.after(saved(plot, what, place === "course-lines"));
    }
  }

  function saved(plot, what, named) {
    return downloads({
      name: () => slug([shown.data.dataset, shown.setting.region, what, shown.setting.measure].join(" ")),
      drawing: () => plot.querySelector("svg"), rows, head: () => finding.head(shown, named), what,
    });
  }

  /** Return the time bins of the region under the measure and distance in view: { bin, setting }. */
  function moments() {
    const { data, here, setting } = shown;
    const own = here.filter((one) => one.time && one.measure === setting.measure && one.distance === setting.distance);
    const found = own.map((one) => ({ bin: data.bins.find((bin) => bin.words === one.time), setting: one }));
    return found.sort((a, b) => a.bin.start - b.bin.start);
  }

  const middle = ({ at: { bin } }) => (bin.start + bin.stop) / 2;

  /** Return each model at one layer for all bins: the chosen one, else that of the highest mean. */
  function linesOf(at) {
    const { data, series, state, chosen } = shown;
    const every = at.map((one) => explored.series(data, one.setting));
    return series.map(({ group }) => {
      const rows = every.flatMap((models, n) => {
        const points = models.find((other) => other.group === group)?.points ?? [];
        return points.filter((row) => parts.known(row.estimate)).map((row) => ({ ...row, at: at[n] }));
      });
      const layers = byLayer(rows);
      const mean = (own) => own.reduce((sum, row) => sum + row.estimate, 0) / own.length;
      const asked = group === chosen ? layers.get(state.layer) : null;
      const points = asked ?? [...layers.values()].reduce((a, b) => (mean(a) >= mean(b) ? a : b), [...layers.values()][0] ?? []);
      return { group, members: [points], points };
    }).filter((one) => one.points.length);
  }

  function byLayer(rows) {
    const found = new Map();
    for (const row of rows) found.set(row.name, [...(found.get(row.name) ?? []), row]);
    return found;
  }

  function course(at, time, across, width) {
    const bottom = TOP + PLOT, lines = linesOf(at), x = (row) => time(middle(row));
    const drawing = parts.drawing(width, bottom + 56);
    const values = lines.flatMap(({ points }) => points.map((row) => row.estimate));
    const range = parts.room([...values, ...at.map((one) => one.setting.ceiling.high)], 0.05);
    const y = linear(range, [bottom, TOP]), now = at.find((one) => one.setting === shown.setting);
    drawing.append(
      ...at.map(({ bin, setting }) => parts.ceiling(setting.ceiling, y, [time(bin.start), time(bin.stop) + 0.3])),
      parts.ordinate(range, y, across, [TOP, bottom], shown.label),
      parts.milliseconds(at.map(({ bin }) => bin), time, bottom + 38, width),
      at[0].bin.start < 0 ? svg("line", { class: "zero", x1: time(0), x2: time(0), y1: TOP, y2: bottom }) : svg("g"),
      now ? svg("line", { class: "now", x1: time(middle({ at: now })), x2: time(middle({ at: now })), y1: TOP, y2: bottom }) : svg("g"),
      ...lines.map((one) => model(one, x, y)),
      ...lines.filter(({ points }) => points.some(clustered)).map((one, n) => clusters(one, time, bottom + 5 + BAR * n)),
    );
    pointing.chosen(drawing, shown.chosen?.name);
    pointing.follow(drawing, lines.flatMap((one) => one.points.map((row) => ({ x: x(row), y: y(row.estimate), row, one }))), {
      title: `Time course of ${shown.setting.region}.`,
      lines: (mark) => finding.lines(shown.data, mark.row.at.setting, mark),
      choose: ({ row }) => view.set({ dataset: shown.data.dataset, region: shown.setting.region, time: row.at.bin.words }),
    });
    return drawing;
  }

  function model({ group, points }, x, y) {
    const dots = points.length > MOST_DOTS ? [] : points.map((row) => look.marker(group, x(row), y(row.estimate), row.p < 0.05, 2.6));
    return svg("g", look.series(group), parts.band(points, x, y), parts.line(points, x, y), ...dots);
  }

  const clustered = (row) => row.cluster < 0.05;

  /** Draw a bar below the lines over the bins of a model's significant clusters. */
  function clusters({ group, points }, time, y) {
    return svg("g", look.series(group), ...points.filter(clustered).map(({ at: { bin } }) => (
      svg("rect", { class: "in-set", x: time(bin.start), y, width: time(bin.stop) - time(bin.start), height: BAR - 2 })
    )));
  }

  /** Return every value in every bin. */
  function rows() {
    const { data, hidden } = shown;
    return moments().flatMap(({ setting }) => finding.rows(data, { setting, series: explored.series(data, setting, hidden) }));
  }

  return { show };
})();
