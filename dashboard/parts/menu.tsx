/**
 * A small menu of the browser's own making: what opens it, and links and buttons. Mantine's would put a fifth on the script of the first
 * page (docs/decisions/0261).
 */
import { useEffect, useRef, type ReactNode } from 'react';

type Props = {
  readonly label: string;
  readonly face: ReactNode;
  readonly side: 'left' | 'right';
  /** Elements of class `menu-item`. */
  readonly children: ReactNode;
};

/** Closes by a choice, by Escape, and by a press or a focus elsewhere. */
export function Menu({ label, face, side, children }: Props) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const element = details.current;
    if (element === null) return undefined;
    const closeOutside = ({ target }: Event) => {
      if (!element.contains(target as Node)) element.open = false;
    };
    const closeByKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape' || !element.open) return;
      element.open = false;
      element.querySelector('summary')?.focus();
    };
    const closeByChoice = ({ target }: Event) => {
      if ((target as Element).closest('.menu-item') !== null) element.open = false;
    };
    document.addEventListener('pointerdown', closeOutside);
    document.addEventListener('focusin', closeOutside);
    element.addEventListener('keydown', closeByKey);
    element.addEventListener('click', closeByChoice);
    return () => {
      document.removeEventListener('pointerdown', closeOutside);
      document.removeEventListener('focusin', closeOutside);
      element.removeEventListener('keydown', closeByKey);
      element.removeEventListener('click', closeByChoice);
    };
  }, []);
  return (
    <details ref={details} className="menu" data-side={side}>
      <summary aria-label={label} title={label}>
        {face}
      </summary>
      <div>{children}</div>
    </details>
  );
}
