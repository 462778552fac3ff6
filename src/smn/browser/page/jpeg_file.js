// Reads a JPEG up to its quantised DCT coefficients: Huffman coding, sequential and progressive, 8 bits a sample.
// Other kinds (arithmetic, lossless, 12 bits) raise an error named "unsupported".

import { Bits, Huffman } from "./jpeg_bits.js";

const ZIGZAG = new Uint8Array([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

export class UnsupportedJpeg extends Error {}

/**
 * What a JPEG's header says; nothing is decoded yet.
 *
 * Returns width, height, components, adobe (the colour transform, or null), jfif, orientation (1..8), and profile (the
 * ICC profile's bytes, or null); `segments` is for `readCoefficients`.
 */
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = { orientation: 1, adobe: null, jfif: false, profile: null, segments: [], interval: 0 };
  const profile = [];
  let at = 2;
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (at + 2 > bytes.length) throw new RangeError("truncated");
    if (marker === 0xd9) throw new UnsupportedJpeg("no picture");
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const end = at + view.getUint16(at);
    if (marker === 0xda) return finishHeader(header, profile, at - 2);
    if (end > bytes.length) throw new RangeError("truncated");
    readSegment(header, profile, marker, bytes.subarray(at + 2, end), at - 2);
    at = end;
  }
}

function finishHeader(header, profile, scan) {
  if (!header.components) throw new UnsupportedJpeg("no frame");
  if (profile.length) {
    header.profile = new Uint8Array(profile.sort((a, b) => a[0] - b[0]).flatMap((part) => [...part.subarray(2)]));
  }
  header.scan = scan;
  return header;
}

function readSegment(header, profile, marker, data, at) {
  const begins = (text) => [...text].every((letter, place) => data[place] === letter.charCodeAt(0));
  if (marker === 0xe0 && begins("JFIF\0")) header.jfif = true;
  else if (marker === 0xe1 && begins("Exif\0\0")) header.orientation = readOrientation(data.subarray(6));
  else if (marker === 0xe2 && begins("ICC_PROFILE\0")) profile.push(data.subarray(12));
  else if (marker === 0xee && begins("Adobe")) header.adobe = data[11];
  else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) readFrame(header, marker, data);
  else if (marker === 0xdb || marker === 0xc4 || marker === 0xdd) header.segments.push(at);
}

function readFrame(header, marker, data) {
  if (marker > 0xc2 || data[0] !== 8) throw new UnsupportedJpeg(`frame ${marker.toString(16)}, ${data[0]} bits`);
  if (header.components) throw new UnsupportedJpeg("several frames");
  header.progressive = marker === 0xc2;
  header.height = (data[1] << 8) | data[2];
  header.width = (data[3] << 8) | data[4];
  if (!header.width || !header.height || ![1, 3, 4].includes(data[5])) throw new UnsupportedJpeg("size");
  header.components = Array.from({ length: data[5] }, (_, n) => {
    const [id, sampling, table] = data.subarray(6 + 3 * n, 9 + 3 * n);
    return { id, h: sampling >> 4, v: sampling & 15, table };
  });
  header.hMax = Math.max(...header.components.map((one) => one.h));
  header.vMax = Math.max(...header.components.map((one) => one.v));
}

/** The EXIF orientation, 1..8, of a TIFF structure; 1 where it is damaged or says nothing. */
export function readOrientation(data) {
  try {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const little = view.getUint16(0) === 0x4949;
    if (!little && view.getUint16(0) !== 0x4d4d) return 1;
    const start = view.getUint32(4, little);
    for (let n = 0; n < view.getUint16(start, little); n++) {
      const entry = start + 2 + 12 * n;
      if (view.getUint16(entry, little) !== 0x0112) continue;
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Decode the scans: adds to each component blocksWide, blocksHigh, quant (64) and coefficients (64 a block). */
export function readCoefficients(bytes, header) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const state = { quant: [], dc: [], ac: [], interval: 0 };
  const across = Math.ceil(header.width / (8 * header.hMax));
  const down = Math.ceil(header.height / (8 * header.vMax));
  for (const one of header.components) {
    one.blocksWide = across * one.h;
    one.blocksHigh = down * one.v;
    one.coefficients = new Int16Array(one.blocksWide * one.blocksHigh * 64);
  }
  for (const at of header.segments) readTables(state, bytes, view, at);
  let at = header.scan;
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === 0xd9) break;
    if (at + 2 > bytes.length) {
      if (header.progressive) throw new RangeError("truncated");
      break; // only the mark of the end is missing
    }
    if (marker === 0 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker === 0xda) at = readScan(bytes, view, at, header, state);
    else {
      readTables(state, bytes, view, at - 2);
      at += view.getUint16(at);
    }
  }
  for (const one of header.components) one.quant ??= state.quant[one.table];
  if (header.components.some((one) => !one.quant)) throw new UnsupportedJpeg("no quantisation table");
}

