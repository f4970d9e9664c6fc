import type {
  Filter,
  FilterLiteral,
  OrderItem,
  ParsedFilter,
  ParsedLiteral,
} from '#contract/odata';

/** Prints a filter in OData v4, with parentheses wherever an operand is itself a combination; parsing it gives the same tree. */
export function printFilter(tree: ParsedFilter | Filter): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return tree.operands.map((operand) => printOperand(operand)).join(` ${tree.kind} `);
    case 'not':
      return `not ${printOperand(tree.operand)}`;
    case 'compare':
      return `${printOperand(tree.left)} ${tree.word} ${printOperand(tree.right)}`;
    case 'in':
      return `${printOperand(tree.operand)} in (${tree.items.map((item) => printLiteral(item.literal)).join(',')})`;
    case 'any':
      return `${tree.path}/any(${tree.variable}: ${printFilter(tree.operand)})`;
    case 'call':
      return `${tree.name}(${tree.args.map((arg) => printFilter(arg)).join(',')})`;
    case 'field':
      return tree.path;
    case 'literal':
    default:
      return printLiteral(tree.literal);
  }
}

/** Prints an order in the form of $orderby. */
export function printOrder(items: readonly OrderItem[]): string {
  return items.map((item) => `${item.path} ${item.direction}`).join(',');
}

function printOperand(tree: ParsedFilter | Filter): string {
  const isWhole = ['field', 'literal', 'call', 'any'].includes(tree.kind);
  return isWhole ? printFilter(tree) : `(${printFilter(tree)})`;
}

function printLiteral(literal: ParsedLiteral | FilterLiteral): string {
  switch (literal.type) {
    case 'null':
      return 'null';
    case 'bool':
    case 'number':
      return String(literal.value);
    case 'text':
    case 'enum':
      return `'${literal.value.replaceAll("'", "''")}'`;
    case 'uuid':
    case 'time':
    case 'instant':
    case 'local':
      return literal.value;
    case 'datetime':
      return literal.value + literal.zone;
    case 'span':
    default:
      return `duration'${literal.value < 0 ? '-' : ''}PT${Math.abs(literal.value)}S'`;
  }
}
