/** How much is read of one content and all that lies in it. Each limit that is reached is told as a problem. */
export interface InsideLimits {
  /** Expanded bytes that any content may come to … */
  readonly freeBytes: number;
  /** … and so many for each of its own bytes. Logs and dumps come to 30, deflated zeros to 1032. */
  readonly maxRatio: number;
  /** Members, empty ones too. The largest source archives have some 400,000. */
  readonly maxMembers: number;
  /** Bytes held at once of contents that have to be read at any place. */
  readonly maxHeldBytes: number;
  /** Programs are held up to this size: archives stand behind them. */
  readonly maxProgramBytes: number;
  /** Compressed files inside of compressed files: they are no archives, and count for no depth. */
  readonly maxForms: number;
}

/** Expanding and scanning `freeBytes` takes about a second. */
export const insideLimits: InsideLimits = {
  freeBytes: 1 << 28,
  maxRatio: 100,
  maxMembers: 500_000,
  maxHeldBytes: 1 << 28,
  maxProgramBytes: 1 << 25,
  maxForms: 8,
};
