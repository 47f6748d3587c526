// Links to files beside the page: those it keeps itself are saved from it, the others marked.

(() => {
  const TYPES = { csv: "text/csv;charset=utf-8", pdf: "application/pdf", svg: "image/svg+xml" };
  const LINKS = ".files a, .forms a";
  const ending = (address) => address.split(".").at(-1).toLowerCase();

  /** Return what the page itself has of a file: a promise of its bytes or text, null where nothing. */
  function held(link) {
    const address = link.getAttribute("href");
    const kept = document.querySelector(`script[data-file="${CSS.escape(address)}"]`);
    if (kept) return () => inflated(kept.textContent);
    const figure = link.closest("figure");
    if (ending(address) === "svg" && figure?.querySelector("svg.drawing")) return async () => alone(figure.querySelector("svg.drawing"));
    const picture = figure?.querySelector("img")?.src; // a drawing of very many marks
    const shown = picture?.startsWith(`data:${TYPES[ending(address)]};`);
    return shown ? async () => (await fetch(picture)).arrayBuffer() : null;
  }

  /** Return a drawing of the page as the text of a file: colours are those on white. */
  function alone(drawing) {
    const copy = drawing.cloneNode(true);
    const colours = Object.fromEntries([...drawing.getAttribute("style").matchAll(/(--c\d+):var\(--light,(#\w+)/g)].map(([, name, colour]) => [name, colour]));
    const { width, height } = drawing.viewBox.baseVal;
    for (const name of ["class", "role"]) copy.removeAttribute(name);
    for (const [name, value] of Object.entries({ xmlns: SVG, width: `${width}pt`, height: `${height}pt`, style: "stroke-linejoin: round", "font-family": "'DejaVu Sans', Verdana, sans-serif" })) copy.setAttribute(name, value);
    for (const one of copy.querySelectorAll("[style]")) {
      one.setAttribute("style", one.getAttribute("style").replace(/var\((--c\d+)\)/g, (_, name) => colours[name]));
    }
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy);
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.(LINKS);
    const contents = link && held(link);
    if (!contents || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const address = link.getAttribute("href"), parts = address.split("/");
    saveBytes(parts.slice(-2).join("-"), await contents(), TYPES[ending(address)]);
  });

  addEventListener("DOMContentLoaded", () => { // files are behind this script
    for (const link of document.querySelectorAll(LINKS)) {
      if (held(link)) continue;
      link.classList.add("beside");
      link.title = "Too large for this page: a file in the folder of the page";
      link.after(html("small", {}, " (beside the page)"));
    }
  });
})();
