import { Alert, Button, List, SimpleGrid, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useParams } from '@tanstack/react-router';
import { api } from '../data/api.ts';
import type { AccessGroup } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import type { Schedule } from '../data/week.ts';
import { IfMay } from '../parts/allowed.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { GroupHours } from '../parts/group-hours.tsx';
import { GroupDoors, GroupPeople } from '../parts/group-members.tsx';
import { useWords } from '../parts/language.tsx';
import { NameForm } from '../parts/name-form.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { useScheduleText } from '../parts/schedule-text.tsx';
import { Section } from '../parts/section.tsx';
import { groupWords } from '../words/groups.ts';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';

const path = '/v1.2/sites/{site_id}/access_groups/{access_group_id}';

/** One access group: what it means, its hours, its doors and people. */
export function Page() {
  const name = useWords(pageWords);
  const { groupId = '' } = useParams({ strict: false });
  const at = { access_group_id: groupId };
  const group = useRead(path, { path: at });
  const schedules = useRead(`${path}/time_schedules`, { path: at, query: { $top: 200 } });
  return (
    <PageFrame
      title={group.data?.customer_reference ?? name('group')}
      acts={
        group.data === undefined ? null : (
          <IfMay need="manage_users">
            <RenameButton group={group.data} />
            <RemoveButton group={group.data} />
          </IfMay>
        )
      }
    >
      <Loaded of={group}>
        {(data) => (
          <Loaded of={schedules}>
            {({ items }) => (
              <>
                <Meaning schedules={items} />
                <GroupHours key={data.id} groupId={data.id} schedules={items} />
                <SimpleGrid cols={{ base: 1, md: 2 }}>
                  <GroupDoors group={data} />
                  <GroupPeople group={data} />
                </SimpleGrid>
              </>
            )}
          </Loaded>
        )}
      </Loaded>
    </PageFrame>
  );
}

function Meaning({ schedules }: { readonly schedules: readonly Schedule[] }) {
  const say = useWords(groupWords);
  const text = useScheduleText();
  if (schedules.length === 0)
    return (
      <Alert color="yellow" title={say('noHours')} role="status">
        {say('noHoursHelp')}
      </Alert>
    );
  return (
    <Section title={say('meaning')}>
      <Text size="sm" mb="xs">
        {say('means')}
      </Text>
      <List size="sm">
        {schedules.map((schedule) => (
          <List.Item key={schedule.id}>{text(schedule)}</List.Item>
        ))}
      </List>
    </Section>
  );
}

function RenameButton({ group }: { readonly group: AccessGroup }) {
  const say = useWords(groupWords);
  const shell = useWords(shellWords);
  const siteId = useSiteId();
  const [isOpen, { open, close }] = useDisclosure();
  const renaming = useAct(
    (name: string) =>
      api.patch(path, {
        path: { site_id: siteId, access_group_id: group.id },
        body: { customer_reference: name },
      }),
    { touches: ['access_groups'], done: say('renamed') },
  );
  return (
    <>
      <Button variant="default" onClick={open}>
        {say('rename')}
      </Button>
      {isOpen ? (
        <NameForm
          onClose={close}
          title={say('rename')}
          label={say('name')}
          name={group.customer_reference ?? ''}
          act={shell('save')}
          isPending={renaming.isPending}
          error={renaming.error}
          onAct={(name) => renaming.mutate(name, { onSuccess: close })}
        />
      ) : null}
    </>
  );
}

function RemoveButton({ group }: { readonly group: AccessGroup }) {
  const say = useWords(groupWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure();
  const removing = useAct(
    () => api.delete(path, { path: { site_id: siteId, access_group_id: group.id } }),
    { touches: ['access_groups', 'users'], done: say('removed') },
  );
  return (
    <>
      <Button variant="default" onClick={open}>
        {say('remove')}
      </Button>
      <Confirm
        isOpen={isOpen}
        onClose={close}
        title={say('remove')}
        effect={say('removeEffect', { people: group.user_count, doors: group.lock_count })}
        act={say('remove')}
        isDestructive
        isPending={removing.isPending}
        error={removing.error}
        onAct={() =>
          removing.mutate(undefined, {
            onSuccess: () => void navigate({ to: `/sites/${siteId}/groups` }),
          })
        }
      />
    </>
  );
}
