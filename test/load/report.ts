/** What the benchmark found, as a table and as JSON: ratios against a floor measured in the same run, and their budgets. */

export type Budget =
  | { readonly kind: 'ratio_at_least' | 'ratio_at_most'; readonly limit: number }
  /** In the figure's own unit. */
  | { readonly kind: 'at_most'; readonly limit: number }
  /** Ours minus floor, in the figure's own unit. */
  | { readonly kind: 'floor_plus_at_most'; readonly limit: number }
  /** Said for the reader, measured against nothing. */
  | { readonly kind: 'none' };

export type Figure = {
  readonly what: string;
  readonly unit: string;
  /** null = there is nothing beside it. */
  readonly floor: number | null;
  readonly ours: number;
  readonly budget: Budget;
};

export type ReportLine = Figure & {
  readonly measure: string;
  readonly ratio: number | null;
  /** null = no budget. */
  readonly isWithin: boolean | null;
};

/** Adds the ratio to a figure and holds it against its budget. */
export function judge(measure: string, figure: Figure): ReportLine {
  const { floor, ours, budget } = figure;
  const ratio = floor === null ? null : ours / floor;
  return { measure, ...figure, ratio, isWithin: isWithin(budget, { floor, ours, ratio }) };
}

function isWithin(
  budget: Budget,
  { floor, ours, ratio }: Pick<ReportLine, 'floor' | 'ours' | 'ratio'>,
): boolean | null {
  switch (budget.kind) {
    case 'ratio_at_least':
      return ratio !== null && ratio >= budget.limit;
    case 'ratio_at_most':
      return ratio !== null && ratio <= budget.limit;
    case 'at_most':
      return ours <= budget.limit;
    case 'floor_plus_at_most':
      return floor !== null && ours - floor <= budget.limit;
    case 'none':
      return null;
    default:
      return budget satisfies never;
  }
}

const heads = ['what', 'floor', 'ours', 'ratio', 'budget', 'within'] as const;

/** The lines as a table of text, figures to the right. */
export function tableText(lines: readonly ReportLine[]): string {
  const rows: readonly (readonly string[])[] = [
    heads,
    ...lines.map(({ what, unit, floor, ours, ratio, budget, isWithin }) => [
      what,
      floor === null ? '' : amount(floor, unit),
      amount(ours, unit),
      ratio === null ? '' : `${ratio.toFixed(2)} ×`,
      budgetText(budget, unit),
      isWithin === null ? '' : isWithin ? 'yes' : 'NO',
    ]),
  ];
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = text;
  return [head, '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...body].join('\n');
}

function budgetText(budget: Budget, unit: string): string {
  switch (budget.kind) {
    case 'ratio_at_least':
      return `≥ ${factor(budget.limit)} ×`;
    case 'ratio_at_most':
      return `≤ ${factor(budget.limit)} ×`;
    case 'at_most':
      return `≤ ${amount(budget.limit, unit)}`;
    case 'floor_plus_at_most':
      return `+ ≤ ${amount(budget.limit, unit)}`;
    case 'none':
      return '';
    default:
      return budget satisfies never;
  }
}

function factor(value: number): string {
  return String(Number(value.toFixed(2)));
}

function amount(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return `${value.toFixed(digits)} ${unit}`;
}
