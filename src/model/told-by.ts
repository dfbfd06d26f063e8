/** What tells a rule that no bytes of a file tell. `layer-table`: a layer's table of contents says something else of a file than its tar. */
export const toldBys = ["layer-table"] as const;
export type ToldBy = (typeof toldBys)[number];

/** The tag of what such a table tells: it is no secret, and has no value. */
export const tableTag = "layer-table" satisfies ToldBy;
