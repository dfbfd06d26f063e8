import { lost, type ReportFault } from "../member.ts";

/** Where the list of an archive's files ends, and why. */
export class Listing {
  readonly #report: ReportFault;

  constructor(report: ReportFault) {
    this.#report = report;
  }

  damaged(why: string): void {
    this.#report(lost("archive-corrupt", "", `the RAR archive is cut off or damaged (${why})`));
  }

  encrypted(): void {
    this.#report(lost("encrypted", "", "the list of the RAR archive's members is encrypted"));
  }

  goesOn(): void {
    this.#report(lost("unsupported", "", "the RAR archive goes on in another volume, which is not put together"));
  }
}
