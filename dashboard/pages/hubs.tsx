import { Button } from '@mantine/core';
import { hubPollMs } from '../data/hubs.ts';
import { useRead } from '../data/queries.ts';
import { useMay } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { InstallerNote } from '../parts/come-in.tsx';
import { HubContact, HubRights, HubSignal } from '../parts/hub-state.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { RegisterDevice, type DeviceKind } from '../parts/register-device.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { hubApiWords, hubWords } from '../words/hubs.ts';
import { installerWords } from '../words/installers.ts';
import { pageWords } from '../words/pages.ts';
import { useState } from 'react';

/** Every hub of the site; hubs, locks and repeaters are registered here. */
export function Page() {
  const say = useWords(hubWords);
  const name = useWords(pageWords);
  const word = useApiWords(hubApiWords);
  const visitor = useWords(installerWords);
  const may = useMay();
  const state = useListState({ searchIn: ['customer_reference'], order: 'customer_reference asc' });
  const hubs = useRead('/v1.2/sites/{site_id}/iqs', { query: state.query, everyMs: hubPollMs });
  const [adding, setAdding] = useState<DeviceKind | null>(null);
  return (
    <PageFrame
      title={name('hubs')}
      lead={say('lead')}
      acts={
        <>
          <IfMay need="touch_hardware">
            <Button variant="default" onClick={() => setAdding('repeaters')}>
              {say('addRepeater')}
            </Button>
            <Button variant="default" onClick={() => setAdding('locks')}>
              {say('addLock')}
            </Button>
          </IfMay>
          <IfMay need="manage_hardware">
            <Button onClick={() => setAdding('iqs')}>{say('addHub')}</Button>
          </IfMay>
        </>
      }
    >
      <InstallerNote />
      {adding === null ? null : <RegisterDevice kind={adding} onClose={() => setAdding(null)} />}
      <ListView
        label={name('hubs')}
        of={hubs}
        state={state}
        rowId={({ id }) => id}
        columns={[
          {
            label: say('name'),
            sort: 'customer_reference',
            cell: (hub) => (
              <SiteLink to={`hubs/${hub.id}`}>{hub.customer_reference ?? hub.mac}</SiteLink>
            ),
          },
          { label: say('contact'), cell: (hub) => <HubContact hub={hub} /> },
          { label: say('state'), cell: (hub) => word(hub.state) },
          { label: say('signal'), cell: (hub) => <HubSignal hub={hub} /> },
          { label: say('rights'), cell: (hub) => <HubRights hub={hub} /> },
        ]}
        empty={
          may('take_part') ? (
            <Empty title={say('empty')}>{say('emptyHelp')}</Empty>
          ) : (
            <Empty title={visitor('wait')}>{visitor('waitHelp')}</Empty>
          )
        }
      />
    </PageFrame>
  );
}
