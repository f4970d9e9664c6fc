/** A client as an operator writes it: first by what it is for, later by everything it may. */
import { Checkbox, NativeSelect, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { BodyOf } from '#client/operations';
import {
  grantsFor,
  purposes,
  reachOf,
  scopesFor,
  startOf,
  type Client,
  type Grant,
  type Purpose,
  type Scope,
} from '../data/clients.ts';
import { clientApiWords, clientWords } from '../words/clients.ts';
import { useTenantName, useTenants } from './client-facts.tsx';
import { FormDialog } from './form-dialog.tsx';
import { useApiWords, useWords } from './language.tsx';

export type OrderedClient = BodyOf<'POST', '/ext/v1/clients'>;
export type ChangedClient = BodyOf<'PATCH', '/ext/v1/clients/{client_id}'>;

type Dialog = {
  readonly onClose: () => void;
  readonly isPending: boolean;
  readonly error: unknown;
};

export function NewClientForm({
  onAct,
  ...dialog
}: Dialog & { readonly onAct: (client: OrderedClient) => void }) {
  const say = useWords(clientWords);
  const word = useApiWords(clientApiWords);
  const tenants = useTenants();
  const tenantName = useTenantName();
  const [name, setName] = useState('');
  const [purpose, setPurpose] = useState<Purpose>('program');
  const [reach, setReach] = useState<readonly Scope[]>(reachOf('program').slice(0, 1));
  const [tenantId, setTenantId] = useState<string>();
  const [back, setBack] = useState('');
  const all = tenants.data?.items ?? [];
  const tenant = tenantId ?? all[0]?.id ?? '';
  const { kind, grants, scopes } = startOf[purpose];
  const needsAddress = grants.includes('authorization_code');
  return (
    <FormDialog
      {...dialog}
      error={dialog.error ?? tenants.error}
      title={say('add')}
      lead={say('addLead')}
      act={say('add')}
      size="lg"
      onAct={() =>
        onAct({
          name: name.trim(),
          kind,
          tenant_id: tenant,
          grants,
          scopes: [...reach, ...scopes],
          redirect_uris: needsAddress ? linesOf(back) : [],
          post_logout_redirect_uris: [],
        })
      }
    >
      <NameField name={name} onChange={setName} />
      <Radio.Group
        label={say('purpose')}
        value={purpose}
        onChange={(chosen) => {
          const next = purposes.find((one) => one === chosen) ?? 'program';
          setPurpose(next);
          setReach(reachOf(next).slice(0, 1));
        }}
      >
        <Stack gap={8} mt={6}>
          {purposes.map((one) => (
            <Radio key={one} value={one} label={word(one)} description={word(`${one}Help`)} />
          ))}
        </Stack>
      </Radio.Group>
      <Scopes label={say('reach')} offered={reachOf(purpose)} chosen={reach} onChoose={setReach} />
      {needsAddress ? (
        <AddressField
          label={say('addresses')}
          help={say('addressesHelp')}
          isNeeded
          value={back}
          onChange={setBack}
        />
      ) : null}
      {all.length < 2 ? null : (
        <NativeSelect
          label={say('tenant')}
          description={say('tenantHelp')}
          value={tenant}
          onChange={({ currentTarget }) => setTenantId(currentTarget.value)}
          data={all.map(({ id }) => ({ value: id, label: tenantName(id) }))}
        />
      )}
    </FormDialog>
  );
}

export function ClientForm({
  client,
  onAct,
  ...dialog
}: Dialog & { readonly client: Client; readonly onAct: (change: ChangedClient) => void }) {
  const say = useWords(clientWords);
  const word = useApiWords(clientApiWords);
  const [name, setName] = useState(client.name);
  const [grants, setGrants] = useState<readonly Grant[]>(client.grants);
  const [scopes, setScopes] = useState<readonly Scope[]>(client.scopes);
  const [back, setBack] = useState(client.redirect_uris.join('\n'));
  const [out, setOut] = useState(client.post_logout_redirect_uris.join('\n'));
  const offered = scopesFor(grants);
  const needsAddress = grants.includes('authorization_code');
  return (
    <FormDialog
      {...dialog}
      title={say('change')}
      act={say('change')}
      size="lg"
      onAct={() =>
        onAct({
          name: name.trim(),
          grants: [...grants],
          scopes: offered.filter((scope) => scopes.includes(scope)),
          redirect_uris: needsAddress ? linesOf(back) : [],
          post_logout_redirect_uris: needsAddress ? linesOf(out) : [],
        })
      }
    >
      <NameField name={name} onChange={setName} />
      <Checkbox.Group
        label={say('grants')}
        value={[...grants]}
        onChange={(chosen) =>
          setGrants(grantsFor(client.kind).filter((grant) => chosen.includes(grant)))
        }
      >
        <Stack gap={6} mt={6}>
          {grantsFor(client.kind).map((grant) => (
            <Checkbox key={grant} value={grant} label={word(grant)} description={grant} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Scopes label={say('scopes')} offered={offered} chosen={scopes} onChoose={setScopes} />
      {needsAddress ? (
        <>
          <AddressField
            label={say('addresses')}
            help={say('addressesHelp')}
            isNeeded
            value={back}
            onChange={setBack}
          />
          <AddressField label={say('outAddresses')} value={out} onChange={setOut} />
        </>
      ) : null}
    </FormDialog>
  );
}

function NameField({
  name,
  onChange,
}: {
  readonly name: string;
  readonly onChange: (name: string) => void;
}) {
  const say = useWords(clientWords);
  return (
    <TextInput
      label={say('name')}
      description={say('nameHelp')}
      required
      withAsterisk={false}
      maxLength={255}
      data-autofocus
      value={name}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

function Scopes({
  label,
  offered,
  chosen,
  onChoose,
}: {
  readonly label: string;
  readonly offered: readonly Scope[];
  readonly chosen: readonly Scope[];
  readonly onChoose: (scopes: readonly Scope[]) => void;
}) {
  const say = useWords(clientWords);
  const word = useApiWords(clientApiWords);
  const isAny = offered.some((scope) => chosen.includes(scope));
  return (
    <Checkbox.Group
      label={label}
      value={[...chosen]}
      onChange={(ids) => onChoose(offered.filter((scope) => ids.includes(scope)))}
      error={isAny ? undefined : say('reachNeeded')}
    >
      <Stack gap={6} mt={6} mb={6}>
        {offered.map((scope) => (
          <Checkbox key={scope} value={scope} label={word(scope)} description={scope} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function AddressField({
  label,
  help,
  isNeeded = false,
  value,
  onChange,
}: {
  readonly label: string;
  readonly help?: string;
  readonly isNeeded?: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <Textarea
      label={label}
      {...(help === undefined ? {} : { description: help })}
      required={isNeeded}
      withAsterisk={false}
      autosize
      minRows={2}
      spellCheck={false}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
