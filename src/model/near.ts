/** A rule that says near which names a value of a common shape is a secret (rules/near.ts makes its regex). */
export interface Near {
  /**
   * Names of the service, lower case. A space stands for any separator or none (`launchdarkly`, `launch_darkly`, `launch-darkly` …), `_` for one
   * that must be there. `=` before a name: an everyday word, which stands by itself and has one of `roles` in the same name, or right behind it, or is
   * what the value is assigned to.
   */
  readonly names: readonly string[];
  /**
   * Words of which one stands between the name and the value, written like names; `*`, or none: the usual ones. `/v3`: a part of
   * a URL's path that stands right before the value.
   */
  readonly roles: readonly string[];
  /** The shape of the value, without its borders: a regex without groups that capture. */
  readonly value: string;
}
