// A plane in which stimuli lie as far apart as an RDM says, as nearly as a plane can.

const mds = (() => {
  const STEPS = 60; // of stress majorisation; each lowers the stress
  const kept = new WeakMap();

  /** Return { points: [[x, y]…], stress } of an RDM of n stimuli, computed once. */
  function plane(rdm, n) {
    if (!kept.has(rdm)) {
      const wanted = rdm.values.map((value) => Math.max(0, value)); // noise makes some negative
      kept.set(rdm, computed(rdms.squared(wanted, n), n));
    }
    return kept.get(rdm);
  }

  function computed(wanted, n) {
    let [x, y] = classical(wanted, n);
    for (let step = 0; step < STEPS; step++) [x, y] = majorised(wanted, x, y, n);
    return { points: Array.from(x, (value, k) => [value, y[k]]), stress: stress(wanted, x, y, n) };
  }

  /** Return the two main axes of classical scaling. */
  function classical(wanted, n) {
    const square = wanted.map((value) => value * value);
    const means = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) means[i] += square[i * n + j] / n;
    }
    const mean = means.reduce((sum, value) => sum + value, 0) / n;
    const inner = square.map((value, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return (means[i] + means[j] - mean - value) / 2;
    });
    const first = axis(inner, n, null);
    return [first, axis(inner, n, first)];
  }

  /** Return the axis of the largest root, at right angles to another; its length is the root's. */
  function axis(inner, n, other) {
    // Roots can be negative; what is added moves all above 0, so that the largest is found.
    const shift = inner.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 2;
    let vector = Float64Array.from({ length: n }, (_, k) => Math.cos(1 + 2.3 * k));
    let root = 0;
    for (let step = 0; step < 200; step++) {
      if (other) vector = without(vector, other);
      const next = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let sum = shift * vector[i];
        for (let j = 0; j < n; j++) sum += inner[i * n + j] * vector[j];
        next[i] = sum;
      }
      const length = Math.hypot(...next) || 1;
      root = length - shift;
      vector = next.map((value) => value / length);
    }
    return vector.map((value) => value * Math.sqrt(Math.max(root, 1e-12)));
  }

  function without(vector, other) {
    const size = other.reduce((sum, value) => sum + value * value, 0) || 1;
    const share = vector.reduce((sum, value, k) => sum + value * other[k], 0) / size;
    return vector.map((value, k) => value - share * other[k]);
  }

  /** Return points of less stress: each is where all others would have it, on average. */
  function majorised(wanted, x, y, n) {
    const [nextX, nextY] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [dx, dy] = [x[i] - x[j], y[i] - y[j]];
        const apart = Math.sqrt(dx * dx + dy * dy);
        const pull = apart > 0 ? wanted[i * n + j] / apart : 0;
        nextX[i] += (pull * dx) / n;
        nextY[i] += (pull * dy) / n;
      }
    }
    return [nextX, nextY];
  }

  /** Return Kruskal's stress: the root of the share of squared distances that is missed. */
  function stress(wanted, x, y, n) {
    let [missed, all] = [0, 0];
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const apart = Math.hypot(x[i] - x[j], y[i] - y[j]);
        missed += (apart - wanted[i * n + j]) ** 2;
        all += apart ** 2;
      }
    }
    return Math.sqrt(missed / (all || 1));
  }

  /** Return points turned, mirrored where that helps, and moved to lie nearest to others. */
  function aligned(points, others) {
    const [a, b] = [centred(others), centred(points)];
    const sum = (p, q) => a.reduce((total, one, k) => total + one[p] * b[k][q], 0);
    const [xx, xy, yx, yy] = [sum(0, 0), sum(0, 1), sum(1, 0), sum(1, 1)];
    const turn = Math.hypot(xx + yy, yx - xy) >= Math.hypot(xx - yy, yx + xy)
      ? { sine: yx - xy, cosine: xx + yy, mirror: 1 }
      : { sine: -(yx + xy), cosine: xx - yy, mirror: -1 };
    const length = Math.hypot(turn.sine, turn.cosine) || 1;
    const [sine, cosine] = [turn.sine / length, turn.cosine / length];
    return b.map(([x, y]) => [
      cosine * x - sine * y,
      turn.mirror * (sine * x + cosine * y),
    ]);
  }

  function centred(points) {
    const middle = [0, 1].map((k) => points.reduce((sum, one) => sum + one[k], 0) / points.length);
    return points.map((one) => one.map((value, k) => value - middle[k]));
  }

  return { aligned, centred, plane };
})();
