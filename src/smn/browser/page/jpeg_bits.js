// Bits and Huffman codes of a JPEG's scans.

const FAST = 9; // codes up to this length are looked up at once

/** A table of Huffman codes. counts: how many codes there are of each length 1..16; symbols: in the codes' order. */
export class Huffman {
  constructor(counts, symbols) {
    this.fast = new Int16Array(1 << FAST).fill(-1); // length * 256 + symbol
    this.largest = new Int32Array(18).fill(-1);
    this.offset = new Int32Array(18);
    this.symbols = symbols;
    let code = 0;
    let at = 0;
    for (let length = 1; length <= 16; length++) {
      this.offset[length] = at - code;
      for (let n = 0; n < counts[length - 1]; n++, code++, at++) {
        if (length > FAST) continue;
        const first = code << (FAST - length);
        this.fast.fill(length * 256 + symbols[at], first, first + (1 << (FAST - length)));
      }
      if (counts[length - 1]) this.largest[length] = code - 1;
      code <<= 1;
    }
  }
}

/** Reads bits from the entropy-coded data of a scan. Past a marker it reads zeros, as libjpeg does. */
export class Bits {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
    this.restart();
  }

  /** Forget the rest of a byte, and move past a restart marker if there is one. */
  restart() {
    this.hold = 0;
    this.count = 0;
    this.missing = 0; // bits of `count` that are not in the file
    const { bytes, at } = this;
    if (bytes[at] === 0xff && bytes[at + 1] >= 0xd0 && bytes[at + 1] <= 0xd7) this.at += 2;
  }

  fill() {
    const { bytes } = this;
    while (this.count <= 24) {
      let byte = 0;
      if (this.at >= bytes.length) {
        this.missing += 8;
      } else {
        byte = bytes[this.at];
        if (byte !== 0xff) this.at++;
        else if (bytes[this.at + 1] === 0) this.at += 2;
        else if (bytes[this.at + 1] === 0xff) {
          this.at++; // fill bytes before a marker
          continue;
        } else byte = 0;
      }
      this.hold = (this.hold << 8) | byte;
      this.count += 8;
    }
    if (this.missing > this.count) throw new RangeError("truncated");
  }

  /** The next n bits, 0..16, as a number. */
  read(n) {
    if (n === 0) return 0;
    if (this.count < n) this.fill();
    this.count -= n;
    return (this.hold >>> this.count) & ((1 << n) - 1);
  }

  /** The next n bits as a signed difference (ITU-T T.81, F.2.2.1). */
  readSigned(n) {
    const value = this.read(n);
    return n === 0 || value >= 1 << (n - 1) ? value : value - (1 << n) + 1;
  }

  /** The next symbol of a Huffman table. */
  readSymbol(table) {
    if (this.count < 16) this.fill();
    const found = table.fast[(this.hold >>> (this.count - FAST)) & ((1 << FAST) - 1)];
    if (found >= 0) {
      this.count -= found >> 8;
      return found & 255;
    }
    for (let length = FAST + 1; length <= 16; length++) {
      const code = (this.hold >>> (this.count - length)) & ((1 << length) - 1);
      if (code <= table.largest[length]) {
        this.count -= length;
        return table.symbols[code + table.offset[length]];
      }
    }
    this.count -= 16;
    return 0; // no such code: the data is damaged, and libjpeg goes on with zeros
  }
}
