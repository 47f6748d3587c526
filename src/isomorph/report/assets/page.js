// What holds for the page as a whole: its colours, what can be reached by the keyboard, print.

(() => {
  const SCHEMES = { "": "As the system", light: "Light", dark: "Dark" };
  const KEY = "isomorph-scheme";

  // Where a browser keeps nothing for a file, the choice lasts as long as the page is open.
  const kept = (run) => { try { return run(localStorage); } catch { return null; } };

  function colours(scheme) {
    document.documentElement.dataset.scheme = scheme;
    button.textContent = `Colours: ${SCHEMES[scheme].toLowerCase()}`;
  }

  const button = html("button", {
    type: "button", class: "scheme",
    onclick: () => {
      const names = Object.keys(SCHEMES);
      const next = names[(names.indexOf(document.documentElement.dataset.scheme) + 1) % names.length];
      colours(next);
      kept((storage) => storage.setItem(KEY, next));
    },
  });
  const chosen = kept((storage) => storage.getItem(KEY));
  colours(chosen in SCHEMES ? chosen : "");
  document.querySelector("nav").append(button);

  // A box is a stop of the keyboard only where it scrolls.
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) reachable(target.closest(".scroll"));
  });
  function reachable(box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  }
  for (const box of document.querySelectorAll(".scroll")) {
    watcher.observe(box);
    for (const child of box.children) watcher.observe(child);
  }

  // Paper cannot be unfolded. What only programs read stays folded, and what is simulated.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open], .raw, .apart)")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded.splice(0)) one.open = false; });
})();
