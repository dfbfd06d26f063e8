/** The encoding of protocol buffers (protobuf.dev, "Encoding"), as far as questions to containerd need it. */

/** A field of a message: a number, or bytes of which only the reader knows whether they are a text or a message. */
export interface ProtobufField {
  readonly number: number;
  /** Undefined for a number. */
  readonly bytes?: Buffer;
  /** 0 for bytes; what is larger than a number can be is `Infinity`. */
  readonly value: number;
}

/** Bytes that are no message. */
export class ProtobufFault extends Error {}

const varintType = 0;
const eightBytes = 1;
const lengthType = 2;
const fourBytes = 5;
/** A number of 64 bits in parts of seven. */
const mostVarintBytes = 10;

/** The fields of a message, in their order. Throws ProtobufFault. */
export function* fieldsOf(message: Buffer): Generator<ProtobufField, void> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < mostVarintBytes; i++) {
      const byte = message[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : Infinity;
    }
    throw new ProtobufFault("a number has no end");
  };
  const take = (length: number): Buffer => {
    if (length > message.length - at) throw new ProtobufFault("a field is longer than its message");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case varintType:
        yield { number, value: varint() };
        break;
      case lengthType:
        yield { number, bytes: take(varint()), value: 0 };
        break;
      case eightBytes:
        take(8);
        break;
      case fourBytes:
        take(4);
        break;
      default:
        throw new ProtobufFault("a field is of no known type");
    }
  }
}

/** The last field of that number as bytes; empty where there is none, which means the same. */
export function bytesIn(message: Buffer, number: number): Buffer {
  let found: Buffer = Buffer.alloc(0);
  for (const field of fieldsOf(message)) if (field.number === number && field.bytes !== undefined) found = field.bytes;
  return found;
}

/** The last field of that number as a text. */
export function textIn(message: Buffer, number: number): string {
  return bytesIn(message, number).toString("utf8");
}

/** The last field of that number as a number. */
export function numberIn(message: Buffer, number: number): number {
  let found = 0;
  for (const field of fieldsOf(message)) if (field.number === number && field.bytes === undefined) found = field.value;
  return found;
}

/** All fields of that number: a list. */
export function* listIn(message: Buffer, number: number): Generator<Buffer, void> {
  for (const field of fieldsOf(message)) if (field.number === number && field.bytes !== undefined) yield field.bytes;
}

/** A map from texts to bytes: a list of messages with a key (1) and a value (2). */
export function mapIn(message: Buffer, number: number): ReadonlyMap<string, Buffer> {
  const entries = [...listIn(message, number)].map((entry) => [textIn(entry, 1), bytesIn(entry, 2)] as const);
  return new Map(entries);
}

/** A message of some fields; texts are bytes in UTF-8. */
export function messageOf(fields: Readonly<Record<number, string | number>>): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => {
    const number = Number(name);
    if (typeof value === "number") return Buffer.concat([varintOf(number * 8 + varintType), varintOf(value)]);
    const bytes = Buffer.from(value);
    return Buffer.concat([varintOf(number * 8 + lengthType), varintOf(bytes.length), bytes]);
  });
  return Buffer.concat(parts);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}
