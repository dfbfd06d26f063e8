/** Contents up to this size are gathered before they are scanned, so that one which was seen before need not be scanned again. */
export const gatherBytes = 4 << 20;
