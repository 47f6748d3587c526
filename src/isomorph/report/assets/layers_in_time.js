// Every layer of one model in every time bin.

const layersInTime = (() => {
  const TOP = 16, CELL = 14, FAINTEST = 0.03;

  /** Return the model whose layers are mapped: the chosen one, else the first network. */
  function model({ series, chosen }) {
    return series.find(({ group }) => group === chosen) ?? series.find(({ group }) => group.kind === "trained") ?? series[0];
  }

  /** Return the map: a row per layer, a column per bin, light to dark from 0 to the highest. */
  function drawn(shown, one, at, time, left, width) {
    if (!one) return svg("svg", { class: "drawn", width: 0, height: 0 });
    const names = one.points.map((row) => row.name), height = TOP + names.length * CELL + 34;
    const lines = names.map(() => ({ ...one })); // the marks of a layer are a line
    const marks = at.flatMap((moment) => {
      const points = explored.series(shown.data, moment.setting).find(({ group }) => group === one.group)?.points ?? [];
      return points.filter((row) => parts.known(row.estimate)).map((row) => {
        const { bin } = moment, place = names.indexOf(row.name);
        return { x: time((bin.start + bin.stop) / 2), y: TOP + (place + 0.5) * CELL, row, at: moment, one: lines[place] };
      });
    });
    const highest = Math.max(0.01, ...marks.map(({ row }) => row.estimate));
    const drawing = parts.drawing(width, height);
    const said = `${one.group.title}: every layer, from 0 to ${number(highest)} (${shown.label})`;
    drawing.append(
      svg("text", { class: "strong", x: left, y: 11 }, said),
      svg("g", look.series(one.group), ...marks.map((mark) => cell(mark, time, "cell", Math.max(FAINTEST, mark.row.estimate / highest)))),
      ...marks.filter(({ row, at: moment }) => moment.setting === shown.setting && row.name === shown.state.layer).map((mark) => cell(mark, time, "chosen-cell", 0)),
      ...names.map((name, n) => layer(name, left, TOP + (n + 0.5) * CELL)),
      parts.milliseconds(at.map(({ bin }) => bin), time, height - 20, width),
    );
    pointing.follow(drawing, marks, {
      title: said, reach: Infinity,
      lines: (mark) => finding.lines(shown.data, mark.at.setting, mark),
      choose: (mark) => choose(shown, mark),
    });
    return drawing;
  }

  function cell({ y, at: { bin } }, time, kind, opaque) {
    const place = { x: time(bin.start), width: time(bin.stop) - time(bin.start), y: y - CELL / 2, height: CELL };
    return svg("rect", { class: kind, ...place, "fill-opacity": opaque.toFixed(3) });
  }

  function layer(name, left, y) {
    const place = { x: left - 5, y, "text-anchor": "end", "dominant-baseline": "central" };
    return svg("text", { class: "remark", ...place }, look.fitted(name, left - 8));
  }

  function choose({ data, setting }, { row, at: { bin } }) {
    view.set({ dataset: data.dataset, region: setting.region, time: bin.words, model: data.models[row.model].name, layer: row.name });
  }

  return { model, drawn };
})();
