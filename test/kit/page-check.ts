/**
 * Whether everybody can use a page: nothing wider than the screen and no word cut short, on a phone and a desk, in light and dark;
 * and axe's rules on the phone in light and on the desk in dark, which meets each width and each set of colours once.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const phone = 360;
const widths = [phone, 1440];
const schemes = ['light', 'dark'] as const;

/** States and buttons whose words do not fit in them. */
const cutWords = `[...document.querySelectorAll('.mantine-Badge-label, .mantine-Button-label')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
  .map(({ textContent }) => textContent)`;

type Violation = {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
};

/** What is wrong with the page that is shown, one line each; `look` is called with a name for each of the four views. */
export async function faultsOf(
  page: Page,
  look?: (view: string) => Promise<unknown>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const width of widths) {
    for (const colorScheme of schemes) {
      await page.setViewportSize({ width, height: 900 });
      // A colour on its way from one scheme to the other is nobody's.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await look?.(`${width}-${colorScheme}`);
      const where = `${await page.title()} at ${width} px, ${colorScheme}`;
      const isTooWide = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      if (isTooWide === true) faults.push(`${where}: wider than the screen`);
      const cut = (await page.evaluate(cutWords)) as readonly string[];
      faults.push(...cut.map((text) => `${where}: cut short: ${text}`));
      if ((width === phone) !== (colorScheme === 'light')) continue;
      // As a debugger's expression, which the page's content policy does not see.
      await page.evaluate(axe);
      const found = (await page.evaluate(
        'axe.run().then((result) => result.violations)',
      )) as readonly Violation[];
      const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      faults.push(
        ...serious.map(({ id, nodes }) => `${where}: ${id} ${nodes[0]?.html.slice(0, 200) ?? ''}`),
      );
    }
  }
  return faults;
}
