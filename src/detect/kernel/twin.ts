import type { KernelCode } from "./code.ts";
import { markAhead, markBack, wideKinds } from "./marks.ts";
import { markAt } from "./twin-marks.ts";

const letter = "[\\t\\n\\r\\x20-\\x7e]";
/** Sixteen bytes (of lists 32) by which each kind is told. */
const wideParts: Readonly<Record<(typeof wideKinds)[keyof typeof wideKinds], RegExp>> = {
  [wideKinds.utf16]: new RegExp(`(?:${letter}\\0){8}|(?:\\0${letter}){8}`),
  [wideKinds.utf32]: new RegExp([0, 1, 2, 3].map((at) => `(?:\\0{${at}}${letter}\\0{${3 - at}}){4}`).join("|")),
};

/**
 * The kernel in plain TypeScript: what assembly/index.ts does, statement by statement, for property tests and for reading.
 * Slower; nothing but tests uses it.
 */
export function createTwin(): KernelCode {
  let buffer = new ArrayBuffer(65536);
  let bytes = new Uint8Array(buffer);
  let view = new DataView(buffer);
  let state = 0;
  let consumed = 0;
  let cursor = 0;
  let copyCount = 0;
  let consumedMarks = 0;
  let wide = 0;

  const step = (table: number, classes: number, shift: number, from: number, at: number): number =>
    view.getUint16(table + 2 * ((from << shift) | bytes[classes + bytes[at]!]!), true);
  const put = (hits: number, index: number, end: number, to: number): void => {
    view.setUint32(hits + 8 * index, end, true);
    view.setUint32(hits + 8 * index + 4, to, true);
  };
  const varint = (at: number, end: number): number => {
    let value = 0;
    let scale = 1;
    for (let p = at; p < end && scale <= 2 ** 56; scale *= 128) {
      const byte = bytes[p++]!;
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) {
        cursor = p;
        return value;
      }
    }
    cursor = -1;
    return 0;
  };

  const scan: KernelCode["scan"] = (table, classes, shift, firstOutput, start, text, length, hits, maxHits) => {
    let s = start;
    let n = 0;
    let p = text;
    while (p < text + length) {
      s = step(table, classes, shift, s, p++);
      if (s < firstOutput) continue;
      put(hits, n++, p - text, s);
      if (n === maxHits) break;
    }
    state = s;
    consumed = p - text;
    return n;
  };

  return {
    memory: {
      get buffer() {
        return buffer;
      },
      grow(pages) {
        const larger = new ArrayBuffer(buffer.byteLength + pages * 65536);
        new Uint8Array(larger).set(bytes);
        buffer = larger;
        bytes = new Uint8Array(buffer);
        view = new DataView(buffer);
        return 0;
      },
    },
    heapBase: 1024,
    state: () => state,
    consumed: () => consumed,
    scan,
    scanFour(table, classes, shift, firstOutput, start, text, length, warmup, hits, maxHits, counts) {
      const quarter = length >>> 2;
      for (let k = 0; k < 4; k++) {
        const from = text + k * quarter;
        const end = k === 3 ? text + length : from + quarter;
        let s = k === 0 ? start : 0;
        if (k > 0) for (let p = from - warmup; p < from; p++) s = step(table, classes, shift, s, p);
        let n = 0;
        for (let p = from; p < end; p++) {
          s = step(table, classes, shift, s, p);
          if (s < firstOutput) continue;
          if (n === maxHits) return 0;
          put(hits + 8 * k * maxHits, n++, p + 1 - text, s);
        }
        view.setUint32(counts + 4 * k, n, true);
        state = s;
      }
      consumed = length;
      return 1;
    },
    sift(text, hits, count, firstOutput, starts, actions, limit, reach, out, maxOut) {
      const word = (at: number): number => view.getUint32(at, true);
      let n = 0;
      for (let i = 0; i < count; i++) {
        const end = word(hits + 8 * i);
        const of = starts + 4 * (word(hits + 8 * i + 4) - firstOutput);
        if (n + word(of + 4) - word(of) > maxOut) {
          consumed = i;
          return n;
        }
        let passed = -1;
        for (let k = word(of); k < word(of + 4); k++) {
          const [rule, classes, table, width, beyond] = [0, 4, 8, 12, 16].map((at) => word(actions + 20 * k + at));
          if (rule === passed) continue;
          let s = 2;
          let read = beyond!;
          for (; table !== 0 && s > 1 && read < reach && text + end + read < limit; read++)
            s = bytes[table! + s * width! + bytes[classes! + bytes[text + end + read]!]!]!;
          if (table !== 0 && (s === 0 || (s > 1 && read < reach))) continue;
          passed = rule!;
          put(out, n++, end, k);
        }
      }
      consumed = count;
      return n;
    },
    findRuns(members, text, length, least, runs, maxRuns) {
      let n = 0;
      let p = 0;
      while (p < length && n < maxRuns) {
        const from = p;
        while (p < length && bytes[members + bytes[text + p]!] !== 0) p++;
        if (p - from >= least) put(runs, n++, from, p);
        p++;
      }
      return n;
    },
    findMarks(text, length, low, limit, out, maxOut) {
      const latin1 = (from: number, to: number): string =>
        Buffer.from(buffer).toString("latin1", Math.max(low, from), Math.min(limit, to));
      const content = latin1(text - markBack, text + length + markAhead);
      const offset = text - Math.max(low, text - markBack);
      const near = latin1(text, text + length + 32);
      wide = Object.values(wideKinds).reduce((bits, kind) => bits | (wideParts[kind].test(near) ? kind : 0), 0);
      let n = 0;
      for (let i = 0; i < length; i++) {
        const at = offset + i;
        const mark = markAt(content.slice(Math.max(0, at - markBack), at), content.slice(at, at + markAhead));
        if (mark === 0) continue;
        put(out, n++, i, mark);
        if (n < maxOut) continue;
        consumedMarks = i + 1;
        return n;
      }
      consumedMarks = length;
      return n;
    },
    consumedMarks: () => consumedMarks,
    wide: () => wide,
    findWide(kind, text, length, least, runs, maxRuns) {
      const content = Buffer.from(buffer).toString("latin1", text, text + length);
      const middle = kind === 1 ? wideParts[1] : wideParts[2];
      const step = kind === 1 ? 2 : 4;
      let n = 0;
      let done = 0;
      for (let at = 0; at + 16 <= length && n < maxRuns; at += 16) {
        if (!middle.test(content.slice(at, at + 16))) continue;
        const letter = at + content.slice(at).search(/[^\0]/);
        const goesOn = (place: number): boolean => {
          const byte = content[place] ?? "";
          return (place - letter) % step === 0 ? /[\t\n\r\x20-\x7e]/.test(byte) : byte === "\0";
        };
        let [from, to] = [at, at + 16];
        while (from > done && goesOn(from - 1)) from--;
        while (to < length && goesOn(to)) to++;
        if (to - from >= least) put(runs, n++, from, to);
        done = to;
        at = to - 16;
      }
      return n;
    },
    deltaTargetSize(delta, deltaLength) {
      varint(delta, delta + deltaLength);
      if (cursor < 0) return -1;
      const size = varint(cursor, delta + deltaLength);
      return cursor < 0 ? -1 : size;
    },
    copyCount: () => copyCount,
    applyDelta(delta, deltaLength, base, baseLength, out, outLength, copies, least) {
      const end = delta + deltaLength;
      copyCount = 0;
      let copy = { to: 0, from: 0, length: 0 };
      const keepCopy = (): void => {
        if (copy.length < least) return;
        [copy.to, copy.from, copy.length].forEach((value, i) =>
          view.setUint32(copies + 12 * copyCount + 4 * i, value, true),
        );
        copyCount++;
      };
      const baseSize = varint(delta, end);
      if (cursor < 0) return 1;
      if (baseSize !== baseLength) return 2;
      const outSize = varint(cursor, end);
      if (cursor < 0) return 1;
      if (outSize !== outLength) return 3;
      let p = cursor;
      let o = out;
      while (p < end) {
        const op = bytes[p++]!;
        if (op === 0) return 6;
        if (op < 0x80) {
          if (op > end - p) return 6;
          if (op > out + outLength - o) return 5;
          bytes.copyWithin(o, p, p + op);
          p += op;
          o += op;
          continue;
        }
        let offset = 0;
        let size = 0;
        for (let bit = 0; bit < 7; bit++) {
          if ((op & (1 << bit)) === 0) continue;
          if (p >= end) return 6;
          const byte = bytes[p++]!;
          if (bit < 4) offset += byte * 2 ** (8 * bit);
          else size |= byte << (8 * (bit - 4));
        }
        if (size === 0) size = 0x10000;
        if (offset + size > baseLength) return 4;
        if (size > out + outLength - o) return 5;
        if (copy.length > 0 && copy.from + copy.length === offset && copy.to + copy.length === o - out)
          copy.length += size;
        else {
          keepCopy();
          copy = { to: o - out, from: offset, length: size };
        }
        bytes.copyWithin(o, base + offset, base + offset + size);
        o += size;
      }
      keepCopy();
      return o === out + outLength ? 0 : 3;
    },
  };
}
