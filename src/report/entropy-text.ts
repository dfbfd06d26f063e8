/** The shortest decimal text that reads back as the same 32-bit number: how gitleaks writes entropies. */
export function entropyText(entropy: number): string {
  const single = Math.fround(entropy);
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return String(short);
  }
  return String(single);
}
