import { markup, type Markup } from './page.ts';

/** A button that asks the browser for a passkey, with the field for its answer; both belong into one form. */
export function passkeyButton(button: {
  readonly act: 'create' | 'get';
  /** As JSON, for the browser. */
  readonly options: string;
  readonly label: string;
  /** Said when the browser gave none. */
  readonly fault: string;
}): Markup {
  return markup`<input type="hidden" name="credential" value="">
    <p class="fault" id="passkey-fault" role="alert" hidden>${button.fault}</p>
    <button type="button" class="second wide" data-passkey="${button.act}" data-options="${button.options}"
      data-fault="passkey-fault" hidden>${button.label}</button>`;
}
