/** No address is longer (RFC 5321 section 4.5.3.1.3). */
const longest = 254;

/** Whether a text can be the address of a mailbox; whether it is one, only a mail to it tells. */
export function isMailAddress(text: string): boolean {
  return text.length <= longest && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(text);
}
