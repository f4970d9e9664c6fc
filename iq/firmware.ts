/** What runs in the locks and repeaters of the hub, as they last said; asked once of each device that is heard. */
import type { FirmwareFact } from '#contract/firmware';
import type { Driver } from './drivers/driver.ts';

export type KnownFirmware = {
  /** The device is there: it is asked unless it has answered before. */
  heard(mac: string): void;
  /** Asks anew; null = no answer. */
  read(mac: string): Promise<FirmwareFact | null>;
  /** The member of a report; nothing while it is not known. */
  memberOf(mac: string | undefined): { readonly firmware?: FirmwareFact };
};

export function createKnownFirmware({
  driver,
  onChanged,
  onFailure,
}: {
  readonly driver: Pick<Driver, 'readFirmware'>;
  readonly onChanged: () => void;
  readonly onFailure: (error: unknown) => void;
}): KnownFirmware {
  const known = new Map<string, FirmwareFact>();
  const asked = new Set<string>();

  async function read(mac: string): Promise<FirmwareFact | null> {
    const fact = await driver.readFirmware(mac);
    if (fact === null) return null;
    const former = known.get(mac);
    known.set(mac, fact);
    if (former?.version !== fact.version || former.model !== fact.model) onChanged();
    return fact;
  }

  return {
    read,
    heard(mac) {
      if (known.has(mac) || asked.has(mac)) return;
      asked.add(mac);
      read(mac)
        .catch(onFailure)
        .finally(() => asked.delete(mac));
    },
    memberOf(mac) {
      const firmware = mac === undefined ? undefined : known.get(mac);
      return firmware === undefined ? {} : { firmware };
    },
  };
}
