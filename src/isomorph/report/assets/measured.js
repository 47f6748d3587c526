// Do measures agree? Every model under every measure, from chance to a perfect match.

const measured = (() => {
  const CELL = 22, NARROW = 12;
  let shown = null;

  /** Draw models × measures of the region in view into `home`; hidden where there is one measure. */
  function show(home, given) {
    shown = given;
    const { data, here, setting, series } = given;
    const families = data.families.map((family) => family.name);
    const ordered = [...data.measures].sort((a, b) => families.indexOf(a.family) - families.indexOf(b.family));
    const settings = ordered.map((measure) => ({ measure, setting: settingFor(here, setting, measure.name) })).filter((one) => one.setting);
    home.hidden = settings.length < 2 || !series.length;
    if (home.hidden) return;
    const width = Math.max(280, home.clientWidth);
    const every = settings.flatMap((one) => cellsOf(data, one));
    const cells = series.flatMap(({ group }) => every.filter((cell) => cell.group === group));
    home.querySelector('[data-part="measures-drawing"]').replaceChildren(drawing(settings, cells, width));
    home.querySelector('[data-part="measures-finding"]').textContent = sentence(settings, cells);
    home.cells = cells;
    if (home.querySelector(".downloads")) return;
    home.querySelector('[data-part="measures-drawing"]').after(downloads({
      name: () => slug([shown.data.dataset, finding.inPlace(shown.setting), "measures"].join(" ")),
      drawing: () => home.querySelector("svg.drawn"), rows: () => home.cells.map(rowOf), head: () => look.head(finding.inPlace(shown.setting), [], 0), what: "comparison of measures",
    }));
  }

  /** Return the setting of a measure in the place in view, under its distance where it has that. */
  function settingFor(here, setting, measure) {
    const own = here.filter((one) => one.measure === measure && one.time === setting.time);
    return own.find((one) => one.distance === setting.distance) ?? own[0];
  }

  /** Return models under a measure: on held-out stimuli, or at their best layers where none is scored there. */
  function cellsOf(data, { measure, setting }) {
    const cells = explored.series(data, setting).map((one) => ({
      group: one.group, one, measure, setting, best: explored.highest(one.points), score: explored.heldOut(data, setting, one.members),
    }));
    const scored = cells.some(({ score }) => score);
    return cells.map((cell) => ({ ...cell, calibrated: scored ? cell.score?.calibrated ?? NaN : cell.best.calibrated }));
  }

  /** Return the cell with the highest value under a measure, undefined without any. */
  function top(cells, measure) {
    const own = cells.filter((cell) => cell.measure === measure && Number.isFinite(cell.calibrated));
    return own.reduce((a, b) => (a && a.calibrated >= b.calibrated ? a : b), undefined);
  }

  function sentence(settings, cells) {
    const first = settings.map(({ measure }) => top(cells, measure)?.group).filter(Boolean);
    const groups = [...new Set(first)];
    if (!groups.length) return "No measure has a value that can be related to chance.";
    const counted = groups.map((group) => [group.title, first.filter((one) => one === group).length]).sort((a, b) => b[1] - a[1]);
    const [title, n] = counted[0];
    if (cells.every((cell) => cell.group === groups[0])) return `${title} under ${settings.length} measures.`;
    if (n === first.length) return `All ${n} measures place ${title} highest.`;
    const placed = ([name, k], at) => `${k} of ${first.length}${at ? "" : " measures"} place ${name} highest`;
    return `Measures disagree: ${counted.map(placed).join(", ")}.`;
  }

  function drawing(settings, cells, width) {
    const groups = [...new Set(cells.map((cell) => cell.group))];
    const wide = (text) => look.width(text, 600);
    const left = Math.min(width < 560 ? 126 : 240, 12 + Math.max(...groups.map((group) => wide(group.short))));
    const label = ({ measure }) => look.fitted(measure.label, 190, 600);
    const above = 16 + 0.72 * Math.max(...settings.map((one) => wide(label(one))));
    const step = Math.max(NARROW, Math.min(64, (width - left - 0.72 * wide(label(settings.at(-1))) - 8) / settings.length));
    const row = Math.max(CELL, Math.min(30, step)), height = above + groups.length * row + 26;
    const over = Math.max(...settings.map((one, n) => 0.72 * wide(label(one)) - (settings.length - n - 0.5) * step));
    const total = Math.max(width, left + step * settings.length + Math.max(14, over + 8));
    const drawn = svg("svg", { class: "drawn", viewBox: `0 0 ${total} ${height}`, width: total, height });
    const x = (measure) => left + (settings.findIndex((one) => one.measure === measure) + 0.5) * step;
    const y = (group) => above + (groups.indexOf(group) + 0.5) * row;
    const rows = new Map(groups.map((group) => [group, { group }])); // a line of marks each
    const marks = cells.map((cell) => ({ x: x(cell.measure), y: y(cell.group), cell, one: rows.get(cell.group) }));
    drawn.append(
      ...groups.flatMap((group) => [
        svg("line", { class: "grid", x1: left, x2: left + step * settings.length, y1: y(group), y2: y(group) }),
        svg("text", { class: "strong", x: left - 8, y: y(group), "text-anchor": "end", "dominant-baseline": "central" }, look.fitted(group.short, left - 10, 600)),
      ]),
      ...settings.map(({ measure }) => svg("text", { class: measure === shown.measure ? "strong" : "name", transform: `translate(${x(measure) + 3} ${above - 6}) rotate(-45)` }, label({ measure }))),
      ...brackets(settings, (n) => left + n * step, above + groups.length * row + 6),
      ...marks.map((mark) => dot(mark.cell, mark, Math.min(step, row) / 2 - 1.5, top(cells, mark.cell.measure) === mark.cell)));
    pointing.follow(drawn, marks, { title: sentence(settings, cells), lines: ({ cell }) => lines(cell), choose });
    return drawn;
  }

  /** Draw a bracket below the measures of each family, with its name where there is room. */
  function brackets(settings, x, y) {
    return shown.data.families.flatMap(({ name, title }) => {
      const at = settings.flatMap((one, n) => (one.measure.family === name ? [n] : []));
      if (!at.length) return [];
      const start = x(at[0]) + 2, stop = x(at.at(-1) + 1) - 2;
      const fits = look.width(title) <= stop - start;
      return [
        svg("path", { class: "bracket", d: `M${start} ${y - 3}L${start} ${y}L${stop} ${y}L${stop} ${y - 3}` }),
        fits ? svg("text", { x: (start + stop) / 2, y: y + 13, "text-anchor": "middle" }, title) : svg("g"),
      ];
    });
  }

  /** Draw a cell: its area is the value; the highest under the measure has a ring. */
  function dot({ group, calibrated, best }, { x, y }, most, highest) {
    const r = Number.isFinite(calibrated) ? Math.max(1.2, most * Math.sqrt(Math.min(1, Math.max(0, calibrated)))) : 0;
    return svg("g", look.series(group),
      r ? look.marker(group, x, y, best.p < 0.05, r) : svg("text", { class: "remark", x, y, "text-anchor": "middle", "dominant-baseline": "central" }, "–"),
      highest ? svg("circle", { class: "pointed", cx: x, cy: y, r: r + 2.6 }) : svg("g"));
  }

  function choose({ cell: { measure, setting } }) {
    view.set({ dataset: shown.data.dataset, region: setting.region, time: setting.time, measure: measure.name, distance: setting.distance });
  }

  function lines({ group, measure, setting, best, score, calibrated, one }) {
    return [
      `${group.title} · ${measure.title}`,
      `from chance (0) to a perfect match (1): ${number(calibrated)}`,
      score ? `on held-out stimuli: ${estimated(score.score, score.low, score.high)}` : "no score on held-out stimuli",
      `best layer: ${best.name}, ${estimated(best.estimate, best.low, best.high)}, ${probability(best.p)}${one.members.length > 1 ? " (mean of the seeds)" : ""}`,
      [shown.data.titleOf("families", measure.family), shown.data.titleOf("distances", setting.distance)].join("; "),
    ];
  }

  function rowOf({ group, measure, setting, best, score, calibrated }) {
    const { kept } = finding;
    return {
      dataset: shown.data.dataset, region: setting.region, ...finding.bin(shown.data, setting), model: group.name,
      family: measure.family, measure: measure.name, distance: setting.distance, calibrated: kept(calibrated),
      held_out: kept(score?.score), held_out_low: kept(score?.low), held_out_high: kept(score?.high),
      best_layer: best.name, estimate: kept(best.estimate), interval_low: kept(best.low),
      interval_high: kept(best.high), p_corrected: finding.single(best.p),
    };
  }

  return { show };
})();
