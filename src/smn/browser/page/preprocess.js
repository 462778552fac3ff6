// From an upright RGB picture to the network's input, as smn.images.preprocess does it with Pillow and numpy.

import { encodeAndDecode } from "./jpeg_traces.js";

const PRECISION = 22; // bits after the point of Pillow's weights

const FILTERS = {
  bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weigh(signed) {
      const a = -0.5;
      const x = Math.abs(signed);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
};

/** For each of `size` outputs, which inputs of start..end count and how much, as Pillow's precompute_coeffs. */
function findWeights(length, start, end, size, filter) {
  const scale = (end - start) / size;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  return Array.from({ length: size }, (_, at) => {
    const centre = start + (at + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), length);
    const shares = [];
    let sum = 0;
    for (let x = 0; x < last - first; x++) {
      shares.push(filter.weigh((x + first - centre + 0.5) * (1 / stretch)));
      sum += shares[x];
    }
    const weights = Int32Array.from(shares, (share) => {
      const value = (sum === 0 ? share : share / sum) * (1 << PRECISION);
      return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
    });
    return { first, weights };
  });
}

/** Scale a box [left, top, right, bottom] of a picture {width, height, data} to a size, exactly as Pillow 13 does. */
export function resize(picture, width, height, { box, filter = "bicubic" } = {}) {
  const [left, top, right, bottom] = box ?? [0, 0, picture.width, picture.height];
  const across = findWeights(picture.width, left, right, width, FILTERS[filter]);
  const down = findWeights(picture.height, top, bottom, height, FILTERS[filter]);
  // Which direction goes first matters, because the picture between the two is rounded.
  const lost = [picture.width - width, picture.height - height]; // whatever the box
  if (lost[1] > 0 && lost[1] > 2 * lost[0]) return resizeRows(resizeColumns(picture, down), across);
  return resizeColumns(resizeRows(picture, across), down);
}

function resizeRows(picture, across) {
  const [width, { height }] = [across.length, picture];
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (const { first, weights } of across) {
      sumUp(picture.data, 3 * (y * picture.width + first), 3, weights, data, to);
      to += 3;
    }
  }
  return { width, height, data };
}

function resizeColumns(picture, down) {
  const [{ width }, height] = [picture, down.length];
  const data = new Uint8ClampedArray(width * height * 3);
  let to = 0;
  for (const { first, weights } of down) {
    for (let x = 0; x < width; x++, to += 3) {
      sumUp(picture.data, 3 * (first * width + x), 3 * width, weights, data, to);
    }
  }
  return { width, height, data };
}

/** The weighted sum of three channels; the clamped array clamps. */
function sumUp(from, at, step, weights, to, out) {
  let red = 1 << (PRECISION - 1);
  let green = red;
  let blue = red;
  for (let n = 0; n < weights.length; n++, at += step) {
    const weight = weights[n];
    red += from[at] * weight;
    green += from[at + 1] * weight;
    blue += from[at + 2] * weight;
  }
  to[out] = red >> PRECISION;
  to[out + 1] = green >> PRECISION;
  to[out + 2] = blue >> PRECISION;
}

/** The picture as a square, as the bundle's key `preprocess` says; encoded and decoded again if it says so. */
export function makeSquare(picture, spec) {
  const { width, height } = picture;
  let box;
  if (spec.fit === "crop") {
    const side = Math.min(width, height);
    const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
    box = [left, top, left + side, top + side];
  }
  const square = resize(picture, spec.size, spec.size, { box, filter: spec.resample });
  return spec.jpeg ? encodeAndDecode(square, spec.jpeg) : square;
}

/** Pixels as the network's input: Float32Array of (3, size, size), in numpy's single precision. */
export function normalise({ width, height, data }, { mean, std }) {
  const { fround } = Math;
  const count = width * height;
  const input = new Float32Array(3 * count);
  for (let c = 0; c < 3; c++) {
    const scale = fround(1 / fround(255 * fround(std[c])));
    const shift = fround(fround(mean[c]) / fround(std[c]));
    for (let n = 0; n < count; n++) input[c * count + n] = fround(fround(data[3 * n + c] * scale) - shift);
  }
  return input;
}
