// Pointing at a drawing: the nearest dot shows its note, by pointer, finger or arrow keys.

const pointing = (() => {
  const REACH = 42; // pixels

  /** Set a group apart: the others fade as long as `name` is given. */
  function near(drawing, name) {
    if (!drawing) return;
    drawing.classList.toggle("some", Boolean(name) || drawing.querySelector(".series.chosen") !== null);
    for (const one of drawing.querySelectorAll(".series")) one.classList.toggle("near", one.dataset.group === name);
  }

  /** Set the group apart that the view has chosen. */
  function chosen(drawing, name) {
    for (const one of drawing.querySelectorAll(".series")) one.classList.toggle("chosen", one.dataset.group === name);
    near(drawing, null);
  }

  function nearest(marks, x, y, reach) {
    let best = null, least = reach;
    for (const mark of marks) {
      const away = Math.hypot(mark.x - x, mark.y - y);
      if (away < least) [best, least] = [mark, away];
    }
    return best;
  }

  /** Follow a pointer, a finger and the arrow keys over marks { x, y, one }: those with the same
   *  `one` are a line, which belongs to `one.group`.
   *  @param title what the drawing is; @param lines(mark) what the note of a mark says;
   *  @param choose(mark) what a click or Enter does: of a finger, the second at the same mark;
   *  @param leave() what a click beside all marks does; @param reach pixels within which a mark is pointed at. */
  function follow(drawing, marks, { title, lines, choose, leave: cleared = () => {}, reach = REACH }) {
    const said = document.querySelector('#explore [data-part="pointed"]');
    const ring = svg("circle", { class: "pointed", r: 7, "data-screen": "", visibility: "hidden" });
    drawing.append(ring);
    drawing.setAttribute("tabindex", "0");
    drawing.setAttribute("role", "group");
    drawing.setAttribute("aria-label", `${title} Arrow keys go from value to value.`);
    let current = null, touched = null;

    function point(mark, aloud = false) {
      current = mark;
      if (!mark) { leave(); return; }
      ring.setAttribute("cx", mark.x);
      ring.setAttribute("cy", mark.y);
      ring.setAttribute("visibility", "visible");
      near(drawing, mark.one.group.name);
      const box = drawing.getBoundingClientRect(), scale = box.width / drawing.viewBox.baseVal.width;
      showNote(lines(mark), { x: box.x + mark.x * scale, y: box.y + mark.y * scale });
      if (aloud) said.textContent = lines(mark).join("; ");
    }

    function leave() {
      current = null;
      ring.setAttribute("visibility", "hidden");
      near(drawing, null);
      hideNote();
    }

    function under(event) {
      const box = drawing.getBoundingClientRect(), scale = drawing.viewBox.baseVal.width / box.width;
      return nearest(marks, (event.clientX - box.x) * scale, (event.clientY - box.y) * scale, reach);
    }

    drawing.addEventListener("pointermove", (event) => point(under(event)));
    drawing.addEventListener("pointerdown", (event) => {
      const mark = under(event), again = mark && mark === touched;
      touched = event.pointerType === "touch" ? mark : null;
      drawing.dataset.ready = String(event.pointerType !== "touch" || Boolean(again));
      point(mark);
    });
    drawing.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") leave(); });
    drawing.addEventListener("blur", leave);
    drawing.addEventListener("click", (event) => {
      const mark = under(event);
      if (!mark) cleared();
      else if (drawing.dataset.ready !== "false") choose(mark);
    });
    drawing.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && current) { choose(current); return; }
      if (event.key === "Escape") { leave(); return; }
      const next = moved(marks, current, event.key);
      if (!next) return;
      event.preventDefault();
      point(next, true);
    });
  }

  /** Return the mark an arrow key leads to: along a model, or to the next model. */
  function moved(marks, current, key) {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(key)) return null;
    if (!current) return marks[0];
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const own = marks.filter((mark) => mark.one === current.one).sort((a, b) => a.x - b.x);
      return own[own.indexOf(current) + (key === "ArrowRight" ? 1 : -1)] ?? current;
    }
    const models = [...new Set(marks.map((mark) => mark.one))];
    const next = models[models.indexOf(current.one) + (key === "ArrowDown" ? 1 : -1)];
    if (!next) return current;
    return marks.filter((mark) => mark.one === next).reduce((a, b) => (Math.abs(a.x - current.x) <= Math.abs(b.x - current.x) ? a : b));
  }

  return { near, chosen, follow };
})();
