/** Where layers may be fetched from that lie on servers which a manifest names: on addresses of the public network, or on any. */
export const foreignPlaces = ["public", "any"] as const;
export type ForeignPlaces = (typeof foreignPlaces)[number];
