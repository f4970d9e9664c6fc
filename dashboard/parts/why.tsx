/** "Why was this refused?" beside a rejected entry. */
import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { Entry } from '../data/events.ts';
import { useMay } from '../data/site.tsx';
import { eventApiWords, eventWords } from '../words/events.ts';
import { useApiWords, useWords } from './language.tsx';

// Dialogs are loaded with the first question, not with the first page.
const WhyDialog = lazy(async () => ({ default: (await import('./why-dialog.tsx')).WhyDialog }));

export function WhyButton({ entry }: { readonly entry: Entry }) {
  const say = useWords(eventWords);
  const word = useApiWords(eventApiWords);
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  if (!may('manage_users')) return word(entry.reject_reason) || '–';
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
        {say('why')}
      </Button>
      {isOpen ? (
        <Suspense>
          <WhyDialog entry={entry} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
