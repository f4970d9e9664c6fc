/** What can be done at a door that was chosen, and at a hub. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import {
  hasKeypad,
  type Player,
  type SimulatedDoor,
  type SimulatedHub,
  type SimulatorAct,
} from '../data/simulator.ts';
import { simulatorWords } from '../words/simulator.ts';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';

type Act = SimulatorAct & { readonly told: string };
type Doing = { readonly isPending: boolean; readonly onAct: (act: Act) => void };

/** A tag that no site has. */
const strangeTag = '00990099';

export function DoorActs({
  door,
  people,
  who,
  onWho,
  isPending,
  onAct,
}: Doing & {
  readonly door: SimulatedDoor;
  readonly people: readonly Player[];
  /** Name of the person who is played; '' = a stranger. */
  readonly who: string;
  readonly onWho: (name: string) => void;
}) {
  const say = useWords(simulatorWords);
  // Of the person who is played: another one has another PIN.
  const [typed, setTyped] = useState<{ readonly who: string; readonly pin?: string }>({ who });
  const person = people.find(({ name }) => name === who);
  const pin = (typed.who === who ? typed.pin : undefined) ?? person?.pin ?? '';
  const at = { door: door.name, who: person?.name ?? say('stranger') };
  const act = (name: string, told: string, body?: unknown) =>
    onAct({ path: `locks/${door.mac}/${name}`, body, told });
  const isOpen = door.door === 'open';
  return (
    <Section title={door.name} help={say('doorHelp')}>
      <Stack gap="sm">
        <NativeSelect
          label={say('who')}
          value={who}
          onChange={({ currentTarget }) => onWho(currentTarget.value)}
          data={[
            { value: '', label: say('stranger') },
            ...people
              .filter(({ tag_number: tag, pin: code }) => tag !== null || code !== null)
              .map(({ name }) => ({ value: name, label: name })),
          ]}
        />
        <Button
          w="fit-content"
          disabled={isPending || person?.tag_number === null}
          onClick={() =>
            act('tag', say('didTag', at), { tag_number: person?.tag_number ?? strangeTag })
          }
        >
          {say('holdTag')}
        </Button>
        {hasKeypad(door) ? (
          <Group gap="xs" align="flex-end">
            <TextInput
              label={say('pin')}
              description={say(pin !== '' && pin === person?.pin ? 'pinKnown' : 'pinOther')}
              inputMode="numeric"
              autoComplete="off"
              value={pin}
              onChange={({ currentTarget }) =>
                setTyped({ who, pin: currentTarget.value.replaceAll(/\D/g, '').slice(0, 12) })
              }
            />
            <Button
              variant="default"
              disabled={isPending || pin === ''}
              onClick={() => act('pin', say('didPin', at), { pin })}
            >
              {say('typePin')}
            </Button>
          </Group>
        ) : null}
        <Text size="sm" c="dimmed">
          {say('others')}
        </Text>
        <Group gap="xs">
          <Other isOff={isPending} onClick={() => act('handle', say('didHandle', at))}>
            {say('handle')}
          </Other>
          <Other
            isOff={isPending}
            onClick={() => act('door', say(isOpen ? 'didShut' : 'didForce', at), { open: !isOpen })}
          >
            {say(isOpen ? 'shut' : 'force')}
          </Other>
          {isOpen ? null : (
            <Other isOff={isPending} onClick={() => act('hold_door_open', say('didProp', at))}>
              {say('prop')}
            </Other>
          )}
          <Other
            isOff={isPending}
            onClick={() =>
              act(door.jammed ? 'unjam' : 'jam', say(door.jammed ? 'didUnjam' : 'didJam', at))
            }
          >
            {say(door.jammed ? 'unjam' : 'jam')}
          </Other>
        </Group>
        {door.records_waiting > 0 ? (
          <Text size="sm">{say('waiting', { count: door.records_waiting })}</Text>
        ) : null}
      </Stack>
    </Section>
  );
}

export function HubActs({ hub, isPending, onAct }: Doing & { readonly hub: SimulatedHub }) {
  const say = useWords(simulatorWords);
  const { plugged_in: isIn, name } = hub;
  return (
    <Section title={name} help={say('hubHelp')}>
      <Button
        w="fit-content"
        disabled={isPending}
        onClick={() =>
          onAct({
            path: `hubs/${hub.mac}/plug`,
            body: { in: !isIn },
            told: say(isIn ? 'didUnplug' : 'didPlug', { hub: name }),
          })
        }
      >
        {say(isIn ? 'unplug' : 'plug')}
      </Button>
    </Section>
  );
}

function Other({
  isOff,
  onClick,
  children,
}: {
  readonly isOff: boolean;
  readonly onClick: () => void;
  readonly children: string;
}) {
  return (
    <Button size="xs" variant="default" disabled={isOff} onClick={onClick}>
      {children}
    </Button>
  );
}
