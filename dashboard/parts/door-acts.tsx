/** What can be done at a door that was chosen, and at a hub. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import {
  hasKeypad,
  type OwnPlayer,
  type Player,
  type SimulatedDoor,
  type SimulatedHub,
  type SimulatorAct,
} from '../data/simulator.ts';
import { useRead } from '../data/queries.ts';
import { simulatorWords } from '../words/simulator.ts';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';

type Act = SimulatorAct & { readonly told: string; readonly who?: string };
type Doing = { readonly isPending: boolean; readonly onAct: (act: Act) => void };

/** A tag that no site has. */
const strangeTag = '00990099';

export function DoorActs({
  door,
  people,
  others,
  who,
  onWho,
  isPending,
  onAct,
}: Doing & {
  readonly door: SimulatedDoor;
  readonly people: readonly Player[];
  readonly others: readonly OwnPlayer[];
  /** Name of somebody of the demo or id of somebody else who is played; '' = a stranger. */
  readonly who: string;
  readonly onWho: (who: string) => void;
}) {
  const say = useWords(simulatorWords);
  // Of the person who is played: another one has another PIN.
  const [typed, setTyped] = useState<{ readonly who: string; readonly pin?: string }>({ who });
  const ofDemo = people.find(({ name }) => name === who);
  const own = others.find(({ id }) => id === who);
  const person = ofDemo ?? own;
  const pin = (typed.who === who ? typed.pin : undefined) ?? ofDemo?.pin ?? '';
  const isKnown = pin !== '' && pin === ofDemo?.pin;
  const hasPin = useHasPin(own?.id);
  const at = { door: door.name, who: person?.name ?? say('stranger') };
  const act = (name: string, told: string, body?: unknown) =>
    onAct({ path: `locks/${door.mac}/${name}`, body, told, who: person?.name ?? '' });
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
            ...(others.length === 0
              ? []
              : [
                  {
                    group: say('ofSite'),
                    items: others.map(({ id, name }) => ({ value: id, label: name })),
                  },
                ]),
            {
              group: say('ofDemo'),
              items: people
                .filter(({ tag_number: tag, pin: code }) => tag !== null || code !== null)
                .map(({ name }) => ({ value: name, label: name })),
            },
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
              description={say(
                isKnown
                  ? 'pinKnown'
                  : hasPin === undefined
                    ? 'pinOther'
                    : hasPin
                      ? 'pinShownOnce'
                      : 'pinNone',
              )}
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

/** Whether somebody of the site has a PIN, which itself nobody can look up; undefined = not asked, or not known yet. */
function useHasPin(id: string | undefined): boolean | undefined {
  const { data, isPlaceholderData } = useRead('/v1.2/sites/{site_id}/users/{site_user_id}/keys', {
    path: { site_user_id: id ?? '' },
    query: { $top: 200 },
    isOn: id !== undefined,
  });
  if (id === undefined || isPlaceholderData) return undefined;
  return data?.items.some(({ type }) => type === 'pin');
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
