import { Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { personName } from '../data/people.ts';
import { useRead } from '../data/queries.ts';
import { IfMay } from '../parts/allowed.tsx';
import { useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import {
  BlockButton,
  InviteAgainButton,
  PersonAccess,
  RemoveButton,
} from '../parts/person-access.tsx';
import { PersonCodes } from '../parts/person-codes.tsx';
import { PersonDoors } from '../parts/person-doors.tsx';
import { PersonGroups } from '../parts/person-groups.tsx';
import { PersonKeys } from '../parts/person-keys.tsx';
import { PersonProfile, PersonRoles } from '../parts/person-profile.tsx';
import { PersonState, useInvitations } from '../parts/person-state.tsx';
import { When } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { peopleWords } from '../words/people.ts';

/** One person: keys, groups, what they open, profile and roles. */
export function Page() {
  const say = useWords(peopleWords);
  const name = useWords(pageWords);
  const { personId = '' } = useParams({ strict: false });
  const person = useRead('/v1.2/sites/{site_id}/users/{id}', { path: { id: personId } });
  const invitations = useInvitations();
  // The answer for another person stays until the one asked for comes.
  const found = person.data?.id === personId ? person.data : undefined;
  return (
    <PageFrame
      title={found === undefined ? name('person') : personName(found)}
      acts={
        found === undefined ? null : (
          <IfMay need="manage_users">
            <InviteAgainButton person={found} />
            <BlockButton person={found} />
            <RemoveButton person={found} />
          </IfMay>
        )
      }
    >
      <Loaded of={{ ...person, data: found }} lines={10}>
        {(data) => (
          <>
            <Group gap="sm">
              <PersonState person={data} invitation={invitations.get(data.user.id)} />
              {data.expires_at === null ? null : (
                <Text size="sm">
                  {say('until')} <When at={data.expires_at} />
                </Text>
              )}
            </Group>
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Stack>
                <PersonKeys person={data} />
                <PersonGroups person={data} />
                <PersonRoles key={`roles ${data.id}`} person={data} />
              </Stack>
              <Stack>
                <PersonAccess person={data} />
                <IfMay need="manage_hardware">
                  <PersonCodes person={data} />
                </IfMay>
                <PersonProfile key={data.id} person={data} />
              </Stack>
            </SimpleGrid>
            <IfMay need="manage_users">
              <PersonDoors person={data} />
            </IfMay>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}
