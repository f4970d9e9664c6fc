/** The light of the hub's housing: the worst news first, and in peace the pattern its owner chose (behaviour.md 4.1, 4.2). */
import type { SettingsItem } from '#contract/access-table';
import { iqLedPatterns } from '#contract/iqs';
import type { Driver, HubLight } from './drivers/driver.ts';
import type { SessionState } from './session.ts';

export type HubFacts = {
  readonly session: SessionState['name'];
  readonly isUpdating: boolean;
  /** It knows a server, or did. */
  readonly hasBeenInContact: boolean;
  /** null = it belongs to nobody, was never subscribed, or waits for a restore. */
  readonly settings: SettingsItem | null;
};

/** What the hub shows. A light that its owner switched off stays dark, whatever happens. */
export function lightOf({ session, isUpdating, hasBeenInContact, settings }: HubFacts): HubLight {
  if (settings?.led_enabled === false) return 'off';
  if (isUpdating) return 'blink_blue_every_second';
  if (!hasBeenInContact) return 'permanent_white';
  if (session !== 'ready' && session !== 'unclaimed') return 'blink_red_every_second';
  if (settings === null || settings.subscribed === false) return 'permanent_purple';
  const chosen = iqLedPatterns.find((pattern) => pattern === settings.led_pattern);
  return chosen ?? 'green_blink_every_5_min';
}

export type HubLights = {
  /** Something it shows may have changed. */
  show(): void;
};

export function createHubLights({
  driver,
  facts,
}: {
  readonly driver: Pick<Driver, 'showHubLight'>;
  readonly facts: () => HubFacts;
}): HubLights {
  let shown: HubLight | null = null;
  return {
    show() {
      const light = lightOf(facts());
      if (light === shown) return;
      shown = light;
      driver.showHubLight(light);
    },
  };
}
