/** The access code by which visitors become guests of a pod. */
import { Button, Card, Group, NumberInput, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { api } from '../data/api.ts';
import type { Pod } from '../data/pods.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { podWords } from '../words/pods.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useWords } from './language.tsx';
import { Loaded } from './page.tsx';
import { podPollMs } from './pod-people.tsx';
import { ShownOnce } from './shown-once.tsx';
import { useFormats, useNow } from './time.tsx';

const path = '/v1.2/sites/{site_id}/pods/{pod_id}/access_codes';
const hourMs = 3_600_000;

export function PodCode({ pod }: { readonly pod: Pod }) {
  const say = useWords(podWords);
  const { dateTime } = useFormats();
  const now = useNow();
  const codes = useRead(path, {
    path: { pod_id: pod.id },
    query: { $filter: "state eq 'active'", $top: 10 },
    everyMs: podPollMs,
  });
  return (
    <Card withBorder component="section">
      <Title order={2} size="h4" mb={4}>
        {say('code')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {say('codeLead')}
      </Text>
      <Loaded of={codes} lines={1}>
        {({ items }) => {
          const code = items.find(({ code_expiry_date: end }) => new Date(end) > now);
          return (
            <>
              <Text size="sm" mb="sm">
                {code === undefined
                  ? say('codeNone')
                  : say('codeActive', {
                      until: dateTime(code.code_expiry_date),
                      count: code.use_limit,
                    })}
              </Text>
              <Group gap="xs">
                <MakeButton pod={pod} />
                {code === undefined ? null : <RevokeButton pod={pod} />}
              </Group>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function MakeButton({ pod }: { readonly pod: Pod }) {
  const say = useWords(podWords);
  const { dateTime } = useFormats();
  const siteId = useSiteId();
  const free = pod.max_guest_amount - pod.guest_amount;
  const [isOpen, setOpen] = useState(false);
  const [uses, setUses] = useState<number | string>(1);
  const [hours, setHours] = useState<number | string>(24);
  const making = useAct(
    () =>
      api.put(path, {
        path: { site_id: siteId, pod_id: pod.id },
        body: {
          use_limit: Number(uses),
          // A whole day is what the server gives by itself; by the clock of this device it could be a moment too long.
          ...(Number(hours) >= 24
            ? {}
            : { code_expiry_date: new Date(Date.now() + Number(hours) * hourMs).toISOString() }),
        },
      }),
    { touches: ['pods'] },
  );
  if (making.data?.code)
    return (
      <ShownOnce
        title={say('codeMade')}
        help={say('codeMadeHelp', { until: dateTime(making.data.code_expiry_date) })}
        value={making.data.code}
        onClose={() => {
          making.reset();
          setOpen(false);
        }}
      />
    );
  if (free < 1) return <Text size="sm">{say('codeFull')}</Text>;
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        {say('makeCode')}
      </Button>
      {isOpen ? (
        <FormDialog
          title={say('makeCode')}
          lead={say('makeCodeLead')}
          act={say('makeCode')}
          onAct={() => making.mutate()}
          onClose={() => setOpen(false)}
          isPending={making.isPending}
          error={making.error}
        >
          <NumberInput
            label={say('codeUses')}
            value={uses}
            onChange={setUses}
            min={1}
            max={free}
            allowDecimal={false}
          />
          <NumberInput
            label={say('codeHours')}
            description={say('codeHoursHelp')}
            value={hours}
            onChange={setHours}
            min={1}
            max={24}
            allowDecimal={false}
          />
        </FormDialog>
      ) : null}
    </>
  );
}

function RevokeButton({ pod }: { readonly pod: Pod }) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const revoking = useAct(() => api.delete(path, { path: { site_id: siteId, pod_id: pod.id } }), {
    touches: ['pods'],
    done: say('revoked'),
  });
  return (
    <ConfirmButton
      size="xs"
      act={say('revoke')}
      effect={say('revokeEffect')}
      isDestructive
      doing={revoking}
    />
  );
}
