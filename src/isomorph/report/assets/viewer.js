// The viewer of two RDMs: what is chosen, by menus and in the address, and what is drawn of it.

(() => {
  const KEYS = ["left", "right", "distance", "order", "category", "third"];
  const WIDEST = 560; // pixels of a panel
  const TWO = 700; // pixels from which two panels stand side by side

  async function open(section) {
    const room = section.querySelector(".viewer-room");
    room.replaceChildren(html("p", { class: "missing", role: "status" }, "The RDMs are being opened."));
    try {
      const held = rdms.gathered(await stored(section.dataset.bundle));
      const now = { held, room, cell: null, width: 0 };
      const again = () => { try { draw(now); } catch (error) { failed(room, "drawn", error); } };
      view.on(KEYS, again);
      const resized = new ResizeObserver(([{ contentRect }]) => {
        if (Math.abs(contentRect.width - now.width) > 1) again();
      });
      resized.observe(room); // which tells the width at once, so that it is drawn
    } catch (error) {
      failed(room, "opened", error);
    }
  }

  function failed(room, done, error) {
    room.replaceChildren(html("p", { class: "missing", role: "alert" }, `The RDMs could not be ${done}: ${error.message}`));
    throw error;
  }

  /** Return what the address and the defaults say is shown. */
  function chosen(held) {
    const state = view.get();
    const said = [];
    const take = (key) => {
      if (!key) return null;
      const found = rdms.named(held, key);
      if (found.missing) said.push(found.missing);
      return found.found ? found : null;
    };
    let [left, right] = [take(state.left), take(state.right)];
    const set = left?.set ?? right?.set ?? held.sets.find((one) => one.rdms.length);
    if (right && right.set !== set) {
      said.push("The two RDMs are over different stimuli; beside the left stands another.");
      right = null;
    }
    left ??= { set, found: first(set, state.left ? null : right?.found[0], 0) };
    right ??= { set, found: first(set, left.found[0], 1) };
    const regions = [left, right].find(({ found }) => !found[0].isLayer);
    const distances = controls.distances(held, set);
    const known = (regions ?? left).found;
    const side = known[0].isLayer ? 1 : 0;
    const distance = distances.includes(state.distance) ? state.distance
      : distances.find((name) => held.under[name][side] === known[0].distance);
    const column = set.columns.find(({ name }) => name === state.category) ?? set.columns[0] ?? null;
    const order = Object.hasOwn(arrange.ORDERS, state.order) && (column || state.order !== "category") ? state.order : "table";
    return {
      set, said, column, order, distance,
      left: rdms.under(held, left.found, distance), right: rdms.under(held, right.found, distance),
      third: Object.hasOwn(thirds, state.third) ? state.third : "difference",
    };
  }

  /** Return the RDMs of a region (0) or of the layer most like it (1), other than those beside it. */
  function first(set, beside, place) {
    const dataset = set.datasets.find(({ name }) => name === beside?.dataset) ?? set.datasets[0];
    const [region, model, layer] = dataset.first;
    const alike = (one) => (place && model && !beside?.isLayer ? one.model === model && one.layer === layer
      : one.dataset === dataset.name && one.region === region);
    const found = set.rdms.filter(alike);
    if (found.length && !(found.length === 1 && found[0] === beside)) return found;
    return [set.rdms.find((one) => one !== beside) ?? set.rdms[0]];
  }

  function draw(now) {
    now.width = now.room.clientWidth;
    if (!now.width) return; // not laid out, or folded away
    const shown = chosen(now.held);
    const { set, left, right, column } = shown;
    const beside = now.width >= TWO;
    const width = Math.min(WIDEST, Math.floor(beside ? (now.width - 24) / 2 : now.width));
    const order = arrange.order(shown.order, set, column, left, right);
    if (now.set !== set) Object.assign(now, { set, cell: farthest(set, left) });
    const move = (next, aloud) => mark(now, typeof next === "function" ? next(now.cell) : next, aloud);
    const squared = [left, right].map((rdm, k) => squares.square({
      set, order, column, width, move, label: described(set, rdm, shown, k),
      colour: (pair) => ramps.rising(rdm.ranks[pair]),
    }));
    const strip = cells.strip({ set, left, right, move });
    const third = thirds[shown.third].draw({ ...shown, order, width, now, move });
    now.drawn = [...squared, ...third.marked];
    now.strip = strip;
    const focus = focused(now.room);
    now.room.replaceChildren(
      controls.all(now.held, shown), ...shown.said.map((text) => html("p", { class: "missing", role: "status" }, text)),
      html("div", { class: "two" }, ...squared.map(({ element }, k) => panel(shown, [left, right][k], element, now, width))),
      controls.legend(shown), strip.element,
      html("p", { class: "alike" }, ...likeness(shown)),
      html("div", { class: "two third" }, ...third.elements),
      ...about(shown),
    );
    for (const { element } of squared) {
      noted(element, () => cells.lines(set, left, right, now.cell));
    }
    focus?.();
    mark(now, now.cell, false);
  }

  /** The element with the focus is drawn anew: give the new one the focus. */
  function focused(room) {
    const at = [...room.querySelectorAll("select, svg[tabindex]")].indexOf(document.activeElement);
    return at < 0 ? null : () => room.querySelectorAll("select, svg[tabindex]")[at]?.focus({ preventScroll: true });
  }

  function mark(now, next, aloud) {
    // A stimulus alone is shown beside the one that was pointed at before.
    const cell = typeof next === "number" ? { row: next, column: now.cell.row === next ? now.cell.column : now.cell.row } : next;
    now.cell = cell;
    for (const one of now.drawn) one.mark(cell);
    now.strip.show(cell, aloud);
  }

  /** Return the pair that is least alike: where to begin. */
  function farthest(set, rdm) {
    const most = rdm.steps.indexOf(rdm.most);
    for (let i = 0; i < set.n; i++) {
      for (let j = i + 1; j < set.n; j++) if (rdms.pairOf(i, j, set.n) === most) return { row: i, column: j };
    }
    return { row: 0, column: Math.min(1, set.n - 1) };
  }

  function described(set, rdm, shown, k) {
    return `RDM of ${rdm.name}, ${rdm.distanceTitle}, ${set.n} by ${set.n} stimuli, ${arrange.ORDERS[shown.order]}; `
      + `the ${k ? "right" : "left"} of two. Arrow keys move through its cells.`;
  }

  function panel(shown, rdm, element, now, width) {
    const { set } = shown;
    const of = rdm.isLayer ? "" : `, ${rdm.n_subjects > 1 ? `mean of ${rdm.n_subjects} subjects` : "one RDM"}`;
    const simulated = set.datasets.some(({ name, simulated: is }) => is && name === rdm.dataset);
    return html("figure", { style: `width: ${width}px` },
      html("figcaption", {}, html("strong", {}, rdm.name), simulated && html("small", { class: "tag" }, "simulated"),
        html("span", {}, `${rdm.isLayer ? "" : `${rdm.dataset}${of}; `}${rdm.distanceTitle}`)),
      element,
      downloads({ name: () => slug(`rdm ${rdm.name}`), drawing: () => element, what: "RDM",
                  rows: () => controls.rows(now.set, shown.left, shown.right) }));
  }

  function likeness({ set, left, right }) {
    const told = rdms.told(set, left, right);
    const dataset = set.datasets.find(({ name }) => name === (left.dataset || right.dataset));
    const rank = `Rank correlation of the two RDMs as they stand here: ${number(rdms.agreement(left, right))} over ${set.nPairs} pairs.`;
    if (!told) return [rank];
    const [estimate, low, high] = told;
    const ends = [low, high].every(Number.isFinite) ? ` [${number(low)}, ${number(high)}]` : "";
    const mean = (left.isLayer ? right : left).n_subjects > 1 ? ", as the mean over subjects," : ",";
    return [rank, ` In the tables${mean} ${dataset.measure} is ${number(estimate)}${ends}.`];
  }

  function about({ set }) {
    const thinned = set.n < set.n_stimuli
      ? [`${set.n} of ${set.n_stimuli} stimuli are shown, taken evenly; numbers of tables are over all.`] : [];
    const absent = set.left_out.length
      ? [`No room in the page was left for ${set.left_out.join("; ")}. The files open with isomorph show.`] : [];
    return [...thinned, ...absent].map((text) => html("p", { class: "small" }, text));
  }

  const section = document.getElementById("rdms");
  if (section?.dataset.bundle) {
    const asked = () => { const { left, right } = view.get(); return left || right; };
    section.querySelector(".viewer-room").replaceChildren(
      html("p", { class: "missing" }, "The RDMs are opened when this part of the page comes into view."));
    const once = () => { seen.disconnect(); opening ??= open(section); };
    let opening = null;
    const seen = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && once(),
                                          { rootMargin: "400px" });
    seen.observe(section);
    view.on(["left", "right"], once);
    if (asked()) { once(); section.scrollIntoView(); }
  }
})();
