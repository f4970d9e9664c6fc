/** What opens doors in the name of a person: tag, PIN, phones. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import { noTagId, personName, type Person, type PersonKey } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { peopleApiWords, peopleWords } from '../words/people.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { GiveTag } from './give-tag.tsx';
import { useApiWords, useWords } from './language.tsx';
import { ListView } from './list.tsx';
import { Tag } from './lock-state.tsx';
import { MakePin } from './make-pin.tsx';
import { Section } from './section.tsx';
import { When } from './time.tsx';

const path = '/v1.2/sites/{site_id}/users/{site_user_id}/keys';

/** The keys of a person; phones change them by themselves. */
export function useKeys(personId: string) {
  return useRead(path, {
    path: { site_user_id: personId },
    query: { $top: 200 },
    everyMs: 15_000,
  });
}

/** `Tag 00012345`, `PIN`. */
export function useKeyName(): (key: PersonKey) => string {
  const word = useApiWords(peopleApiWords);
  return ({ type, key_identifier: identifier }) =>
    type === 'pin' || identifier === null ? word(type) : `${word(type)} ${identifier}`;
}

type Props = { readonly person: Person };

export function PersonKeys({ person }: Props) {
  const say = useWords(peopleWords);
  const name = useKeyName();
  const mayChange = useMay()('manage_users');
  const keys = useKeys(person.id);
  return (
    <Section title={say('keys')} help={say('keysHelp')}>
      <Stack gap="sm">
        <ListView
          label={say('keys')}
          of={keys}
          rowId={({ id }) => id}
          columns={[
            { label: say('kind'), cell: (key) => name(key) },
            {
              label: say('until'),
              cell: ({ expiry_date: at }) => (at === null ? say('noEnd') : <When at={at} />),
            },
            {
              label: say('state'),
              cell: (key) => (
                <Group gap={4}>
                  <Tag color={key.blocked ? 'red' : 'teal'}>
                    {say(key.blocked ? 'blocked' : 'active')}
                  </Tag>
                  {key.offline_access ? <Tag color="gray">{say('offline')}</Tag> : null}
                </Group>
              ),
            },
            ...(mayChange
              ? [
                  {
                    label: say('change'),
                    cell: (key: PersonKey) => <BlockKey person={person} personKey={key} />,
                  },
                ]
              : []),
          ]}
          empty={<Text size="sm">{say('keysNone')}</Text>}
        />
        {mayChange ? <Acts person={person} hasTag={person.user.tag_number !== null} /> : null}
        <Text size="xs" c="dimmed">
          {say('phonesHelp')}
        </Text>
      </Stack>
    </Section>
  );
}

function Acts({ person, hasTag }: Props & { readonly hasTag: boolean }) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const [isGiving, giving] = useDisclosure();
  const [isMaking, making] = useDisclosure();
  const [isTaking, taking] = useDisclosure();
  const { data: site } = useRead('/v1.2/sites/{id}', { path: { id: siteId } });
  const clearing = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/users/{id}', {
        path: { site_id: siteId, id: person.id },
        body: { tag_id: noTagId },
      }),
    { touches: ['users', 'tags'], done: say('tagTaken') },
  );
  const blanks = { tag: person.user.tag_number ?? '', name: personName(person) };
  return (
    <>
      <Group gap="xs">
        {hasTag ? (
          <Button size="xs" variant="default" onClick={taking.open}>
            {say('takeTag')}
          </Button>
        ) : (
          <Button size="xs" variant="default" onClick={giving.open}>
            {say('giveTag')}
          </Button>
        )}
        {site?.pin_enabled === true ? (
          <Button size="xs" variant="default" onClick={making.open}>
            {say('makePin')}
          </Button>
        ) : null}
        {site?.pin_enabled === false ? (
          <Text size="xs" c="dimmed">
            {say('pinNoDoors')}
          </Text>
        ) : null}
      </Group>
      {isGiving ? <GiveTag person={person} onClose={giving.close} /> : null}
      {isMaking ? <MakePin person={person} onClose={making.close} /> : null}
      <Confirm
        isOpen={isTaking}
        onClose={taking.close}
        title={say('takeTag')}
        effect={say('takeTagEffect', blanks)}
        act={say('takeTag')}
        isDestructive
        isPending={clearing.isPending}
        error={clearing.error}
        onAct={() => clearing.mutate(undefined, { onSuccess: taking.close })}
      />
    </>
  );
}

function BlockKey({ person, personKey }: Props & { readonly personKey: PersonKey }) {
  const say = useWords(peopleWords);
  const name = useKeyName();
  const siteId = useSiteId();
  const setting = useAct(
    (blocked: boolean) =>
      api.patch(`${path}/{id}`, {
        path: { site_id: siteId, site_user_id: person.id, id: personKey.id },
        body: { blocked },
      }),
    {
      touches: ['users', 'tags'],
      done: ({ blocked }) => say(blocked ? 'keyBlocked' : 'keyUnblocked'),
    },
  );
  const { blocked } = personKey;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        loading={setting.isPending}
        aria-label={say(blocked ? 'unblockKey' : 'blockKey', { key: name(personKey) })}
        onClick={() => setting.mutate(!blocked)}
      >
        {say(blocked ? 'unblock' : 'block')}
      </Button>
      <ErrorNote error={setting.error} />
    </>
  );
}
