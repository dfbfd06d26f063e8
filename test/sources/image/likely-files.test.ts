import { expect, test } from "vitest";
import { likelihood } from "../../../src/sources/image/likely-files.ts";

test.each([
  ["app/.env", 0],
  ["app/.env.production", 0],
  ["root/.npmrc", 0],
  ["root/.docker/config.json", 0],
  ["root/.ssh/id_ed25519", 0],
  ["home/dev/.aws/credentials", 0],
  ["etc/ssl/private/site.key", 0],
  ["srv/client_secret.json", 0],
  ["root/.bash_history", 0],
  ["app/config/settings.yml", 1],
  ["etc/app/anything", 1],
  ["usr/local/etc/app.ini", 1],
  ["app/main.py", 2],
  ["app/start", 2],
  ["app/photo.jpg", undefined],
  ["usr/lib/python3/dist-packages/x/settings.json", undefined],
  ["app/node_modules/x/package.json", undefined],
  ["usr/share/doc/x/README.md", undefined],
  ["var/lib/dpkg/status", undefined],
])("%s is looked at first: %s", (path, rank) => {
  expect(likelihood(path, 1000)).toBe(rank);
});

test("what is empty or large is left", () => {
  expect([likelihood("app/.env", 0), likelihood("app/.env", 2 << 20), likelihood("app/main.py", 100_000)]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
});
