import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { BuiltInRoleCode } from '#contract/roles';
import type { ItemOf } from '#client/operations';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { useApiWords, useWords } from '../parts/language.tsx';
import { ListView } from '../parts/list.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { useRoleName } from '../parts/role-fields.tsx';
import { pageWords } from '../words/pages.ts';
import { rightApiWords, roleWords } from '../words/roles.ts';

type Role = ItemOf<'/ext/v1/sites/{site_id}/roles'>;
type RoleRight = Role['rights'][number];

/** Types alone come from the contract: its schemas are no part of the page. */
const builtInCodes = {
  site_admin: true,
  site_super_user: true,
  site_user: true,
  site_mobile_user: true,
  site_remote_office_mode_user: true,
  site_pod_member: true,
  site_guest: true,
} satisfies Record<BuiltInRoleCode, true>;
const isOwn = ({ code }: Role) => !Object.hasOwn(builtInCodes, code ?? '');
const nameOf = ({ customer_reference: name, code, id }: Role) => name ?? code ?? id;

/** As people of the site read it elsewhere: built-in roles in words, own ones by their name. */
function useShownName(): (role: Role) => string {
  const name = useRoleName();
  return (role) => (isOwn(role) ? nameOf(role) : name(role).replace(/:.*/, ''));
}

export function Page() {
  const say = useWords(roleWords);
  const name = useWords(pageWords);
  const word = useApiWords(rightApiWords);
  const [isAdding, setAdding] = useState(false);
  const roles = useRead('/ext/v1/sites/{site_id}/roles', { query: { $top: 200 } });
  const shownName = useShownName();
  const all = roles.data?.items ?? [];
  return (
    <PageFrame
      title={name('roles')}
      lead={say('lead')}
      acts={<Button onClick={() => setAdding(true)}>{say('add')}</Button>}
    >
      <ListView
        label={name('roles')}
        of={roles}
        rowId={({ id }) => id}
        columns={[
          { label: say('name'), cell: shownName },
          {
            label: say('rights'),
            cell: ({ rights }) => rights.map(word).join(', ') || say('opens'),
          },
          {
            label: say('below'),
            cell: ({ parent_id: parent }) => {
              const above = all.find(({ id }) => id === parent);
              return above === undefined ? '–' : shownName(above);
            },
          },
          { label: say('kind'), cell: (role) => say(isOwn(role) ? 'own' : 'builtIn') },
          {
            label: say('acts'),
            cell: (role) => (isOwn(role) ? <Acts role={role} roles={all} /> : '–'),
          },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isAdding ? <Adding roles={all} onClose={() => setAdding(false)} /> : null}
    </PageFrame>
  );
}

/** A code of the API: letters, digits and `_`, of its own even where two names have the same letters. */
function codeOf(name: string): string {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `${letters.slice(0, 36)}_${crypto.getRandomValues(new Uint32Array(1)).join('')}`;
}

function Adding({
  roles,
  onClose,
}: {
  readonly roles: readonly Role[];
  readonly onClose: () => void;
}) {
  const say = useWords(roleWords);
  const shownName = useShownName();
  const siteId = useSiteId();
  const above = roles.filter((role) => role.is_hierarchical);
  const [name, setName] = useState('');
  const usual = above.find(({ code }) => code === 'site_super_user') ?? above[0];
  const [parent, setParent] = useState(usual?.id ?? '');
  const offered = above.find(({ id }) => id === parent)?.rights ?? [];
  const [rights, setRights] = useState<readonly RoleRight[]>([]);
  const adding = useAct(
    () =>
      api.post('/ext/v1/sites/{site_id}/roles', {
        path: { site_id: siteId },
        body: {
          customer_reference: name,
          code: codeOf(name),
          parent_id: parent,
          rights: rights.filter((right) => offered.includes(right)),
        },
      }),
    { touches: ['roles'], done: say('added', { name }) },
  );
  return (
    <FormDialog
      title={say('add')}
      lead={say('addLead')}
      act={say('add')}
      onAct={() => adding.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={adding.isPending}
      error={adding.error}
    >
      <NameField name={name} onChange={setName} />
      <NativeSelect
        label={say('below')}
        description={say('belowHelp')}
        value={parent}
        onChange={({ currentTarget }) => setParent(currentTarget.value)}
        data={above.map((role) => ({ value: role.id, label: shownName(role) }))}
      />
      <RightsField offered={offered} rights={rights} onChange={setRights} />
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
  const say = useWords(roleWords);
  return (
    <TextInput
      label={say('name')}
      required
      withAsterisk={false}
      data-autofocus
      value={name}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

function RightsField({
  offered,
  rights,
  onChange,
}: {
  /** A role gives no more than the one above it. */
  readonly offered: readonly RoleRight[];
  readonly rights: readonly RoleRight[];
  readonly onChange: (rights: readonly RoleRight[]) => void;
}) {
  const say = useWords(roleWords);
  const word = useApiWords(rightApiWords);
  return (
    <Checkbox.Group
      label={say('rights')}
      value={[...rights]}
      onChange={(chosen) => onChange(offered.filter((right) => chosen.includes(right)))}
    >
      <Stack gap={6} mt={6}>
        {offered.map((right) => (
          <Checkbox key={right} value={right} label={word(right)} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

type OfRole = { readonly role: Role; readonly roles: readonly Role[] };

function Acts({ role, roles }: OfRole) {
  const say = useWords(roleWords);
  const siteId = useSiteId();
  const name = nameOf(role);
  const path = { site_id: siteId, id: role.id };
  const [isChanging, setChanging] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const removing = useAct(() => api.delete('/ext/v1/sites/{site_id}/roles/{id}', { path }), {
    touches: ['roles'],
    done: say('removed', { name }),
  });
  return (
    <Group gap="xs">
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say('changeRole', { name })}
        onClick={() => setChanging(true)}
      >
        {say('change')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={say('removeRole', { name })}
        onClick={() => setAsked(true)}
      >
        {say('remove')}
      </Button>
      {isChanging ? (
        <Changing role={role} roles={roles} onClose={() => setChanging(false)} />
      ) : null}
      <Confirm
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        title={say('removeRole', { name })}
        effect={say('removeEffect')}
        act={say('remove')}
        isPending={removing.isPending}
        error={removing.error}
        isDestructive
        onAct={() => removing.mutate(undefined, { onSuccess: () => setAsked(false) })}
      />
    </Group>
  );
}

function Changing({ role, roles, onClose }: OfRole & { readonly onClose: () => void }) {
  const say = useWords(roleWords);
  const siteId = useSiteId();
  const [name, setName] = useState(nameOf(role));
  const [rights, setRights] = useState<readonly RoleRight[]>(role.rights);
  const offered = roles.find(({ id }) => id === role.parent_id)?.rights ?? role.rights;
  const saving = useAct(
    () =>
      api.patch('/ext/v1/sites/{site_id}/roles/{id}', {
        path: { site_id: siteId, id: role.id },
        body: { customer_reference: name, rights: [...rights] },
      }),
    { touches: ['roles', 'rights'], done: say('saved') },
  );
  return (
    <FormDialog
      title={say('changeRole', { name: nameOf(role) })}
      act={say('change')}
      onAct={() => saving.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
      isPending={saving.isPending}
      error={saving.error}
    >
      <NameField name={name} onChange={setName} />
      <RightsField offered={offered} rights={rights} onChange={setRights} />
    </FormDialog>
  );
}
