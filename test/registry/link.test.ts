import { expect, test } from "vitest";
import { nextLink } from "../../src/registry/link.ts";

test.each([
  ['</v2/a/tags/list?last=x>; rel="next"', "/v2/a/tags/list?last=x"],
  ["<?page=2>;rel=next", "?page=2"],
  ['<a>; REL="NEXT"', "a"],
  ['<a>; title="one, two; rel=prev"; rel="next"', "a"],
  ['<a>; title="a \\" quote"; rel=next', "a"],
  ['<p>; rel="prev", <n>; rel="next"', "n"],
  ['<p>; rel=prev; rel=next, <n>; rel="last next"', "n"],
  ["<a,b;c>; rel=next", "a,b;c"],
  ['<a>; rel="next"; crossorigin', "a"],
  ['<a>; rel="nextish"', undefined],
  ["<a>", undefined],
  ['rel="next"', undefined],
  ["", undefined],
])("of the links %s the next page is %s", (field, expected) => expect(nextLink(field)).toBe(expected));
