import * as v from 'valibot'

/** An address to which paths are appended: a slash at its end is dropped. */
export const url = v.pipe(
  v.string(),
  v.url(),
  v.transform((value) => value.replace(/\/+$/, '')),
)

/** What stands between commas, without spaces around it. */
export const split = v.transform((value: string) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

/** Never shown: not in an example, not in a message. */
export const isSecret = <Value>() => v.metadata<Value, { secret: true }>({ secret: true })
