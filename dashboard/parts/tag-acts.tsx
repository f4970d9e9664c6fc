/** What is done with a tag: given to a person, blocked, removed. */
import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { api } from '../data/api.ts';
import { fullName, personFields, personName, type Person, type SiteTag } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import { tagWords } from '../words/tags.ts';
import { ConfirmButton } from './confirm-button.tsx';
import { Confirm } from './confirm.tsx';
import { ErrorNote } from './error-note.tsx';
import { useWords } from './language.tsx';
import { useListState } from './list.tsx';
import { Picker } from './picker.tsx';
import { SiteLink } from './site-link.tsx';

type Props = { readonly tag: SiteTag };
const touches = ['tags', 'users'];

/** Who has a tag, or a button to give it. */
export function TagHolder({ tag }: Props) {
  const say = useWords(tagWords);
  const mayGive = useMay()('manage_users');
  const [isGiving, giving] = useDisclosure();
  if (tag.site_user !== null)
    return (
      <SiteLink to={`people/${tag.site_user.id}`}>
        {fullName(tag.site_user.user) || say('given')}
      </SiteLink>
    );
  if (!mayGive) return say('nobody');
  return (
    <>
      <Button
        size="xs"
        variant="default"
        aria-label={`${say('give')}: ${tag.tag_number ?? ''}`}
        onClick={giving.open}
      >
        {say('give')}
      </Button>
      {isGiving ? <GiveToPerson tag={tag} onClose={giving.close} /> : null}
    </>
  );
}

function GiveToPerson({ tag, onClose }: Props & { readonly onClose: () => void }) {
  const say = useWords(tagWords);
  const siteId = useSiteId();
  const number = tag.tag_number ?? '';
  const state = useListState({
    searchIn: personFields,
    kind: 'user/tag_number eq null',
    order: 'user/last_name asc',
    pageSize: 8,
  });
  const people = useRead('/v1.2/sites/{site_id}/users', { query: state.query });
  const giving = useAct(
    (person: Person) =>
      api.patch('/v1.2/sites/{site_id}/users/{id}', {
        path: { site_id: siteId, id: person.id },
        body: { tag_id: tag.id },
      }),
    { touches, done: (person) => say('givenTo', { number, name: personName(person) }) },
  );
  return (
    <Picker
      onClose={onClose}
      title={say('giveTag', { number })}
      help={say('giveHelp')}
      of={people}
      state={state}
      idOf={({ id }) => id}
      nameOf={personName}
      detailOf={({ user }) => user.email}
      onPick={(person) => giving.mutate(person, { onSuccess: onClose })}
      isPending={giving.isPending}
      error={giving.error}
      empty={say('giveNone')}
    />
  );
}

/** Blocking where somebody has it, removing where nobody has. */
export function TagActs({ tag }: Props) {
  const may = useMay();
  if (tag.site_user !== null && tag.site_user_key_id !== null)
    return may('manage_users') ? (
      <BlockTag
        tag={tag}
        at={{ site_user_id: tag.site_user.id, id: tag.site_user_key_id }}
        name={fullName(tag.site_user.user)}
      />
    ) : null;
  return tag.site_user_key_id === null && may('manage_hardware') ? <RemoveTag tag={tag} /> : null;
}

type BlockProps = Props & {
  readonly at: { readonly site_user_id: string; readonly id: string };
  readonly name: string;
};

function BlockTag({ tag, at, name }: BlockProps) {
  const say = useWords(tagWords);
  const siteId = useSiteId();
  const [isAsked, ask] = useDisclosure();
  const number = tag.tag_number ?? '';
  const setting = useAct(
    (blocked: boolean) =>
      api.patch('/v1.2/sites/{site_id}/users/{site_user_id}/keys/{id}', {
        path: { site_id: siteId, ...at },
        body: { blocked },
      }),
    { touches, done: ({ blocked }) => say(blocked ? 'blockDone' : 'unblockDone') },
  );
  return (
    <>
      <Button
        size="xs"
        variant="default"
        loading={setting.isPending}
        aria-label={say(tag.blocked ? 'unblockTag' : 'blockTag', { number })}
        onClick={() => {
          setting.reset();
          if (tag.blocked) setting.mutate(false);
          else ask.open();
        }}
      >
        {say(tag.blocked ? 'unblock' : 'block')}
      </Button>
      {isAsked ? null : <ErrorNote error={setting.error} />}
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('blockTag', { number })}
        effect={say('blockEffect', { number, name })}
        act={say('block')}
        isDestructive
        isPending={setting.isPending}
        error={setting.error}
        onAct={() => setting.mutate(true, { onSuccess: ask.close })}
      />
    </>
  );
}

function RemoveTag({ tag }: Props) {
  const say = useWords(tagWords);
  const siteId = useSiteId();
  const number = tag.tag_number ?? '';
  const removing = useAct(
    () => api.delete('/v1.2/sites/{site_id}/tags/{id}', { path: { site_id: siteId, id: tag.id } }),
    { touches, done: say('removeDone') },
  );
  return (
    <Group>
      <ConfirmButton
        size="xs"
        act={say('remove')}
        name={say('removeTag', { number })}
        effect={say('removeEffect')}
        isDestructive
        doing={removing}
      />
    </Group>
  );
}
