import type { Finding } from "../../src/model/finding.ts";
import type { FeedEvent } from "../../src/review/feed.ts";
import { reduce } from "../../src/review/reducer.ts";
import { initialState, type Action, type Effect, type ReviewState } from "../../src/review/state.ts";

export const now = "2026-01-02T03:04:05Z";

/** A review of the reducer alone: keys go in, state and effects are looked at. */
export interface Drive {
  state: ReviewState;
  /** Effects of the last `press` or `act`. */
  effects: readonly Effect[];
  act(action: Action): Drive;
  /** Keys by name, as the key table has them. */
  press(...names: readonly string[]): Drive;
  /** Characters, as a person types them. */
  type(text: string): Drive;
  feed(...events: readonly FeedEvent[]): Drive;
}

export function drive(findings: readonly Finding[], size = { columns: 120, rows: 30 }): Drive {
  const self: Drive = {
    state: initialState({ title: "test", place: ".leaktraceignore", size, now }),
    effects: [],
    act(action) {
      const reduced = reduce(self.state, action);
      self.state = reduced.state;
      self.effects = reduced.effects;
      for (const effect of reduced.effects)
        if (effect.kind === "write") self.state = reduce(self.state, { kind: "kept" }).state;
      return self;
    },
    press(...names) {
      const effects: Effect[] = [];
      for (const name of names) {
        const text = name === "Space" ? " " : name.length === 1 ? name : "";
        self.act({ kind: "key", key: { name, text }, now });
        effects.push(...self.effects);
      }
      self.effects = effects;
      return self;
    },
    type: (text) => self.press(...Array.from(text, (character) => (character === " " ? "Space" : character))),
    feed: (...events) => self.act({ kind: "fed", events, known: new Map() }),
  };
  return self.feed({ kind: "findings", findings }, { kind: "done" });
}
