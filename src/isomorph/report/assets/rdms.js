// RDMs as the page holds them: values, ranks, and which one a key of the address means.

const rdms = (() => {
  /** Return the place of the pair of two different stimuli of n. */
  function pairOf(i, j, n) {
    const low = Math.min(i, j);
    return (low * (2 * n - low - 1)) / 2 + Math.abs(i - j) - 1;
  }

  /** Return the values of all pairs as a square, row after row. */
  function squared(values, n) {
    const square = new Float64Array(n * n);
    for (let i = 0, pair = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++, pair++) square[i * n + j] = square[j * n + i] = values[pair];
    }
    return square;
  }

  /** Return what the page holds, with every RDM able to tell its values and ranks. */
  function gathered(held) {
    const sets = held.sets.map((set, number) => {
      const n = set.stimuli.length;
      const own = (name) => held.arrays[`${name}${number}`].data;
      const nPairs = (n * (n - 1)) / 2;
      const every = set.rdms.map((one, place) => new Rdm(
        one, own("rdms").subarray(place * nPairs, (place + 1) * nPairs), held, place,
      ));
      return { ...set, number, n, nPairs, rdms: every, images: imagesOf(own("images"), own("ends")),
               scored: own("scored"), told: own("told") };
    });
    return { ...held, sets };
  }

  function imagesOf(bytes, ends) {
    return [...ends].map((end, place) => {
      const part = bytes.subarray(place ? ends[place - 1] : 0, end);
      return `data:image/webp;base64,${btoa(String.fromCharCode(...part))}`;
    });
  }

  class Rdm {
    #values = null;
    #ranks = null;

    constructor(said, steps, held, place) {
      Object.assign(this, said);
      this.steps = steps;
      this.place = place;
      this.most = held.steps;
      this.isLayer = Boolean(said.model);
      this.distanceTitle = held.distances[said.distance];
      this.name = this.isLayer ? `${said.title}: ${said.layer}` : said.region;
    }

    /** Distances of all pairs. */
    get values() {
      const unit = (this.high - this.low) / this.most;
      this.#values ??= Float64Array.from(this.steps, (step) => this.low + unit * step);
      return this.#values;
    }

    /** Share of the other pairs with a smaller distance, ties by half: 0 most alike, 1 least. */
    get ranks() {
      this.#ranks ??= ranked(this.steps, this.most);
      return this.#ranks;
    }
  }

  function ranked(steps, most) {
    const below = new Uint32Array(most + 2);
    for (const step of steps) below[step + 1] += 1;
    for (let k = 1; k < below.length; k++) below[k] += below[k - 1];
    const others = Math.max(1, steps.length - 1);
    return Float64Array.from(steps, (step) => (below[step] + below[step + 1] - 1) / 2 / others);
  }

  /** Return the correlation of the ranks of two RDMs. */
  function agreement(left, right) {
    const [a, b] = [left.ranks, right.ranks];
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [meanA, meanB] = [mean(a), mean(b)];
    let [ab, aa, bb] = [0, 0, 0];
    for (let k = 0; k < a.length; k++) {
      const [x, y] = [a[k] - meanA, b[k] - meanB];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / Math.sqrt(aa * bb);
  }

  /** Return what the tables say of two RDMs: [estimate, low, high]; null where nothing. */
  function told(set, left, right) {
    const [region, layer] = left.isLayer ? [right, left] : [left, right];
    for (let row = 0; row < set.scored.length / 2; row++) {
      const [one, other] = set.scored.subarray(2 * row, 2 * row + 2);
      if (one === region.place && other === layer.place) {
        return [...set.told.subarray(3 * row, 3 * row + 3)];
      }
    }
    return null;
  }

  const coded = (...parts) => parts.map(encodeURIComponent).join("/");

  /** Return the key of an RDM in the address: dataset/region or dataset/model/layer. */
  function keyOf(set, rdm) {
    if (!rdm.isLayer) return coded(rdm.dataset, rdm.region);
    return coded(set.datasets[0].name, rdm.model, rdm.layer);
  }

  /** Return { set, found } of a key, `found` in every distance there is; or { missing } in words.
   *  A region's time bin may stand behind a slash of its own. */
  function named(held, key) {
    const [dataset, ...rest] = key.split("/").map(decoded);
    const set = held.sets.find((one) => one.datasets.some(({ name }) => name === dataset));
    if (!set) return { missing: `No RDMs of ${dataset} are in this page.` };
    const [whole, timed] = [rest.join("/"), rest.join(" ")];
    const found = set.rdms.filter((one) => (one.isLayer ? `${one.model}/${one.layer}` === whole
      : one.dataset === dataset && [whole, timed].includes(one.region)));
    if (found.length) return { set, found };
    const file = set.files[rest[0]] ?? set.files[dataset];
    return { set, missing: `The RDM of ${timed} is not in this page. It may stand in ${file}; `
      + `isomorph show --output rdms.png ${file} draws what is there.` };
  }

  /** Return, of the RDMs of one representation, that under a distance, or what stands for it. */
  function under(held, found, distance) {
    const wanted = held.under[distance]?.[found[0].isLayer ? 1 : 0];
    return found.find((one) => one.distance === wanted) ?? found[0];
  }

  return { agreement, gathered, keyOf, named, pairOf, squared, told, under };
})();
