import {
  Button,
  Card,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { api } from '../data/api.ts';
import { draftOf, ruleBody, type Pod, type PodLock } from '../data/pods.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { PodCode } from '../parts/pod-code.tsx';
import { PodGuests, PodMembers, podPollMs } from '../parts/pod-people.tsx';
import { DoorChoice, RuleFields, useRuleText } from '../parts/pod-rule.tsx';
import { pageWords } from '../words/pages.ts';
import { podWords } from '../words/pods.ts';

/** One pod: who lives there and visits, when, by which doors. */
export function Page() {
  const name = useWords(pageWords);
  const { podId = '' } = useParams({ strict: false });
  const pod = useRead('/v1.2/sites/{site_id}/pods/{id}', {
    path: { id: podId },
    everyMs: podPollMs,
  });
  const doors = useRead('/v1.2/sites/{site_id}/pods/{pod_id}/locks', {
    path: { pod_id: podId },
    query: { $top: 200 },
  });
  return (
    <PageFrame
      title={pod.data?.customer_reference ?? name('pod')}
      acts={
        pod.data === undefined ? null : (
          <>
            <CleanButton pod={pod.data} />
            <RemoveButton pod={pod.data} />
          </>
        )
      }
    >
      <Loaded of={pod}>
        {(data) => (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Stack>
              <PodMembers pod={data} />
              <PodGuests pod={data} doors={doors.data?.items ?? []} />
            </Stack>
            <Stack>
              <Times pod={data} />
              <Loaded of={doors}>{({ items }) => <Doors pod={data} doors={items} />}</Loaded>
              <PodCode pod={data} />
              <Settings pod={data} />
            </Stack>
          </SimpleGrid>
        )}
      </Loaded>
    </PageFrame>
  );
}

type OfPod = { readonly pod: Pod };

function PodPart({
  title,
  act,
  onAct,
  children,
}: {
  readonly title: string;
  readonly act: string;
  readonly onAct: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Card withBorder component="section">
      <Title order={2} size="h4" mb={4}>
        {title}
      </Title>
      {children}
      <Group mt="sm">
        <Button size="xs" variant="default" onClick={onAct}>
          {act}
        </Button>
      </Group>
    </Card>
  );
}

function Times({ pod }: OfPod) {
  const say = useWords(podWords);
  const ruleText = useRuleText();
  const [isOpen, setOpen] = useState(false);
  return (
    <PodPart title={say('times')} act={say('changeTimes')} onAct={() => setOpen(true)}>
      {ruleText(draftOf(pod.access_rule)).map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
      {isOpen ? <TimesForm pod={pod} onClose={() => setOpen(false)} /> : null}
    </PodPart>
  );
}

function TimesForm({ pod, onClose }: OfPod & { readonly onClose: () => void }) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const [draft, setDraft] = useState(() => draftOf(pod.access_rule));
  const saving = useAct(
    () =>
      api.put('/v1.2/sites/{site_id}/pods/{pod_id}/access_rule', {
        path: { site_id: siteId, pod_id: pod.id },
        body: ruleBody(draft),
      }),
    { touches: ['pods'], done: say('timesSaved') },
  );
  return (
    <FormDialog
      title={say('changeTimes')}
      size="lg"
      lead={say('timesLead')}
      act={say('changeTimes')}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
    >
      <RuleFields draft={draft} onChange={setDraft} />
    </FormDialog>
  );
}

function Doors({ pod, doors }: OfPod & { readonly doors: readonly PodLock[] }) {
  const say = useWords(podWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <PodPart title={say('doors')} act={say('changeDoors')} onAct={() => setOpen(true)}>
      <Text size="sm">
        {doors.length === 0
          ? say('noDoors')
          : doors.map(({ customer_reference: name, id }) => name ?? id).join(', ')}
      </Text>
      {isOpen ? <DoorsForm pod={pod} doors={doors} onClose={() => setOpen(false)} /> : null}
    </PodPart>
  );
}

function DoorsForm({
  pod,
  doors,
  onClose,
}: OfPod & { readonly doors: readonly PodLock[]; readonly onClose: () => void }) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const before = doors.map(({ id }) => id);
  const [chosen, setChosen] = useState<readonly string[]>(before);
  const others = useRead('/v1.2/sites/{site_id}/pods/{pod_id}/locks', {
    path: { pod_id: pod.id },
    query: { excluded: true, $top: 200 },
  });
  const saving = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{pod_id}/locks', {
        path: { site_id: siteId, pod_id: pod.id },
        body: {
          lock_to_add_ids: chosen.filter((id) => !before.includes(id)),
          lock_to_remove_ids: before.filter((id) => !chosen.includes(id)),
        },
      }),
    { touches: ['pods'], done: say('doorsSaved') },
  );
  return (
    <FormDialog
      title={say('changeDoors')}
      lead={say('doorsLead')}
      act={say('changeDoors')}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
    >
      <Loaded of={others}>
        {({ items }) => (
          <DoorChoice
            label={say('doors')}
            doors={[...doors, ...items]}
            chosen={chosen}
            onChange={setChosen}
          />
        )}
      </Loaded>
    </FormDialog>
  );
}

function Settings({ pod }: OfPod) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState(pod.customer_reference ?? '');
  const [places, setPlaces] = useState<number | string>(pod.max_guest_amount);
  const saving = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{id}', {
        path: { site_id: siteId, id: pod.id },
        body: { customer_reference: name, max_guest_amount: Number(places) },
      }),
    { touches: ['pods'], done: say('saved') },
  );
  return (
    <PodPart title={say('settings')} act={say('change')} onAct={() => setOpen(true)}>
      <Text size="sm">
        {pod.customer_reference} · {say('places')}: {pod.max_guest_amount}
      </Text>
      {isOpen ? (
        <FormDialog
          title={say('settings')}
          act={say('change')}
          onAct={() => saving.mutate(undefined, { onSuccess: () => setOpen(false) })}
          onClose={() => setOpen(false)}
          isPending={saving.isPending}
          error={saving.error}
        >
          <TextInput
            label={say('name')}
            required
            withAsterisk={false}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NumberInput
            label={say('places')}
            description={say('placesHelp')}
            value={places}
            onChange={setPlaces}
            min={0}
            allowDecimal={false}
          />
        </FormDialog>
      ) : null}
    </PodPart>
  );
}

function CleanButton({ pod }: OfPod) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const name = pod.customer_reference ?? pod.id;
  const cleaning = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/pods/{id}/clean', {
        path: { site_id: siteId, id: pod.id },
      }),
    { touches: ['pods', 'users', 'tags'], done: say('cleaned', { name }) },
  );
  return (
    <ConfirmButton
      act={say('clean')}
      title={say('cleanTitle', { name })}
      effect={say('cleanEffect', { members: pod.member_amount, guests: pod.guest_amount })}
      isDestructive
      doing={cleaning}
    />
  );
}

function RemoveButton({ pod }: OfPod) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const name = pod.customer_reference ?? pod.id;
  const removing = useAct(
    async () => {
      await api.delete('/v1.2/sites/{site_id}/pods/{id}', {
        path: { site_id: siteId, id: pod.id },
      });
      await navigate({ to: `/sites/${siteId}/pods` });
    },
    { touches: ['pods', 'users', 'tags'], done: say('podRemoved', { name }) },
  );
  return (
    <ConfirmButton
      act={say('remove')}
      title={say('removePod', { name })}
      effect={say('removePodEffect', { members: pod.member_amount, guests: pod.guest_amount })}
      isDestructive
      doing={removing}
    />
  );
}
