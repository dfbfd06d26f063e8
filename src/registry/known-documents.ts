/** Documents that earlier scans have read, and found nothing in. Nobody has proved yet that they are what their digests say. */
export interface KnownDocuments {
  get(digest: string): Buffer | undefined;
  /** One to be kept. */
  learn(digest: string, bytes: Uint8Array): void;
  /** One in which something was found, or that was not scanned whole: it is not to be kept. */
  forget(digest: string): void;
}