function readTables(state, bytes, view, segment) {
  const marker = bytes[segment + 1];
  const end = segment + 2 + view.getUint16(segment + 2);
  if (end > bytes.length) throw new RangeError("truncated");
  let at = segment + 4;
  if (marker === 0xdd) state.interval = view.getUint16(at);
  while (marker === 0xdb && at < end) {
    const kind = bytes[at++];
    const table = (state.quant[kind & 15] = new Int32Array(64));
    for (let n = 0; n < 64; n++, at += kind >> 4 ? 2 : 1) table[ZIGZAG[n]] = kind >> 4 ? view.getUint16(at) : bytes[at];
  }
  while (marker === 0xc4 && at < end) {
    const kind = bytes[at];
    const counts = bytes.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    (kind >> 4 ? state.ac : state.dc)[kind & 15] = new Huffman(counts, bytes.slice(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

function readScan(bytes, view, at, header, state) {
  const count = bytes[at + 2];
  const parts = [];
  for (let n = 0; n < count; n++) {
    const part = header.components.find((one) => one.id === bytes[at + 3 + 2 * n]);
    if (!part) throw new UnsupportedJpeg("component");
    const tables = bytes[at + 4 + 2 * n];
    part.quant ??= state.quant[part.table]; // the table that holds when the component's first scan begins
    parts.push(Object.assign(part, { dc: state.dc[tables >> 4], ac: state.ac[tables & 15], last: 0 }));
  }
  const [start, end, steps] = bytes.subarray(at + 3 + 2 * count, at + 6 + 2 * count);
  const scan = {
    bits: new Bits(bytes, at + view.getUint16(at)), start, end, low: steps & 15, run: 0, bands: header.progressive,
  };
  scan.decode = header.progressive ? chooseDecoder(start, steps >> 4) : decodeBaseline;
  walk(parts, header, state.interval, scan);
  return scan.bits.at;
}

/** Decode every block of a scan in its order, with restarts. */
function walk(parts, header, interval, scan) {
  let left = interval;
  const restart = () => {
    if (!interval || left-- > 0) return;
    scan.bits.restart();
    for (const one of parts) one.last = 0;
    scan.run = 0;
    left = interval - 1;
  };
  if (parts.length === 1) {
    const [one] = parts;
    const wide = Math.ceil((header.width * one.h) / (8 * header.hMax));
    const high = Math.ceil((header.height * one.v) / (8 * header.vMax));
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++) {
        restart();
        scan.decode(scan, one, (y * one.blocksWide + x) * 64);
      }
    }
    return;
  }
  const across = parts[0].blocksWide / parts[0].h;
  const down = parts[0].blocksHigh / parts[0].v;
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      restart();
      for (const one of parts) {
        for (let v = 0; v < one.v; v++) {
          for (let h = 0; h < one.h; h++) {
            scan.decode(scan, one, ((y * one.v + v) * one.blocksWide + x * one.h + h) * 64);
          }
        }
      }
    }
  }
}

function decodeBaseline({ bits }, one, block) {
  const { coefficients } = one;
  one.last += bits.readSigned(bits.readSymbol(one.dc));
  coefficients[block] = one.last;
  for (let k = 1; k < 64; k++) {
    const symbol = bits.readSymbol(one.ac);
    const size = symbol & 15;
    if (size === 0) {
      if (symbol !== 0xf0) return;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    coefficients[block + ZIGZAG[k & 63]] = bits.readSigned(size);
  }
}

function chooseDecoder(start, high) {
  if (start === 0) return high === 0 ? decodeDcFirst : decodeDcMore;
  return high === 0 ? decodeAcFirst : decodeAcMore;
}

function decodeDcFirst({ bits, low }, one, block) {
  one.last += bits.readSigned(bits.readSymbol(one.dc));
  one.coefficients[block] = one.last << low;
}

function decodeDcMore({ bits, low }, one, block) {
  if (bits.read(1)) one.coefficients[block] |= 1 << low;
}

function decodeAcFirst(scan, one, block) {
  if (scan.run > 0) {
    scan.run--;
    return;
  }
  const { bits } = scan;
  for (let k = scan.start; k <= scan.end; k++) {
    const symbol = bits.readSymbol(one.ac);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size) {
      k += run;
      one.coefficients[block + ZIGZAG[k & 63]] = bits.readSigned(size) * (1 << scan.low);
    } else if (run === 15) {
      k += 15;
    } else {
      scan.run = (1 << run) - 1 + bits.read(run);
      return;
    }
  }
}

/** One more bit of coefficients that are known, and new ones of one bit between them (ITU-T T.81, G.1.2.3). */
function decodeAcMore(scan, one, block) {
  const { bits, end } = scan;
  const { coefficients } = one;
  const step = 1 << scan.low;
  const refine = (place) => {
    const value = coefficients[place];
    if (bits.read(1) && !(Math.abs(value) & step)) coefficients[place] += value > 0 ? step : -step;
  };
  let k = scan.start;
  if (scan.run === 0) {
    for (; k <= end; k++) {
      const symbol = bits.readSymbol(one.ac);
      let run = symbol >> 4;
      let value = 0;
      if (symbol & 15) value = bits.read(1) ? step : -step;
      else if (run < 15) {
        scan.run = (1 << run) + bits.read(run);
        break;
      }
      for (; k <= end; k++) {
        const place = block + ZIGZAG[k];
        if (coefficients[place]) refine(place);
        else if (--run < 0) {
          coefficients[place] = value;
          break;
        }
      }
    }
  }
  if (scan.run > 0) {
    for (; k <= end; k++) if (coefficients[block + ZIGZAG[k]]) refine(block + ZIGZAG[k]);
    scan.run--;
  }
}
