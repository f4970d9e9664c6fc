import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { NameForm } from '../parts/name-form.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { groupWords } from '../words/groups.ts';
import { pageWords } from '../words/pages.ts';

/** Every access group of the site. */
export function Page() {
  const say = useWords(groupWords);
  const name = useWords(pageWords);
  const state = useListState({ searchIn: ['customer_reference'], order: 'customer_reference asc' });
  const groups = useRead('/v1.2/sites/{site_id}/access_groups', { query: state.query });
  return (
    <PageFrame
      title={name('groups')}
      lead={say('lead')}
      acts={
        <IfMay need="manage_users">
          <AddButton />
        </IfMay>
      }
    >
      <ListView
        label={name('groups')}
        of={groups}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'customer_reference',
            cell: (group) => (
              <SiteLink to={`groups/${group.id}`}>{group.customer_reference ?? group.id}</SiteLink>
            ),
          },
          { label: say('doors'), sort: 'lock_count', cell: ({ lock_count: count }) => count },
          { label: say('people'), sort: 'user_count', cell: ({ user_count: count }) => count },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
    </PageFrame>
  );
}

function AddButton() {
  const say = useWords(groupWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure();
  const adding = useAct(
    (name: string) =>
      api.post('/v1.2/sites/{site_id}/access_groups', {
        path: { site_id: siteId },
        body: { customer_reference: name },
      }),
    { touches: ['access_groups'], done: say('added') },
  );
  return (
    <>
      <Button onClick={open}>{say('add')}</Button>
      {isOpen ? (
        <NameForm
          onClose={close}
          title={say('add')}
          help={say('addHelp')}
          label={say('name')}
          name=""
          act={say('doAdd')}
          isPending={adding.isPending}
          error={adding.error}
          onAct={(name) =>
            adding.mutate(name, {
              onSuccess: ({ id }) => void navigate({ to: `/sites/${siteId}/groups/${id}` }),
            })
          }
        />
      ) : null}
    </>
  );
}
