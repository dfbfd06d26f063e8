import type { FixtureImage } from "../../../fixtures/images/build-image.ts";
import { sampleText } from "../../content/streams.ts";
import { PLANTED } from "./scan-image.ts";

/** Six layers in which every way to hide a file happens once. */
export const sampleImage: FixtureImage = {
  tag: "app:1.0",
  layers: [
    {
      instruction: "ADD rootfs.tar /",
      entries: [
        { path: "etc/", type: "directory" },
        { path: "etc/os-release", body: "NAME=none\n" },
        { path: "bin/sh", body: sampleText(50_000) },
      ],
    },
    {
      instruction: "COPY secrets /srv",
      files: {
        "srv/kept.env": `A=${PLANTED} kept`,
        "srv/removed.env": `A=${PLANTED} removed`,
        "srv/replaced.env": `A=${PLANTED} replaced`,
        "srv/with-folder/x": `A=${PLANTED} folder removed`,
        "srv/opaque/x": `A=${PLANTED} made opaque`,
        "srv/turned/x": `A=${PLANTED} folder became a file`,
        "srv/became-folder": `A=${PLANTED} became a folder`,
      },
    },
    { instruction: "RUN rm", whiteouts: ["srv/removed.env", "srv/with-folder"] },
    {
      instruction: "RUN replace",
      // The marker stands behind the new file: it counts for lower layers wherever it is.
      files: {
        "srv/replaced.env": "A=harmless",
        "srv/opaque/y": `A=${PLANTED} put in anew`,
        "srv/turned": "a file now",
      },
      opaques: ["srv/opaque"],
      entries: [{ path: "srv/became-folder/", type: "directory" }],
    },
    {
      instruction: "COPY unrelated",
      files: { "srv/removed.env.bak": "x", "srv/kept.envelope": "x" },
      whiteouts: ["srv/kept.en"],
    },
    {
      instruction: "RUN |1 TOKEN=nothing /bin/sh -c true",
      files: { "var/last": `A=${PLANTED} last` },
    },
  ],
  env: ["PATH=/usr/bin", `TOKEN=${PLANTED} env`],
  labels: { "org.example.key": `${PLANTED} label` },
  cmd: ["serve", `--password=${PLANTED} cmd`],
  entrypoint: ["/init", `${PLANTED} entrypoint`],
  healthcheck: ["CMD", "curl", `${PLANTED} health`],
  emptySteps: [`RUN |2 USER=x KEY=${PLANTED} /bin/sh -c make`],
};

/** Where the planted words lie, for archives whose configuration has a history. */
export const samplePlaces: readonly string[] = [
  "config config!Cmd",
  "config config!Entrypoint",
  "config config!Env[TOKEN]",
  "config config!Healthcheck",
  "config config!Labels[org.example.key]",
  "config config!history[6]",
  "file srv/became-folder layer 1 (COPY secrets /srv) deleted by 3",
  "file srv/kept.env layer 1 (COPY secrets /srv)",
  "file srv/opaque/x layer 1 (COPY secrets /srv) deleted by 3",
  "file srv/opaque/y layer 3 (RUN replace)",
  "file srv/removed.env layer 1 (COPY secrets /srv) deleted by 2",
  "file srv/replaced.env layer 1 (COPY secrets /srv) deleted by 3",
  "file srv/turned/x layer 1 (COPY secrets /srv) deleted by 3",
  "file srv/with-folder/x layer 1 (COPY secrets /srv) deleted by 2",
  "file var/last layer 5 (RUN |1 TOKEN=nothing /bin/sh -c true)",
];
