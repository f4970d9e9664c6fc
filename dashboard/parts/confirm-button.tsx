/** A button that asks before it acts. The question goes when the act is done; its failure stays in it until it is asked again. */
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Confirm } from './confirm.tsx';

type Props = {
  /** On the button and in the question: the act, "Remove". */
  readonly act: string;
  /** The act with what it is done to, "Remove Ada": for who hears the buttons of a list, and above the question. */
  readonly name?: string;
  /** Above the question; absent = `name`, else `act`. */
  readonly title?: string;
  readonly effect: ReactNode;
  readonly doing: {
    readonly isPending: boolean;
    readonly error: unknown;
    mutate(input: undefined, options: { readonly onSuccess: () => void }): void;
    reset(): void;
  };
  readonly isDestructive?: boolean;
  readonly size?: string;
};

export function ConfirmButton(props: Props) {
  const { act, name, title = name ?? act, effect, doing, isDestructive = false, size } = props;
  const [isAsked, ask] = useDisclosure();
  return (
    <>
      <Button
        variant="default"
        {...(size === undefined ? {} : { size })}
        {...(name === undefined ? {} : { 'aria-label': name })}
        onClick={() => {
          doing.reset();
          ask.open();
        }}
      >
        {act}
      </Button>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={title}
        effect={effect}
        act={act}
        isPending={doing.isPending}
        error={doing.error}
        isDestructive={isDestructive}
        onAct={() => doing.mutate(undefined, { onSuccess: ask.close })}
      />
    </>
  );
}
