// What is shown, kept in the address so that a view can be sent: #view?region=IT&measure=cka

/** Return a part of an address as it is meant; a lone % stands for itself. */
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

const view = (() => {
  const PREFIX = "#view?";
  const listeners = [];
  let state = read() ?? {};

  /** Return the view the address names, null where it names a place of the page. */
  function read() {
    if (!location.hash.startsWith(PREFIX)) return null;
    return Object.fromEntries(new URLSearchParams(location.hash.slice(PREFIX.length)));
  }

  function merged(changes) {
    const entries = Object.entries({ ...state, ...changes });
    return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== ""));
  }

  function tell(changed) {
    for (const { keys, run } of listeners) if (keys.some((key) => changed.has(key))) run(state);
  }

  function differing(next) {
    const keys = new Set([...Object.keys(state), ...Object.keys(next)]);
    return new Set([...keys].filter((key) => state[key] !== next[key]));
  }

  function become(next) {
    const changed = differing(next);
    state = next;
    tell(changed);
  }

  addEventListener("hashchange", () => { const next = read(); if (next) become(next); });

  return {
    get: () => ({ ...state }),
    /** Return the address of the view with some keys changed. */
    address: (changes = {}) => PREFIX + new URLSearchParams(merged(changes)),
    /** Change some keys (null or "" takes a key away), put the view into the address, draw again. */
    set(changes) {
      const next = merged(changes);
      history.replaceState(null, "", PREFIX + new URLSearchParams(next));
      become(next);
    },
    /** Call `run(state)` whenever one of these keys changes. */
    on(keys, run) { listeners.push({ keys, run }); },
  };
})();
