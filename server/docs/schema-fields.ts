/** A JSON schema as rows to read: one for each member, with the way to it, what it may be, and whether it is always there. */
export type SchemaNode = {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
};

export type FieldRow = {
  /** `locks[].firmware.version`; `kind = entry` before members stands for one form of several. */
  readonly path: string;
  readonly type: string;
  /** Null in the row of a form. */
  readonly isRequired: boolean | null;
  readonly note: string;
};

/** The members of an object, each before what it is made of. */
export function fieldsOf(schema: SchemaNode, path = ''): readonly FieldRow[] {
  const forms = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  const [only] = forms;
  if (forms.length === 1 && only !== undefined) return fieldsOf(only, path);
  if (forms.some(isComposed))
    return forms.filter(isComposed).flatMap((form) => {
      const name = formName(form);
      const row = { path: `${path} ${name}`.trim(), type: 'one form', isRequired: null, note: '' };
      return [row, ...fieldsOf(form, path).filter((field) => !isFormName(form, field, path))];
    });
  if (schema.items !== undefined) return fieldsOf(schema.items, `${path}[]`);
  const own = (schema.allOf ?? []).flatMap((part) => fieldsOf(part, path));
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    {
      path: joined(path, name),
      type: typeOf(member),
      isRequired: schema.required?.includes(name) ?? false,
      note: noteOf(member),
    },
    ...fieldsOf(member, joined(path, name)),
  ]);
  const keyed = keyedBy(schema);
  return keyed === undefined
    ? [...own, ...named]
    : [...own, ...named, ...fieldsOf(keyed, joined(path, '{key}'))];
}

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** What the values of an object with free keys are. */
function keyedBy({ patternProperties, additionalProperties }: SchemaNode): SchemaNode | undefined {
  const [values] = Object.values(patternProperties ?? {});
  if (values !== undefined) return values;
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

const isComposed = ({ properties, items, anyOf = [] }: SchemaNode): boolean =>
  properties !== undefined || (items !== undefined && isComposed(items)) || anyOf.some(isComposed);

/** The member whose fixed value tells one form of an object from the others. */
function formMember({ properties = {} }: SchemaNode): readonly [string, SchemaNode] | undefined {
  return Object.entries(properties).find(([, member]) => member.const !== undefined);
}

function formName(form: SchemaNode): string {
  const member = formMember(form);
  if (member === undefined) return typeOf(form);
  return `${member[0]} = ${String(member[1].const)}`;
}

function isFormName(form: SchemaNode, { path }: FieldRow, parent: string): boolean {
  const member = formMember(form);
  return member !== undefined && path === joined(parent, member[0]);
}

function typeOf(schema: SchemaNode): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (keyedBy(schema) !== undefined) return `object by key of ${typeOf(keyedBy(schema) ?? {})}`;
  return schema.type ?? 'any';
}

function noteOf(schema: SchemaNode): string {
  const { description, format, minimum, maximum, minLength, maxLength, maxItems, pattern } = schema;
  const [only] = (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  if (schema.anyOf?.length === 2 && only !== undefined && description === undefined)
    return noteOf(only);
  const length = rangeOf(minLength, maxLength);
  return [
    description,
    format,
    rangeOf(minimum, maximum),
    length === undefined ? undefined : `${length} letters`,
    maxItems === undefined ? undefined : `at most ${String(maxItems)}`,
    pattern === undefined ? undefined : `fits ${pattern}`,
  ]
    .filter((part) => part !== undefined)
    .join('; ');
}

function rangeOf(least: number | undefined, most: number | undefined): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (least === undefined) return `at most ${String(most)}`;
  return most === undefined ? `at least ${String(least)}` : `${String(least)} to ${String(most)}`;
}
