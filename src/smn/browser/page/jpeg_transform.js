// Discrete cosine transforms of 8 x 8 blocks in whole numbers, with the constants and roundings of libjpeg ("islow",
// after Loeffler, Ligtenberg and Moschytz 1989), so that a picture has the same pixels here as in Pillow.

const clamp = (value) => (value < 0 ? 0 : value > 255 ? 255 : value);
const work = new Int32Array(64);
const input = new Int32Array(64);
const odd = new Int32Array(8);

/**
 * The inverse transform of one block, to size x size samples.
 *
 * coefficients[from .. from + 63] times quant; the samples go to plane[to], in rows of `stride`. size is 8, 4, 2 or 1;
 * a smaller one gives the means of neighbouring samples.
 */
export function invertBlock(coefficients, from, quant, size, plane, to, stride) {
  if (size === 1) {
    plane[to] = clamp(((coefficients[from] * quant[0] + 4) >> 3) + 128);
    return;
  }
  let flat = true;
  for (let n = 0; n < 64; n++) {
    input[n] = coefficients[from + n] * quant[n];
    if (n && input[n]) flat = false;
  }
  if (flat) {
    const value = clamp((((input[0] << 2) + 16) >> 5) + 128);
    for (let y = 0; y < size; y++) plane.fill(value, to + y * stride, to + y * stride + size);
    return;
  }
  const pass = size === 8 ? invert8 : size === 4 ? invert4 : invert2;
  for (let x = 0; x < 8; x++) pass(input, x, 8, work, x, 8, 11);
  for (let y = 0; y < size; y++) {
    pass(work, 8 * y, 1, odd, 0, 1, 18);
    for (let x = 0; x < size; x++) plane[to + y * stride + x] = clamp(odd[x] + 128);
  }
}

function invert8(from, at, step, to, out, across, shift) {
  const half = 1 << (shift - 1);
  let z2 = from[at + 2 * step];
  let z3 = from[at + 6 * step];
  let z1 = (z2 + z3) * 4433;
  const even2 = z1 - z3 * 15137;
  const even3 = z1 + z2 * 6270;
  const sum = (from[at] + from[at + 4 * step]) << 13;
  const difference = (from[at] - from[at + 4 * step]) << 13;
  const a = sum + even3 + half;
  const d = sum - even3 + half;
  const b = difference + even2 + half;
  const c = difference - even2 + half;
  let t0 = from[at + 7 * step];
  let t1 = from[at + 5 * step];
  let t2 = from[at + 3 * step];
  let t3 = from[at + step];
  const z5 = (t0 + t2 + t1 + t3) * 9633;
  z1 = (t0 + t3) * -7373;
  z2 = (t1 + t2) * -20995;
  z3 = (t0 + t2) * -16069 + z5;
  const z4 = (t1 + t3) * -3196 + z5;
  t0 = t0 * 2446 + z1 + z3;
  t1 = t1 * 16819 + z2 + z4;
  t2 = t2 * 25172 + z2 + z3;
  t3 = t3 * 12299 + z1 + z4;
  to[out] = (a + t3) >> shift;
  to[out + 7 * across] = (a - t3) >> shift;
  to[out + across] = (b + t2) >> shift;
  to[out + 6 * across] = (b - t2) >> shift;
  to[out + 2 * across] = (c + t1) >> shift;
  to[out + 5 * across] = (c - t1) >> shift;
  to[out + 3 * across] = (d + t0) >> shift;
  to[out + 4 * across] = (d - t0) >> shift;
}

/** Means of two neighbouring samples. */
function invert4(from, at, step, to, out, across, shift) {
  const half = 1 << shift;
  const even = from[at] << 14;
  const turned = from[at + 2 * step] * 15137 - from[at + 6 * step] * 6270;
  const a = even + turned + half;
  const b = even - turned + half;
  const z1 = from[at + 7 * step];
  const z2 = from[at + 5 * step];
  const z3 = from[at + 3 * step];
  const z4 = from[at + step];
  const t0 = z1 * -1730 + z2 * 11893 - z3 * 17799 + z4 * 8697;
  const t2 = z1 * -4176 - z2 * 4926 + z3 * 7373 + z4 * 20995;
  to[out] = (a + t2) >> (shift + 1);
  to[out + 3 * across] = (a - t2) >> (shift + 1);
  to[out + across] = (b + t0) >> (shift + 1);
  to[out + 2 * across] = (b - t0) >> (shift + 1);
}

/** Means of four neighbouring samples. */
function invert2(from, at, step, to, out, across, shift) {
  const even = (from[at] << 15) + (1 << (shift + 1));
  const t0 = from[at + 7 * step] * -5906 + from[at + 5 * step] * 6967 - from[at + 3 * step] * 10426
    + from[at + step] * 29692;
  to[out] = (even + t0) >> (shift + 2);
  to[out + across] = (even - t0) >> (shift + 2);
}

/** The forward transform of one block of 64 samples less 128, in place; the results are 8 times too large. */
export function transformBlock(block) {
  for (let y = 0; y < 8; y++) transform8(block, 8 * y, 1, false);
  for (let x = 0; x < 8; x++) transform8(block, x, 8, true);
}

function transform8(block, at, step, last) {
  const v = (n) => block[at + n * step];
  let t0 = v(0) + v(7);
  let t7 = v(0) - v(7);
  let t1 = v(1) + v(6);
  let t6 = v(1) - v(6);
  let t2 = v(2) + v(5);
  let t5 = v(2) - v(5);
  let t3 = v(3) + v(4);
  let t4 = v(3) - v(4);
  const a = t0 + t3;
  const d = t0 - t3;
  const b = t1 + t2;
  const c = t1 - t2;
  const shift = last ? 15 : 11;
  const half = 1 << (shift - 1);
  const put = (n, value) => {
    block[at + n * step] = (value + half) >> shift;
  };
  block[at] = last ? (a + b + 2) >> 2 : (a + b) << 2;
  block[at + 4 * step] = last ? (a - b + 2) >> 2 : (a - b) << 2;
  const z = (c + d) * 4433;
  put(2, z + d * 6270);
  put(6, z - c * 15137);
  const z5 = (t4 + t6 + t5 + t7) * 9633;
  const z1 = (t4 + t7) * -7373;
  const z2 = (t5 + t6) * -20995;
  const z3 = (t4 + t6) * -16069 + z5;
  const z4 = (t5 + t7) * -3196 + z5;
  put(7, t4 * 2446 + z1 + z3);
  put(5, t5 * 16819 + z2 + z4);
  put(3, t6 * 25172 + z2 + z3);
  put(1, t7 * 12299 + z1 + z4);
}
