// Colours of RDMs, of differences and of categories, told apart also by who sees few colours.

const ramps = (() => {
  // Points of the map viridis; lightness grows all the way, so it reads in grey too.
  const RISING = [
    [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
    [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
  ];
  // Blue below, orange above, light grey at nothing.
  const DIVERGING = [
    [5, 62, 124], [50, 118, 181], [139, 185, 219], [238, 238, 236], [244, 178, 122],
    [214, 106, 32], [133, 52, 4],
  ];
  const CATEGORIES = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#4aa3d8", "#6a4fa3", "#7a7a7a",
  ];
  // In a box from -1 to 1; filled ones first, so that few categories have the plainest forms.
  const FORMS = [
    "M-.9 0A.9 .9 0 1 1 .9 0A.9 .9 0 1 1 -.9 0Z",
    "M-.8-.8H.8V.8H-.8Z",
    "M0-1L.95.75H-.95Z",
    "M0-1.1L1 0L0 1.1L-1 0Z",
    "M-.35-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z",
    "M0 1L.95-.75H-.95Z",
    "M-1-1L0-.45L1-1L.45 0L1 1L0 .45L-1 1L-.45 0Z",
    "M0-1L.87-.5V.5L0 1L-.87.5V-.5Z",
  ];

  const FINE = 255;

  /** Return colours [red, green, blue] in even steps along a list of colours. */
  function steps(points) {
    return Array.from({ length: FINE + 1 }, (_, step) => {
      const at = (step / FINE) * (points.length - 1);
      const low = Math.min(points.length - 2, Math.floor(at));
      return points[low].map((value, k) => Math.round(value + (points[low + 1][k] - value) * (at - low)));
    });
  }

  const [rising, diverging] = [steps(RISING), steps(DIVERGING)];
  const at = (colours, place) => colours[Math.round(FINE * Math.min(1, Math.max(0, place)))];

  function css(points) {
    const stops = points.map((one) => `rgb(${one.join(" ")})`);
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }

  return {
    /** The colour [red, green, blue] of a place from 0 to 1. */
    rising: (place) => at(rising, place),
    /** That of a place from -1 to 1. */
    diverging: (place) => at(diverging, (place + 1) / 2),
    risingBar: () => css(RISING),
    divergingBar: () => css(DIVERGING),
    category: (code) => CATEGORIES[code % CATEGORIES.length],
    /** Return a mark of a category as an SVG element: a colour, and a form of its own.
     *  Beyond eight categories colours come again with other forms. */
    mark(code, x, y, radius, attributes = {}) {
      const form = FORMS[(code + Math.floor(code / CATEGORIES.length)) % FORMS.length];
      return svg("path", {
        d: form, fill: this.category(code), transform: `translate(${x} ${y}) scale(${radius})`,
        ...attributes,
      });
    },
  };
})();
