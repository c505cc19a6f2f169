import * as v from 'valibot'

/** A language tag (BCP 47, RFC 5646) in its canonical spelling. */
export const Locale = v.pipe(
  v.string(),
  v.maxLength(35),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      const [canonical] = Intl.getCanonicalLocales(dataset.value)
      if (canonical !== undefined) return canonical
    } catch {
      // Not a language tag.
    }
    addIssue({ message: 'must be a language tag such as en or pt-BR' })
    return NEVER
  }),
)

/** The name of a time zone of the IANA database; offsets such as +05:30 are none. */
export const TimeZone = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/, 'must be the name of a time zone such as Europe/Berlin'),
  v.check(isTimeZone, 'must be the name of a time zone such as Europe/Berlin'),
)

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
