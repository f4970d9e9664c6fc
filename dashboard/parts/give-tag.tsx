/** Gives a free tag of the site to a person. */
import { api } from '../data/api.ts';
import type { Person } from '../data/people.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useSiteId } from '../data/site.tsx';
import { peopleWords } from '../words/people.ts';
import { useWords } from './language.tsx';
import { useListState } from './list.tsx';
import { Picker } from './picker.tsx';

type Props = { readonly person: Person; readonly onClose: () => void };

export function GiveTag({ person, onClose }: Props) {
  const say = useWords(peopleWords);
  const siteId = useSiteId();
  const state = useListState({
    searchIn: ['tag_number'],
    kind: 'site_user_key_id eq null',
    order: 'registration_date desc',
    pageSize: 8,
  });
  const tags = useRead('/v1.2/sites/{site_id}/tags', { query: state.query, everyMs: 5_000 });
  const giving = useAct(
    (tagId: string) =>
      api.patch('/v1.2/sites/{site_id}/users/{id}', {
        path: { site_id: siteId, id: person.id },
        body: { tag_id: tagId },
      }),
    { touches: ['users', 'tags'], done: say('tagGiven') },
  );
  return (
    <Picker
      onClose={onClose}
      title={say('giveTag')}
      help={say('giveTagHelp')}
      of={tags}
      state={state}
      idOf={({ id }) => id}
      nameOf={({ id, tag_number: number }) => number ?? id}
      onPick={({ id }) => giving.mutate(id, { onSuccess: onClose })}
      isPending={giving.isPending}
      error={giving.error}
      empty={say('giveTagNone')}
    />
  );
}
