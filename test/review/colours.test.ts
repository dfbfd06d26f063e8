import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { buildRepository } from "../../fixtures/git/build-repository.ts";
import { tellStory } from "../../src/cli/demo/story.ts";
import { paletteFor } from "../../src/review/screen/paint.ts";
import { sit, type Cell, type Seat } from "./pty.ts";

vi.setConfig({ testTimeout: 120_000 });

const program = join(import.meta.dirname, "../../bin/leaktrace.js");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-colours-"));
  const story = tellStory("colours");
  await buildRepository(story.repository, join(folder, "shop.git"));
  await buildImage(story.image, { path: join(folder, "shop.tar"), format: "oci-archive", compression: "gzip" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Rgb = readonly [red: number, green: number, blue: number];

/** The first sixteen as xterm has them; then the cube of 6×6×6, and the greys. */
const sixteen =
  "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff";

function rgbOf(colour: number): Rgb {
  if (colour < 16) {
    const hex = sixteen.split(" ")[colour] ?? "";
    return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  }
  if (colour >= 232) return [0, 0, 0].map(() => 8 + 10 * (colour - 232)) as unknown as Rgb;
  const level = (n: number): number => (n === 0 ? 0 : 55 + 40 * n);
  const at = colour - 16;
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)];
}

/** Relative luminance (WCAG 2.2). */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(cell: Cell, ink: Rgb, paper: Rgb): number {
  const full = cell.colour === undefined ? ink : rgbOf(cell.colour);
  // Faint is half way to the background, as xterm.js draws it.
  const drawn = cell.isDim ? (full.map((part, at) => (part + paper[at]!) / 2) as unknown as Rgb) : full;
  const [a, b] = [luminance(drawn), luminance(paper)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Goes through all tabs and overlays, with decisions, heads, a diff, a filter and a value that is shown; gives the cell that is the hardest to read. */
async function hardestCell(seat: Seat, ink: Rgb, paper: Rgb): Promise<{ contrast: number; row: string }> {
  await seat.sees("10 found");
  let worst = { contrast: Infinity, row: "" };
  const look = async (): Promise<void> => {
    await seat.settles();
    for (const cell of seat.cells()) {
      const found = contrast(cell, ink, paper);
      if (found < worst.contrast) worst = { contrast: found, row: seat.rows()[cell.row] ?? "" };
    }
  };
  await look();
  for (const key of [
    "r",
    "f",
    "x",
    "2",
    "3",
    "4",
    "5",
    "6",
    "1",
    "m",
    "t",
    "L",
    "w",
    "3",
    "\x1b",
    "?",
    "q",
    "p",
    "q",
  ]) {
    seat.press(key);
    await look();
  }
  seat.press("/sev:>=hi");
  await look();
  return worst;
}

function opened(env: Readonly<Record<string, string>>, ...args: readonly string[]): Seat {
  return sit(process.execPath, [program, "review", ...args, "shop.git", "shop.tar"], {
    ...{ cwd: folder, columns: 120, rows: 40 },
    env: { COLORFGBG: "", COLORTERM: "", ...env },
  });
}

describe("colours", () => {
  const [black, white, grey]: readonly Rgb[] = [
    [0, 0, 0],
    [255, 255, 255],
    [229, 229, 229],
  ] as const;

  test("on a light background every screen can be read", async () => {
    using seat = opened({ COLORFGBG: "0;15" });
    const worst = await hardestCell(seat, black!, white!);
    expect(worst.contrast, worst.row).toBeGreaterThan(4.5);
    await rm(join(folder, ".leaktraceignore"), { force: true });
  });

  test("on a dark background every screen can be read", async () => {
    using seat = opened({});
    const worst = await hardestCell(seat, grey!, black!);
    expect(worst.contrast, worst.row).toBeGreaterThan(3.5);
    await rm(join(folder, ".leaktraceignore"), { force: true });
  });

  test("--background beats what the terminal says; another word is a usage error", async () => {
    using seat = opened({ COLORFGBG: "15;0" }, "--background", "light");
    await seat.sees("10 found");
    expect(seat.cells().some(({ colour }) => colour === 124)).toBe(true);
    using wrong = opened({}, "--background", "pink");
    expect((await wrong.ended()).exitCode).toBe(2);
    expect(wrong.text()).toMatch(/background.*light, dark/s);
  });

  test("the terminal says it in COLORFGBG; without 256 colours those are left out that white swallows", () => {
    const many = { TERM: "xterm-256color" };
    const light = paletteFor("light", many);
    expect(paletteFor(undefined, { ...many, COLORFGBG: "0;default;15" })).toBe(light);
    expect(paletteFor(undefined, { ...many, COLORFGBG: "15;0" })).toBe(paletteFor("dark", many));
    expect(paletteFor("dark", { ...many, COLORFGBG: "0;15" })).toBe(paletteFor(undefined, many));
    expect(paletteFor("light", { TERM: "xterm" })).toMatchObject({ good: "", dim: "", high: "31" });
  });
});
