// What is left of a picture after it was encoded as a JPEG by Pillow and decoded again, without writing a file: colours,
// halved chroma (4:2:0), transform, rounding to the quality's steps, and back.

import { makePixels } from "./jpeg_pixels.js";
import { transformBlock } from "./jpeg_transform.js";

const FIX = (value) => Math.floor(value * 65536 + 0.5);

// ITU-T T.81, tables K.1 and K.2.
const LUMA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA = new Array(64).fill(99);
[17, 18, 24, 47, , , , , 18, 21, 26, 66, , , , , 24, 26, 56, , , , , , 47, 66].forEach((value, at) => {
  CHROMA[at] = value;
});

function makeSteps(table, quality) {
  const scale = quality < 50 ? Math.trunc(5000 / quality) : 200 - 2 * quality;
  return Int32Array.from(table, (value) => Math.min(Math.max(Math.trunc((value * scale + 50) / 100), 1), 255));
}

/** A picture {width, height, data} after a JPEG of this quality, 1..95. */
export function encodeAndDecode(picture, quality) {
  const { width, height } = picture;
  const wide = 16 * Math.ceil(width / 16);
  const high = 16 * Math.ceil(height / 16);
  const [luma, blue, red] = separate(picture, wide, high);
  const steps = [makeSteps(LUMA, quality), makeSteps(CHROMA, quality)];
  const components = [
    { h: 2, v: 2, id: 1, ...quantise(luma, wide, high, steps[0]) },
    { h: 1, v: 1, id: 2, ...quantise(halve(blue, wide, high, height), wide / 2, high / 2, steps[1]) },
    { h: 1, v: 1, id: 3, ...quantise(halve(red, wide, high, height), wide / 2, high / 2, steps[1]) },
  ];
  return makePixels({ width, height, hMax: 2, vMax: 2, jfif: true, adobe: null, components }, 1);
}

/** Planes Y, Cb and Cr of wide x high samples; beyond the picture its last column and row are repeated. */
function separate({ width, height, data }, wide, high) {
  const planes = [0, 1, 2].map(() => new Uint8Array(wide * high));
  const offset = (128 << 16) + 32767;
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const from = 3 * (Math.min(y, height - 1) * width + Math.min(x, width - 1));
      const [r, g, b] = [data[from], data[from + 1], data[from + 2]];
      const to = y * wide + x;
      planes[0][to] = (FIX(0.299) * r + FIX(0.587) * g + FIX(0.114) * b + 32768) >> 16;
      planes[1][to] = (-FIX(0.16874) * r - FIX(0.33126) * g + 32768 * b + offset) >> 16;
      planes[2][to] = (32768 * r - FIX(0.41869) * g - FIX(0.08131) * b + offset) >> 16;
    }
  }
  return planes;
}

/** Means of two by two samples; halves are rounded down and up by turns. Below the picture the last row is repeated. */
function halve(plane, wide, high, height) {
  const out = new Uint8Array((wide * high) / 4);
  for (let y = 0, to = 0; y < high; y += 2) {
    for (let x = 0; x < wide; x += 2, to++) {
      const at = Math.min(y, height - 1 - ((height - 1) & 1)) * wide + x;
      out[to] = (plane[at] + plane[at + 1] + plane[at + wide] + plane[at + wide + 1] + (x & 2 ? 2 : 1)) >> 2;
    }
  }
  return out;
}

function quantise(plane, wide, high, quant) {
  const blocksWide = wide / 8;
  const blocksHigh = high / 8;
  const coefficients = new Int16Array(wide * high);
  const block = new Int32Array(64);
  for (let n = 0; n < blocksWide * blocksHigh; n++) {
    const from = Math.floor(n / blocksWide) * 8 * wide + (n % blocksWide) * 8;
    for (let at = 0; at < 64; at++) block[at] = plane[from + (at >> 3) * wide + (at & 7)] - 128;
    transformBlock(block);
    for (let at = 0; at < 64; at++) {
      const step = quant[at] << 3;
      const size = Math.floor((Math.abs(block[at]) + (step >> 1)) / step);
      coefficients[64 * n + at] = block[at] < 0 ? -size : size;
    }
  }
  return { blocksWide, blocksHigh, coefficients, quant };
}
