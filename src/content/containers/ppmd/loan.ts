import { PpmdModel } from "./model.ts";

/** A model that has taken more memory is not kept. */
const mostKept = 32 << 20;

/** A model that nobody uses now. A few bytes ask for one of hundreds of megabytes, of which it touches what it needs; to have thousands made would take longer than to read them. */
let idle: PpmdModel | undefined;

/** Lends a model, which is to be started before it is used. */
export function borrowModel(): PpmdModel {
  const model = idle ?? new PpmdModel();
  idle = undefined;
  return model;
}

export function giveBack(model: PpmdModel): void {
  if (model.used <= mostKept) idle = model;
}
