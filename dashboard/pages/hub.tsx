import { Alert, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { hubPollMs, type Hub } from '../data/hubs.ts';
import { useRead } from '../data/queries.ts';
import { IfMay } from '../parts/allowed.tsx';
import { HubActs } from '../parts/hub-acts.tsx';
import { HubCodes } from '../parts/hub-codes.tsx';
import { HubSettings } from '../parts/hub-settings.tsx';
import { HubContact, HubRights, HubSignal } from '../parts/hub-state.tsx';
import { HubTree } from '../parts/hub-tree.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { hubApiWords, hubWords } from '../words/hubs.ts';
import { pageWords } from '../words/pages.ts';

/** One hub: what it is, what hangs on it, its settings, and one's own codes for it. */
export function Page() {
  const say = useWords(hubWords);
  const name = useWords(pageWords);
  const { hubId = '' } = useParams({ strict: false });
  const hub = useRead('/v1.2/sites/{site_id}/iqs/{id}', {
    path: { id: hubId },
    everyMs: hubPollMs,
  });
  return (
    <PageFrame title={hub.data?.customer_reference ?? name('hub')}>
      <Loaded of={hub}>
        {(data) => (
          <>
            <Group gap="xs">
              <HubContact hub={data} />
              <Text size="sm">{say('rights')}</Text>
              <HubRights hub={data} />
            </Group>
            {data.restore_required ? (
              <Alert color="orange" variant="light" title={say('restoreNeeded')}>
                {say('restoreNeededHelp')}
              </Alert>
            ) : null}
            <HubTree key={data.id} hub={data} />
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Stack>
                <Facts hub={data} />
                <IfMay need="touch_hardware">
                  <HubActs hub={data} />
                </IfMay>
              </Stack>
              <Stack>
                <IfMay need="touch_hardware">
                  <HubSettings key={data.id} hub={data} />
                </IfMay>
                <IfMay need="take_part">{data.otp_enabled ? <HubCodes hub={data} /> : null}</IfMay>
              </Stack>
            </SimpleGrid>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function Facts({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubWords);
  const word = useApiWords(hubApiWords);
  const facts = [
    [say('state'), word(hub.state)],
    [say('signal'), <HubSignal key="signal" hub={hub} />],
    [say('operator'), hub.operator ?? '–'],
    [say('address'), hub.mac ?? '–'],
    [say('revision'), hub.revision ?? '–'],
    [say('zone'), hub.time_zone ?? '–'],
  ] as const;
  return (
    <Section title={say('facts')}>
      <Table>
        <Table.Tbody>
          {facts.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th fw={400} c="dimmed" scope="row">
                <Text size="sm">{label}</Text>
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
