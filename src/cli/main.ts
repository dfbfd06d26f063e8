import { compileLater } from "./compile-later.ts";
import { reportFailure, watchOutput } from "./exit.ts";

/**
 * Runs the program. Takes the arguments after the program's name, gives the exit code (see exit.ts), never throws. Loads only what the
 * command needs: `version` and the hook start as fast as the runtime itself.
 */
export async function main(argv: string[]): Promise<number> {
  const stderr = (text: string): void => void process.stderr.write(text);
  watchOutput(process);
  const [command, ...args] = argv;
  try {
    switch (command) {
      case undefined: {
        const { overview } = await import("./help.ts");
        process.stdout.write(overview);
        return 0;
      }
      case "version":
      case "--version": {
        const { run } = await import("./commands/version.ts");
        return run(args);
      }
      default: {
        compileLater();
        const { runProgram } = await import("./program.ts");
        return await runProgram(argv);
      }
    }
  } catch (error) {
    return reportFailure(error, stderr);
  }
}
