/** What somebody who comes may open: access groups, and single doors. */
import { Stack, TextInput } from '@mantine/core';
import type { Wish } from '../data/invitation.ts';
import { useRead } from '../data/queries.ts';
import { inviteWords } from '../words/invite.ts';
import { peopleWords } from '../words/people.ts';
import { ChooseSome } from './choose-some.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';

export type WishedAccess = Pick<Wish, 'groups' | 'doors' | 'from'>;

type Props = {
  readonly access: WishedAccess;
  readonly onChange: (change: Partial<WishedAccess>) => void;
};

const all = { $top: 1000, $orderby: 'customer_reference asc' } as const;
type Named = { readonly id: string; readonly customer_reference: string | null };
const thingOf = ({ id, customer_reference: name }: Named) => ({ id, name: name ?? id });
const idOf = ({ id }: { readonly id: string }) => id;

export function InviteAccess({ access, onChange }: Props) {
  const say = useWords(inviteWords);
  const people = useWords(peopleWords);
  const groups = useRead('/v1.2/sites/{site_id}/access_groups', { query: all });
  const doors = useRead('/v1.2/sites/{site_id}/locks', { query: all });
  return (
    <Stack gap="sm">
      <Loaded of={groups} lines={3}>
        {({ items }) => (
          <ChooseSome
            label={people('groups')}
            help={people('groupsHelp')}
            things={items.map(thingOf)}
            chosen={access.groups.map(idOf)}
            onChoose={(ids) =>
              onChange({ groups: items.map(thingOf).filter(({ id }) => ids.includes(id)) })
            }
            empty={say('noGroups')}
          />
        )}
      </Loaded>
      <Loaded of={doors} lines={3}>
        {({ items }) => (
          <ChooseSome
            label={say('doors')}
            help={say('doorsHelp')}
            things={items.map(thingOf)}
            chosen={access.doors.map(idOf)}
            onChoose={(ids) =>
              onChange({ doors: items.map(thingOf).filter(({ id }) => ids.includes(id)) })
            }
            empty={say('noDoors')}
          />
        )}
      </Loaded>
      {access.doors.length === 0 ? null : (
        <TextInput
          type="datetime-local"
          label={say('from')}
          description={say('fromHelp')}
          value={access.from}
          onChange={({ currentTarget }) => onChange({ from: currentTarget.value })}
        />
      )}
    </Stack>
  );
}
