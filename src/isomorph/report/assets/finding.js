// What the explorer says in words: the sentence of a view, the notes of its dots, its values.

const finding = (() => {
  const { known } = parts;

  /** Keep p and its value, and an interval, on one line. */
  const tied = (text) => text.replace(/p ([=<]) (?=[.\d])/g, "p\u00a0$1\u00a0").replace(/\[([^\]\s]+) /g, "[$1\u00a0");
  const value = (row) => estimated(row.estimate, row.low, row.high);
  const scored = (score) => estimated(score.score, score.low, score.high);
  const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

  /** Return the region of a setting, with its time bin. */
  const inPlace = (setting) => setting.region + (setting.time ? ` ${setting.time}` : "");

  function ceilingSaid({ low, high, middle, reason }) {
    if (!known(low)) return reason ? `noise ceiling undefined (${reason})` : "no noise ceiling";
    return `noise ceiling ${known(middle) ? estimated(middle, low, high) : `${number(low)} to ${number(high)}`}`;
  }

  /** Return how good a model is on held-out stimuli, or at its best layer where no model is scored there. */
  function merit(data, setting, one) {
    return explored.heldOut(data, setting, one.members)?.score ?? explored.highest(one.points)?.estimate ?? -Infinity;
  }

  /** Return the sentences of a view: the chosen model, else the network that scores highest. */
  function sentence(data, { setting, series, chosen, label }) {
    const where = `${data.simulated ? "Simulated " : ""}${inPlace(setting)}`;
    if (!series.length) return `${where}: no model is shown.`;
    const networks = series.filter(({ group }) => group.kind === "trained"), rivals = networks.length ? networks : series;
    const scored = rivals.filter(({ members }) => explored.heldOut(data, setting, members)), field = scored.length ? scored : rivals;
    const best = (a, b) => (merit(data, setting, a) >= merit(data, setting, b) ? a : b);
    const one = series.find(({ group }) => group === chosen) ?? field.reduce(best);
    const first = one.group === chosen || field.length < 2 ? "" : `, the highest of ${count(field.length, networks.length ? "network" : "model")}`;
    const said = [`${where}: ${one.group.title} ${claim(data, setting, one, label)}${first}; ${ceilingSaid(setting.ceiling)}.`];
    if (one.points.length > 1) said.push(ofLayers(one.points));
    const gain = data.training(setting, one.members[0][0].model);
    if (gain) said.push(`Training changes the score by ${trained(gain)}.`);
    return said.join(" ");
  }

  const trained = (gain) => `${estimated(gain.difference, gain.low, gain.high)}, ${probability(gain.p)}`;

  function claim(data, setting, one, label) {
    const score = explored.heldOut(data, setting, one.members);
    const chosen = one.points.length > 1 ? " at its best layer, chosen on the same stimuli" : "";
    if (!score) return `scores ${value(explored.highest(one.points))} (${label})${chosen}`;
    const at = score.layer < 0 || one.points.length < 2 ? "" : ` with layers chosen on other stimuli (mostly ${data.layers[score.layer].name})`;
    return `scores ${scored(score)} on held-out stimuli${at}`;
  }

  function ofLayers(points) {
    const best = explored.highest(points), inside = points.filter((row) => row.inSet === "yes");
    const n = inside.length, doubtful = best.p >= 0.05 ? ", not significantly above chance" : "";
    const which = n === 1 ? `${inside[0].name} alone is` : n === points.length ? `all ${n} layers are`
      : `${n} of its ${points.length} layers (${inside[0]?.name} to ${inside.at(-1)?.name}) are`;
    const set = n ? `; ${which} in its confidence set` : "";
    return `Its best layer on all stimuli is ${best.name}: ${value(best)}, ${probability(best.p)}${doubtful}${set}.`;
  }

  /** Return what the numbers of a view rest on. */
  function facts(data, { setting, measure }) {
    const stimuli = setting.stimuli === 1 ? "1 stimulus" : `${setting.stimuli} stimuli`;
    const head = `${data.simulated ? "Simulated data. " : ""}${data.title}: ${stimuli}, ${count(setting.subjects, "subject")}`;
    const distance = data.titleOf("distances", setting.distance);
    return `${head}; ${measure.title}; distance: ${distance}; resampled: ${setting.scheme}; p: ${data.correction}.`;
  }

  /** Return the lines of a dot's note. */
  function lines(data, setting, { row, one }) {
    const score = explored.heldOut(data, setting, one.members), why = row.reason ? `: ${row.reason}` : "";
    const interval = row.seeds ? `mean of ${row.seeds} seeds, ${number(row.range[0])} to ${number(row.range[1])}`
      : known(row.low) ? `${data.coverage} interval ${between(row.low, row.high)}` : `no interval${why}`;
    const largest = row.seeds ? " (the largest of the seeds)" : "";
    return [
      `${row.name} · ${row.seeds ? one.group.title : data.models[row.model].title}`,
      `${inPlace(setting)}: ${number(row.estimate)}, ${interval}`,
      known(row.p) ? `${probability(row.p)}, ${data.correction}${largest}` : `not tested${why}`,
      ceilingSaid(setting.ceiling),
      Math.abs(row.chance) >= 0.005 ? `chance ${number(row.chance)}` : null,
      row.inSet ? `${row.inSet === "yes" ? "in" : "not in"} the model's confidence set of layers` : null,
      score ? `model on held-out stimuli: ${scored(score)}${score.layer < 0 ? "" : ` (${data.layers[score.layer].name})`}` : null,
    ].filter((line) => line !== null);
  }

  /** Return the lines of a model's note in one region. */
  function summary(data, setting, one) {
    const best = explored.highest(one.points), score = explored.heldOut(data, setting, one.members);
    const n = one.points.length, inside = one.points.filter((row) => row.inSet === "yes").length;
    const at = score?.layer >= 0 ? ` (${data.layers[score.layer].name} in ${Math.round(100 * score.share)} % of splits)` : "";
    const gain = data.training(setting, one.members[0][0].model);
    return [
      `${one.group.title} · ${inPlace(setting)}`,
      score ? `on held-out stimuli: ${scored(score)}${at}` : null,
      ceilingSaid(setting.ceiling),
      `${n > 1 ? `highest of ${n} layers: ${best.name}, ` : ""}${value(best)}, ${probability(best.p)}`,
      inside && n > 1 ? `${inside} of ${n} layers in the confidence set` : null,
      gain ? `training: ${trained(gain)}` : null,
      "Click for every layer",
    ].filter((line) => line !== null);
  }

  /** Return what stands above a drawing that is saved; the names of models unless told otherwise. */
  function head({ data, setting, series, label }, names = true) {
    const where = `${data.title}: ${data.simulated ? "simulated " : ""}${inPlace(setting)}`;
    const title = `${where}, ${label}, ${data.titleOf("distances", setting.distance)}`;
    return look.head(title, names ? series.map(({ group }) => group) : [], 900);
  }

  /** Return the time bin of a setting as columns, seconds; none without bins. */
  function bin(data, { time }) {
    const { start, stop } = data.bins.find((one) => one.words === time);
    return time ? { time_start: start, time_stop: stop } : {};
  }

  /** Return a number without digits that mean nothing: of values kept in steps, of single precision. */
  const kept = (value) => (known(value) ? Number(value.toFixed(4)) : NaN);
  const single = (value) => (known(value) ? Number(value.toPrecision(7)) : NaN);

  /** Return what a profile shows, a row per layer of every model instance. */
  function rows(data, { setting, series }) {
    const { low, high } = setting.ceiling;
    const own = series.flatMap(({ members }) => members.flat()).filter((row) => known(row.estimate) || row.reason);
    return own.map((row) => {
      const score = data.score(setting, row.model);
      return {
        dataset: data.dataset, region: setting.region, ...bin(data, setting), distance: setting.distance,
        measure: setting.measure, model: data.models[row.model].name, layer: row.name,
        relative_depth: kept(data.layers[row.layer].depth), estimate: kept(row.estimate),
        interval_low: kept(row.low), interval_high: kept(row.high), p_corrected: single(row.p),
        chance: kept(row.chance), calibrated: kept(row.calibrated), in_set: row.inSet,
        ceiling_low: kept(low), ceiling_high: kept(high), held_out: kept(score?.score),
        held_out_low: kept(score?.low), held_out_high: kept(score?.high),
        held_out_layer: score?.layer >= 0 ? data.layers[score.layer].name : "", reason: row.reason,
      };
    });
  }

  const HEADS = { model: "", layer: "", estimate: "number", interval: "number", "p, corrected": "number", "in confidence set": "" };

  /** Return the values in view as a table. */
  function table(data, shown) {
    const cells = (row) => [
      data.models[row.model].title, row.name, number(row.estimate), between(row.low, row.high),
      probability(row.p).replace(/^p (= )?/, ""), row.inSet || "–",
    ];
    const kinds = Object.values(HEADS).map((kind) => kind || null);
    const line = (row) => html("tr", {}, ...cells(row).map((text, n) => html("td", { class: kinds[n] }, text)));
    return html("table", {},
      html("caption", {}, `${inPlace(shown.setting)}, ${shown.label}`),
      html("thead", {}, html("tr", {}, ...Object.keys(HEADS).map((text, n) => html("th", { scope: "col", class: kinds[n] }, text)))),
      html("tbody", {}, ...shown.series.flatMap(({ members }) => members.flat()).map(line)));
  }

  return { tied, sentence, facts, lines, summary, head, bin, kept, single, rows, table, inPlace };
})();
