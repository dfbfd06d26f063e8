import { createHash } from "node:crypto";
import { readJwt } from "../checks/jwt.ts";

/**
 * Values that their makers published: documentation, emulators, installed applications that cannot keep a secret. Kept as SHA-256 of the exact
 * text, under its length and its first character, so that nearly no value has to be hashed.
 */
const HASHES: readonly (readonly [length: number, first: string, sha256: string])[] = [
  [20, "A", "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3"], // AWS documentation, key ids and secrets
  [20, "A", "c6ea27c534f993d31f0aef882e3d200e7b87470c379ae79c8f9b19d3bd363dc9"],
  [40, "w", "78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598"],
  [40, "j", "e21b597ba6b9cafa59d9ebc4d65c0385f5eb3fa56abab2607fa76589ad849a33"],
  [88, "E", "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059"], // storage emulator
  [88, "C", "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615"], // Cosmos DB emulator
  [32, "s", "2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326"], // Stripe documentation
  [32, "s", "f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397"],
  [32, "p", "b1471f544ceeea31333bde7e1ecbaad6eac0d4a749412ad29bd66ef895b81c6b"],
  [55, "s", "a064b502e61d27e94b8717290e5e1b32e36720e9fbdf952ec81a84c07128cb37"], // Supabase, local development
  [41, "s", "c85debb55f2f204d868cc1552c42faa143b4c675f61363ab040dd50b5b5304cd"],
  [46, "s", "9705102db0d5f99ee08daa19a73e510d9877a2a9add9369da247cbbe6c2a0140"],
  [64, "a", "bc1a50966c9e6486bc4ebf880b51611a2a97fcb8e7a6976e9b81a9e3e8ca0e3c"], // Hardhat and Anvil, first account
  [59, "t", "f79cd64f9cea237897b8133e4b905b361c6f166faa5a1c64c32280938f5b707e"],
  [78, "m", "9c5d0a6656e5d3f36601d0bf98762be09bad5d7b164382c1d6c826324d6d599a"], // Ganache
  [74, "c", "b83e96417f61cb148d0dc8a89b839ee4956ad45b5e4b6a2a6cae048e48782157"], // Truffle
  [20, "Q", "1bbb9293c38acc5e510d904495845d532df64a9e5996b2ec7c86cc2e2ac33b5a"], // MinIO playground
  [40, "z", "df452eef23e8cf2c74af54c0c7419c05a5ec70ef4d5c2eb04082b02af8c55598"],
  [24, "Z", "456a51b1f1b3cf3ed76de579926f0727797eb6efb4b7e6a53c74f9a94c95d87a"], // Google Cloud SDK, an installed application
  [24, "d", "f0386f9be1fe905fb2f97a8daff11a9baa9988ceca7c2ecae4aec8db182db1b4"],
  [40, "3", "d1b3190dacfb6af1479bed2866455c0b2deee119104dd70b09ff8a991d73355c"], // GitHub's command line tool
  [64, "0", "570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89"], // FastAPI tutorial
  [64, "1", "2598f7d6adc142d88161630f3db12ab2bd3403521c281811e5e1ce60d4ac5d76"], // Flask documentation
  [36, "k", "9c846fdf0fa8955c377d0301542ee20ecd4585c5f359aa0a4cf15d44424f573d"], // Mailgun documentation
  [40, "6", "f5e95c9954635b65acab57e6d5ea663eb900f06dc8794a90358f5abb1c77d4e0"], // reCAPTCHA test keys
  [40, "6", "03b970ed8171d73b58bbc9a5c72e3e4eec28503b56b3bb400a0801857dd45614"],
  [23, "a", "a4b8b245ab28bc4f72dcaa0d9ba9f73d6488fa758a2a5cb55ecb11511f002f80"], // kubeadm documentation
  [30, "T", "519e3ece10ca70b6627a96452aa2145231822d1dca281eb6a4a29a85aea71b3e"], // Symfony
  [41, "1", "731fa294d036e54f19df879bfcd4fe72d967dc6327800c5f74a48414a3f258c9"], // Telegram's documentation of bots
  [12, "Y", "19e703902b896be4cc5ec085cfeda379f936a5e2c8f6fee42684693dfc0e6da6"], // AngularJS, in a comment
  [39, "A", "6ca6473b42d9c17e9059568aa166fa8b542a90ec4b6c38f25ab55d2be31c12e0"], // Firebase's headers
  [64, " ", "4b769966d13255de701945d4de968fa9153c0700300c95a087bad0e2bb15bb92"], // WordPress, in a comment of its code
  [64, "!", "5b225527d22f46b2bdb55277a0be2b0123266d738f2a7afd53fecbd74bfea9cf"],
  [64, "%", "85b202a179e10732448aab564be0d7f8c809c3c018064f69da5412dc4522e73c"],
  [64, "+", "3ff075ae6f33ec23234bdf9ae36fe19abe75a3eb84ccb4826c40582ee0fd5650"],
  [64, "L", "8f8f9d06a40fbfb896187d725e72f87f42076c8ce4dd7cd11b4ca40017c6973b"],
  [64, "e", "108741b452893a93239814ae59f27ac062c3aa499f3c36e87c126f4112f4ca16"],
  [64, "|", "6a5eb905e55eb7b220bb1c40e27311809038eff1f3af346d493d56b9b769d4ea"],
  [8, "r", "14283a01315cd9ec75988f8a39d71f61dabbc17fbc719de43015f83e3861674b"], // axios' README
  [12, "s", "1df4fc63d18754fcdb0bacea44654a43e0b2412f2278f5554d6b7f880ba60c89"],
  [64, "d", "bfeade18ad3ef8be8472b1d8ca6e26aad3c308672aae177b9ea13e9640861ac0"], // dotenv's README
  [32, "M", "7844a86c6b53052a9ca9b19f9d06158d05e6d44f5d797ec481a6f8bfa8f1aea9"], // node-forge's README
  [36, "0", "2787291fb730f0f10a9171e9b309bcbfd724fcce45269c7a0565bd517c119e47"], // PhonePe's documentation of its sandbox
  [36, "9", "f2248d72a26ee6cf6638d36c32e9ee65c4a5c44c55b36c237700582291362c78"],
];

