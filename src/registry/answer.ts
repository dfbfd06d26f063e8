/** An answer whose body has not been read. */
export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection back without reading the body. */
  readonly discard: () => Promise<void>;
}
