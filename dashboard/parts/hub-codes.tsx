/** One's own PIN at a hub: set up, seen as the secret for an app, and reset. */
import { Button, Code, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import { forgetSecret, keptSecret } from '../data/hub-codes.ts';
import type { Hub } from '../data/hubs.ts';
import { useAct } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { hubCodeWords } from '../words/hub-codes.ts';
import { Confirm } from './confirm.tsx';
import { useWords } from './language.tsx';
import { SetUpPin, useHubCodes, useOneTimeCode } from './one-time-code.tsx';
import { Loaded } from './page.tsx';
import { Section } from './section.tsx';

export function HubCodes({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubCodeWords);
  const codes = useHubCodes(hub.id);
  const [isResetting, resetting] = useDisclosure();
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

function Reset({
  hub,
  userId,
  onClose,
}: {
  readonly hub: Hub;
  readonly userId: string;
  readonly onClose: () => void;
}) {
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
