/** Finds rights and settings of a site that lead nowhere, and says what each means and what to do. Changes nothing. */
import {
  findingWords,
  type FindingSeverity,
  type FindingWord,
} from '#contract/configuration-check';
import { findingTexts, type FindingText } from '#contract/finding-texts';
import type { CollectionId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import type { Clock } from '#server/runtime/clock';
import {
  findConfigurationFaults,
  inWholeSets,
  type Found,
} from '#server/store/configuration-check';
import type { Database } from '#server/store/pool';

export type Finding = Found & FindingText & { readonly word: FindingWord };

export type ConfigurationCheck = {
  /** Every check, or one of them with more of its objects; the gravest findings first. */
  run(
    actor: Actor,
    siteId: CollectionId,
    only: FindingWord | null,
  ): Promise<{
    readonly checkedAt: Date;
    readonly findings: readonly Finding[];
    readonly fine: readonly FindingWord[];
  }>;
};

const shownOfEach = 20;
const shownOfOne = 1_000;

export function createConfigurationCheck({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): ConfigurationCheck {
  return {
    async run(actor, collectionId, only) {
      const now = clock.now();
      const asked = only === null ? findingWords : [only];
      const limit = only === null ? shownOfEach : shownOfOne;
      const findings: Finding[] = [];
      const fine: FindingWord[] = [];
      const of = { collectionId, now, limit };
      for (const word of asked) {
        const found = await inWholeSets({ database, tenantId: actor.tenantId }, (scope) =>
          findConfigurationFaults(scope, word, of),
        );
        if (found.total === 0) fine.push(word);
        else findings.push({ word, ...findingTexts[word], ...found });
      }
      findings.sort((a, b) => gravity[a.severity] - gravity[b.severity]);
      return { checkedAt: now, findings, fine };
    },
  };
}

const gravity: Readonly<Record<FindingSeverity, number>> = { error: 0, warning: 1, notice: 2 };
