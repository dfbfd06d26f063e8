/**
 * Makes the pictures of the README: runs the built program in a pseudo-terminal on the demonstration's repository and image, presses keys, and writes the
 * terminal's cells as SVG. The same program gives the same bytes.
 *
 *   npm run build && node docs/pictures.mjs
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as nodePty from "@lydell/node-pty";
import esbuild from "esbuild";

const { Terminal } = createRequire(import.meta.url)("@xterm/headless");

const root = join(import.meta.dirname, "..");
const program = join(root, "bin/leaktrace.js");
const pictures = join(import.meta.dirname, "img");
const columns = 128;
const rows = 26;

/** Each picture: its name, what it shows (for those who do not see it), the keys that lead there, and what is there then. */
const scenes = [
  {
    name: "review-story",
    title: "Ten secrets at the left; at the right the story of one, from its first commit to the layer that still holds it",
    keys: ["n", "n", "n", "n", "n", "n", "n", "4"],
    sees: "Layers of",
  },
  {
    name: "review-change",
    title: "Secrets under the commits and layers that brought them; at the right what one commit changed, values masked",
    keys: ["t", "t", "L", "j", "3"],
    sees: "@@ ",
  },
  {
    name: "review-filter",
    title: "A filter as it is typed, with what may follow; at the right why a secret was reported, and what it scored",
    keys: ["5", "/sev:>=high alive:no -decided ru"],
    sees: "REPORTED",
  },
];

const folder = mkdtempSync(join(tmpdir(), "leaktrace-pictures-"));
try {
  await makeTargets(folder);
  mkdirSync(pictures, { recursive: true });
  for (const scene of scenes) {
    const svg = drawn(await played(scene), scene.title);
    writeFileSync(join(pictures, `${scene.name}.svg`), svg);
    console.log(`${scene.name}.svg: ${svg.length} bytes`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The demonstration's repository and image, with the same values each time. */
async function makeTargets(into) {
  const outfile = join(into, "make.mjs");
  const banner = 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';
  await esbuild.build({
    stdin: {
      contents: `export { tellStory } from "./src/cli/demo/story.ts"; export { buildRepository } from "./fixtures/git/build-repository.ts";
        export { buildImage } from "./fixtures/images/build-image.ts";`,
      resolveDir: root,
    },
    ...{ bundle: true, platform: "node", format: "esm", outfile, banner: { js: banner }, logLevel: "error" },
  });
  const { tellStory, buildRepository, buildImage } = await import(pathToFileURL(outfile).href);
  const { repository, image } = tellStory("pictures");
  await buildRepository(repository, join(into, "shop.git"));
  await buildImage(image, { path: join(into, "shop.tar"), format: "oci-archive", compression: "gzip" });
}

/** The terminal after the keys of a scene. */
async function played({ keys, sees, name }) {
  const env = { ...process.env, TERM: "xterm-256color", LEAKTRACE_CACHE_DIR: join(folder, "cache") };
  for (const variable of ["CI", "NO_COLOR"]) delete env[variable];
  const pty = nodePty.spawn(process.execPath, [program, "review", "shop.git", "shop.tar"], {
    ...{ name: "xterm-256color", cols: columns, rows, cwd: folder },
    env,
  });
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
  pty.onData((data) => terminal.write(data));
  const text = () => Array.from({ length: rows }, (_, row) => lineAt(terminal, row)?.translateToString(true)).join("\n");
  const until = async (wanted) => {
    for (let tries = 0; !text().includes(wanted); tries++) {
      if (tries > 600) throw new Error(`${name} does not show ${wanted}:\n${text()}`);
      await pause(50);
    }
  };
  await until("10 found");
  for (const key of keys) {
    pty.write(key);
    await pause(300);
  }
  await until(sees);
  await pause(500);
  pty.kill("SIGKILL");
  return terminal;
}

function lineAt(terminal, row) {
  return terminal.buffer.active.getLine(terminal.buffer.active.viewportY + row);
}

function drawn(terminal, title) {
  const [cellWidth, cellHeight, margin] = [8, 17, 12];
  const palette = { 1: "#e06c75", 2: "#98c379", 5: "#c678dd", 12: "#61afef" };
  const [paper, ink, faint] = ["#1e2127", "#d7dae0", "#8a919e"];
  const [width, height] = [columns * cellWidth + 2 * margin, rows * cellHeight + 2 * margin];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${paper}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">`,
  ];
  for (let row = 0; row < rows; row++) {
    const y = margin + row * cellHeight;
    for (const { from, length, text, cell } of runs(lineAt(terminal, row))) {
      const x = margin + from * cellWidth;
      const colour = palette[cell.colour] ?? (cell.isDim ? faint : ink);
      if (cell.isInverse)
        parts.push(`<rect x="${x}" y="${y}" width="${length * cellWidth}" height="${cellHeight}" fill="${ink}"/>`);
      if (text.trim() === "") continue;
      const weight = cell.isBold ? ' font-weight="bold"' : "";
      const fill = cell.isInverse ? paper : colour;
      // The length is told, so that a font of another width does not move what stands behind it.
      const fixed = `textLength="${length * cellWidth}" lengthAdjust="spacingAndGlyphs"`;
      parts.push(`<text x="${x}" y="${y + 13}" fill="${fill}"${weight} ${fixed}>${escaped(text)}</text>`);
    }
  }
  return `${[...parts, "</g>", "</svg>"].join("\n")}\n`;
}

/** Neighbouring cells that look the same. */
function runs(line) {
  const found = [];
  for (let column = 0; column < columns; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = {
      colour: cell.isFgPalette() ? cell.getFgColor() : -1,
      isBold: cell.isBold() !== 0,
      isDim: cell.isDim() !== 0,
      isInverse: cell.isInverse() !== 0,
    };
    const last = found.at(-1);
    const text = cell.getChars() === "" ? " " : cell.getChars();
    if (last !== undefined && JSON.stringify(last.cell) === JSON.stringify(look)) {
      last.text += text;
      last.length += cell.getWidth();
    } else found.push({ from: column, length: cell.getWidth(), text, cell: look });
  }
  return found;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
