import { Text } from "ink";
import type { ComponentProps } from "react";
import type { StyledLine, Tone } from "../styled.ts";

type TextStyle = Pick<ComponentProps<typeof Text>, "color" | "bold" | "dimColor">;

/**
 * Only the terminal's own sixteen colours, and never black, white or a background: they are readable on dark and on light screens alike.
 * Each tone also has a word or a letter in the text itself.
 */
const styles: Readonly<Record<Tone, TextStyle>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  good: { color: "green" },
  alert: { color: "red" },
  critical: { color: "red", bold: true },
  high: { color: "red" },
  medium: { color: "magenta" },
  low: { color: "blue" },
  info: { dimColor: true },
};

/** One row of the screen. The cursor's row is inverse as a whole: colours on it would be hard to read. */
export function StyledRow({ row }: { readonly row: StyledLine }) {
  // An empty Text takes no row.
  if (row.spans.every(({ text }) => text === "")) return <Text> </Text>;
  return (
    <Text wrap="truncate" inverse={row.isSelected === true}>
      {row.spans.map(({ text, tone }, index) => (
        <Text key={index} {...(row.isSelected === true ? {} : styles[tone])}>
          {text}
        </Text>
      ))}
    </Text>
  );
}
