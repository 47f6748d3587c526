// Text of a PDF in fonts that every reader has: Helvetica, and Symbol for Greek and signs.

const pdfText = (() => {
  // Widths of the characters from space to ~, thousandths of the size, as Adobe published them.
  const REGULAR = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
  ];
  const BOLD = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
  ];
  const OTHER = { "–": 556, "—": 1000, "·": 278, "°": 400, "…": 1000, "•": 350, "×": 584 };
  const WINDOWS = { "–": 150, "—": 151, "‘": 145, "’": 146, "“": 147, "”": 148, "•": 149, "…": 133, "€": 128 };

  // Greek in the order of Symbol's letters, with their widths; signs with code and width.
  const GREEK = "αβχδεφγηι κλμνοπθρστυ ωξψζ";
  const GREEK_CODES = [97, 98, 99, 100, 101, 106, 103, 104, 105, 0, 107, 108, 109, 110, 111, 112,
    113, 114, 115, 116, 117, 0, 119, 120, 121, 122];
  const GREEK_WIDTHS = [631, 549, 549, 494, 439, 603, 411, 603, 329, 0, 549, 549, 576, 521, 549,
    549, 521, 549, 603, 439, 576, 0, 686, 493, 686, 494];
  const SIGNS = {
    "−": [45, 549], "≤": [163, 549], "≥": [179, 549], "∞": [165, 713], "≠": [185, 549],
    "≈": [187, 549], "→": [174, 987], "←": [172, 987], "↑": [173, 603], "↓": [175, 603],
    "Δ": [68, 612], "Σ": [83, 592], "Ω": [87, 768], "Φ": [70, 763], "Λ": [76, 686],
    "√": [214, 549], "∝": [181, 713], "∈": [206, 713], "′": [162, 247], "″": [178, 411],
  };
  [...GREEK].forEach((letter, n) => {
    if (letter !== " ") SIGNS[letter] = [GREEK_CODES[n], GREEK_WIDTHS[n]];
  });

  /** Return [code, width] of a character in Helvetica, null where it has none. */
  function helvetica(character, bold) {
    const code = character.codePointAt(0);
    if (code >= 32 && code < 127) return [code, (bold ? BOLD : REGULAR)[code - 32]];
    if (WINDOWS[character]) return [WINDOWS[character], OTHER[character] ?? 333];
    if (code === 160) return [32, 278];
    return code > 160 && code < 256 ? [code, OTHER[character] ?? 556] : null;
  }

  /** Return a text as runs { font: "regular" | "bold" | "symbol", codes, width }, the width in
   *  thousandths of the size; null where some character is in neither font. */
  function runs(text, bold) {
    const found = [];
    for (const character of text) {
      const latin = helvetica(character, bold);
      const one = latin ?? SIGNS[character];
      if (!one) return null;
      const font = latin ? (bold ? "bold" : "regular") : "symbol";
      if (found.at(-1)?.font !== font) found.push({ font, codes: [], width: 0 });
      found.at(-1).codes.push(one[0]);
      found.at(-1).width += one[1];
    }
    return found;
  }

  /** Return a run's codes as a string of PDF in hexadecimal. */
  const hexadecimal = (codes) => `<${codes.map((code) => code.toString(16).padStart(2, "0")).join("")}>`;

  return { runs, hexadecimal };
})();
