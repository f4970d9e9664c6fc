/** Faults of values found one by one and told together (errors.md, rule 4). */
import { ApiError } from '#contract/api-error';

export type ValueFaults = {
  add(fault: ApiError): void;
  /** What a check gives, or undefined when it raised VALUE_INVALID; anything else it raises is thrown on. */
  check<T>(check: () => T): T | undefined;
  /** The same for a check that asks the store. */
  checkStored<T>(check: () => Promise<T>): Promise<T | undefined>;
  /** Throws the faults kept as one: the first one's member, then the others as sentences. */
  raise(): void;
};

export function createValueFaults(): ValueFaults {
  const found: ApiError[] = [];
  const keep = (thrown: unknown): undefined => {
    if (!(thrown instanceof ApiError) || thrown.error !== 'VALUE_INVALID') throw thrown;
    found.push(thrown);
    return undefined;
  };
  return {
    add: (fault) => void found.push(fault),
    check(check) {
      try {
        return check();
      } catch (thrown) {
        return keep(thrown);
      }
    },
    async checkStored(check) {
      try {
        return await check();
      } catch (thrown) {
        return keep(thrown);
      }
    },
    raise() {
      const [first, ...others] = found;
      if (first === undefined) return;
      if (others.length === 0) throw first;
      const own = first.detail.reason === undefined ? [] : [first.detail.reason];
      const reason = [...own, ...others.map(({ message }) => message)].join(' ');
      throw new ApiError('VALUE_INVALID', { ...first.detail, reason });
    },
  };
}

/** No weekday is chosen; connect-api.md 4.4 has a text of its own for it. */
export function noWeekday(): ApiError {
  const text = 'At least one day should be selected';
  return new ApiError('VALUE_INVALID', {
    parameter: 'monday',
    reason: `${text}.`,
    connectMessage: text,
  });
}
