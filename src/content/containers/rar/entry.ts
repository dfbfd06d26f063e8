/** What a RAR archive tells of one of its files, in either of its formats. */
export interface Entry {
  /** Its path, cleaned. Empty for the comment of the archive. */
  readonly name: string;
  /** Where its packed bytes lie in the archive. */
  readonly at: number;
  readonly packedBytes: number;
  /** Bytes that it has unpacked; Infinity where that was not known. */
  readonly size: number;
  readonly method: Method;
  /** How far back copies may reach. */
  readonly dictionaryBytes: number;
  /** Whether it goes on with the dictionary of the file before it. */
  readonly isSolid: boolean;
  readonly isEncrypted: boolean;
  /** Whether its beginning, or its end, lies in another volume. */
  readonly isFromBefore: boolean;
  readonly goesOn: boolean;
  /** CRC-32 of what it has unpacked; undefined where none is told. */
  readonly sum: number | undefined;
}

/** How a file is packed: not at all, by the methods of RAR 3 or RAR 5, or by another one. */
export type Method = "stored" | "lz3" | "lz5" | "unknown";

/** The archive, or a file in it, is not as it has to be. The message is a part of a sentence, without text of the archive. */
export class RarDamage extends Error {}

/** A file is packed in a way that is not undone here. The message is a part of a sentence. */
export class NotUndone extends Error {}
