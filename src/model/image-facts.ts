/** What a report says of an image as a whole. */
export interface ImageFacts {
  /** As sightings name it. */
  readonly image: string;
  /** Digest of its manifest, or of its configuration where there is no manifest. */
  readonly digest: string;
  readonly platform: string;
  /** Digests of the uncompressed layers, lowest first; empty where one could not be had. */
  readonly diffIds: readonly string[];
  readonly base?: BaseImage;
  /** Digests of the indexes that lead to it, outermost first. */
  readonly indexes?: readonly string[];
  /** Digest of the image that this one says something about (a signature, an attestation). */
  readonly subject?: string;
}

/** The image that another one was built on, as its annotations (OCI image specification, annotations.md) or the provenance of its build tell it. */
export interface BaseImage {
  readonly name: string;
  /** Digest of its manifest or index; empty where it is not told. */
  readonly digest: string;
  /** How many of the lowest layers are its own; absent where that is not told. */
  readonly layers?: number;
}
