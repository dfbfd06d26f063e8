/** Drawings of diagrams.net and texts in pictures: what is packed in them. */
import { crc32, deflateRawSync, deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listMembers } from "./list-members.ts";

const model = (value: string): string => `<mxGraphModel><root><mxCell value="${value}"/></root></mxGraphModel>`;
/** As the editor writes a page: percent signs, deflate, base64. */
const packed = (xml: string): string => deflateRawSync(encodeURIComponent(xml)).toString("base64");
const drawing = (...values: string[]): string =>
  `<mxfile host="app">${values.map((value, i) => `<diagram id="p${i}" name="Page &amp; ${i}">${packed(model(value))}</diagram>`).join("")}</mxfile>`;
const inAttribute = (xml: string): string =>
  xml.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

function chunk(type: string, data: Buffer | string): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Buffer.from(data)]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function png(...chunks: Buffer[]): Buffer {
  const size = Buffer.from("00000001000000010800000000", "hex");
  const pixels = chunk("IDAT", deflateSync(Buffer.alloc(2)));
  const magic = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([magic, chunk("IHDR", size), ...chunks, pixels, chunk("IEND", "")]);
}

const texts = (bytes: Buffer | string): readonly string[] => {
  const { members, faults } = listMembers(Buffer.from(bytes), (all) => all.toString("utf8"));
  expect(faults).toEqual([]);
  return members.map(([, text]) => text);
};

describe("drawings", () => {
  test("give their pages, alone and in a picture of themselves", () => {
    const both = [model("first page"), model("se\u00f1ora, 100 %")];
    const xml = drawing("first page", "se\u00f1ora, 100 %");
    expect(texts(xml)).toEqual(both);
    expect(texts(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`)).toEqual(both);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1px" content="${inAttribute(xml)}"><g/></svg>`;
    expect(texts(svg)).toEqual(both);
    expect(texts(png(chunk("tEXt", `mxfile\0${encodeURIComponent(xml)}`)))).toEqual(both);
  });

  test("that are not packed are what they are", () => {
    expect(texts(`<mxfile><diagram id="a">${model("plain")}</diagram></mxfile>`)).toEqual([]);
    expect(listMembers(Buffer.from("<svg><text>no drawing in this one</text></svg>")).kind).toBeUndefined();
  });
});

describe("pictures", () => {
  const long = "parameters of a picture ".repeat(50);

  test("give their packed texts", () => {
    const picture = png(
      chunk("zTXt", Buffer.concat([Buffer.from("parameters\0\0"), deflateSync(long)])),
      chunk("tEXt", "Software\0plain ones are seen as they stand"),
      chunk("iTXt", Buffer.concat([Buffer.from("XML:com.adobe.xmp\0\x01\0en\0Titel\0"), deflateSync("packed \u00fc")])),
      chunk("iTXt", "Comment\0\0\0\0\0not packed"),
    );
    expect(texts(picture)).toEqual([long, "packed \u00fc"]);
    // Behind what fills the begin.
    expect(
      texts(
        png(chunk("iCCP", Buffer.alloc(3000)), chunk("zTXt", Buffer.concat([Buffer.from("k\0\0"), deflateSync(long)]))),
      ),
    ).toEqual([long]);
  });

  test("without any are no containers", () => {
    expect(listMembers(png(chunk("tEXt", "Software\0x"))).kind).toBeUndefined();
  });

  test("with damaged texts say so, and nothing throws", () => {
    const picture = png(chunk("zTXt", Buffer.concat([Buffer.from("parameters\0\0"), deflateSync(long)])));
    const damaged = Buffer.from(picture);
    damaged.fill(0xff, 55, 60);
    expect(listMembers(damaged).faults).toEqual(["archive-corrupt incomplete "]);
    for (const one of [picture, Buffer.from(drawing("a page"))])
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(one.length - 1), fc.nat(255)), { minLength: 1 }), (flips) => {
          const changed = Buffer.from(one);
          for (const [at, bits] of flips) changed[at]! ^= bits;
          listMembers(changed);
        }),
        { numRuns: 200 },
      );
  });

  test("of texts that expand a thousandfold are stopped", () => {
    const bomb = chunk("zTXt", Buffer.concat([Buffer.from("k\0\0"), deflateSync(Buffer.alloc(15 << 20))]));
    const { members, faults } = listMembers(png(...Array.from({ length: 40 }, () => bomb)), (all) => `${all.length}`);
    expect(members.length).toBeLessThan(10);
    expect(faults).toEqual(["bomb incomplete "]);
  });
});
