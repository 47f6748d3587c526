// Every comparison of a dataset, as `isomorph.report.explored` keeps it in the page.

const explored = (() => {
  /** Return a promise of the comparisons of a dataset by the id of its bundle.
   *  @throws {Error} where the page does not hold it, or it cannot be opened. */
  async function open(id) {
    const held = await stored(id);
    if (!held) throw new Error("the page does not hold its numbers");
    return reader(held);
  }

  const opened = new Map();

  function reader(held) {
    if (!opened.has(held)) opened.set(held, read(held));
    return opened.get(held);
  }

  function read(held) {
    const { arrays, scales, columns } = held;
    const layers = held.models.flatMap(({ layers: names }, model) => names.map((name, place) => ({
      model, name, place, depth: names.length > 1 ? place / (names.length - 1) : 0.5,
    })));
    const first = held.models.map((_, model) => layers.findIndex((layer) => layer.model === model));

    /** Return a number of an array at a setting and a layer or model, NaN where there is none. */
    function value(name, setting, column) {
      const array = arrays[name];
      if (!array || setting < 0) return NaN;
      const kept = array.data[setting * array.shape[1] + column], scale = scales[name];
      if (!scale) return kept;
      return kept === held.missing ? NaN : (kept + scale.low) / scale.per;
    }

    const settings = Array.from({ length: arrays.settings.shape[0] }, (_, row) => {
      const given = (name) => arrays.settings.data[row * columns.length + columns.indexOf(name)];
      const [low, high, middle] = arrays.ceiling.data.subarray(3 * row, 3 * row + 3);
      return {
        row, region: held.regions[given("region")], time: held.bins[given("bin")].words,
        distance: held.distances[given("distance")].name, measure: held.measures[given("measure")].name,
        scheme: held.texts[given("scheme")], stimuli: given("n_stimuli"), subjects: given("n_subjects"),
        ceiling: { low, high, middle, reason: held.texts[given("ceiling_reason")] },
      };
    });

    /** Return one comparison. */
    function row(setting, layer) {
      const get = (name) => value(name, setting.row, layer);
      const { model, name } = layers[layer];
      return {
        model, layer, name, estimate: get("estimate"), low: get("interval_low"), high: get("interval_high"),
        p: get("p_corrected"), chance: get("chance"), calibrated: get("calibrated"),
        cluster: get("p_cluster_corrected"), inSet: ["", "no", "yes"][get("in_set")] ?? "",
        reason: held.texts[get("reason")] ?? "",
      };
    }

    /** Return a model's score on held-out stimuli, null where it has none. */
    function score(setting, model) {
      const get = (name) => value(name, setting.row, model);
      if (Number.isNaN(get("score"))) return null;
      const chosen = get("chosen");
      return {
        score: get("score"), low: get("score_low"), high: get("score_high"), share: get("chosen_share"),
        calibrated: get("score_calibrated"),
        layer: chosen === held.missing ? -1 : chosen,
      };
    }

    /** Return by how much a trained network exceeds its controls, null where it was not compared. */
    function training(setting, model) {
      const get = (name) => value(name, setting.row, model);
      if (Number.isNaN(get("contrast"))) return null;
      return { difference: get("contrast"), low: get("contrast_low"), high: get("contrast_high"), p: get("contrast_p") };
    }

    return {
      ...held, layers, settings, value, row, score, training,
      layersOf: (model) => held.models[model].layers.map((_, place) => first[model] + place),
      /** Return the group of a model by its name, or by that of one of its seeds; null without one. */
      groupNamed(name) {
        const model = held.models.find((one) => one.name === name);
        return held.groups.find((group) => group.name === name) ?? held.groups[model?.group] ?? null;
      },
      members: (group) => held.models.flatMap((model, n) => (model.group === group ? [n] : [])),
      titleOf: (list, name) => held[list].find((one) => one.name === name)?.title ?? name,
    };
  }

  /** Return the setting a view names, or the first there is; `lacking` says what was not found. */
  function settingOf(data, state, region) {
    const here = data.settings.filter((one) => one.region === region), lacking = [];
    let left = here;
    for (const key of ["time", "measure", "distance"]) {
      const order = key === "time" ? data.bins.map((bin) => bin.words) : data[`${key}s`].map((one) => one.name);
      const known = order.filter((name) => left.some((one) => one[key] === name));
      if (state[key] && !known.includes(state[key])) lacking.push(`${key} "${state[key]}"`);
      const taken = known.includes(state[key]) ? state[key] : key === "time" ? fullest(data, left, known) : known[0];
      left = left.filter((one) => one[key] === taken);
    }
    return { setting: left[0], here, lacking };
  }

  /** Return the time bin of the highest estimate under the first measure, as a view to start from. */
  function fullest(data, settings, times) {
    if (times.length < 2) return times[0];
    const first = settings.filter((one) => one.measure === settings[0].measure && one.distance === settings[0].distance);
    const peak = (one) => Math.max(...data.layers.map((_, layer) => data.value("estimate", one.row, layer)).filter(Number.isFinite), -Infinity);
    return first.reduce((a, b) => (peak(a) >= peak(b) ? a : b)).time;
  }

  /** Return the groups of models as they are drawn under a setting: the rows of every member and,
   *  of several seeds, their mean. A group that is hidden or was not compared is left out. */
  function series(data, setting, hidden = new Set()) {
    return data.groups.flatMap((group, n) => {
      const members = data.members(n).map((model) => data.layersOf(model).map((layer) => data.row(setting, layer)));
      const there = members.filter((rows) => rows.some((row) => Number.isFinite(row.estimate)));
      if (hidden.has(group.name) || !there.length) return [];
      return [{ group, members: there, points: there.length > 1 ? means(there) : there[0] }];
    });
  }

  /** Return the mean of several seeds layer by layer; it has no interval, and the largest p. */
  function means(members) {
    return members[0].map((first) => {
      const rows = members.map((one) => one.find((row) => row.name === first.name)).filter((row) => row && Number.isFinite(row.estimate));
      const mean = (name) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
      return {
        ...first, estimate: mean("estimate"), chance: mean("chance"), calibrated: mean("calibrated"),
        low: NaN, high: NaN, p: Math.max(...rows.map((row) => row.p)), cluster: NaN, inSet: "", seeds: rows.length,
        range: [Math.min(...rows.map((row) => row.estimate)), Math.max(...rows.map((row) => row.estimate))],
      };
    });
  }

  /** Return the row of the highest estimate, undefined without any. */
  function highest(rows) {
    return rows.filter((row) => Number.isFinite(row.estimate)).reduce((a, b) => (a && a.estimate >= b.estimate ? a : b), undefined);
  }

  /** Return the mean score of a group on held-out stimuli; of one model its interval and layer too. */
  function heldOut(data, setting, members) {
    const found = members.map((rows) => data.score(setting, rows[0].model)).filter(Boolean);
    if (found.length < 2) return found[0] ?? null;
    const mean = (name) => found.reduce((sum, one) => sum + one[name], 0) / found.length;
    return { score: mean("score"), calibrated: mean("calibrated"), low: NaN, high: NaN, layer: -1, seeds: found.length };
  }

  return { open, settingOf, series, highest, heldOut };
})();
