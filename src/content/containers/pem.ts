/** Bytes in the armour of RFC 7468, or of OpenPGP (RFC 9580, 6.2) without its sum. `label`: what stands in the first and in the last line. */
export function armoured(label: string, bytes: Buffer): Buffer {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  // Put together here, so that this file holds no such block itself.
  const [begin, end] = ["BEGIN", "END"].map((word) => `-----${word} ${label}-----`);
  const gap = label.startsWith("PGP") ? "\n\n" : "\n";
  return Buffer.from(`${begin}${gap}${lines.join("\n")}\n${end}\n`);
}
