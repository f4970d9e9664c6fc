/** Takes a lock off its hub. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { hubWords } from '../words/hubs.ts';
import { Confirm } from './confirm.tsx';
import { useWords } from './language.tsx';
import { useOneTimeCode } from './one-time-code.tsx';

type Props = {
  readonly lockId: string;
  readonly name: string;
  /** The hub that asks for a code; absent = none does. */
  readonly asking: string | undefined;
};

export function DetachButton({ lockId, name, asking }: Props) {
  const say = useWords(hubWords);
  const siteId = useSiteId();
  const [isAsked, ask] = useDisclosure();
  const code = useOneTimeCode(asking);
  const detaching = useAct(
    () =>
      api.patch('/v1.2/sites/{site_id}/locks/{id}/detach', {
        path: { site_id: siteId, id: lockId },
        body: { iq_link_state: 'detached_pending', ...code.member() },
      }),
    { touches: ['iqs', 'locks'], done: say('detaching') },
  );
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say('detachName', { name })}
        onClick={ask.open}
      >
        {say('detach')}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('detachName', { name })}
        effect={say('detachEffect', { name })}
        act={say('detach')}
        isPending={detaching.isPending}
        error={detaching.error}
        isDestructive
        isIncomplete={code.isMissing}
        onAct={() => detaching.mutate(undefined, { onSuccess: ask.close })}
      >
        {code.field}
      </Confirm>
    </>
  );
}
