import { expect, test } from "vitest";
import { documentTexts } from "../../../src/sources/image/document-texts.ts";

const told = (document: Readonly<Record<string, unknown>>): string[] =>
  documentTexts("index", document).map(({ place, text }) => `${place} ${text}`);

const digest = `sha256:${"0".repeat(64)}`;

test("what only describes is not told, as long as it can hold no secret", () => {
  const platform = { architecture: "arm64", os: "windows", "os.version": "10.0.17763.5936", variant: "v8" };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const names = { "org.opencontainers.image.ref.name": "v1" };
  const manifests = [{ mediaType, digest, size: 2, platform, annotations: names }];
  expect(told({ schemaVersion: 2, mediaType, artifactType: "application/vnd.acme.thing.v1", manifests })).toEqual([]);
  const run = "A1b2C3d4E5f6G7h8I9";
  expect(told({ mediaType: run, manifests: [{ digest, platform: { ...platform, "os.version": run } }] })).toEqual([
    `index!mediaType ${run}`,
    `index!manifests[0][platform][os.version] os.version=${run}`,
  ]);
});
