import { SimpleGrid, Stack } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useRead } from '../data/queries.ts';
import { incidentRulesPath } from '../data/rules.ts';
import { useApiWords, useWords } from '../parts/language.tsx';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { RuleDoors, RuleTold } from '../parts/rule-members.tsx';
import { TroubleWays } from '../parts/rule-ways.tsx';
import { Section } from '../parts/section.tsx';
import { eventApiWords } from '../words/events.ts';
import { pageWords } from '../words/pages.ts';
import { ruleWords } from '../words/rules.ts';

/** The rule of one trouble: how it is told, of which doors, to whom. */
export function Page() {
  const say = useWords(ruleWords);
  const name = useWords(pageWords);
  const word = useApiWords(eventApiWords);
  const { ruleId = '' } = useParams({ strict: false });
  const rule = useRead(`${incidentRulesPath}/{id}`, { path: { id: ruleId } });
  return (
    <PageFrame title={rule.data === undefined ? name('trouble') : word(rule.data.incident)}>
      <Loaded of={rule}>
        {(data) => (
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <Stack>
              <Section title={say('ways')} help={say('waysHelp')}>
                <TroubleWays rule={data} name={word(data.incident)} />
              </Section>
              <RuleTold ruleId={data.id} kind="incident" />
            </Stack>
            <RuleDoors ruleId={data.id} kind="incident" />
          </SimpleGrid>
        )}
      </Loaded>
    </PageFrame>
  );
}
