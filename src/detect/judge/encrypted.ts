/** Beginnings of values that are ciphertext: the secret needs a key that is elsewhere. `1000…` in hex: werf's `secret-values.yaml`. */
const SEALED =
  /^(?:ENC\[|ENC\(|\{cipher\}|\{aes|\{AES|vault:v\d+:|\$ANSIBLE_VAULT|!vault|AQICAH[A-Za-z0-9+/]|AQECAH[A-Za-z0-9+/]|CiQA[A-Za-z0-9+/]{20}|U2FsdGVkX1|gAAAAAB[A-Za-z0-9_-]{60}|01000000d08c9ddf|encrypted:|secure:|enc:|-----BEGIN AGE ENCRYPTED|AgB[A-Za-z0-9+/]{200}|AgA[A-Za-z0-9+/]{200}|k8s:enc:|1000[0-9a-f]{64})/;

/** Password hashes, salted or not: they have rules of their own. */
const HASHED =
  /^(?:\$(?:1|2[abxy]?|5|6|7|8|9|y|gy|apr1|argon2\w*|scrypt|pbkdf2[\w-]*|sha1|md5|P|H|S)\$|\$[a-z0-9][a-z0-9-]{0,20}\$[^\s$]*\$?[A-Za-z0-9./+=$,]{16}|(?:md5|sha1|crypt)\$[\w./]*\$|pbkdf2[:_]|bcrypt|argon2|scrypt:|sha(?:1|224|256|384|512)[:$]|md5:?[0-9a-f]{32}$|\{(?:S?SHA\d*|S?MD5|CRYPT|BCRYPT|bcrypt|PBKDF2|noop|pbkdf2|scrypt|argon2|sha256)[^}]*\}|SCRAM-SHA-256\$|\*[0-9A-F]{40}$)/;

/** Whether a value is encrypted, or a hash of a password: no usable secret as it stands. */
export function isSealed(value: string): boolean {
  return SEALED.test(value) || HASHED.test(value);
}
