/** The building as a picture: floors from top to bottom, their doors, and the hubs; each is a button that chooses it. */
import { Box, Group, Stack, Text } from '@mantine/core';
import { IconPlug, IconPlugOff } from '@tabler/icons-react';
import type { Lock } from '../data/locks.ts';
import {
  isSameMac,
  type SimulatedBuilding,
  type SimulatedDoor,
  type SimulatedHub,
} from '../data/simulator.ts';
import { simulatorWords } from '../words/simulator.ts';
import { useWords } from './language.tsx';

type Props = {
  readonly building: SimulatedBuilding;
  /** What the cloud knows of the locks; it has the floors. */
  readonly locks: readonly Lock[];
  readonly chosenMac: string | undefined;
  readonly onChoose: (mac: string) => void;
};

export function BuildingPicture({ building, locks, chosenMac, onChoose }: Props) {
  const say = useWords(simulatorWords);
  const floors = new Map<string, SimulatedDoor[]>();
  const floorOf = (door: SimulatedDoor) => locks.find(({ mac }) => isSameMac(mac, door.mac))?.floor;
  const ordered = [...building.locks].sort(
    (one, other) => (floorOf(other)?.number ?? 0) - (floorOf(one)?.number ?? 0),
  );
  for (const door of ordered) {
    const name = floorOf(door)?.customer_reference ?? '';
    floors.set(name, [...(floors.get(name) ?? []), door]);
  }
  return (
    <Stack gap={0} h="fit-content" className="house">
      {[...floors].map(([floor, doors]) => (
        <Box key={floor} className="house-floor">
          {floor === '' ? null : (
            <Text size="xs" c="dimmed">
              {floor}
            </Text>
          )}
          <Group gap="xs">
            {doors.map((door) => (
              <button
                key={door.mac}
                type="button"
                className="house-thing"
                aria-pressed={door.mac === chosenMac}
                onClick={() => onChoose(door.mac)}
              >
                <DoorPicture door={door} />
                <span>{door.name}</span>
                <small>{say(stateOf(door))}</small>
              </button>
            ))}
          </Group>
        </Box>
      ))}
      <Box className="house-floor">
        <Text size="xs" c="dimmed">
          {say('hubs')}
        </Text>
        <Group gap="xs">
          {building.hubs.map((hub) => (
            <HubButton
              key={hub.mac}
              hub={hub}
              isChosen={hub.mac === chosenMac}
              onChoose={() => onChoose(hub.mac)}
            />
          ))}
        </Group>
      </Box>
    </Stack>
  );
}

function HubButton({
  hub,
  isChosen,
  onChoose,
}: {
  readonly hub: SimulatedHub;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const say = useWords(simulatorWords);
  const Picture = hub.plugged_in ? IconPlug : IconPlugOff;
  return (
    <button type="button" className="house-thing" aria-pressed={isChosen} onClick={onChoose}>
      <Picture size={32} stroke={1.4} aria-hidden />
      <span>{hub.name}</span>
      <small>{say(hub.plugged_in ? 'pluggedIn' : 'unplugged')}</small>
    </button>
  );
}

function stateOf({ jammed, door, released, bolt }: SimulatedDoor) {
  if (jammed) return 'stateJammed';
  if (door === 'open') return 'stateOpen';
  return released || bolt === 'office_mode' ? 'stateUnlocked' : 'stateLocked';
}

/** Frame, leaf and bolt; what it shows stands below it in a word. */
function DoorPicture({ door }: { readonly door: SimulatedDoor }) {
  const isOpen = door.door === 'open';
  const isFree = stateOf(door) === 'stateUnlocked';
  return (
    <svg width="40" height="56" viewBox="0 0 40 56" aria-hidden className="house-door">
      <path d="M3 55V3h34v52" fill="none" stroke="currentColor" strokeWidth="2" />
      <path
        d={isOpen ? 'M5 5l17 7v43L5 54z' : 'M5 5h30v50H5z'}
        className={isFree || isOpen ? 'house-leaf-free' : 'house-leaf'}
      />
      <circle cx={isOpen ? 18 : 30} cy="31" r="2" fill="currentColor" />
      {isOpen || isFree ? null : (
        <path d="M31 36h7" stroke="currentColor" strokeWidth={door.jammed ? 5 : 3} />
      )}
    </svg>
  );
}
