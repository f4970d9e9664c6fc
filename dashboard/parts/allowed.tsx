/** What somebody sees who may not see a page, and who asks for none there is. */
import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { isCardeaError } from '#client/errors';
import { useMay, useRightsState, type Need } from '../data/site.tsx';
import { shellWords } from '../words/shell.ts';
import { useWords } from './language.tsx';
import { Empty, Loaded, PageFrame } from './page.tsx';

/** A page, for those who may see it. */
export function Allowed({ need, children }: { readonly need: Need; readonly children: ReactNode }) {
  const say = useWords(shellWords);
  const may = useMay();
  const rights = useRightsState();
  if (isCardeaError(rights.error, 'NOT_FOUND')) return <NotFound />;
  if (rights.data === undefined)
    return (
      <PageFrame title={say('loading')}>
        <Loaded of={rights}>{() => null}</Loaded>
      </PageFrame>
    );
  if (may(need)) return children;
  return (
    <PageFrame title={say('notAllowed')}>
      <Empty title={say('notAllowed')}>
        {say(need === 'run_server' ? 'notOperatorHelp' : 'notAllowedHelp')}
      </Empty>
    </PageFrame>
  );
}

/** Buttons and parts, for those who may use them. */
export function IfMay({ need, children }: { readonly need: Need; readonly children: ReactNode }) {
  return useMay()(need) ? children : null;
}

export function NotFound() {
  const say = useWords(shellWords);
  return (
    <PageFrame title={say('notFound')}>
      <Empty
        title={say('notFound')}
        act={
          <Anchor component={Link} to="/">
            {say('toOverview')}
          </Anchor>
        }
      >
        {say('notFoundHelp')}
      </Empty>
    </PageFrame>
  );
}
