/** What somebody new does first: in the demo building what to try, in an empty site what it lacks. */
import { Button, CloseButton, Group, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { firstStepWords } from '../words/first-steps.ts';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';

export function FirstSteps() {
  const may = useMay();
  if (may('simulate')) return <TryTheDemo />;
  return may('manage_hardware') && may('manage_users') ? <Furnish /> : null;
}

function TryTheDemo() {
  const say = useWords(firstStepWords);
  const [isClosed, setClosed] = useLocalStorage({ key: 'cardea.demo-seen', defaultValue: false });
  if (isClosed) return null;
  return (
    <Section
      title={say('demo')}
      help={say('demoHelp')}
      acts={<CloseButton aria-label={say('close')} onClick={() => setClosed(true)} />}
    >
      <Group gap="xs">
        <Step to="simulator" isFirst>
          {say('tour')}
        </Step>
        <Step to="locks">{say('open')}</Step>
        <Step to="guests">{say('guest')}</Step>
        <Step to="entries">{say('entries')}</Step>
      </Group>
    </Section>
  );
}

/** Gone as soon as the site has a lock and somebody besides whoever made it. */
function Furnish() {
  const say = useWords(firstStepWords);
  const one = { query: { $top: 1, $count: true } };
  const hubs = useRead('/v1.2/sites/{site_id}/iqs', one).data?.count ?? 1;
  const locks = useRead('/v1.2/sites/{site_id}/locks', one).data?.count ?? 1;
  const people = useRead('/v1.2/sites/{site_id}/users', one).data?.count ?? 2;
  const groups = useRead('/v1.2/sites/{site_id}/access_groups', one).data?.count ?? 1;
  const steps = [
    { to: 'hubs', words: say('addHub'), isDone: hubs > 0 },
    { to: 'hubs', words: say('addLock'), isDone: locks > 0 },
    { to: 'people', words: say('invite'), isDone: people > 1 },
    { to: 'groups', words: say('makeGroup'), isDone: groups > 0 },
  ];
  const next = steps.findIndex(({ isDone }) => !isDone);
  if (next < 0) return null;
  return (
    <Section title={say('furnish')} help={say('furnishHelp')}>
      <Group gap="xs">
        {steps.map(({ to, words, isDone }, index) =>
          isDone ? (
            <Text key={words} size="sm" c="dimmed">
              ✓ {words}
            </Text>
          ) : (
            <Step key={words} to={to} isFirst={index === next}>
              {words}
            </Step>
          ),
        )}
      </Group>
    </Section>
  );
}

function Step({
  to,
  isFirst = false,
  children,
}: {
  readonly to: string;
  readonly isFirst?: boolean;
  readonly children: string;
}) {
  const siteId = useSiteId();
  return (
    <Button component={Link} to={`/sites/${siteId}/${to}`} variant={isFirst ? 'filled' : 'default'}>
      {children}
    </Button>
  );
}
