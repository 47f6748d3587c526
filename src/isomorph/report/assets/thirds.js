// What stands below the two RDMs: where they differ, pair against pair, or both as planes.

const thirds = (() => {
  const FARTHEST = 5; // pairs named on each side

  const named = ({ left, right }, what) => () => slug(`${what} ${left.name} ${right.name}`);

  function saved(shown, what, drawing) {
    const { set, left, right } = shown;
    return downloads({ name: named(shown, what), drawing: () => drawing, what,
                       rows: () => controls.rows(set, left, right) });
  }

  function figure(title, element, buttons, text = "") {
    return html("figure", { style: `width: ${element.getAttribute("width")}px` }, html("figcaption", {}, html("strong", {}, title), html("span", {}, text)), element, buttons);
  }

  const difference = {
    title: "difference of the two",
    draw(shown) {
      const { set, left, right, order, column, width, move } = shown;
      const apart = left.ranks.map((rank, pair) => right.ranks[pair] - rank);
      const reach = Math.max(0.1, Math.ceil(10 * apart.reduce((most, one) => Math.max(most, Math.abs(one)), 0)) / 10);
      const drawn = squares.square({
        set, order, column, width, move, colour: (pair) => ramps.diverging(apart[pair] / reach),
        label: `Ranks of the right RDM less those of the left, ${set.n} by ${set.n} stimuli. Arrow keys move through its cells.`,
      });
      noted(drawn.element, () => cells.lines(set, left, right, shown.now.cell));
      const percent = Math.round(100 * reach);
      const bar = html("span", { class: "bar", style: `background: ${ramps.divergingBar()}` });
      return {
        marked: [drawn],
        elements: [
          figure("Rank in the right less rank in the left", drawn.element, saved(shown, "difference", drawn.element)),
          html("div", { class: "beside" },
            html("p", { class: "key" }, `\u2212${percent} %`, bar, `+${percent} %`),
            ...extremes(apart, 1, shown, "Less alike to the right than to the left"),
            ...extremes(apart, -1, shown, "More alike to the right than to the left")),
        ],
      };
    },
  };

  /** Return the pairs on which two RDMs differ most, as buttons that show them. */
  function extremes(apart, sign, { set, move }, title) {
    const shown = [];
    for (let i = 0, pair = 0; i < set.n; i++) {
      for (let j = i + 1; j < set.n; j++, pair++) {
        const size = sign * apart[pair];
        if (size <= 0 || (shown.length === FARTHEST && size <= shown.at(-1)[0])) continue;
        shown.push([size, { row: i, column: j }]);
        shown.sort(([a], [b]) => b - a);
        shown.length = Math.min(shown.length, FARTHEST);
      }
    }
    if (!shown.length) return [];
    return [html("h3", {}, title), html("ol", { class: "extremes" }, shown.map(([size, cell]) => html("li", {},
      html("button", { type: "button", onclick: () => move(cell, true) },
        ...[cell.row, cell.column].map((one) => set.images.length && html("img", { src: set.images[one], alt: "" })).filter(Boolean),
        cells.names(set, cell)),
      ` ${sign < 0 ? "\u2212" : "+"}${Math.round(100 * size)} %`)))];
  }

  const pairs = {
    title: "pair against pair",
    draw(shown) {
      const { set, left, right, column, width, move } = shown;
      const drawn = scatter.draw({ ...shown, label: `Distances of ${right.name} against those of ${left.name}, a point for each of ${set.nPairs} pairs; rank correlation ${number(rdms.agreement(left, right))}.` });
      noted(drawn.element, () => cells.lines(set, left, right, shown.now.cell));
      const dense = left.values.length > scatter.MOST;
      return {
        marked: [drawn],
        elements: [
          figure("Distance in the right against distance in the left", drawn.element, saved(shown, "scatter", drawn.element)),
          html("div", { class: "beside" }, dense
            ? html("p", { class: "key" }, "one pair", html("span", { class: "bar", style: `background: ${ramps.risingBar()}` }), "many pairs in one place")
            : column && html("p", { class: "key" }, swatch(scatter.WITHIN, true), `within one ${column.name}`, swatch(scatter.BETWEEN, false), "between two"),
          column && means(shown)),
        ],
      };
    },
  };

  function swatch(fill, square) {
    const form = square ? svg("rect", { x: -4, y: -4, width: 8, height: 8, fill }) : svg("circle", { r: 4, fill });
    return svg("svg", { viewBox: "-6 -6 12 12", width: 12, height: 12, "aria-hidden": true }, form);
  }

  /** Return how far apart stimuli of one category are, and of two, in both RDMs. */
  function means({ set, left, right, column }) {
    const same = scatter.within(set, column);
    const mean = (rdm, wanted) => {
      const some = rdm.ranks.filter((_, pair) => same[pair] === wanted);
      return some.length ? `${Math.round((100 * some.reduce((a, b) => a + b, 0)) / some.length)} %` : "–";
    };
    return html("table", {}, html("caption", {}, "Mean rank of pairs"), html("thead", {}, html("tr", {},
      html("th", { scope: "col" }, "RDM"), html("th", { scope: "col", class: "number" }, `Within one ${column.name}`),
      html("th", { scope: "col", class: "number" }, "Between two"))),
    html("tbody", {}, [left, right].map((rdm) => html("tr", {}, html("th", { scope: "row" }, rdm.name),
      html("td", { class: "number" }, mean(rdm, true)), html("td", { class: "number" }, mean(rdm, false))))));
  }

  const plane = {
    title: "both as planes (MDS)",
    draw(shown) {
      const { set, left, right } = shown;
      const labels = [left, right].map((rdm) => `${set.n} stimuli in the plane, as far apart as to ${rdm.name}, as nearly as can be.`);
      const drawn = planes.draw({ ...shown, labels });
      return {
        marked: [drawn],
        elements: drawn.elements.map((element, k) => figure([left, right][k].name, element,
          saved(shown, k ? "plane right" : "plane left", element),
          `Multidimensional scaling, stress ${number(drawn.stress[k])}${k ? "; turned to lie as the left" : ""}.`)),
      };
    },
  };

  return { difference, scatter: pairs, mds: plane };
})();
