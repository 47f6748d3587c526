// Tables: sorted by a click on a heading, filtered, saved as they stand. Plain without this.

/** Give a table of the page its tools; what it is too short for is left out. */
const tabled = (() => {
  const SORTED = 3, FILTERED = 9; // rows from which it is worth it
  const WAYS = ["none", "ascending", "descending"];
  const NOTHING = "\u2013";

  /** Return the number a cell begins with ("< .001", "−.04*", ".28 [.1, .4]"), NaN where none. */
  function valued(text) {
    const found = text.replace(/(\d),(?=\d{3}\b)/g, "$1").match(/^[<>\u2264~[(]*\s*([\u2212-]?(?:\d+\.?\d*|\.\d+)(?:e[\u2212-]?\d+)?)/i);
    return found ? Number(found[1].replaceAll("\u2212", "-")) - (text.startsWith("<") ? 1e-12 : 0) : NaN;
  }

  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /** Return rows in order of a column; what has no value is last either way. */
  function ordered(rows, column, numeric, down) {
    const keys = new Map(rows.map((row) => {
      const text = row.cells[column]?.textContent.trim() ?? "";
      return [row, numeric ? valued(text) : text];
    }));
    const missing = (key) => numeric ? Number.isNaN(key) : key === "" || key === NOTHING;
    const compared = numeric ? (a, b) => a - b : collator.compare;
    return [...rows].sort((one, other) => {
      const a = keys.get(one), b = keys.get(other);
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return down ? compared(b, a) : compared(a, b);
    });
  }

  function sortable(table, rows) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.setAttribute("aria-sort", "none");
      const sort = () => {
        const way = WAYS[(WAYS.indexOf(head.getAttribute("aria-sort")) + 1) % WAYS.length];
        for (const one of heads) one.setAttribute("aria-sort", one === head ? way : "none");
        const numeric = head.classList.contains("number");
        table.tBodies[0].append(...(way === "none" ? rows : ordered(rows, column, numeric, way === "descending")));
      };
      head.replaceChildren(html("button", { type: "button", class: "sort", onclick: sort }, ...head.childNodes));
    });
  }

  function filtered(table, rows, of) {
    const count = html("span", { role: "status" });
    const texts = new Map();
    const filter = () => {
      const words = box.value.toLowerCase().replaceAll("-", "\u2212").split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase().replaceAll("-", "\u2212"));
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        shown += !row.hidden;
      }
      count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
    };
    const box = html("input", { type: "search", placeholder: "Filter rows", "aria-label": `Filter rows: ${of}`, oninput: filter });
    return [box, count];
  }

  /** Return a table as it stands, in order and without what is filtered away, as CSV. */
  function asCsv(table) {
    const text = (cell) => (cell?.textContent ?? "").replaceAll("\u00a0", " ").trim();
    const names = [...table.tHead.rows[0].cells].map(text);
    const lines = [...table.tBodies[0].rows].filter((row) => !row.hidden)
      .map((row) => names.map((_, n) => text(row.cells[n])));
    return csvOf([names, ...lines]);
  }

  /** Return what a table is called: its caption, the fold it is in, the nearest heading. */
  function named(table) {
    const fold = table.closest("details")?.querySelector("summary")?.textContent;
    const heading = table.closest("section")?.querySelector("h2, h3, h4")?.textContent;
    return [heading, fold, table.caption?.textContent].filter(Boolean).map((one) => one.trim()).join(", ") || "table";
  }

  return function tabled(table) {
    if (table.dataset.tools || !table.tHead || table.tBodies[0].rows.length < SORTED) return;
    table.dataset.tools = "";
    const rows = [...table.tBodies[0].rows], of = named(table);
    sortable(table, rows);
    const save = html("button", {
      type: "button", "aria-label": `Save as CSV: ${of}`, title: "Save the table as it stands as CSV",
      onclick: () => saveText(`${slug(of)}.csv`, "\ufeff" + asCsv(table), "text/csv;charset=utf-8"),
    }, "CSV");
    const tools = html("div", { class: "tools" }, rows.length < FILTERED ? null : filtered(table, rows, of), save);
    (table.closest(".scroll") ?? table).before(tools);
  };
})();

for (const table of document.querySelectorAll("main table")) {
  const fold = table.closest("details:not([open])"); // what is folded waits until it is looked at
  if (fold) fold.addEventListener("toggle", () => tabled(table), { once: true });
  else tabled(table);
}
