// Orders of stimuli along an RDM: as listed, by category, by clustering.

const arrange = (() => {
  /** Return the orders there are: value of the address → words. */
  const ORDERS = {
    table: "as listed",
    category: "by category",
    left: "by clustering of the left",
    right: "by clustering of the right",
  };

  /** Return the places of the stimuli in an order. */
  function order(name, set, column, left, right) {
    const listed = [...set.stimuli.keys()];
    if (name === "category" && column) {
      return listed.sort((a, b) => column.codes[a] - column.codes[b] || a - b);
    }
    if (name === "left" || name === "right") return clustered(name === "left" ? left : right, set.n);
    return listed;
  }

  const kept = new WeakMap();

  /** Return the leaves of average-linkage clustering, by chains of nearest neighbours. */
  function clustered(rdm, n) {
    if (!kept.has(rdm)) kept.set(rdm, leaves(rdm.values, n));
    return kept.get(rdm);
  }

  function leaves(values, n) {
    const between = rdms.squared(values, n);
    const members = Array.from({ length: n }, (_, place) => [place]);
    const alive = new Set(members.keys());
    const chain = [];
    while (alive.size > 1) {
      if (!chain.length) chain.push(alive.values().next().value);
      const last = chain.at(-1);
      const before = chain.at(-2);
      let nearest = before ?? -1; // of equally near ones the one before, so that chains end
      for (const one of alive) {
        if (one === last) continue;
        if (nearest < 0 || between[last * n + one] < between[last * n + nearest]) nearest = one;
      }
      if (nearest !== before) {
        chain.push(nearest);
        continue;
      }
      chain.length -= 2;
      joined(between, members, alive, last, nearest, n);
    }
    return members[[...alive][0]];
  }

  function joined(between, members, alive, one, other, n) {
    const [a, b] = [members[one].length, members[other].length];
    for (const third of alive) {
      if (third === one || third === other) continue;
      const mean = (a * between[one * n + third] + b * between[other * n + third]) / (a + b);
      between[one * n + third] = mean;
      between[third * n + one] = mean;
    }
    const parts = [members[one], members[other]];
    parts.sort((x, y) => Math.min(...x) - Math.min(...y)); // what is listed first stands first
    members[one] = parts.flat();
    alive.delete(other);
  }

  /** Return the runs of one category along an order: { code, first, last }. */
  function runs(placed, column) {
    const found = [];
    placed.forEach((stimulus, at) => {
      const code = column.codes[stimulus];
      if (found.at(-1)?.code === code) found.at(-1).last = at;
      else found.push({ code, first: at, last: at });
    });
    return found;
  }

  /** Return a category in words; a bare number or yes and no with the name of its column. */
  function words(column, code) {
    const value = column.values[code];
    if (!value) return `no ${column.name}`;
    const bare = /^(-?[\d.]+|yes|no|true|false|nan)$/i.test(value);
    return bare ? `${column.name}: ${value}` : value;
  }

  return { ORDERS, order, runs, words };
})();
