import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { healthApiWords, healthWords } from '../words/health.ts';
import { pageWords } from '../words/pages.ts';

const pollMs = 5_000;
type Ready = { readonly ready: boolean; readonly parts: Readonly<Record<string, string>> };
type Health = { readonly version: string };

/** Pages that anybody may ask, a proxy too; a part that is away is an answer as well (docs/operating.md). */
async function readHealth(signal: AbortSignal): Promise<Ready & Health> {
  const [ready, health] = await Promise.all([
    fetch('/ready', { signal, cache: 'no-store' }),
    fetch('/health', { signal, cache: 'no-store' }),
  ]);
  const parts = (await ready.json()) as Ready;
  const { version } = (await health.json()) as Health;
  return { ...parts, version };
}

export function Page() {
  const say = useWords(healthWords);
  const name = useWords(pageWords);
  const word = useApiWords(healthApiWords);
  const health = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => readHealth(signal),
    refetchInterval: pollMs,
  });
  return (
    <PageFrame title={name('health')} lead={say('lead')}>
      <Loaded of={health}>
        {({ ready, parts, version }) => (
          <>
            {health.isError ? (
              <Alert color="red" role="alert" title={say('away')} />
            ) : ready ? (
              <Alert color="teal" role="status">
                <Text fw={600}>{say('ready')}</Text>
                <Text size="sm">{say('version', { version })}</Text>
              </Alert>
            ) : (
              <Alert color="red" title={say('notReady')} role="alert">
                {say('notReadyHelp')}
              </Alert>
            )}
            <ListView
              label={say('parts')}
              of={{
                data: {
                  items: Object.entries(parts).map(([part, state]) => ({ part, state })),
                  count: null,
                },
                error: null,
                refetch: () => health.refetch(),
              }}
              rowId={({ part }) => part}
              columns={[
                { label: say('part'), cell: ({ part }) => word(part) },
                {
                  label: say('state'),
                  cell: ({ state }) => (
                    <Tag color={state === 'up' || state === 'newer' ? 'teal' : 'red'}>
                      {word(state)}
                    </Tag>
                  ),
                },
              ]}
              empty={null}
            />
            <Text size="sm" c="dimmed">
              {say('metrics')}
            </Text>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}
