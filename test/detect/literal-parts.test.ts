import { expect, test } from "vitest";
import { joinLiterals } from "../../src/detect/literal-parts.ts";

test.each([
  [`Kf7", "mdp4", "Qz`, "token", "Kf7mdp4Qz"],
  [`Kf7", 'mdp4`, "token", "Kf7mdp4"],
  [`Kf7";\n    token += "mdp4`, "token", "Kf7mdp4"],
  [`Kf7");\n    apiToken.append("mdp4`, "Token", "Kf7mdp4"],
  [`Kf7").append("mdp4`, "token", "Kf7mdp4"],
  [`Kf7"\nTOKEN="\${TOKEN}mdp4`, "TOKEN", "Kf7mdp4"],
  [`Kf7"\nTOKEN="$TOKEN-mdp4`, "TOKEN", "Kf7-mdp4"],
])("the texts of all literals are one value: %s", (expression, variable, value) => {
  expect(joinLiterals(expression, '"', variable)).toBe(value);
});

test.each([
  [`Kf7";\n    other += "mdp4`, "token"],
  [`Kf7");\n    builder.append("mdp4`, "token"],
  [`Kf7"\nTOKEN="\${OTHER}mdp4`, "TOKEN"],
  [`Kf7"\nTOKEN="$OTHER-mdp4`, "TOKEN"],
  [`,", "read", "write`, "token"],
  [`read", ",", "write`, "token"],
  [`Kf7mdp4`, "token"],
  [`Kf7" + other`, "token"],
])("what goes into something else, or is kept apart, is not: %s", (expression, variable) => {
  expect(joinLiterals(expression, '"', variable)).toBeUndefined();
});
