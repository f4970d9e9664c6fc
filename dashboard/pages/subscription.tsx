import { Alert, Group, List, SimpleGrid, Stack, Text } from '@mantine/core';
import type { AnswerOf } from '#client/operations';
import { guestFilter } from '../data/people.ts';
import { paidFeatures } from '../data/plans.ts';
import { useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { EnterVoucher } from '../parts/enter-voucher.tsx';
import { Facts } from '../parts/facts.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { When } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { featureApiWords, planWords } from '../words/plans.ts';

const path = '/v1.2/sites/{site_id}/subscription';
type Plan = AnswerOf<'GET', typeof path>;

/** What the site may use and until when; and that doors ask for none of it. */
export function Page() {
  const say = useWords(planWords);
  const name = useWords(pageWords);
  const plan = useRead(path);
  return (
    <PageFrame title={name('subscription')} lead={say('lead')}>
      <Loaded of={plan} lines={8}>
        {(data) => (
          <>
            {data.is_valid ? null : (
              <Alert color="orange" variant="light" title={say('overTitle')}>
                {say('overHelp')}
              </Alert>
            )}
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Stack>
                <PlanFacts plan={data} />
                <Always />
              </Stack>
              <Stack>
                <Features plan={data} />
                <IfMay need="manage_site">
                  <EnterVoucher />
                </IfMay>
              </Stack>
            </SimpleGrid>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

function Always() {
  const say = useWords(planWords);
  return (
    <Section title={say('always')} help={say('alwaysHelp')}>
      <List size="sm" spacing={4}>
        {(['alwaysDoors', 'alwaysPeople', 'alwaysEvents', 'alwaysOut'] as const).map((key) => (
          <List.Item key={key}>{say(key)}</List.Item>
        ))}
      </List>
    </Section>
  );
}

function PlanFacts({ plan }: { readonly plan: Plan }) {
  const say = useWords(planWords);
  const site = useRead('/v1.2/sites/{id}', { path: { id: useSiteId() } });
  const counts = useSeatCounts();
  const amount = (count: number | undefined, limit: number | null) =>
    count === undefined
      ? '…'
      : limit === null
        ? say('noLimit', { count })
        : say('ofLimit', { count, limit });
  const end =
    plan.end_date === null ? (
      say('noEnd')
    ) : (
      <Group gap="xs">
        <When at={plan.end_date} />
        {plan.is_valid ? null : <Tag color="orange">{say('over')}</Tag>}
      </Group>
    );
  const isEndless = plan.end_date === null && plan.user_amount === null && plan.iq_amount === null;
  return (
    <Section title={say('plan')} {...(isEndless ? { help: say('endless') } : {})}>
      <Facts
        of={[
          [say(plan.is_valid ? 'runs' : 'ended'), end],
          [say('seats'), amount(site.data?.active_user_amount, plan.user_amount)],
          ...(counts === undefined
            ? []
            : ([
                [say('people'), counts.people],
                [say('guests'), counts.guests],
                [say('waiting'), counts.waiting],
              ] as const)),
          [say('hubs'), amount(site.data?.active_iq_amount, plan.iq_amount)],
          [say('voucher'), plan.voucher_label ?? plan.voucher_code ?? say('none')],
        ]}
      />
      <Text size="sm" c="dimmed" mt="xs">
        {say('seatsHelp')}
      </Text>
      {counts !== undefined && counts.waiting > 0 ? (
        <Text size="sm" mt="xs">
          {say('waitingHelp')} <SiteLink to="people">{say('toPeople')}</SiteLink>
        </Text>
      ) : null}
    </Section>
  );
}

/** How the seats are used, for those who see everybody; undefined until it is known. */
function useSeatCounts() {
  const isOn = useMay()('see_everything');
  const seated = "subscription_state eq 'subscribed'";
  const guests = useCount(`(${seated}) and (${guestFilter})`, isOn);
  const people = useCount(`(${seated}) and not (${guestFilter})`, isOn);
  const waiting = useCount("subscription_state eq 'suspended'", isOn);
  if (guests === undefined || people === undefined || waiting === undefined) return undefined;
  return { guests, people, waiting };
}

function useCount(filter: string, isOn: boolean): number | undefined {
  const { data } = useRead('/v1.2/sites/{site_id}/users', {
    query: { $filter: filter, $count: true, $top: 1 },
    isOn,
  });
  return data?.count ?? undefined;
}

function Features({ plan }: { readonly plan: Plan }) {
  const say = useWords(planWords);
  const feature = useApiWords(featureApiWords);
  return (
    <Section title={say('features')} help={say('featuresHelp')}>
      <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {paidFeatures.map((code) => {
          const isHeld = plan.features.includes(code);
          return (
            <Group key={code} component="li" justify="space-between" wrap="nowrap" gap="sm">
              <Text size="sm">{feature(code)}</Text>
              <div style={{ flex: 'none' }}>
                <Tag color={isHeld && plan.is_valid ? 'teal' : isHeld ? 'orange' : 'gray'}>
                  {say(isHeld && plan.is_valid ? 'held' : isHeld ? 'rests' : 'notHeld')}
                </Tag>
              </div>
            </Group>
          );
        })}
      </Stack>
    </Section>
  );
}
