import type { Bed } from './bed.ts';
import type { Figure } from './report.ts';
import type { House } from './house.ts';
import type { Stage } from './stage.ts';

/** What measures share; each part is made when the first one asks for it. */
export type Ground = {
  readonly bed: Bed;
  /** The server with the usual amount of data. */
  readonly stage: () => Promise<Stage>;
  /** Real hubs at that server, all of whose doors are online. */
  readonly house: () => Promise<House>;
};

export type Measure = {
  /** As `--only` takes it. */
  readonly name: string;
  run(ground: Ground): Promise<readonly Figure[]>;
};
