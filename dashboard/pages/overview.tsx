import { useWords } from '../parts/language.tsx';
import { PageFrame } from '../parts/page.tsx';
import { pageWords } from '../words/pages.ts';

export function Page() {
  const name = useWords(pageWords);
  return <PageFrame title={name('overview')}>{null}</PageFrame>;
}
