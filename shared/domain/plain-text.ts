import * as v from 'valibot'

/** Text as PostgreSQL can hold it: NUL and lone surrogates become U+FFFD, which is as long as they are. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** Text from a caller that PostgreSQL can hold as it is; anything else is refused rather than changed. */
export const PlainText = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'must be text without NUL or broken characters'),
)
