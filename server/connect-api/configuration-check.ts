import { ApiError } from '#contract/api-error';
import {
  ConfigurationCheckResponse,
  findingWords,
  type FindingWord,
} from '#contract/configuration-check';
import { instantText } from '#contract/time-text';
import type { ConfigurationCheck } from '#server/domain/configuration-check';
import type { Route } from '#server/http/route';
import type { SiteRoute } from './site-route.ts';

/** docs/why.md: rights and settings that lead nowhere. */
export function configurationCheckRoutes(
  siteRoute: SiteRoute,
  { configurationCheck }: { readonly configurationCheck: ConfigurationCheck },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/configuration_check',
      right: 'manage_users',
      summary: 'Rights and settings that lead nowhere, and what to do about them',
      tag: 'why',
      query: { word: { kind: 'text', summary: 'One check only, with up to 1,000 of its objects' } },
      answer: ConfigurationCheckResponse,
      handle: async ({ actor, siteId }, call): Promise<ConfigurationCheckResponse> => {
        const only = wordOf(call.query('word'));
        const { checkedAt, findings, fine } = await configurationCheck.run(actor, siteId, only);
        return {
          checked_at: instantText(checkedAt),
          findings: findings.map((finding) => ({ ...finding, objects: [...finding.objects] })),
          fine: [...fine],
        };
      },
    }),
  ];
}

/** VALUE_INVALID for a word that is no check. */
function wordOf(sent: string | null): FindingWord | null {
  if (sent === null) return null;
  const word = findingWords.find((one) => one === sent.trim().toLowerCase());
  if (word === undefined) throw new ApiError('VALUE_INVALID', { parameter: 'word' });
  return word;
}
