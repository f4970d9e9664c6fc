/** Opening a door from afar, with an honest outcome: confirmed by the lock, refused with the reason, or unknown. */
import { Alert, Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import type { Lock } from '../data/locks.ts';
import { useAct } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { lockWords } from '../words/locks.ts';
import { Confirm } from './confirm.tsx';
import { ErrorNote, toFailure } from './error-note.tsx';
import { useWords } from './language.tsx';
import { useOneTimeCode } from './one-time-code.tsx';
import { SiteLink } from './site-link.tsx';

type Wish = 'unlocked' | 'office_mode' | 'locked';

/** Asks a lock for a state; the answer comes when the lock has confirmed it. */
export function useLocking(lock: Lock) {
  const say = useWords(lockWords);
  const siteId = useSiteId();
  const name = lock.customer_reference ?? lock.mac ?? '';
  const done = {
    unlocked: 'confirmed',
    office_mode: 'confirmedOffice',
    locked: 'confirmedLocked',
  } as const;
  return useAct(
    async ({ wish, otp }: { readonly wish: Wish; readonly otp?: string }) => {
      await api.patch('/v1.2/sites/{site_id}/locks/{id}/locking', {
        path: { site_id: siteId, id: lock.id },
        body: { locked_state: wish, ...(otp === undefined ? {} : { otp }) },
      });
      return wish;
    },
    { touches: ['locks', 'entries'], done: (wish) => say(done[wish], { name }) },
  );
}

/** The code that the hub of a lock wants of whoever opens it from afar. */
export function useLockCode({ iq }: Lock) {
  return useOneTimeCode(iq?.otp_enabled === true ? iq.id : undefined);
}

/** What became of an opening that was not confirmed. */
export function OpeningNote({ error }: { readonly error: unknown }) {
  const say = useWords(lockWords);
  if (error === null) return null;
  if (toFailure(error).effect !== 'unknown')
    return <ErrorNote error={error} title={say('refused')} />;
  return (
    <>
      <Alert color="orange" title={say('unknown')} role="alert">
        {say('unknownHelp')} <SiteLink to="entries">{say('seeEntries')}</SiteLink>
      </Alert>
      <ErrorNote error={error} />
    </>
  );
}

export function OpenButton({
  lock,
  isSmall = false,
}: {
  readonly lock: Lock;
  readonly isSmall?: boolean;
}) {
  const say = useWords(lockWords);
  const may = useMay();
  const [isAsked, ask] = useDisclosure();
  const locking = useLocking(lock);
  const code = useLockCode(lock);
  if (!may('remote_locking_all') && !may('remote_locking_accessible')) return null;
  const name = lock.customer_reference ?? lock.mac ?? '';
  return (
    <>
      <Button
        size={isSmall ? 'xs' : 'sm'}
        variant={isSmall ? 'default' : 'filled'}
        aria-label={say('openLock', { name })}
        onClick={() => {
          locking.reset();
          ask.open();
        }}
      >
        {say('open')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('openLock', { name })}
        effect={say('openEffect')}
        act={say('open')}
        isPending={locking.isPending}
        isIncomplete={code.isMissing}
        onAct={() =>
          locking.mutate({ wish: 'unlocked', ...code.member() }, { onSuccess: ask.close })
        }
      >
        {code.field}
        <OpeningNote error={locking.error} />
      </Confirm>
    </>
  );
}
