/**
 * Visits out of uses of two doors (connect-api.md 4.11). Of one person on one local day, in order of time:
 *   outside --in--> inside --out--> outside, a visit
 * A use of the way in while inside changes nothing, nor does one of the way out while outside. A day that ends inside leaves a visit
 * without its end.
 */

/** Somebody used a door; of one person in order of time. */
export type DoorUse = {
  readonly accessorId: string;
  readonly lockId: string;
  readonly at: Date;
  /** `YYYY-MM-DD HH:MM:SS` at the door. */
  readonly local: string;
};

export type Visit = { readonly came: DoorUse; readonly left: DoorUse | null };

/** The visits in the order in which they began, person by person as given. One lock may be both ways: its uses then take turns. */
export function visitsOf(
  uses: readonly DoorUse[],
  { inId, outId }: { readonly inId: string; readonly outId: string },
): Visit[] {
  const visits: Visit[] = [];
  let came: DoorUse | null = null;
  for (const use of uses) {
    if (came !== null && !isSameDay(came, use)) {
      visits.push({ came, left: null });
      came = null;
    }
    if (came === null) came = use.lockId === inId ? use : null;
    else if (use.lockId === outId) {
      visits.push({ came, left: use });
      came = null;
    }
  }
  if (came !== null) visits.push({ came, left: null });
  return visits;
}

function isSameDay(a: DoorUse, b: DoorUse): boolean {
  return a.accessorId === b.accessorId && a.local.slice(0, 10) === b.local.slice(0, 10);
}
