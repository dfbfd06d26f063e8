/**
 * What a path says about the values in it: `lock` files and `metadata` of packages are full of hashes, `translations` of prose,
 * `minified` and `generated` code of noise; in `test`, `docs` and `vendored` trees most values are examples or public.
 */
export type PlaceKind =
  | "lock"
  | "metadata"
  | "translations"
  | "minified"
  | "generated"
  | "vendored"
  | "test"
  | "docs"
  | "plain";

const lockNames = new Set(
  `package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock cargo.lock go.sum go.work.sum gemfile.lock
  podfile.lock cartfile.resolved package.resolved composer.lock symfony.lock poetry.lock pipfile.lock pdm.lock uv.lock pixi.lock
  conda-lock.yml mix.lock rebar.lock pubspec.lock packages.lock.json paket.lock project.assets.json verification-metadata.xml
  gradle.lockfile buildscript-gradle.lockfile .terraform.lock.hcl flake.lock module.bazel.lock chart.lock buf.lock conan.lock
  stack.yaml.lock cabal.project.freeze manifest.toml renv.lock shard.lock vcpkg-lock.json brewfile.lock.json skaffold.lock devbox.lock
  .pnp.cjs .cargo-checksum.json .secrets.baseline .tsbuildinfo .eslintcache`.split(/\s+/),
);

const metadata =
  /(?:^|\/)(?:[^/]+\.(?:dist-info|egg-info)\/|var\/lib\/(?:dpkg|rpm)\/|lib\/apk\/db\/|var\/lib\/apt\/lists\/|var\/cache\/|META-INF\/[^/]+\.(?:SF|MF)$|PKG-INFO$|[^/]+\.md5sums$)/;
const translations =
  /(?:^|\/)(?:locales?|i18n|lang|langs|l10n|translations?|LC_MESSAGES)\/|\.(?:po|pot|mo|xliff|xlf|resx|arb|ftl)$|(?:^|\/)messages(?:_[A-Za-z_]+)?\.properties$/;
const minified =
  /(?:\.min\.(?:js|css|mjs|cjs)|\.bundle\.js|\.chunk\.(?:js|css)|\.map|[.-][0-9a-f]{8,32}\.(?:js|css|mjs))$/;
const generated =
  /(?:\.pb\.(?:go|cc|h)|_pb2(?:_grpc)?\.py|_generated\.[a-z]+|\.g\.dart|\.designer\.cs|\.snap)$|(?:^|\/)(?:zz_generated[^/]*|coverage|\.nyc_output|\.next)(?:\/|$)/i;
const vendored =
  /(?:^|\/)(?:node_modules|vendor|third[_-]party|site-packages|dist-packages|bower_components|Pods|Carthage|\.m2|\.cargo\/registry|go\/pkg\/mod|\.nuget|gems)\/|^\/?(?:usr\/(?:share|lib|lib64|include|local\/go)|nix\/store|snap|opt\/yarn-[^/]*)\//;
const test =
  /(?:^|\/)(?:tests?|testing|[sS]elf_?[tT]ests?|specs?|__tests__|testdata|test-fixtures|fixtures?|mocks?|__mocks__|stubs|samples?|examples?|e2e|cypress|golden|cassettes)\/|(?:_test\.go|\.(?:spec|test)\.[cm]?[jt]sx?|Tests?\.(?:java|kt|cs|swift)|_spec\.rb|(?:^|\/)(?:test_[^/]*|tests)\.py|(?:^|\/)conftest\.py)$/;
const docs =
  /(?:^|\/)(?:docs?|man|javadoc)\/|\.(?:md|mdx|rst|adoc|asciidoc)$|(?:^|\/)(?:README|CHANGELOG|CHANGES|NEWS|CONTRIBUTING)[^/]*$/;

/** Patterns look at the end of very long paths only; a hostile tree can name a file with megabytes of text. */
const maxLooked = 4096;

/** What a compressed file holds is what its name says before this. */
const compressed = /\.(?:gz|bz2|xz|zst)$/;

/** Tells the kind of place by its path. Never touches the file. */
export function placeKind(path: string): PlaceKind {
  const seen = (path.length > maxLooked ? path.slice(-maxLooked) : path).replace(compressed, "");
  const name = seen.slice(seen.lastIndexOf("/") + 1).toLowerCase();
  if (lockNames.has(name) || name.endsWith(".tsbuildinfo")) return "lock";
  if (metadata.test(seen)) return "metadata";
  if (minified.test(seen)) return "minified";
  if (generated.test(seen)) return "generated";
  if (translations.test(seen)) return "translations";
  if (vendored.test(seen)) return "vendored";
  if (test.test(seen)) return "test";
  if (docs.test(seen)) return "docs";
  return "plain";
}

/** A line that gives a checksum, not a secret: `"integrity": "sha512-…"`, `--hash=sha256:…`, `checksum = "…"`. */
const integrityLine =
  /\bintegrity["']?\s{0,4}[:=]|\bsha(?:1|224|256|384|512)[-:=]|--hash=|\b(?:checksum|shasum|sha(?:1|256|384|512)sums?|narHash|vendorHash|outputHash|cargoHash|vendorSha256|cargoSha256)["']?\s{0,4}[:=]/i;

/** Whether a line is one of checksums; values that only look random are not secrets there. */
export function isIntegrityLine(line: string): boolean {
  return integrityLine.test(line);
}
