import { Button, Card, Group, SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { serverPath, useSites } from '../data/site.tsx';
import { IfMay } from '../parts/allowed.tsx';
import { ComeIn } from '../parts/come-in.tsx';
import { useWords } from '../parts/language.tsx';
import { MakeSite } from '../parts/make-site.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { Section } from '../parts/section.tsx';
import { serverPages } from '../routes.tsx';
import { pageWords } from '../words/pages.ts';
import { shellWords } from '../words/shell.ts';

/** The sites in which the caller has a place, and the pages about the server for whoever runs it. */
export function Page() {
  const say = useWords(shellWords);
  const sites = useSites();
  return (
    <PageFrame
      title={say('sites')}
      acts={
        <>
          <ComeIn />
          <MakeSite />
        </>
      }
    >
      <Loaded of={sites}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('noSites')}>{say('noSitesHelp')}</Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
              {items.map((site) => (
                <Card
                  key={site.id}
                  component={Link}
                  to={`/sites/${site.id}`}
                  withBorder
                  padding="md"
                >
                  <Text fw={600}>{site.customer_reference ?? site.id}</Text>
                  <Text size="sm" c="dimmed">
                    {[site.country_code, site.time_zone].filter(Boolean).join(' · ')}
                  </Text>
                </Card>
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
      <IfMay need="run_server">
        <AboutServer />
      </IfMay>
    </PageFrame>
  );
}

function AboutServer() {
  const say = useWords(shellWords);
  const name = useWords(pageWords);
  return (
    <Section title={say('groupServer')} help={say('serverHelp')}>
      <Group gap="xs">
        {serverPages.map(({ path, name: key, menu }) =>
          menu === undefined ? null : (
            <Button
              key={path}
              component={Link}
              to={`${serverPath}/${path}`}
              variant="default"
              leftSection={<menu.icon size={18} stroke={1.6} aria-hidden />}
            >
              {name(key)}
            </Button>
          ),
        )}
      </Group>
    </Section>
  );
}
