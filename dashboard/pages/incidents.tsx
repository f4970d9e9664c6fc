import { Button, Group, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, quoted, save } from '../data/api.ts';
import { useIncidents } from '../data/events.ts';
import { useSiteId } from '../data/site.tsx';
import { ErrorNote } from '../parts/error-note.tsx';
import { EventList, useIncidentColumns } from '../parts/event-list.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { eventApiWords, eventWords } from '../words/events.ts';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';

const kinds = [
  'intrusion_alarm_start',
  'tamper_alarm_start',
  'door_left_open_alarm_start',
  'lock_connection_lost',
  'iq_connection_lost',
  'low_battery_warning',
  'lock_clock_failure',
  'operation_not_completed',
  'lock_reset',
] as const;

export function Page() {
  const say = useWords(eventWords);
  const shell = useWords(shellWords);
  const name = useWords(pageWords);
  const word = useApiWords(eventApiWords);
  const siteId = useSiteId();
  const [kind, setKind] = useState('');
  const incidents = useIncidents({
    filter: kind === '' ? '' : `event_category eq ${quoted(kind)}`,
  });
  const saving = useMutation({
    mutationFn: async () => {
      const file = await api.download('/v1.1/sites/{site_id}/incidents/export', {
        path: { site_id: siteId },
        query: kind === '' ? {} : { event_category: kind },
      });
      save(file, 'incidents.csv');
    },
  });
  return (
    <PageFrame
      title={name('incidents')}
      lead={say('incidentsLead')}
      acts={
        <Button variant="default" loading={saving.isPending} onClick={() => saving.mutate()}>
          {say('export')}
        </Button>
      }
    >
      <ErrorNote error={saving.error} />
      <Group>
        <NativeSelect
          label={say('kind')}
          value={kind}
          onChange={({ currentTarget }) => setKind(currentTarget.value)}
          data={[
            { value: '', label: say('all') },
            ...kinds.map((value) => ({ value, label: word(value) })),
          ]}
        />
      </Group>
      <EventList
        label={name('incidents')}
        of={incidents}
        columns={useIncidentColumns()}
        empty={
          kind === '' ? (
            <Empty title={say('incidentsEmpty')}>{say('incidentsEmptyHelp')}</Empty>
          ) : (
            <Empty title={shell('nothingFound')}>{shell('nothingFoundHelp')}</Empty>
          )
        }
      />
    </PageFrame>
  );
}
