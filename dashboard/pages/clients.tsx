import { Button, NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { purposeOf } from '../data/clients.ts';
import { useAct, useRead } from '../data/queries.ts';
import { usePagesPath } from '../data/site.tsx';
import { ClientState, useTenantName } from '../parts/client-facts.tsx';
import { NewClientForm, type OrderedClient } from '../parts/client-form.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { When } from '../parts/time.tsx';
import { clientApiWords, clientWords } from '../words/clients.ts';
import { pageWords } from '../words/pages.ts';

const pollMs = 15_000;
const kinds = { inUse: 'disabled_at eq null', ended: 'disabled_at ne null', all: '' } as const;
type Kind = keyof typeof kinds;

/** Programs that may ask for tokens, for operators. */
export function Page() {
  const say = useWords(clientWords);
  const name = useWords(pageWords);
  const word = useApiWords(clientApiWords);
  const tenantName = useTenantName();
  const [kind, setKind] = useState<Kind>('inUse');
  const [isAdding, setAdding] = useState(false);
  const state = useListState({
    searchIn: ['name', 'id'],
    order: 'created_at desc',
    kind: kinds[kind],
  });
  const clients = useRead('/ext/v1/clients', { query: state.query, everyMs: pollMs });
  return (
    <PageFrame
      title={name('clients')}
      lead={say('lead')}
      acts={<Button onClick={() => setAdding(true)}>{say('add')}</Button>}
    >
      <ListView
        label={name('clients')}
        of={clients}
        state={state}
        filters={
          <NativeSelect
            label={say('show')}
            value={kind}
            onChange={({ currentTarget }) => {
              state.setPage(0);
              setKind(currentTarget.value as Kind);
            }}
            data={(['inUse', 'ended', 'all'] as const).map((value) => ({
              value,
              label: say(value),
            }))}
          />
        }
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'name',
            cell: (client) => <SiteLink to={`clients/${client.id}`}>{client.name}</SiteLink>,
          },
          { label: say('usedFor'), cell: (client) => word(purposeOf(client)) },
          { label: say('tenant'), cell: ({ tenant_id: id }) => tenantName(id) },
          {
            label: say('madeAt'),
            sort: 'created_at',
            cell: ({ created_at: at }) => <When at={at} />,
          },
          { label: say('state'), cell: (client) => <ClientState client={client} /> },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isAdding ? <Adding onClose={() => setAdding(false)} /> : null}
    </PageFrame>
  );
}

/** The form, then the secret, then the page of the client. */
function Adding({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(clientWords);
  const pagesPath = usePagesPath();
  const navigate = useNavigate();
  const show = (id: string) => navigate({ to: `${pagesPath}/clients/${id}` });
  const adding = useAct(
    async (body: OrderedClient) => {
      const made = await api.post('/ext/v1/clients', { body });
      if (made.secret === null) await show(made.id);
      return made;
    },
    { touches: ['clients'] },
  );
  const { secret = null, id = '', name = '' } = adding.data ?? {};
  if (secret !== null)
    return (
      <ShownOnce
        title={say('secretTitle', { name })}
        help={say('secretHelp')}
        value={secret}
        onClose={() => void show(id)}
      />
    );
  return (
    <NewClientForm
      onAct={(client) => adding.mutate(client)}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    />
  );
}
