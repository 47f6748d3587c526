// What the theme leaves open for keyboards and screen readers.
addEventListener("DOMContentLoaded", () => {
  for (const heading of document.querySelectorAll("[role=heading]:not([aria-level])")) {
    heading.setAttribute("aria-level", "2");
  }
  for (const wide of document.querySelectorAll("pre, .table-wrapper")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
  const names = { "sidebar-drawer": "All pages", "toc-drawer": "On this page" };
  for (const [drawer, name] of Object.entries(names)) {
    document.querySelector(`aside.${drawer}`)?.setAttribute("aria-label", name);
  }
});
