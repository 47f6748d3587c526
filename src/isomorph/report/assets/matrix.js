// The matrix of the answer: each cell shows its note, and leads to its region and model below.

(() => {
  const options = [...document.querySelectorAll("#explore option[data-bundle]")];
  const bundles = new Map(options.map(({ dataset }) => [dataset.dataset, dataset.bundle]));

  /** Return the view of a cell: only what it says itself. */
  function viewOf(cell) {
    const { dataset, region, time = null, model, measure, distance } = cell.dataset;
    return { dataset, region, time, model, measure, distance, layer: null };
  }

  function linked(cell) {
    const score = cell.querySelector(".score") ?? cell;
    const follow = (event) => {
      event.preventDefault();
      event.stopPropagation();
      go(cell);
    };
    const link = html("a", { href: view.address(viewOf(cell)), onclick: follow });
    link.append(...score.childNodes);
    score.append(link);
    cell.addEventListener("click", () => go(cell));
    let known = null, at = null;
    cell.addEventListener("pointermove", (event) => { at = event; }, true);
    const again = () => { if (at && cell.matches(":hover")) showNote(known, { x: at.clientX, y: at.clientY }); };
    const learn = async () => {
      if (known) return;
      known = [];
      try {
        known = lines(await explored.open(bundles.get(cell.dataset.dataset)), cell);
      } catch (error) {
        known = [`The numbers of this cell cannot be shown: ${error.message}`];
      }
      again();
    };
    for (const kind of ["pointerenter", "focusin"]) cell.addEventListener(kind, learn);
    const said = () => (known?.length ? known : [cell.innerText.trim().replace(/\s+/g, " ")]);
    noted(cell, said);
    noted(link, said);
  }

  /** Return the lines of a cell's note, from the comparisons of its region. */
  function lines(data, cell) {
    const asked = viewOf(cell), { setting } = explored.settingOf(data, asked, asked.region);
    const one = explored.series(data, setting).find(({ group }) => group === data.groupNamed(asked.model));
    return one ? finding.summary(data, setting, one) : [cell.innerText.trim().replace(/\s+/g, " ")];
  }

  function go(cell) {
    hideNote();
    view.set(viewOf(cell));
    document.getElementById("explore").scrollIntoView();
  }

  for (const cell of document.querySelectorAll(".matrix td[data-dataset]")) {
    if (bundles.has(cell.dataset.dataset)) linked(cell);
  }
})();
