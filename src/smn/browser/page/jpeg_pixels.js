// From DCT coefficients to RGB as Pillow gives it: reduced size, upsampling, colours. All roundings are libjpeg's.

import { invertBlock } from "./jpeg_transform.js";

const FIX = (value) => Math.floor(value * 65536 + 0.5);
const clamp = (value) => (value < 0 ? 0 : value > 255 ? 255 : value);

/** By how much Pillow reduces a JPEG whose shorter side needs `reduceTo` pixels: 1, 2, 4 or 8. */
export function chooseScale(width, height, reduceTo) {
  const scale = Math.max(1, Math.min(width, height) / reduceTo);
  const wanted = [Math.trunc(width / scale), Math.trunc(height / scale)];
  const whole = Math.min(Math.floor(width / wanted[0]), Math.floor(height / wanted[1]));
  return [8, 4, 2].find((one) => whole >= one) ?? 1;
}

/** Pixels of a decoded file, see `readCoefficients`, reduced by `scale`: {width, height, data} with RGB in data. */
export function makePixels(header, scale) {
  const width = Math.ceil(header.width / scale);
  const height = Math.ceil(header.height / scale);
  const planes = header.components.map((one) => spread(makePlane(header, one, 8 / scale), width, height, scale < 8));
  const data = new Uint8ClampedArray(width * height * 3);
  chooseColours(header)(planes, data);
  return { width, height, data };
}

/** The samples of one component, and how much wider and higher they have to become. */
function makePlane(header, one, smallest) {
  let size = smallest;
  const fits = (part, most) => (most * smallest) % (part * size * 2) === 0;
  while (size < 8 && fits(one.h, header.hMax) && fits(one.v, header.vMax)) size *= 2;
  const stride = one.blocksWide * size;
  const data = new Uint8Array(stride * one.blocksHigh * size);
  let block = 0;
  for (let y = 0; y < one.blocksHigh; y++) {
    for (let x = 0; x < one.blocksWide; x++, block += 64) {
      invertBlock(one.coefficients, block, one.quant, size, data, y * size * stride + x * size, stride);
    }
  }
  return {
    data, stride,
    width: Math.ceil((header.width * one.h * size) / (header.hMax * 8)),
    height: Math.ceil((header.height * one.v * size) / (header.vMax * 8)),
    wider: (header.hMax * smallest) / (one.h * size),
    higher: (header.vMax * smallest) / (one.v * size),
  };
}

/** A plane of width x height samples: linear interpolation where the picture is twice as large, else repetition. */
function spread(plane, width, height, smooth) {
  const { wider, higher } = plane;
  const out = { data: new Uint8Array(width * height), width, height };
  if (smooth && wider === 2 && higher === 1 && plane.width > 2) spreadRows(plane, out);
  else if (smooth && wider === 2 && higher === 2 && plane.width > 2) spreadBoth(plane, out);
  else if (smooth && wider === 1 && higher === 2) spreadColumns(plane, out);
  else {
    for (let y = 0; y < height; y++) {
      const row = Math.floor(y / higher) * plane.stride;
      for (let x = 0; x < width; x++) out.data[y * width + x] = plane.data[row + Math.floor(x / wider)];
    }
  }
  return out.data;
}

function spreadRows({ data, stride, width }, out) {
  for (let y = 0; y < out.height; y++) {
    const row = y * stride;
    for (let x = 0; x < out.width; x++) {
      const at = x >> 1;
      const other = x & 1 ? at + 1 : at - 1;
      const near = data[row + at];
      out.data[y * out.width + x] = other < 0 || other >= width
        ? near : (3 * near + data[row + other] + (x & 1 ? 2 : 1)) >> 2;
    }
  }
}

/** The row above or below that lies next to a row of the larger picture; at the border the row itself. */
const nextRow = (y, height) => Math.min(Math.max((y >> 1) + (y & 1 ? 1 : -1), 0), height - 1);

function spreadColumns({ data, stride, height }, out) {
  for (let y = 0; y < out.height; y++) {
    const near = (y >> 1) * stride;
    const far = nextRow(y, height) * stride;
    const bias = y & 1 ? 2 : 1;
    for (let x = 0; x < out.width; x++) {
      out.data[y * out.width + x] = (3 * data[near + x] + data[far + x] + bias) >> 2;
    }
  }
}

function spreadBoth({ data, stride, width, height }, out) {
  const sums = new Int32Array(width);
  for (let y = 0; y < out.height; y++) {
    const near = (y >> 1) * stride;
    const far = nextRow(y, height) * stride;
    for (let x = 0; x < width; x++) sums[x] = 3 * data[near + x] + data[far + x];
    const row = y * out.width;
    for (let x = 0; x < out.width; x++) {
      const at = x >> 1;
      const other = Math.min(Math.max(x & 1 ? at + 1 : at - 1, 0), width - 1);
      out.data[row + x] = (3 * sums[at] + sums[other] + (x & 1 ? 7 : 8)) >> 4;
    }
  }
}

/** Which colours the file's components are, as libjpeg decides it. */
function chooseColours({ components, adobe, jfif }) {
  if (components.length === 1) return fromGrey;
  if (components.length === 4) return adobe === 2 ? fromYcck : fromCmyk;
  if (jfif) return fromYcc;
  if (adobe !== null) return adobe === 0 ? fromRgb : fromYcc;
  return components.map((one) => String.fromCharCode(one.id)).join("") === "RGB" ? fromRgb : fromYcc;
}

function fromGrey([grey], data) {
  for (let n = 0; n < grey.length; n++) data.fill(grey[n], 3 * n, 3 * n + 3);
}

function fromRgb(planes, data) {
  for (let n = 0; n < planes[0].length; n++) for (let c = 0; c < 3; c++) data[3 * n + c] = planes[c][n];
}

const RED = new Int32Array(256);
const BLUE = new Int32Array(256);
for (let n = 0; n < 256; n++) {
  RED[n] = (FIX(1.402) * (n - 128) + 32768) >> 16;
  BLUE[n] = (FIX(1.772) * (n - 128) + 32768) >> 16;
}

function fromYcc([luma, blue, red], data) {
  for (let n = 0; n < luma.length; n++) {
    const y = luma[n];
    const green = (-FIX(0.34414) * (blue[n] - 128) - FIX(0.71414) * (red[n] - 128) + 32768) >> 16;
    data[3 * n] = clamp(y + RED[red[n]]);
    data[3 * n + 1] = clamp(y + green);
    data[3 * n + 2] = clamp(y + BLUE[blue[n]]);
  }
}

function fromYcck(planes, data) {
  fromYcc(planes, data); // of inverted ink, so that the result is light
  for (let n = 0; n < planes[3].length; n++) {
    for (let c = 0; c < 3; c++) data[3 * n + c] = darken(255 - data[3 * n + c], planes[3][n]);
  }
}

function fromCmyk(planes, data) {
  for (let n = 0; n < planes[0].length; n++) {
    for (let c = 0; c < 3; c++) data[3 * n + c] = darken(planes[c][n], planes[3][n]);
  }
}

/** Light that is left by an ink and by black, both stored inverted as Adobe does: Pillow's conversion from CMYK. */
function darken(light, white) {
  const product = (255 - light) * white + 128;
  return clamp(white - (((product >> 8) + product) >> 8));
}
