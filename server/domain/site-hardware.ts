/** What people of a site do with its hardware beyond what programs do: their OTPs, and who has which tag. */
import { createFloorPlans, type FloorPlans } from './floor-plans.ts';
import type { HandedMessages } from './handed-messages.ts';
import { createIqPinMessages, type IqPinMessages } from './iq-pin-messages.ts';
import { createIqPins, type IqPins } from './iq-pins.ts';
import { createSiteFloors, type SiteFloors } from './site-floors.ts';
import { createSiteTags, type SiteTags } from './site-tags.ts';

export type SiteHardware = {
  readonly iqPins: IqPins;
  readonly iqPinMessages: IqPinMessages;
  readonly siteFloors: SiteFloors;
  readonly floorPlans: FloorPlans;
  readonly siteTags: SiteTags;
};

export function createSiteHardware(
  parts: Parameters<typeof createIqPins>[0] & { readonly handedMessages: HandedMessages },
): SiteHardware {
  const iqPins = createIqPins(parts);
  return {
    iqPins,
    iqPinMessages: createIqPinMessages({ ...parts, iqPins }),
    siteFloors: createSiteFloors(parts),
    floorPlans: createFloorPlans(parts),
    siteTags: createSiteTags(parts),
  };
}
