#!/usr/bin/env node
try {
  const { main } = await import("../dist/cli.js");
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // `main` never throws: its files could not be read.
  process.stderr.write(`leaktrace: cannot start (${error.code ?? error.message})\n`);
  process.exitCode = 2;
}
