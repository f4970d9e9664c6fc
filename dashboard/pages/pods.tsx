import {
  Button,
  Card,
  NumberInput,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../data/api.ts';
import { personName } from '../data/people.ts';
import { draftOf, type Pod, type PodPerson } from '../data/pods.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useWords } from '../parts/language.tsx';
import { useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { GuestHours, placesText, podPollMs, usePodPeople } from '../parts/pod-people.tsx';
import { DoorChoice, useRuleText } from '../parts/pod-rule.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { pageWords } from '../words/pages.ts';
import { podWords } from '../words/pods.ts';
import { shellWords } from '../words/shell.ts';

const step = 12;
/** A card names so many of each; the page of the pod names all. */
const named = 4;

/** The board: a card per pod. */
export function Page() {
  const say = useWords(podWords);
  const shell = useWords(shellWords);
  const name = useWords(pageWords);
  const [shown, setShown] = useState(step);
  const [isAdding, setAdding] = useState(false);
  const state = useListState({
    searchIn: ['customer_reference'],
    order: 'customer_reference asc',
    pageSize: shown,
  });
  const pods = useRead('/v1.2/sites/{site_id}/pods', { query: state.query, everyMs: podPollMs });
  const add = <Button onClick={() => setAdding(true)}>{say('add')}</Button>;
  return (
    <PageFrame title={name('pods')} lead={say('lead')} acts={add}>
      <Loaded of={pods} lines={8}>
        {({ items, count }) => (
          <>
            {state.search !== '' || (count ?? 0) > step ? (
              <TextInput
                type="search"
                aria-label={shell('search')}
                placeholder={shell('search')}
                value={state.search}
                onChange={({ currentTarget }) => state.setSearch(currentTarget.value)}
                maw={260}
              />
            ) : null}
            {items.length > 0 ? (
              <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
                {items.map((pod) => (
                  <PodCard key={pod.id} pod={pod} />
                ))}
              </SimpleGrid>
            ) : state.search === '' ? (
              <Empty title={say('empty')}>{say('emptyHelp')}</Empty>
            ) : (
              <Empty title={shell('nothingFound')}>{shell('nothingFoundHelp')}</Empty>
            )}
            {(count ?? 0) > items.length ? (
              <Button variant="default" w="fit-content" onClick={() => setShown(shown + step)}>
                {say('more')}
              </Button>
            ) : null}
          </>
        )}
      </Loaded>
      {isAdding ? <PodForm onClose={() => setAdding(false)} /> : null}
    </PageFrame>
  );
}

function PodCard({ pod }: { readonly pod: Pod }) {
  const say = useWords(podWords);
  const ruleText = useRuleText();
  const people = usePodPeople(pod.id);
  const isFull = pod.guest_amount >= pod.max_guest_amount;
  return (
    <Card withBorder component="article">
      <Stack gap="xs">
        <Title order={2} size="h4" style={{ overflowWrap: 'anywhere' }}>
          <SiteLink to={`pods/${pod.id}`}>{pod.customer_reference ?? pod.id}</SiteLink>
        </Title>
        <Tag color={isFull ? 'orange' : 'teal'}>{placesText(pod, say)}</Tag>
        <Text size="sm">{ruleText(draftOf(pod.access_rule)).join('; ')}</Text>
        {pod.lock_amount === 0 ? <Text size="sm">{say('noDoors')}</Text> : null}
        <Loaded of={people} lines={2}>
          {({ items }) => (
            <>
              <Named
                label={say('members')}
                people={items.filter((person) => person.pod_user_type === 'member')}
                none={say('noMembers')}
              />
              <Named
                label={say('guests')}
                people={items.filter((person) => person.pod_user_type === 'guest')}
                none={say('noGuests')}
                podId={pod.id}
              />
            </>
          )}
        </Loaded>
      </Stack>
    </Card>
  );
}

/** Names below a heading; guests, whose `podId` is given, with their hours. */
function Named({
  label,
  people,
  none,
  podId,
}: {
  readonly label: string;
  readonly people: readonly PodPerson[];
  readonly none: string;
  readonly podId?: string;
}) {
  const say = useWords(podWords);
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      {people.length === 0 ? <Text size="sm">{none}</Text> : null}
      {people.slice(0, named).map((person) => (
        <Text key={person.id} size="sm" style={{ overflowWrap: 'anywhere' }}>
          {personName(person)}
          {podId === undefined ? null : (
            <Text size="xs" c="dimmed" component="span" display="block">
              <GuestHours podId={podId} guestId={person.id} />
            </Text>
          )}
        </Text>
      ))}
      {people.length > named ? (
        <Text size="sm" c="dimmed">
          {say('andMore', { count: people.length - named })}
        </Text>
      ) : null}
    </div>
  );
}

function PodForm({ onClose }: { readonly onClose: () => void }) {
  const say = useWords(podWords);
  const siteId = useSiteId();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [places, setPlaces] = useState<number | string>(2);
  const [doors, setDoors] = useState<readonly string[]>([]);
  const locks = useRead('/v1.2/sites/{site_id}/locks', {
    query: { $top: 200, $orderby: 'customer_reference asc' },
  });
  const adding = useAct(
    () =>
      api.post('/v1.2/sites/{site_id}/pods', {
        path: { site_id: siteId },
        body: { customer_reference: name, max_guest_amount: Number(places), locks: [...doors] },
      }),
    { touches: ['pods'], done: say('added', { name }) },
  );
  return (
    <FormDialog
      title={say('add')}
      act={say('add')}
      onAct={() =>
        adding.mutate(undefined, {
          onSuccess: ({ id }) => void navigate({ to: `/sites/${siteId}/pods/${id}` }),
        })
      }
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    >
      <TextInput
        label={say('name')}
        description={say('nameHelp')}
        required
        withAsterisk={false}
        data-autofocus
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
      <Loaded of={locks}>
        {({ items }) => (
          <DoorChoice label={say('doors')} doors={items} chosen={doors} onChange={setDoors} />
        )}
      </Loaded>
    </FormDialog>
  );
}
