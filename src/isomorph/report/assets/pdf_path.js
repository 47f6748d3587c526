// Outlines of SVG as those of PDF, which knows lines and cubic curves alone.

const pdfPath = (() => {
  const COUNTS = { M: 2, L: 2, H: 1, V: 1, C: 6, Q: 4, A: 7, Z: 0 };
  const KAPPA = 0.5522847498;

  /** Return a number as PDF writes it. */
  const short = (value) => String(Number(value.toFixed(3)));
  const point = (x, y) => `${short(x)} ${short(y)}`;
  const cubic = (...six) => six.map(short).join(" ") + " c";

  /** Return [letter, numbers] for every step of a path. */
  function steps(text) {
    const parts = text.match(/[a-zA-Z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? [];
    const found = [];
    let letter = "", at = 0;
    while (at < parts.length) {
      if (/[a-z]/i.test(parts[at])) letter = parts[at++];
      const count = COUNTS[letter.toUpperCase()];
      if (count === undefined) throw new Error(`a path has "${letter}", which cannot be written`);
      const numbers = parts.slice(at, at + count).map(Number);
      if (numbers.length < count || numbers.some(Number.isNaN)) throw new Error(`a path ends early: ${text}`);
      found.push([letter, numbers]);
      at += count;
      if (count === 0 && at < parts.length && !/[a-z]/i.test(parts[at])) throw new Error(`a path goes on after ${letter}`);
      if (letter === "M") letter = "L"; // what follows without a letter is a line
      if (letter === "m") letter = "l";
    }
    return found;
  }

  /** Return the operators of a path (attribute `d`). */
  function path(text) {
    const said = [];
    let x = 0, y = 0, startX = 0, startY = 0;
    for (const [letter, given] of steps(text)) {
      const kind = letter.toUpperCase();
      const n = letter === kind ? given : absolute(kind, given, x, y);
      if (kind === "M") { [x, y] = [startX, startY] = n; said.push(point(x, y) + " m"); }
      else if (kind === "Z") { [x, y] = [startX, startY]; said.push("h"); }
      else if (kind === "C") { said.push(cubic(...n)); [x, y] = n.slice(4); }
      else if (kind === "Q") {
        const [a, b, endX, endY] = n;
        said.push(cubic(x + 2 / 3 * (a - x), y + 2 / 3 * (b - y), endX + 2 / 3 * (a - endX), endY + 2 / 3 * (b - endY), endX, endY));
        [x, y] = [endX, endY];
      } else if (kind === "A") { said.push(...arc(x, y, n)); [x, y] = n.slice(5); }
      else {
        x = kind === "V" ? x : n[0];
        y = kind === "V" ? n[0] : kind === "H" ? y : n[1];
        said.push(point(x, y) + " l");
      }
    }
    return said.join("\n");
  }

  function absolute(kind, n, x, y) {
    if (kind === "H") return [n[0] + x];
    if (kind === "V") return [n[0] + y];
    if (kind === "A") return [...n.slice(0, 5), n[5] + x, n[6] + y];
    return n.map((value, at) => value + (at % 2 ? y : x));
  }

  /** Return an arc as curves of a quarter turn at most (the specification of SVG, appendix B.2.4). */
  function arc(x, y, [givenX, givenY, turned, large, sweep, endX, endY]) {
    if (!givenX || !givenY) return [point(endX, endY) + " l"];
    const phi = turned * Math.PI / 180, cos = Math.cos(phi), sin = Math.sin(phi);
    const halfX = (x - endX) / 2, halfY = (y - endY) / 2;
    const ux = cos * halfX + sin * halfY, uy = cos * halfY - sin * halfX;
    const scale = Math.max(1, Math.hypot(ux / givenX, uy / givenY));
    const rx = Math.abs(givenX) * scale, ry = Math.abs(givenY) * scale;
    const inside = (ux / rx) ** 2 + (uy / ry) ** 2;
    const root = (large === sweep ? -1 : 1) * Math.sqrt(Math.max(0, (1 - inside) / (inside || 1)));
    const cx = root * rx * uy / ry, cy = -root * ry * ux / rx;
    const middleX = cos * cx - sin * cy + (x + endX) / 2, middleY = sin * cx + cos * cy + (y + endY) / 2;
    const start = Math.atan2((uy - cy) / ry, (ux - cx) / rx);
    let turn = Math.atan2((-uy - cy) / ry, (-ux - cx) / rx) - start;
    if (sweep && turn < 0) turn += 2 * Math.PI;
    if (!sweep && turn > 0) turn -= 2 * Math.PI;
    const n = Math.ceil(Math.abs(turn) / (Math.PI / 2) - 1e-9) || 1, step = turn / n;
    const reach = 4 / 3 * Math.tan(step / 4);
    const at = (a, b) => [middleX + cos * rx * a - sin * ry * b, middleY + sin * rx * a + cos * ry * b];
    return Array.from({ length: n }, (_, k) => {
      const from = start + k * step, to = from + step;
      const [c1, s1, c2, s2] = [Math.cos(from), Math.sin(from), Math.cos(to), Math.sin(to)];
      return cubic(...at(c1 - reach * s1, s1 + reach * c1), ...at(c2 + reach * s2, s2 - reach * c2), ...at(c2, s2));
    });
  }

  /** Return the operators of an ellipse. */
  function ellipse(cx, cy, rx, ry) {
    const kx = KAPPA * rx, ky = KAPPA * ry;
    return [
      point(cx + rx, cy) + " m",
      cubic(cx + rx, cy + ky, cx + kx, cy + ry, cx, cy + ry), cubic(cx - kx, cy + ry, cx - rx, cy + ky, cx - rx, cy),
      cubic(cx - rx, cy - ky, cx - kx, cy - ry, cx, cy - ry), cubic(cx + kx, cy - ry, cx + rx, cy - ky, cx + rx, cy), "h",
    ].join("\n");
  }

  return { path, ellipse, short };
})();
