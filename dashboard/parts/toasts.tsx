import { lazy, Suspense, useSyncExternalStore } from 'react';
import { isToastWanted, onToastWanted } from '../data/toast.ts';

const Stack = lazy(async () => ({ default: (await import('./toast-stack.tsx')).ToastStack }));

/** Where toasts appear, from the first one on. */
export function Toasts() {
  const isWanted = useSyncExternalStore(onToastWanted, isToastWanted);
  return isWanted ? (
    <Suspense>
      <Stack />
    </Suspense>
  ) : null;
}
