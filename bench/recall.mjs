// Bundles bench/recall.ts with the detector of the sources, and runs it beside dist/.
import { runBundled } from "./run-bundled.mjs";

await runBundled("recall");
