import { Button, NativeSelect } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useRead } from '../data/queries.ts';
import { IfMay } from '../parts/allowed.tsx';
import { useWords } from '../parts/language.tsx';
import { ListView, useListState } from '../parts/list.tsx';
import { Tag } from '../parts/lock-state.tsx';
import { Empty, PageFrame } from '../parts/page.tsx';
import { TagActs, TagHolder } from '../parts/tag-acts.tsx';
import { TagRegistration } from '../parts/tag-registration.tsx';
import { When } from '../parts/time.tsx';
import { pageWords } from '../words/pages.ts';
import { tagWords } from '../words/tags.ts';

const conditions = {
  all: '',
  free: 'site_user_key_id eq null',
  given: 'site_user_key_id ne null',
} as const;

/** The tags of the site, and how they come about. */
export function Page() {
  const say = useWords(tagWords);
  const name = useWords(pageWords);
  const [shown, setShown] = useState<keyof typeof conditions>('all');
  const [isRegistering, registering] = useDisclosure();
  const state = useListState({
    searchIn: ['tag_number', 'site_user/user/first_name', 'site_user/user/last_name'],
    order: 'registration_date desc',
    filter: conditions[shown],
  });
  const tags = useRead('/v1.2/sites/{site_id}/tags', { query: state.query, everyMs: 15_000 });
  return (
    <PageFrame
      title={name('tags')}
      lead={say('lead')}
      acts={
        <IfMay need="manage_hardware">
          <Button onClick={registering.open}>{say('register')}</Button>
        </IfMay>
      }
    >
      <ListView
        label={name('tags')}
        of={tags}
        state={state}
        rowId={({ id }) => id}
        filters={
          <NativeSelect
            aria-label={say('show')}
            value={shown}
            onChange={({ currentTarget: { value } }) => {
              state.setPage(0);
              setShown(value === 'free' || value === 'given' ? value : 'all');
            }}
            data={[
              { value: 'all', label: say('showAll') },
              { value: 'free', label: say('showFree') },
              { value: 'given', label: say('showGiven') },
            ]}
          />
        }
        columns={[
          { label: say('number'), sort: 'tag_number', cell: (tag) => tag.tag_number ?? '–' },
          { label: say('holder'), cell: (tag) => <TagHolder tag={tag} /> },
          {
            label: say('state'),
            cell: (tag) =>
              tag.blocked ? (
                <Tag color="red">{say('blocked')}</Tag>
              ) : tag.site_user_key_id === null ? (
                <Tag color="gray">{say('free')}</Tag>
              ) : (
                <Tag color="teal">{say('given')}</Tag>
              ),
          },
          {
            label: say('registered'),
            sort: 'registration_date',
            cell: ({ registration_date: at }) => (at === null ? '–' : <When at={at} />),
          },
          { label: say('acts'), cell: (tag) => <TagActs tag={tag} /> },
        ]}
        empty={<Empty title={say('empty')}>{say('emptyHelp')}</Empty>}
      />
      {isRegistering ? <TagRegistration onClose={registering.close} /> : null}
    </PageFrame>
  );
}
