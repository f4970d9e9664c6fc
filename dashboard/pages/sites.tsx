import { Card, SimpleGrid, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useSites } from '../data/site.tsx';
import { ComeIn } from '../parts/come-in.tsx';
import { useWords } from '../parts/language.tsx';
import { MakeSite } from '../parts/make-site.tsx';
import { Empty, Loaded, PageFrame } from '../parts/page.tsx';
import { shellWords } from '../words/shell.ts';

/** The sites in which the caller has a place. */
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
    </PageFrame>
  );
}
