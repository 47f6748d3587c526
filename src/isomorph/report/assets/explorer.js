// The explorer: menus and drawings of one region of one dataset, kept in the address.

(() => {
  const KEYS = ["dataset", "region", "time", "distance", "measure", "model", "layer", "axis", "hide"];
  const MANY = 4; // networks from which on intervals are drawn of one at a time
  const panel = document.getElementById("explore");
  if (!panel) return;
  const part = (name) => panel.querySelector(`[data-part="${name}"]`);
  const menu = (name) => panel.elements?.[name] ?? panel.querySelector(`select[name="${name}"]`);
  const places = [...menu("place").options];
  let drawnFor = 0;

  /** Return the option of the place that a view names, with what it names in vain. */
  function placeOf(state) {
    const inside = places.filter((option) => !state.dataset || option.dataset.dataset === state.dataset);
    const found = inside.find((option) => !state.region || option.dataset.region === state.region);
    return found ?? inside[0] ?? places.find((option) => option.defaultSelected) ?? places[0];
  }

  async function draw(state) {
    const turn = ++drawnFor, option = placeOf(state);
    let data;
    try {
      data = await explored.open(option.dataset.bundle);
      if (turn !== drawnFor) return; // another view was asked for meanwhile
      show(data, state, option);
      panel.dataset.drawn ??= performance.now().toFixed(0);
    } catch (error) {
      part("failed").hidden = false;
      part("failed").textContent = `${option.textContent} cannot be shown: ${error.message}.`;
      part("drawings").hidden = true;
      return;
    }
    part("failed").hidden = true;
    part("drawings").hidden = false;
  }

  function show(data, state, option) {
    const { setting, here, lacking } = explored.settingOf(data, state, option.dataset.region);
    if (state.region && option.dataset.region !== state.region) lacking.push(`region "${state.region}"`);
    const hidden = new Set((state.hide ?? "").split(",").filter(Boolean));
    const series = explored.series(data, setting, hidden);
    const chosen = data.groupNamed(state.model);
    const measure = data.measures.find((one) => one.name === setting.measure);
    const networks = series.filter(({ group }) => group.kind !== "baseline");
    const lists = new Set(networks.map(({ points }) => points.map((row) => row.name).join("\n")));
    const shown = {
      data, setting, here, series, chosen, hidden, label: measure.label, measure, state,
      axis: ["layer", "depth"].includes(state.axis) ? state.axis : lists.size > 1 ? "depth" : "layer",
    };
    menus(shown, option);
    legend(shown);
    const said = lacking.length ? `Not among these results: ${lacking.join(", ")}. ` : "";
    part("finding").textContent = said + finding.tied(finding.sentence(data, shown));
    part("facts").textContent = finding.facts(data, shown);
    profiled(shown);
    courses.show(part("course"), shown);
    measured.show(part("measures"), shown);
    values(shown);
  }

  function menus({ data, setting, here, axis }, option) {
    option.selected = true;
    const among = (key) => new Set(here.map((one) => one[key]));
    fill("time", data.bins.filter((bin) => among("time").has(bin.words)).map((bin) => [bin.words, bin.words]), setting.time);
    const measures = data.measures.filter((one) => among("measure").has(one.name));
    const choices = ({ name }) => measures.filter((one) => one.family === name).map((one) => [one.name, one.title]);
    const families = data.families.map((family) => [family.title, choices(family)]);
    grouped("measure", families.filter(([, own]) => own.length), setting.measure);
    const own = new Set(here.filter((one) => one.measure === setting.measure && one.time === setting.time).map((one) => one.distance));
    fill("distance", data.distances.filter((one) => own.has(one.name)).map((one) => [one.name, one.title]), setting.distance);
    menu("axis").value = axis;
  }

  const options = (choices, taken) => choices.map(([value, text]) => html("option", { value, selected: value === taken }, text));

  function fill(name, choices, taken) {
    menu(name).replaceChildren(...options(choices, taken));
    menu(name).value = taken;
    menu(name).closest("label").hidden = choices.length < 2;
  }

  function grouped(name, groups, taken) {
    menu(name).replaceChildren(...groups.map(([label, choices]) => html("optgroup", { label }, ...options(choices, taken))));
    menu(name).value = taken;
  }

  /** Name the models in their colours; each name shows or hides its own. */
  function legend({ data, setting, hidden, series }) {
    const drawn = new Set(series.map(({ group }) => group));
    const focused = document.activeElement?.dataset?.toggles;
    const entries = data.groups.filter((group) => drawn.has(group) || hidden.has(group.name)).map((group) => {
      const toggle = () => {
        const next = new Set(hidden);
        if (!next.delete(group.name)) next.add(group.name);
        view.set({ dataset: data.dataset, region: setting.region, hide: [...next].join(",") });
      };
      const seeds = data.members(data.groups.indexOf(group)).length;
      const said = { type: "button", "aria-pressed": String(!hidden.has(group.name)), "data-toggles": group.name };
      const title = group.title + (seeds > 1 ? ` (${seeds} seeds)` : "");
      const button = html("button", { ...said, onclick: toggle }, look.swatch(group), title);
      for (const [kind, near] of [["pointerenter", group.name], ["focus", group.name], ["pointerleave", null], ["blur", null]]) {
        button.addEventListener(kind, () => pointing.near(part("profile").querySelector("svg"), near));
      }
      return html("li", {}, button);
    });
    part("legend").replaceChildren(...entries);
    if (focused) part("legend").querySelector(`[data-toggles="${CSS.escape(focused)}"]`)?.focus();
  }

  function profiled(shown) {
    const { data, setting, series, chosen } = shown, home = part("profile");
    shown.width = Math.max(280, home.clientWidth);
    const { drawing, marks } = profile.drawn(data, shown);
    if (series.filter(({ group }) => group.kind === "trained").length >= MANY) drawing.classList.add("many");
    pointing.chosen(drawing, chosen?.name);
    pointing.follow(drawing, marks, {
      title: `Layer profile. ${part("finding").textContent}`,
      lines: (mark) => finding.lines(data, setting, mark),
      choose: (mark) => pick(data, setting, mark.row),
      leave: () => { if (chosen) view.set({ model: null, layer: null }); },
    });
    home.replaceChildren(drawing);
  }

  /** Choose a layer: the RDM viewer shows its RDM beside that of the region. */
  function pick(data, setting, row) {
    const model = data.models[row.model].name;
    const key = (...names) => names.filter(Boolean).map(encodeURIComponent).join("/");
    view.set({
      dataset: data.dataset, region: setting.region, time: setting.time, measure: setting.measure, distance: setting.distance,
      model, layer: row.name, left: key(data.dataset, setting.region, setting.time), right: key(data.dataset, model, row.name),
    });
    document.getElementById("rdms")?.scrollIntoView({ block: "start" });
  }

  function values(shown) {
    const fold = part("values");
    const fillIn = () => {
      if (!fold.open) return;
      part("table").parentElement.querySelector(".tools")?.remove();
      part("table").replaceChildren(finding.table(shown.data, shown));
      tabled(part("table").firstElementChild);
    };
    fold.ontoggle = fillIn;
    fillIn();
    panel.shown = shown;
  }

  part("profile").after(downloads({
    name() {
      const { data, setting } = panel.shown;
      return slug([data.dataset, finding.inPlace(setting), "layers", setting.measure, setting.distance].join(" "));
    },
    drawing: () => part("profile").querySelector("svg"),
    rows: () => finding.rows(panel.shown.data, panel.shown),
    head: () => finding.head(panel.shown),
    what: "profile",
  }));

  menu("place").addEventListener("change", (event) => {
    const { dataset, region } = event.target.selectedOptions[0].dataset;
    view.set({ dataset, region, time: null, model: null, layer: null });
  });
  for (const key of ["time", "measure", "distance", "axis"]) {
    menu(key).addEventListener("change", (event) => {
      const { data, setting } = panel.shown;
      view.set({ dataset: data.dataset, region: setting.region, [key]: event.target.value });
    });
  }

  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = entry.contentRect.width;
    if (now < 1) return; // not on the screen
    if (width && Math.abs(now - width) > 1) draw(view.get());
    width = now;
  }).observe(part("profile"));

  view.on(KEYS, draw);
  panel.hidden = false;
  draw(view.get());
  const arrive = () => {
    const asked = view.get();
    if (location.hash.startsWith("#view?") && !asked.right && !asked.left) panel.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  arrive();
})();
