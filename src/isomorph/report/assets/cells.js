// The two stimuli of a cell: images, names, categories, and what both RDMs say of them.

const cells = (() => {
  /** Return { element, show(cell, spoken) }; options: `set`, `left`, `right`, `move(cell, spoken)`.
   *  What is spoken is read out, as when the cell was reached with keys. */
  function strip({ set, left, right, move }) {
    const choices = ["row", "column"].map((side) => html("select", {
      onchange: (event) => move((now) => ({ ...now, [side]: Number(event.target.value) }), true),
    }, set.stimuli.map((name, stimulus) => html("option", { value: stimulus }, name))));
    const pictures = choices.map(() => html("span", { class: "picture" }));
    const about = choices.map(() => html("span", { class: "about" }));
    const said = html("tbody");
    const spoken = html("p", { class: "spoken", role: "status" });
    const element = html("div", { class: "cell" },
      ...choices.map((choice, k) => html("div", { class: "stimulus" },
        pictures[k],
        html("label", {}, html("span", {}, k ? "Stimulus of the column" : "Stimulus of the row"), choice),
        about[k])),
      html("table", {}, html("thead", {}, html("tr", {},
        html("th", { scope: "col" }, "How different they are"),
        html("th", { scope: "col", class: "number" }, "Distance"),
        html("th", { scope: "col", class: "number" }, "Rank"))), said),
      spoken);
    return {
      element,
      show(cell, aloud) {
        [cell.row, cell.column].forEach((stimulus, k) => {
          choices[k].value = stimulus;
          pictures[k].replaceChildren(...image(set, stimulus));
          about[k].textContent = set.columns.map((column) => arrange.words(column, column.codes[stimulus])).join(", ");
        });
        const rows = facts(set, left, right, cell);
        said.replaceChildren(...rows.map(([name, value, rank]) => html("tr", {},
          html("th", { scope: "row" }, name),
          html("td", { class: "number" }, value), html("td", { class: "number" }, rank))));
        if (aloud) spoken.textContent = [names(set, cell), ...rows.map((row) => row.join(" "))].join("; ");
      },
    };
  }

  function image(set, stimulus) {
    if (!set.images.length) return [];
    return [html("img", { src: set.images[stimulus], alt: set.stimuli[stimulus] })];
  }

  function names(set, cell) {
    return `${set.stimuli[cell.row]} and ${set.stimuli[cell.column]}`;
  }

  /** Return [name, distance, rank] of both RDMs, and of their difference. */
  function facts(set, left, right, cell) {
    if (cell.row === cell.column) return [[set.stimuli[cell.row], "the same stimulus", ""]];
    const pair = rdms.pairOf(cell.row, cell.column, set.n);
    const percent = (share) => `${Math.round(100 * share)} %`;
    const apart = Math.round(100 * (right.ranks[pair] - left.ranks[pair]));
    return [
      ...[left, right].map((one) => [one.name, valued(one, one.values[pair]), percent(one.ranks[pair])]),
      ["Right less left", "", `${["\u2212", "", "+"][Math.sign(apart) + 1]}${Math.abs(apart)} %`],
    ];
  }

  /** Return a distance with three digits of its range. */
  function valued(rdm, value) {
    const digits = 2 - Math.floor(Math.log10(rdm.high - rdm.low || 1));
    return number(value, Math.min(9, Math.max(0, digits)));
  }

  /** Return the lines of the note beside the pointer. */
  function lines(set, left, right, cell) {
    const rows = facts(set, left, right, cell);
    return [names(set, cell), ...rows.slice(0, 2).map(([name, value, rank]) => `${name}: ${value}${rank ? `, rank ${rank}` : ""}`)];
  }

  return { lines, names, strip };
})();
