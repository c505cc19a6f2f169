/** Text from a document, so that it can neither move a terminal's cursor nor turn the direction of what is written. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ')
}
