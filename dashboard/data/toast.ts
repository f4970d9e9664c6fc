/** Something said for a moment: "done". What shows it is loaded with the first of them (docs/decisions/0261). */

let isWanted = false;
const listeners = new Set<() => void>();

/** Whether anything has been said yet. */
export function isToastWanted(): boolean {
  return isWanted;
}

export function onToastWanted(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows a text for a few seconds, also to screen readers. */
export async function toast(message: string, closeLabel: string): Promise<void> {
  isWanted = true;
  for (const listener of listeners) listener();
  const { notifications } = await import('@mantine/notifications');
  notifications.show({
    message,
    color: 'teal',
    role: 'status',
    closeButtonProps: { 'aria-label': closeLabel },
  });
}
