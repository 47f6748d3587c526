// What the explorer says of a view in words: one sentence, the note of a dot, the values as rows.

const finding = (() => {
  const TRAINED = "trained";
  const value = (row) => `${number(row.estimate)}${Number.isFinite(row.low) ? ` ${between(row.low, row.high)}` : ""}`;
  /** Keep p and its value, and an interval, on one line. */
  const tied = (text) => text.replace(/p ([=<]) (?=[.\d])/g, "p\u00a0$1\u00a0").replace(/\[([^\]\s]+) /g, "[$1\u00a0");
  const inPlace = (setting) => setting.region + (setting.time ? ` ${setting.time}` : "");

  function ceilingSaid({ low, high, middle, reason }) {
    if (!Number.isFinite(low)) return reason ? `noise ceiling undefined (${reason})` : "no noise ceiling";
    return Number.isFinite(middle) ? `noise ceiling ${number(middle)} ${between(low, high)}` : `noise ceiling ${number(low)} to ${number(high)}`;
  }

  /** Return how good a group is on held-out stimuli, or at its best layer where that is not known. */
  const merit = (data, setting, one) => explored.heldOut(data, setting, one.members)?.score ?? explored.highest(one.points)?.estimate ?? -Infinity;

  /** Return the sentence of a view: the network that scores highest, its layer, ceiling, control. */
  function sentence(data, { setting, series, chosen, label }) {
    if (!series.length) return `${inPlace(setting)}: no model is shown.`;
    const networks = series.filter(({ group }) => group.kind === TRAINED);
    const rivals = networks.length ? networks : series;
    const one = series.find(({ group }) => group === chosen) ?? rivals.reduce((a, b) => (merit(data, setting, a) >= merit(data, setting, b) ? a : b));
    const best = explored.highest(one.points), score = explored.heldOut(data, setting, one.members);
    const where = `${data.simulated ? "Simulated " : ""}${inPlace(setting)}`;
    const among = one.group === chosen || rivals.length < 2 ? "" : `, the highest of ${rivals.length} ${networks.length ? "networks" : "models"}`;
    const said = [];
    if (score) {
      const at = score.layer >= 0 && one.points.length > 1 ? ` with layers chosen on other stimuli (mostly ${data.layers[score.layer].name})` : "";
      said.push(`${where}: ${one.group.title} scores ${number(score.score)}${Number.isFinite(score.low) ? ` ${between(score.low, score.high)}` : ""} on held-out stimuli${at}${among}; ${ceilingSaid(setting.ceiling)}.`);
    } else said.push(`${where}: ${one.group.title} has the estimate ${value(best)} (${label})${among}; ${ceilingSaid(setting.ceiling)}.`);
    const significant = best.p < 0.05 ? "" : Number.isNaN(best.p) ? "" : ", not significantly above chance";
    const inside = one.points.filter((row) => row.inSet === "yes");
    const set = inside.length && one.points.length > 1
      ? `; ${inside.length === 1 ? `${inside[0].name} alone is` : inside.length === one.points.length ? `any of its ${inside.length} layers is` : `${inside.length} of its ${one.points.length} layers (${inside[0].name} to ${inside.at(-1).name}) are`} in its confidence set` : "";
    if (one.points.length > 1) said.push(`Its best layer on all stimuli is ${best.name}: ${value(best)}, ${probability(best.p)}${significant}${set}.`);
    const gain = data.training(setting, one.members[0][0].model);
    if (gain) said.push(`Training changes the score by ${number(gain.difference)} ${between(gain.low, gain.high)}, ${probability(gain.p)}.`);
    return said.join(" ");
  }

  /** Return the lines of a dot's note. */
  function lines(data, setting, { row, one }) {
    const { group, members } = one, score = explored.heldOut(data, setting, members);
    const interval = row.seeds ? `mean of ${row.seeds} seeds, ${number(row.range[0])} to ${number(row.range[1])}` : Number.isFinite(row.low) ? `${data.coverage} interval ${between(row.low, row.high)}` : `no interval${row.reason ? `: ${row.reason}` : ""}`;
    const p = Number.isNaN(row.p) ? `not tested${row.reason ? `: ${row.reason}` : ""}` : `${probability(row.p)}, ${data.correction}${row.seeds ? " (the largest of the seeds)" : ""}`;
    return [
      `${row.name} · ${row.seeds ? group.title : data.models[row.model].title}`,
      `${inPlace(setting)}: ${number(row.estimate)}, ${interval}`,
      p,
      ceilingSaid(setting.ceiling),
      Math.abs(row.chance) >= 0.005 ? `chance ${number(row.chance)}` : null,
      row.inSet ? `${row.inSet === "yes" ? "in" : "not in"} the model's confidence set of layers` : null,
      score ? `model on held-out stimuli: ${number(score.score)}${Number.isFinite(score.low) ? ` ${between(score.low, score.high)}` : ""}${score.layer >= 0 ? ` (${data.layers[score.layer].name})` : ""}` : null,
    ].filter((one) => one !== null);
  }

  /** Return the lines of a model's note in one region. */
  function summary(data, setting, one) {
    const best = explored.highest(one.points), score = explored.heldOut(data, setting, one.members);
    const inside = one.points.filter((row) => row.inSet === "yes").length, gain = data.training(setting, one.members[0][0].model);
    const at = score?.layer >= 0 ? ` (${data.layers[score.layer].name} in ${Math.round(100 * score.share)} % of splits)` : "";
    return [
      `${one.group.title} · ${inPlace(setting)}`,
      score ? `on held-out stimuli: ${number(score.score)}${Number.isFinite(score.low) ? ` ${between(score.low, score.high)}` : ""}${at}` : null,
      ceilingSaid(setting.ceiling),
      one.points.length > 1 ? `highest of ${one.points.length} layers: ${best.name}, ${value(best)}, ${probability(best.p)}` : `${value(best)}, ${probability(best.p)}`,
      inside && one.points.length > 1 ? `${inside} of ${one.points.length} layers in the confidence set` : null,
      gain ? `training: ${number(gain.difference)} ${between(gain.low, gain.high)}, ${probability(gain.p)}` : null,
      "Click for every layer",
    ].filter((line) => line !== null);
  }

  /** Return what stands above a drawing that is saved; the names of models unless told otherwise. */
  function head({ data, setting, series, label }, names = true) {
    const title = `${data.title}: ${data.simulated ? "simulated " : ""}${inPlace(setting)}, ${label}, ${data.titleOf("distances", setting.distance)}`;
    return look.head(title, names ? series.map(({ group }) => group) : [], 900);
  }

  /** Return the time bin of a setting as columns, seconds; none without bins. */
  function bin(data, { time }) {
    const { start, stop } = data.bins.find((one) => one.words === time);
    return time ? { time_start: start, time_stop: stop } : {};
  }

  /** Return a number of single precision without digits that mean nothing. */
  const single = (value) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : NaN);
  const kept = (value) => (Number.isFinite(value) ? Number(value.toFixed(4)) : NaN);

  /** Return what a profile shows, a row per layer of every model instance. */
  function rows(data, { setting, series }) {
    return series.flatMap(({ members }) => members.flat()).filter((row) => Number.isFinite(row.estimate) || row.reason).map((row) => {
      const score = data.score(setting, row.model);
      return {
        dataset: data.dataset, region: setting.region, ...bin(data, setting),
        distance: setting.distance, measure: setting.measure, model: data.models[row.model].name, layer: row.name,
        relative_depth: kept(data.layers[row.layer].depth), estimate: kept(row.estimate), interval_low: kept(row.low),
        interval_high: kept(row.high), p_corrected: single(row.p), chance: kept(row.chance), calibrated: kept(row.calibrated), in_set: row.inSet,
        ceiling_low: kept(setting.ceiling.low), ceiling_high: kept(setting.ceiling.high),
        held_out: kept(score?.score), held_out_low: kept(score?.low), held_out_high: kept(score?.high),
        held_out_layer: score && score.layer >= 0 ? data.layers[score.layer].name : "", reason: row.reason,
      };
    });
  }

  /** Return the values in view as a table. */
  function table(data, shown) {
    const heads = ["model", "layer", "estimate", "interval", "p, corrected", "in confidence set"];
    const row = (one) => html("tr", {},
      html("td", {}, data.models[one.model].title), html("td", {}, one.name), html("td", { class: "number" }, number(one.estimate)),
      html("td", { class: "number" }, between(one.low, one.high)), html("td", { class: "number" }, probability(one.p).replace(/^p (= )?/, "")), html("td", {}, one.inSet || "–"));
    return html("table", {},
      html("caption", {}, `${inPlace(shown.setting)}, ${shown.label}`),
      html("thead", {}, html("tr", {}, ...heads.map((head, n) => html("th", { scope: "col", class: n > 1 && n < 5 ? "number" : null }, head)))),
      html("tbody", {}, ...shown.series.flatMap(({ members }) => members.flat()).map(row)));
  }

  return { tied, sentence, lines, summary, head, bin, single, rows, table, inPlace, merit };
})();
