// The matrix of the answer: each cell shows its note, and leads to its region and model below.

(() => {
  const bundles = new Map([...document.querySelectorAll("#explore option[data-bundle]")].map((option) => [option.dataset.dataset, option.dataset.bundle]));

  /** Return the view of a cell: only what it says itself. */
  const viewOf = ({ dataset: { dataset, region, time, model, measure, distance } }) => ({ dataset, region, time: time ?? null, model, measure, distance, layer: null });

  function linked(cell) {
    const score = cell.querySelector(".score") ?? cell;
    const link = html("a", { href: view.address(viewOf(cell)), onclick: (event) => { event.preventDefault(); event.stopPropagation(); go(cell); } });
    link.append(...score.childNodes);
    score.append(link);
    cell.addEventListener("click", () => go(cell));
    let known = null, at = null;
    cell.addEventListener("pointermove", (event) => { at = event; }, true);
    const again = () => { if (at && cell.matches(":hover")) showNote(known, { x: at.clientX, y: at.clientY }); };
    const learn = () => {
      known ??= explored.open(bundles.get(cell.dataset.dataset)).then((data) => { known = lines(data, cell); again(); }, (error) => { known = [`This cell's numbers cannot be shown: ${error.message}`]; });
    };
    for (const kind of ["pointerenter", "focusin"]) cell.addEventListener(kind, learn);
    const said = () => (Array.isArray(known) ? known : [cell.innerText.trim().replace(/\s+/g, " ")]);
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
