/** Fields of forms and what is said above them. */
import { markup, type Markup } from './page.ts';

/** A text that is typed, with its label and, where there is one, a hint that is read out with it. */
export function textField(field: {
  readonly name: string;
  /** As the name unless the page has two of that name, in forms of their own. */
  readonly id?: string;
  readonly label: string;
  readonly value?: string;
  readonly type?: 'text' | 'email' | 'password' | 'tel';
  readonly autocomplete?: string;
  readonly hint?: string;
  readonly isOptional?: boolean;
  /** Digits only, as a code has them. */
  readonly isCode?: boolean;
}): Markup {
  const { name, id = name, label, value = '', type = 'text', autocomplete = 'off', hint } = field;
  const hintId = `${id}-hint`;
  return markup`<label for="${id}">${label}</label>
    <input id="${id}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}"
      ${field.isOptional === true ? null : markup`required`}
      ${field.isCode === true ? markup`inputmode="numeric"` : null}
      ${hint === undefined ? null : markup`aria-describedby="${hintId}"`}>
    ${hint === undefined ? null : markup`<p class="hint" id="${hintId}">${hint}</p>`}`;
}

/** Names on a door are shorter; nobody's is longer. */
const longestName = 100;

/** A name as it was typed, without control characters and outer blanks; undefined when there is none, or it is too long. */
export function readName(text: string): string | undefined {
  const name = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return name === '' || Array.from(name).length > longestName ? undefined : name;
}

/** What went wrong, read out at once. */
export function faultNote(text: string | undefined): Markup {
  return text === undefined ? markup`` : markup`<p class="fault" role="alert">${text}</p>`;
}

/** What was done. */
export function doneNote(text: string | undefined): Markup {
  return text === undefined ? markup`` : markup`<p class="done" role="status">${text}</p>`;
}
