// Menus of the viewer of RDMs, what its colours mean, and what it shows as rows.

const controls = (() => {
  /** Return all menus; each writes what it says into the address. */
  function all(held, { set, left, right, order, category, column, distance, third }) {
    const [leftKey, rightKey] = [rdms.keyOf(set, left), rdms.keyOf(set, right)];
    const turned = () => view.set({ left: rightKey, right: leftKey });
    const names = distances(held, set);
    return html("div", { class: "menus", role: "group", "aria-label": "What is shown" },
      menu("Left", grouped(held.sets), leftKey, (key) => view.set({
        left: key, right: rdms.named(held, key).set === set ? rightKey : null,
      })),
      html("button", { type: "button", onclick: turned, "aria-label": "Change left and right" }, "\u21c4"),
      menu("Right", grouped([set]), rightKey, (key) => view.set({ left: leftKey, right: key })),
      names.length > 1 && menu("Distance", options(names, (name) => held.distances[name]), distance,
        (name) => view.set({ distance: name })),
      menu("Order", options(Object.keys(arrange.ORDERS).filter((one) => column || one !== "category"),
        (name) => arrange.ORDERS[name]), order, (name) => view.set({ order: name })),
      column && menu("Category", options(set.columns.map(({ name }) => name), (name) => name), column.name,
        (name) => view.set({ category: name })),
      menu("Below", options(Object.keys(thirds), (name) => thirds[name].title), third,
        (name) => view.set({ third: name })),
      html("p", { id: "viewer-keys", hidden: true }, "Arrow keys move to the next stimulus of the row or the column."),
    );
  }

  /** Return the distances to choose from: those that regions have, where there are any. */
  function distances(held, set) {
    const side = set.rdms.some((one) => !one.isLayer) ? 0 : 1;
    const there = new Set(set.rdms.filter((one) => side === 1 || !one.isLayer).map((one) => one.distance));
    return Object.keys(held.under).filter((name) => there.has(held.under[name][side]));
  }

  function menu(label, choices, value, change) {
    const select = html("select", { onchange: (event) => change(event.target.value) }, choices);
    select.value = value;
    return html("label", {}, html("span", {}, label), select);
  }

  function options(values, words) {
    return values.map((value) => html("option", { value }, words(value)));
  }

  /** Regions by dataset, then layers by model; every representation once, in whichever distance. */
  function grouped(sets) {
    return sets.flatMap((set) => {
      const groups = new Map();
      for (const one of set.rdms) {
        const title = one.isLayer ? one.title : `Regions of ${one.dataset}`;
        const key = rdms.keyOf(set, one);
        if (!groups.has(title)) groups.set(title, new Map());
        groups.get(title).set(key, html("option", { value: key }, one.isLayer ? one.layer : one.region));
      }
      return [...groups].map(([label, inside]) => html("optgroup", { label }, ...inside.values()));
    });
  }

  /** Return what the colours of both RDMs mean, and the marks of categories. */
  function legend({ set, column }) {
    const bar = html("span", { class: "bar", style: `background: ${ramps.risingBar()}` });
    const key = html("p", { class: "key" }, "most alike", bar, "least alike: pairs by the rank of their distance in their RDM");
    return html("div", { class: "legend" }, key, column && marks(column));
  }

  function marks(column) {
    return html("ul", { class: "marks", "aria-label": `Categories: ${column.name}` }, column.values.map((_, code) => html("li", {},
      svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": true }, ramps.mark(code, 0, 0, 6)),
      arrange.words(column, code))));
  }

  /** Return every pair of stimuli with its distance and rank in both RDMs. */
  function rows(set, left, right) {
    const found = [];
    const title = (side, rdm) => `${side}: ${rdm.name}, ${rdm.distance}`;
    for (let i = 0, pair = 0; i < set.n; i++) {
      for (let j = i + 1; j < set.n; j++, pair++) {
        found.push({
          stimulus_a: set.stimuli[i], stimulus_b: set.stimuli[j],
          ...Object.fromEntries([["left", left], ["right", right]].flatMap(([side, rdm]) => [
            [title(side, rdm), Number(rdm.values[pair].toPrecision(5))],
            [`${title(side, rdm)}, rank`, Number(rdm.ranks[pair].toFixed(5))],
          ])),
        });
      }
    }
    return found;
  }

  return { all, distances, legend, rows };
})();
