/** One's own PIN at a hub: set up, seen as the secret for an app, and reset. */
import { Button, Code, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { isCardeaError } from '#client/errors';
import { api } from '../data/api.ts';
import { forgetSecret, keptSecret } from '../data/hub-codes.ts';
import type { Hub } from '../data/hubs.ts';
import { useAct } from '../data/queries.ts';
import { signIn } from '../data/session.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { hubCodeWords } from '../words/hub-codes.ts';
import { Confirm } from './confirm.tsx';
import { useWords } from './language.tsx';
import { SetUpPin, useHubCodes, useOneTimeCode } from './one-time-code.tsx';
import { Loaded } from './page.tsx';
import { Section } from './section.tsx';

/** Names the hub whose PIN is lost while its person is away at the sign-in page. */
const lostKey = 'cardea.lost-pin';

export function HubCodes({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubCodeWords);
  const codes = useHubCodes(hub.id);
  const mayLose = useMay()('manage_hardware');
  const [isResetting, resetting] = useDisclosure();
  const [isLost, losing] = useDisclosure(sessionStorage.getItem(lostKey) === hub.id);
  return (
    <Section title={say('title')} help={say('help')}>
      <Loaded of={codes} lines={2}>
        {({ userId, isActivated }) => {
          if (!isActivated) return <SetUpPin hubId={hub.id} onReady={() => void codes.refetch()} />;
          const secret = keptSecret(userId, hub.id);
          return (
            <Stack gap="sm" align="flex-start">
              <Text size="sm">{say(secret === undefined ? 'readyElsewhere' : 'readyHere')}</Text>
              {secret === undefined ? null : (
                <details>
                  <summary>{say('secret')}</summary>
                  <Code>{secret}</Code>
                </details>
              )}
              <Button variant="default" onClick={resetting.open}>
                {say('reset')}
              </Button>
              {mayLose ? (
                <Button variant="subtle" size="compact-sm" onClick={losing.open}>
                  {say('lost')}
                </Button>
              ) : null}
              {mayLose && isLost ? (
                <Lost
                  hub={hub}
                  userId={userId}
                  onClose={() => {
                    losing.close();
                    void codes.refetch();
                  }}
                />
              ) : null}
              {isResetting ? (
                <Reset
                  hub={hub}
                  userId={userId}
                  onClose={() => {
                    resetting.close();
                    void codes.refetch();
                  }}
                />
              ) : null}
            </Stack>
          );
        }}
      </Loaded>
    </Section>
  );
}

type OwnCodes = { readonly hub: Hub; readonly userId: string; readonly onClose: () => void };

function Reset({ hub, userId, onClose }: OwnCodes) {
  const say = useWords(hubCodeWords);
  const siteId = useSiteId();
  const code = useOneTimeCode(hub.id);
  const resetting = useAct(
    async () => {
      await api.delete('/v1.2/sites/{site_id}/iqs/{id}/pin/{user_id}', {
        path: { site_id: siteId, id: hub.id, user_id: userId },
        query: { otp: code.member().otp ?? '' },
      });
      forgetSecret(userId, hub.id);
    },
    { touches: [], done: () => say('wasReset') },
  );
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={say('reset')}
      effect={say('resetEffect')}
      act={say('reset')}
      isPending={resetting.isPending}
      error={resetting.error}
      isDestructive
      isIncomplete={code.isMissing}
      onAct={() => resetting.mutate(undefined, { onSuccess: onClose })}
    >
      {code.field}
    </Confirm>
  );
}

/** Whoever looks after hubs needs nobody's help: a second factor stands for the code (connect-api.md 8). */
function Lost({ hub, userId, onClose }: OwnCodes) {
  const say = useWords(hubCodeWords);
  const siteId = useSiteId();
  const [isProven, setProven] = useState(() => sessionStorage.getItem(lostKey) === hub.id);
  const close = () => {
    sessionStorage.removeItem(lostKey);
    onClose();
  };
  const proving = useAct(
    () => {
      sessionStorage.setItem(lostKey, hub.id);
      return signIn({ withFactor: true });
    },
    { touches: [] },
  );
  const resetting = useAct(
    async () => {
      await api.delete('/ext/v1/sites/{site_id}/iqs/{id}/pin', {
        path: { site_id: siteId, id: hub.id },
      });
      forgetSecret(userId, hub.id);
    },
    { touches: [], done: () => say('wasReset') },
  );
  if (!isProven)
    return (
      <Confirm
        isOpen
        onClose={close}
        title={say('lost')}
        effect={say('lostEffect')}
        act={say('prove')}
        isPending={proving.isPending}
        error={proving.error}
        onAct={() => proving.mutate()}
      />
    );
  return (
    <Confirm
      isOpen
      onClose={close}
      title={say('lost')}
      effect={say('provenEffect')}
      act={say('reset')}
      isPending={resetting.isPending}
      error={resetting.error}
      isDestructive
      onAct={() =>
        resetting.mutate(undefined, {
          onSuccess: close,
          onError: (error) => {
            // It was proven too long ago.
            if (isCardeaError(error) && error.name === 'FORBIDDEN') setProven(false);
          },
        })
      }
    />
  );
}
