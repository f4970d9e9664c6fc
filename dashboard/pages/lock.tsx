import { useParams } from '@tanstack/react-router';
import type { SiteLockResponse } from '#contract/site-locks';
import { useOne } from '../data/queries.ts';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { useWords } from '../parts/language.tsx';
import { LockContact, LockState } from '../parts/lock-state.tsx';
import { OpenButton } from '../parts/open-lock.tsx';
import { pageWords } from '../words/pages.ts';

export function Page() {
  const name = useWords(pageWords);
  const { lockId = '' } = useParams({ strict: false });
  const lock = useOne<SiteLockResponse>(`locks/${lockId}`, { everyMs: 5_000 });
  return (
    <PageFrame
      title={lock.data?.customer_reference ?? name('lock')}
      acts={lock.data === undefined ? null : <OpenButton lock={lock.data} />}
    >
      <Loaded of={lock}>
        {(data) => (
          <>
            <LockState lock={data} />
            <LockContact lock={data} />
          </>
        )}
      </Loaded>
    </PageFrame>
  );
}
