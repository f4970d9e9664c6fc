import { Button, Group } from '@mantine/core';
import { useState } from 'react';
import { isCardeaError } from '#client/errors';
import type { AnswerOf, ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { hubPollMs } from '../data/hubs.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { useOneTimeCode } from '../parts/one-time-code.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { ShownOnce } from '../parts/shown-once.tsx';
import { useFormats } from '../parts/time.tsx';
import { installerWords } from '../words/installers.ts';
import { pageWords } from '../words/pages.ts';

const path = '/v1.2/sites/{site_id}/installer_access';
const iqsPath = '/v1.2/sites/{site_id}/installer_access/iqs';
type Access = AnswerOf<'GET', typeof path>;
type InstallerHub = ItemOf<typeof iqsPath>;

/** Who is let in for a day, and to which hubs. */
export function Page() {
  const say = useWords(installerWords);
  const name = useWords(pageWords);
  const [token, setToken] = useState<string | null>(null);
  const access = useRead(path, { everyMs: hubPollMs });
  // A site that never let anybody in has none.
  const isNever = isCardeaError(access.error) && access.error.name === 'NOT_FOUND';
  const state = { ...access, data: access.data ?? (isNever ? null : undefined) };
  return (
    <PageFrame title={name('installers')} lead={say('lead')}>
      <Loaded of={state}>
        {(data) =>
          data?.is_active === true ? (
            <>
              <Active access={data} onToken={setToken} />
              <Hubs />
            </>
          ) : (
            <Empty
              title={say('nobody')}
              act={
                <IfMay need="manage_site">
                  <LetIn isAgain={false} onToken={setToken} />
                </IfMay>
              }
            >
              {say('nobodyHelp')}
            </Empty>
          )
        }
      </Loaded>
      {token === null ? null : (
        <ShownOnce
          title={say('token')}
          help={say('tokenHelp', { origin: location.origin })}
          value={token}
          onClose={() => setToken(null)}
        />
      )}
    </PageFrame>
  );
}

type LetInProps = {
  /** Another one was let in before. */
  readonly isAgain: boolean;
  readonly onToken: (token: string) => void;
};

function LetIn({ isAgain, onToken }: LetInProps) {
  const say = useWords(installerWords);
  const siteId = useSiteId();
  const [isAsked, setAsked] = useState(false);
  const letting = useAct(
    async () => {
      const given = await api.put(path, {
        path: { site_id: siteId },
        body: { action: 'enable', update_default_installer: false },
      });
      setAsked(false);
      // At once: this button may be gone when the page has been read again.
      onToken(given.token ?? '');
    },
    { touches: ['installer_access'] },
  );
  return (
    <>
      <Button
        variant={isAgain ? 'default' : 'filled'}
        onClick={() => {
          letting.reset();
          setAsked(true);
        }}
      >
        {say(isAgain ? 'again' : 'letIn')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say(isAgain ? 'again' : 'letIn')}
        effect={say(isAgain ? 'letInAgainEffect' : 'letInEffect')}
        act={say('letIn')}
        isPending={letting.isPending}
        error={letting.error}
        isDestructive={isAgain}
        onAct={() => letting.mutate()}
      />
    </>
  );
}

type ActiveProps = { readonly access: Access; readonly onToken: (token: string) => void };

function Active({ access, onToken }: ActiveProps) {
  const say = useWords(installerWords);
  const siteId = useSiteId();
  const { dateTime } = useFormats();
  const [isAsked, setAsked] = useState(false);
  const ending = useAct(
    () =>
      api.put(path, {
        path: { site_id: siteId },
        body: { action: 'disable', update_default_installer: false },
      }),
    { touches: ['installer_access'], done: say('ended') },
  );
  return (
    <Section title={say('active')} help={say('until', { when: dateTime(access.expiry_date) })}>
      <IfMay need="manage_site">
        <Group gap="xs">
          <Button variant="default" onClick={() => setAsked(true)}>
            {say('end')}
          </Button>
          <LetIn isAgain onToken={onToken} />
        </Group>
      </IfMay>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say('end')}
        effect={say('endEffect')}
        act={say('end')}
        isPending={ending.isPending}
        error={ending.error}
        isDestructive
        onAct={() => ending.mutate(undefined)}
      />
    </Section>
  );
}

function Hubs() {
  const say = useWords(installerWords);
  const mayChange = useMay()('manage_site');
  const state = useListState({ searchIn: ['customer_reference'], order: 'customer_reference asc' });
  const hubs = useRead(iqsPath, { query: state.query, everyMs: hubPollMs });
  return (
    <Section title={say('hubs')} help={say('hubsHelp')}>
      <ListView
        label={say('hubs')}
        of={hubs}
        state={state}
        hasSearch={(hubs.data?.count ?? 0) > state.pageSize || state.search !== ''}
        rowId={({ iq_id: id }) => id}
        columns={[
          { label: say('hub'), sort: 'customer_reference', cell: nameOf },
          {
            label: say('contact'),
            cell: ({ online }) => (
              <Tag color={online ? 'teal' : 'red'}>{say(online ? 'online' : 'offline')}</Tag>
            ),
          },
          {
            label: say('state'),
            cell: ({ enabled }) => (
              <Tag color={enabled ? 'teal' : 'gray'}>{say(enabled ? 'open' : 'shut')}</Tag>
            ),
          },
          ...(mayChange
            ? [{ label: say('acts'), cell: (hub: InstallerHub) => <HubAct hub={hub} /> }]
            : []),
        ]}
        empty={<Empty title={say('noHubs')}>{say('noHubsHelp')}</Empty>}
      />
    </Section>
  );
}

const nameOf = (hub: InstallerHub) => hub.customer_reference ?? hub.iq_id;

function HubAct({ hub }: { readonly hub: InstallerHub }) {
  const say = useWords(installerWords);
  const siteId = useSiteId();
  const name = nameOf(hub);
  const [isAsked, setAsked] = useState(false);
  const [opens, setOpens] = useState(!hub.enabled);
  const found = useRead('/v1.2/sites/{site_id}/iqs/{id}', {
    path: { id: hub.iq_id },
    isOn: isAsked,
  });
  const code = useOneTimeCode(found.data?.otp_enabled === true ? hub.iq_id : undefined);
  const setting = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/installer_access/iqs/{iq_id}', {
        path: { site_id: siteId, iq_id: hub.iq_id },
        body: { enable: opens, ...code.member() },
      }),
    { touches: ['installer_access'], done: say(opens ? 'opened' : 'closed', { name }) },
  );
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say(hub.enabled ? 'shutHubName' : 'openHubName', { name })}
        onClick={() => {
          setting.reset();
          // The wish stays what it was when it was asked for, while the list changes.
          setOpens(!hub.enabled);
          setAsked(true);
        }}
      >
        {say(hub.enabled ? 'shutHub' : 'openHub')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say(opens ? 'openHubName' : 'shutHubName', { name })}
        effect={say(opens ? 'openHubEffect' : 'shutHubEffect', { name })}
        act={say(opens ? 'openHub' : 'shutHub')}
        isPending={setting.isPending}
        error={setting.error}
        isIncomplete={code.isMissing}
        onAct={() => setting.mutate(undefined, { onSuccess: () => setAsked(false) })}
      >
        {code.field}
      </Confirm>
    </>
  );
}
