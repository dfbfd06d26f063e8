/** Larger files are data, or programs. */
const maxBytes = 1 << 20;
/** Of files that are none of the kinds which hold credentials: text that people write. */
const maxTextBytes = 64 << 10;

/** Files that are made to hold credentials, by name. */
const credentials = [
  /(?:^|\/)\.env(?:\.[^/]*)?$|\.env$/,
  /(?:^|\/)\.(?:npmrc|yarnrc(?:\.yml)?|pypirc|netrc|pgpass|my\.cnf|dockercfg|git-credentials|htpasswd|s3cfg|boto|terraformrc|vault-token|[\w-]*_history)$/,
  /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|_?netrc|shadow|credentials|kubeconfig|wp-config\.php|database\.yml|master\.key|auth\.json)$/,
  /(?:^|\/)\.(?:docker\/config\.json|kube\/config|aws\/[^/]+|azure\/[^/]+|ssh\/[^/]+|git\/config|gem\/credentials|m2\/settings\.xml|config\/gcloud\/[^/]+)$/,
  /\.(?:pem|key|p12|pfx|jks|keystore|ppk|kdbx|ovpn|asc|tfvars|tfstate|mobileprovision)$/,
  /(?:^|[/._-])(?:secrets?|passw(?:or)?ds?|tokens?|credentials?|service[_-]?account|api[_-]?keys?)(?:[._-][^/]*)?$/i,
];
const configuration =
  /\.(?:json|ya?ml|toml|ini|conf|cfg|cnf|properties|xml|config|env|plist|sql|sh|bash|service)$|(?:^|\/)(?:Dockerfile|Makefile|Jenkinsfile|Procfile)$/;
const written = /\.(?:py|js|mjs|cjs|ts|rb|go|java|kt|php|cs|rs|pl|lua|groovy|scala|swift|tf|hcl|tmpl|txt|md|log|html)$/;
/** What distributions and package managers bring. */
const brought =
  /^(?:usr|lib|lib64|bin|sbin|boot|proc|sys|dev)\/(?!local\/(?!lib\/(?:python|node_modules)))|^var\/(?:lib\/(?:dpkg|apt|rpm|apk)|cache)\/|(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor|gems)\//;

/**
 * How likely a file of an image is to hold credentials, by its name and size alone: 0 first, then 1, then 2; undefined where a first look leaves it out.
 * `path`: cleaned.
 */
export function likelihood(path: string, size: number): 0 | 1 | 2 | undefined {
  if (size === 0 || size > maxBytes) return undefined;
  if (brought.test(path)) return undefined;
  if (credentials.some((pattern) => pattern.test(path))) return 0;
  if (configuration.test(path) || path.startsWith("etc/")) return 1;
  return size <= maxTextBytes && (written.test(path) || !/\.[^/]*$/.test(path)) ? 2 : undefined;
}
