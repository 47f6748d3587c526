// Data kept in the page, as `isomorph.report.bundle` writes it.

const KINDS = { float32: Float32Array, int32: Int32Array, uint16: Uint16Array, uint8: Uint8Array };
const opened = new Map();

/** Return a promise of what a <script type="application/gzip"> holds; it is opened once.
 *  Its header, with `arrays`: name → { data: typed array, shape }. Null where there is none. */
function stored(id) {
  if (!opened.has(id)) opened.set(id, unpack(document.getElementById(id)));
  return opened.get(id);
}

async function unpack(element) {
  if (!element) return null;
  const whole = await inflated(element.textContent.trim());
  const length = new DataView(whole).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length)));
  for (const array of Object.values(header.arrays)) {
    const size = array.shape.reduce((a, b) => a * b, 1);
    array.data = new KINDS[array.kind](whole, 4 + length + array.offset, size);
  }
  return header;
}

/** Return the bytes of base64 of gzip. */
async function inflated(text) {
  const packed = await fetch("data:application/octet-stream;base64," + text);
  const stream = packed.body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
