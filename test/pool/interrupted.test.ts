import { expect, test } from "vitest";
import { SortedIds } from "../../src/model/sorted-ids.ts";
import type { GraphUnit, NamedUnit } from "../../src/model/unit.ts";
import { Recogniser } from "../../src/pool/recogniser.ts";
import { ResultBuilder } from "../../src/pool/result.ts";
import type { Task } from "../../src/pool/task.ts";
import { readGraph } from "../../src/pool/units/graph.ts";
import { lookAtNamed } from "../../src/pool/units/named.ts";
import { builtinRuleset, detectorOf, probes } from "../detect/rules-for-tests.ts";

const oids = ["1", "2", "3"].map((digit) => digit.repeat(40));

function stopped(ruleset = probes): Task {
  return {
    ...{ detector: detectorOf(ruleset), listsClean: false, recogniser: new Recogniser(), archiveDepth: 0 },
    ...{ begin: () => true, advance: () => {}, inside: () => {}, cancelled: () => true },
  };
}

test("loose trees that are not read any more are counted: the names in them were not looked at", () => {
  const source = { kind: "loose", target: "t", weight: 1, objects: "/nowhere", folders: [], oids } as const;
  const present = SortedIds.of(20, []).share();
  const unit: GraphUnit = {
    kind: "graph",
    target: "t",
    weight: 1,
    source,
    trees: 0,
    wanted: new Uint8Array(0),
    present,
  };
  const out = new ResultBuilder("t");
  readGraph(unit, stopped(), out);
  expect(out.result().skipped).toEqual({ interrupted: 3 });
});

test("files whose names are telling, and that are not looked at any more, are counted", () => {
  const files = [oids[0]!, oids[1]!].map((content) => ({ content, path: "home/.ssh/krb5.keytab" }));
  const unit: NamedUnit = { kind: "named", target: "t", weight: 1, folders: [], idBytes: 20, files };
  const out = new ResultBuilder("t");
  lookAtNamed(unit, stopped(builtinRuleset()), out);
  expect(out.result().skipped).toEqual({ interrupted: 2 });
});
