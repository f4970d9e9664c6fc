import { Button, Card, Group, List, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { fixOf, type Finding, type Fix, type Found } from '../data/fixes.ts';
import { personName } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { SiteLink } from '../parts/site-link.tsx';
import { When } from '../parts/time.tsx';
import { checkWords, findingApiWords, severityApiWords } from '../words/check.ts';
import { findingMeansApiWords, findingRemedyApiWords } from '../words/findings.ts';
import { pageWords } from '../words/pages.ts';

/** The configuration check: what leads nowhere, why that matters, and a button where a click can mend it. */
export function Page() {
  const say = useWords(checkWords);
  const name = useWords(pageWords);
  const check = useRead('/ext/v1/sites/{site_id}/configuration_check');
  return (
    <PageFrame
      title={name('check')}
      lead={say('lead')}
      acts={
        <Button variant="default" loading={check.isFetching} onClick={() => void check.refetch()}>
          {say('again')}
        </Button>
      }
    >
      <Loaded of={check} lines={8}>
        {({ findings, fine, checked_at: at }) => (
          <>
            {findings.length === 0 ? (
              <Empty title={say('fine')}>{say('fineHelp')}</Empty>
            ) : (
              findings.map((finding) => <OneFinding key={finding.word} finding={finding} />)
            )}
            <Text size="sm" c="dimmed">
              {say('fineCount', { count: fine.length })} · {say('checkedAt')} <When at={at} />
            </Text>
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}

const colors = { error: 'red', warning: 'orange', notice: 'gray' } as const;

function OneFinding({ finding }: { readonly finding: Finding }) {
  const say = useWords(checkWords);
  const word = useApiWords(findingApiWords);
  const severityName = useApiWords(severityApiWords);
  const means = useApiWords(findingMeansApiWords);
  const remedy = useApiWords(findingRemedyApiWords);
  const { severity, total, objects } = finding;
  return (
    <Card withBorder component="section">
      <Stack gap="xs">
        <Group gap="sm">
          <Tag color={colors[severity]}>{severityName(severity)}</Tag>
          <Title order={2} size="h5">
            {word(finding.word)} ({total})
          </Title>
        </Group>
        <Text size="sm">{plain(means(finding.word))}</Text>
        <Text size="sm">{say('remedy', { text: plain(remedy(finding.word)) })}</Text>
        <List listStyleType="none" spacing={4}>
          {objects.map((object) => (
            <List.Item key={object.object_id}>
              <Group gap="sm">
                <Text size="sm" component="span" style={{ overflowWrap: 'anywhere' }}>
                  <Named object={object} />
                </Text>
                <FixButton finding={finding} object={object} />
              </Group>
            </List.Item>
          ))}
        </List>
        {total > objects.length ? (
          <Text size="sm" c="dimmed">
            {say('andMore', { count: total - objects.length })}
          </Text>
        ) : null}
      </Stack>
    </Card>
  );
}

/** The texts of the API mark its words by backticks. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function Named({ object }: { readonly object: Found }) {
  if (object.object_type === 'accessor' && object.name === null)
    return <PersonNamed id={object.object_id} />;
  const page = pageOf(object);
  const text = object.name ?? object.object_id;
  return page === undefined ? text : <SiteLink to={page}>{text}</SiteLink>;
}

/** Where what was found can be mended by hand. */
function pageOf({ object_type: type, object_id: id }: Found): string | undefined {
  switch (type) {
    case 'accessor':
      return `people/${id}`;
    case 'access_group':
      return `groups/${id}`;
    case 'iq':
      return `hubs/${id}`;
    case 'lock':
      return `locks/${id}`;
    default:
      return undefined;
  }
}

/** The check knows people as the hardware does: by what the site calls them, if it calls them anything. */
function PersonNamed({ id }: { readonly id: string }) {
  const person = useRead('/v1.2/sites/{site_id}/users/{id}', { path: { id } });
  return (
    <SiteLink to={`people/${id}`}>
      {person.data === undefined ? id : personName(person.data)}
    </SiteLink>
  );
}

function FixButton({ finding, object }: { readonly finding: Finding; readonly object: Found }) {
  const may = useMay();
  const fix = fixOf(finding.word, object, useSiteId());
  if (fix === undefined || !may(fix.need)) return null;
  return <Fixing fix={fix} name={object.name ?? object.object_id} />;
}

function Fixing({ fix, name }: { readonly fix: Fix; readonly name: string }) {
  const say = useWords(checkWords);
  const [isAsked, ask] = useDisclosure();
  const fixing = useAct(fix.run, {
    touches: ['configuration_check', 'access_groups', 'tags', 'locks'],
    done: say('fixed'),
  });
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`${say(fix.act)}: ${name}`}
        onClick={ask.open}
      >
        {say(fix.act)}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say(fix.act)}
        effect={say(fix.effect, { name })}
        act={say(fix.act)}
        isPending={fixing.isPending}
        error={fixing.error}
        isDestructive={fix.isDestructive}
        onAct={() => fixing.mutate(undefined, { onSuccess: ask.close })}
      />
    </>
  );
}
