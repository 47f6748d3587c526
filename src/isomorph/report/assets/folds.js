// What is folded opens when a link leads into it.

function unfold() {
  const asked = location.hash.slice(1);
  let id = asked;
  try { id = decodeURIComponent(asked); } catch { /* a lone % stands for itself */ }
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  target.scrollIntoView();
}

addEventListener("hashchange", unfold);
unfold();
