// From a file's bytes to an upright RGB picture {width, height, data}, as smn.images.decoding does it.
//
// JPEGs are decoded here, because their pixels must be those of Pillow, which decodes large ones at a reduced size.
// Everything else, and JPEGs in other colours than sRGB, is left to the browser, which has only the full size.

import { UnsupportedJpeg, readCoefficients, readHeader } from "./jpeg_file.js";
import { chooseScale, makePixels } from "./jpeg_pixels.js";

export const LIMITS = { bytes: 50e6, pixels: 80e6, side: 16 };

/** A picture that cannot be looked at; `code` is a key of the page's words under "bad". */
export class PictureError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Read a picture whose shorter side needs no more than `reduceTo` pixels. Raises PictureError. */
export async function readPicture(bytes, reduceTo) {
  if (bytes.length === 0) throw new PictureError("image");
  if (bytes.length > LIMITS.bytes) throw new PictureError("large");
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return readInBrowser(bytes);
  try {
    const header = readHeader(bytes);
    checkSize(header.width, header.height);
    if (header.profile && !isSrgb(header.profile)) return await readInBrowser(bytes);
    readCoefficients(bytes, header);
    return turn(makePixels(header, chooseScale(header.width, header.height, reduceTo)), header.orientation);
  } catch (error) {
    if (error instanceof UnsupportedJpeg) return readInBrowser(bytes);
    if (error instanceof RangeError) throw new PictureError("truncated");
    throw error;
  }
}

function checkSize(width, height) {
  if (width * height > LIMITS.pixels) throw new PictureError("large");
  if (Math.min(width, height) < LIMITS.side) throw new PictureError("tiny");
}

/** Decoded by the browser, on white, upright. */
async function readInBrowser(bytes) {
  const colorSpaceConversion = /iCCP|ICCP|ICC_PROFILE|colrprof/.test(asText(bytes.subarray(0, 65536)))
    ? "default" : "none";
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]), { colorSpaceConversion, imageOrientation: "from-image" });
  } catch {
    throw new PictureError(isPicture(bytes) ? "image" : "type");
  }
  const { width, height } = bitmap;
  try {
    checkSize(width, height);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const rgba = context.getImageData(0, 0, width, height).data;
    const data = new Uint8ClampedArray(width * height * 3);
    for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
      data[to] = rgba[from];
      data[to + 1] = rgba[from + 1];
      data[to + 2] = rgba[from + 2];
    }
    return { width, height, data };
  } finally {
    bitmap.close();
  }
}

const asText = (bytes) => new TextDecoder("latin1").decode(bytes);

function isPicture(bytes) {
  const start = asText(bytes.subarray(0, 12));
  return /^(\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP|....ftypavi[fs])/s.test(start);
}

/** Whether an ICC profile calls itself sRGB; then its pixels are left as they are. */
export function isSrgb(profile) {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  try {
    for (let n = 0; n < view.getUint32(128); n++) {
      const entry = 132 + 12 * n;
      if (view.getUint32(entry) !== 0x64657363) continue; // desc
      const start = view.getUint32(entry + 4);
      return asText(profile.subarray(start, start + view.getUint32(entry + 8))).replaceAll("\0", "").toLowerCase()
        .includes("srgb");
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return true; // a damaged profile must not cost the picture
  }
  return false;
}

/** A picture made upright by its EXIF orientation, 1..8. */
export function turn(picture, orientation) {
  if (orientation === 1) return picture;
  const { width, height, data } = picture;
  const swapped = orientation >= 5;
  const out = { width: swapped ? height : width, height: swapped ? width : height, data: new Uint8ClampedArray(data.length) };
  const right = [2, 3, 7, 8].includes(orientation); // the source's columns are read backwards
  const below = [3, 4, 6, 7].includes(orientation); // and its rows
  for (let y = 0, to = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, to += 3) {
      const [column, row] = swapped ? [y, x] : [x, y];
      const from = 3 * ((below ? height - 1 - row : row) * width + (right ? width - 1 - column : column));
      out.data[to] = data[from];
      out.data[to + 1] = data[from + 1];
      out.data[to + 2] = data[from + 2];
    }
  }
  return out;
}