const byHead = new Map<string, Set<string>>();
for (const [length, first, hash] of HASHES) {
  const head = `${first}${length}`;
  byHead.set(head, (byHead.get(head) ?? new Set()).add(hash));
}

/** Public by pattern: captcha test keys, the sample of jwt.io without its header, LocalStack ids, emulator connection strings, GitHub's own sample, the docs sample of kubeadm. */
const PATTERNS =
  /^[123]x0{31}AA$|^0x0{40}$|^10000000-ffff-ffff-ffff-0{11}1$|^L[KS]IA[A-Z0-9]{16}$|UseDevelopmentStorage=true|UseDevelopmentEmulator=true|^SAS_KEY_VALUE$|^secret_scanning_ab85fc6f8d7638cf1c11da812da308d43_|^MWYyZDFlMmU2N2Rm$|^YWRtaW4=?$|^cGFzc3dvcmQ=?$|^eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9l/;

/** Digests of nothing: MD5, SHA-1, SHA-256, and what Windows keeps of an empty password. */
const OF_NOTHING: ReadonlySet<string> = new Set([
  "d41d8cd98f00b204e9800998ecf8427e",
  "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "31d6cfe0d16ae931b73c59d7e0c089c0",
  "aad3b435b51404eeaad3b435b51404ee",
]);

/** Whether a value is public knowledge, so that its leak harms nobody. */
export function isKnownExample(value: string): boolean {
  const text = value.startsWith("0x") && value.length === 66 ? value.slice(2) : value;
  const hashes = byHead.get(`${text[0] ?? ""}${text.length}`);
  if (hashes?.has(createHash("sha256").update(text).digest("hex")) === true) return true;
  if (value.length <= 64 && OF_NOTHING.has(value.toLowerCase())) return true;
  return PATTERNS.test(value) || (value.startsWith("eyJ") && isSampleJwt(value));
}

/** RFC 7519, section 4.1, and what OpenID Connect and the usual issuers add: a token that somebody issued has one of them. */
const CLAIMS: readonly string[] =
  "iss sub aud exp nbf iat jti scope scp roles role email user_id userId uid id azp sid client_id tid oid kid username name user".split(
    " ",
  );

/** The token of the debugger at jwt.io, and Supabase's demonstration issuer. */
function isSampleJwt(value: string): boolean {
  const token = readJwt(value);
  if (token === undefined) return false;
  const { sub, iat, name, iss } = token.payload;
  if (Object.keys(token.payload).length <= 2 && !CLAIMS.some((claim) => claim in token.payload)) return true;
  return iss === "supabase-demo" || (sub === "1234567890" && (iat === 1516239022 || name === "John Doe"));
}
