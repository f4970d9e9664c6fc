import { useParams } from '@tanstack/react-router';
import { lockPollMs } from '../data/locks.ts';
import { useRead } from '../data/queries.ts';
import { Loaded, PageFrame } from '../parts/page.tsx';
import { useWords } from '../parts/language.tsx';
import { LockContact, LockState } from '../parts/lock-state.tsx';
import { OpenButton } from '../parts/open-lock.tsx';
import { pageWords } from '../words/pages.ts';

export function Page() {
  const name = useWords(pageWords);
  const { lockId = '' } = useParams({ strict: false });
  const lock = useRead('/v1.2/sites/{site_id}/locks/{id}', {
    path: { id: lockId },
    everyMs: lockPollMs,
  });
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
