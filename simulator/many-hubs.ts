/** A building for measuring: any number of small hubs with one lock each and events at a rate. */
import { createHash } from 'node:crypto';
import type { Building } from '#contract/building';

const lowestMac = 0xb0_00_00;

/**
 * `hubs` hubs (up to 65,536), the same ones on every machine. With `everySeconds` somebody leaves through each door so often, all
 * day, which needs no right and makes one entry each time.
 */
export function manyHubs({
  hubs,
  everySeconds,
}: {
  readonly hubs: number;
  readonly everySeconds?: number;
}): Building {
  const numbers = Array.from({ length: hubs }, (_, index) => index);
  const hubName = (number: number) => `Hub ${String(number + 1)}`;
  const doorName = (number: number) => `Door ${String(number + 1)}`;
  return {
    name: `${String(hubs)} hubs`,
    time_zone: 'UTC',
    installer: 'automatic',
    hubs: numbers.map((number) => ({
      id: uuidOf(`hub ${String(number)}`),
      name: hubName(number),
      code:
        hex(lowestMac + number, 6) +
        digest(`code ${String(number)}`)
          .slice(0, 20)
          .toUpperCase(),
      model: 'IQ-2',
      revision: 'C2',
      vendor: 'sallis',
      software: '1.0.0',
      limits: { locks: 16, repeaters: 6, layers: 3, persons: 100_000 },
      report: ethernetReport,
    })),
    repeaters: [],
    locks: numbers.map((number) => ({
      id: uuidOf(`lock ${String(number)}`),
      name: doorName(number),
      code: `B0${hex(number, 12)}`,
      lock_type: 'escutcheon',
      communication_type: 'blue_net',
      hub: hubName(number),
      repeater: null,
      battery: 'good',
      privacy_knob: false,
      door_sensor: true,
      holds_schedules: true,
    })),
    cards: [],
    activity:
      everySeconds === undefined
        ? []
        : numbers.map((number) => ({
            lock: doorName(number),
            act: 'handle',
            from: '00:00',
            to: '23:59:59',
            days: 'every_day',
            every_seconds: everySeconds,
          })),
  };
}

const ethernetReport: Building['hubs'][number]['report'] = {
  signal_strength: 31,
  operator: null,
  radio_channel: 15,
  m2m: { priority: null, status: 'unavailable', mac_address: null },
  ethernet: { priority: 1, status: 'active', mac_address: '02:CA:DE:00:00:01' },
  wifi: { priority: null, status: 'unavailable', mac_address: null },
  versions: {
    modem_application_version: null,
    modem_firmware_version: null,
    router_firmware_version: '4.2.1',
    node_firmware_version: '3.9.0',
  },
};

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

function digest(text: string): string {
  return createHash('sha256').update(`many hubs, ${text}`).digest('hex');
}

/** A UUID of version 8 (RFC 9562 5.8) made of a name. */
function uuidOf(text: string): string {
  const bytes = digest(text);
  return `${bytes.slice(0, 8)}-${bytes.slice(8, 12)}-8${bytes.slice(13, 16)}-a${bytes.slice(17, 20)}-${bytes.slice(20, 32)}`;
}
