/** The secrets of a client: two work at a time, so that one is changed without a gap. */
import { Group, Stack, Text } from '@mantine/core';
import { api } from '../data/api.ts';
import type { Client } from '../data/clients.ts';
import { useAct } from '../data/queries.ts';
import { clientWords } from '../words/clients.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { useWords } from './language.tsx';
import { Section } from './section.tsx';
import { ShownOnce } from './shown-once.tsx';
import { Tag } from './lock-state.tsx';
import { useFormats } from './time.tsx';

type Props = { readonly client: Client };
type Secret = Client['secrets'][number];

export function ClientSecrets({ client }: Props) {
  const say = useWords(clientWords);
  const { dateTime } = useFormats();
  return (
    <Section title={say('secrets')} help={say('secretsHelp')}>
      <Stack gap="sm" align="flex-start">
        {client.secrets.map((secret, index) => (
          <Group key={secret.id} gap="sm">
            <Text size="sm">{say('secretMade', { at: dateTime(secret.created_at) })}</Text>
            {client.secrets.length > 1 && index === 0 ? (
              <Tag color="teal">{say('newest')}</Tag>
            ) : null}
            {client.secrets.length > 1 ? <EndSecret client={client} secret={secret} /> : null}
          </Group>
        ))}
        <AnotherSecret client={client} />
      </Stack>
    </Section>
  );
}

function AnotherSecret({ client }: Props) {
  const say = useWords(clientWords);
  const { dateTime } = useFormats();
  const making = useAct(
    () => api.post('/ext/v1/clients/{client_id}/secrets', { path: { client_id: client.id } }),
    { touches: ['clients'] },
  );
  // The newest two stay.
  const [, leaving] = client.secrets;
  if (making.data !== undefined)
    return (
      <ShownOnce
        title={say('secretTitle', { name: client.name })}
        help={say('secretHelp')}
        value={making.data.secret}
        onClose={making.reset}
      />
    );
  return (
    <ConfirmButton
      act={say('another')}
      effect={
        leaving === undefined
          ? say('anotherEffect')
          : say('anotherEffectTwo', { at: dateTime(leaving.created_at) })
      }
      doing={making}
    />
  );
}

function EndSecret({ client, secret }: Props & { readonly secret: Secret }) {
  const say = useWords(clientWords);
  const { dateTime } = useFormats();
  const at = dateTime(secret.created_at);
  const ending = useAct(
    () =>
      api.delete('/ext/v1/clients/{client_id}/secrets/{id}', {
        path: { client_id: client.id, id: secret.id },
      }),
    { touches: ['clients'], done: say('secretEnded') },
  );
  return (
    <ConfirmButton
      size="compact-sm"
      act={say('endSecret')}
      name={say('endSecretAt', { at })}
      effect={say('endSecretEffect')}
      isDestructive
      doing={ending}
    />
  );
}
