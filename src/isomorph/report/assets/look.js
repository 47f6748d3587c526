// How models look in every drawing: networks, untrained controls and baselines differ in form too.

const look = (() => {
  /** Return the attributes of what belongs to a group; its colour on white and on dark paper. */
  const series = ({ name, kind, colours: [light, dark] }) => ({
    class: `series ${kind}`, style: `color: var(--light, ${light}) var(--dark, ${dark})`, "data-group": name,
  });

  /** Return a group's marker: discs of networks, triangles on their tips of those that have no colour
   *  of their own, triangles of controls, squares of baselines; filled where the corrected p is below
   *  .05. */
  function marker({ kind, again }, x, y, filled, r = 3.4) {
    const said = { class: `dot${filled ? " sure" : ""}` };
    if (kind === "baseline") return svg("rect", { ...said, x: x - r, y: y - r, width: 2 * r, height: 2 * r });
    if (kind === "trained" && !again) return svg("circle", { ...said, cx: x, cy: y, r });
    const up = kind === "trained" ? -r : r;
    return svg("path", { ...said, d: `M${x - r} ${y + 0.8 * up}L${x + r} ${y + 0.8 * up}L${x} ${y - up}Z` });
  }

  const sample = (group) => svg("g", series(group),
    group.kind === "baseline" ? svg("g") : svg("line", { class: "line", x1: 1, x2: 25, y1: 6, y2: 6 }),
    marker(group, 13, 6, true));

  /** Return a short line with a marker, as it stands beside a name. */
  function swatch(group) {
    return svg("svg", { class: "drawn swatch", viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": true }, sample(group));
  }

  /** Return what stands above a drawing that is saved: its title, and the models' names. */
  function head(title, groups, most) {
    const element = svg("g", {}, svg("text", { class: "strong", x: 8, y: 18 }, title));
    let x = 8, y = 26;
    for (const group of groups) {
      const wide = 32 + width(group.title) + 16;
      if (x > 8 && x + wide > most) [x, y] = [8, y + 16];
      element.append(svg("g", { transform: `translate(${x} ${y})` }, sample(group), svg("text", { x: 31, y: 10 }, group.title)));
      x += wide;
    }
    return { element, height: groups.length ? y + 20 : y };
  }

  const pen = document.createElement("canvas").getContext("2d");

  /** Return how many pixels a text is wide, at the size of drawings. */
  function width(text, weight = 400) {
    pen.font = `${weight} 11px ${getComputedStyle(document.documentElement).getPropertyValue("--sans")}`;
    return pen.measureText(text).width;
  }

  /** Return a text that is no wider than so many pixels: its middle gives way to an ellipsis, as
   *  names differ at their ends. */
  function fitted(text, most, weight = 400) {
    let kept = text;
    for (let n = text.length - 1; n > 3 && width(kept, weight) > most; n--) {
      kept = `${text.slice(0, Math.ceil(n / 2)).trimEnd()}…${text.slice(text.length - Math.floor(n / 2)).trimStart()}`;
    }
    return kept;
  }

  return { width, fitted, series, marker, swatch, head };
})();
