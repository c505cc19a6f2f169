/** What stands in a log line in place of a secret. */
const removed = '[redacted]'

const deepest = 8
const mostParts = 1_000
const mostEntries = 100
const longestText = 16_000
const mostCharacters = 64_000
/** What is cut off where a text was cut: a secret that began there would be too short to be known. */
const margin = 64

/** Names, in small letters and without separators, whose value is never shown. */
const secretName =
  /passw(or)?d|passphrase|secret|token|authorization|cookie|credential|(api|private|signing|encryption|access|service|anon)key|jwt|jwk|otp$|^otp|(mfa|recovery|verification)code|databaseurl|connectionstring|keymaterial|^(pin|pem|dsn)$/
/** Of these only a number may be shown: what a model was given and gave. */
const countName = /tokens$|tokencount$/

/**
 * Makes a copy of anything for the log: plain data, without secrets, and of bounded size whatever it was. Secrets are
 * known by the name that they stand under and by what they look like (see `redactText`). Never throws.
 */
export function redact(value: unknown): unknown {
  return new Copy().part(value, 0)
}

const names = new Map<string, boolean>()

function isSecretName(name: string): boolean {
  const known = names.get(name)
  if (known !== undefined) return known
  const isSecret = name.length > 200 || secretName.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
  if (names.size < 1_000) names.set(name, isSecret)
  return isSecret
}

/** Whether what stands under this name may be shown (once it was looked through). */
function mayShow(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return true
  if (!isSecretName(name)) return true
  return typeof value === 'number' && countName.test(name.toLowerCase())
}

class Copy {
  #parts = 0
  #characters = 0
  readonly #ancestors: object[] = []

  part(value: unknown, depth: number): unknown {
    if (++this.#parts > mostParts) return '[more]'
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'boolean':
      case 'undefined':
        return value
      case 'bigint':
        return value.toString().slice(0, longestText)
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        return `[${typeof value}]`
    }
  }

  #text(text: string): string {
    const left = Math.min(longestText, mostCharacters - this.#characters)
    if (left <= 0) return '[more]'
    if (text.length <= left) {
      this.#characters += text.length
      return redactText(text)
    }
    this.#characters += left
    return `${redactText(text.slice(0, left)).slice(0, -margin)}… [${text.length} characters]`
  }

  #object(value: object, depth: number): unknown {
    if (this.#ancestors.includes(value)) return '[circular]'
    if (depth >= deepest) return '[deeper]'
    this.#ancestors.push(value)
    try {
      return this.#plain(value, depth)
    } catch {
      // A getter or a proxy that throws.
      return '[unreadable]'
    } finally {
      this.#ancestors.pop()
    }
  }

  #plain(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, value.length, depth)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    if (value instanceof Error) return this.#error(value, depth)
    if (value instanceof Map) return this.#entries(value, depth)
    if (value instanceof Set) return this.#list(value, value.size, depth)
    if (value instanceof Headers || value instanceof URLSearchParams) return this.#entries(value, depth)
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return this.part(toJSON.call(value, ''), depth + 1)
    return this.#entries(ownEntries(value), depth)
  }

  #list(items: Iterable<unknown>, length: number, depth: number): unknown[] {
    const copy: unknown[] = []
    for (const item of items) {
      if (copy.length === mostEntries) {
        copy.push(`[${length - mostEntries} more]`)
        break
      }
      copy.push(this.part(item, depth + 1))
    }
    return copy
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {}
    let count = 0
    for (const [key, value] of entries) {
      const name = typeof key === 'string' ? key : String(this.part(key, depth + 1))
      if (++count > mostEntries) {
        copy['…'] = '[more]'
        break
      }
      // `__proto__` would be taken for the prototype, and what is in it would be lost.
      const shown = name === '__proto__' ? '_proto_' : this.#text(name)
      copy[shown] = mayShow(name, value) ? this.part(value, depth + 1) : removed
    }
    return copy
  }

  /** The error and its causes: for the log, never for a caller. */
  #error(error: Error, depth: number): Record<string, unknown> {
    const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown }
    return {
      name: this.part(error.name, depth + 1),
      ...(code === undefined ? {} : { code: this.part(code, depth + 1) }),
      stack: this.part(error.stack ?? error.message, depth + 1),
      ...(cause === undefined ? {} : { cause: this.part(cause, depth + 1) }),
      ...(Array.isArray(errors) ? { errors: this.part(errors, depth + 1) } : {}),
    }
  }
}

/** Own entries, each read when it is its turn; one whose getter throws is said to. */
function* ownEntries(value: object): Generator<readonly [string, unknown]> {
  // The numbers of a private key in its JSON form (RFC 7518 section 6) have names of one letter.
  const isKey = Object.hasOwn(value, 'kty')
  for (const name of Object.keys(value)) {
    if (isKey && /^(d|p|q|dp|dq|qi|k|oth)$/.test(name)) {
      yield [name, removed]
      continue
    }
    let part: unknown
    try {
      part = (value as Record<string, unknown>)[name]
    } catch {
      part = '[unreadable]'
    }
    yield [name, part]
  }
}

/** Whether a text is worth looking through: nearly none is, and this is the one look that each line pays for. */
const suspicious =
  /eyJ|rf[a-z]_|:\/\/|-----BEGIN|\/(?:lists|invitations)\/|[?&](?:sig|code|key)=|basic|bearer|passw|passphrase|secret|token|api[_-]?key|authorization|cookie|credential|signature/i

const patterns: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g, '[redacted private key]'],
  // JSON Web Tokens, signed (RFC 7515) or encrypted (RFC 7516): their header is a JSON object, which begins so.
  [/eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*/g, removed],
  // Ours: keys of the API, tokens of blocklists and of invitations.
  [/rf([a-z])_[A-Za-z0-9_.-]{8,}/g, `rf$1_${removed}`],
  [/\/(lists|invitations)\/(?!\{)[^\s/?#"'\\]{16,}/g, `/$1/${removed}`],
  [/:\/\/[^\s/?#"'<>]*@/g, `://${removed}@`],
  // Not the words of a sentence: "a bearer token is required".
  [
    /\b([Bb]asic|BASIC|[Bb]earer|BEARER)(?:\s+|%20)(?![a-z]{1,15}[.,;:]?(?:["'\s]|$))[A-Za-z0-9._~+/=-]{4,}/g,
    `$1 ${removed}`,
  ],
  [/([?&](?:x-goog-)?(?:sig|signature|code|key|credential)=)[^&#\s"']+/gi, `$1${removed}`],
  // Name and value in a text: JSON, JSON within JSON (six deep; any number of backslashes would take the square of it in
  // time), a form, a header, a setting.
  [
    /((?:set-)?(?:authorization|cookie)[\\"']*\s*[:=]\s*)(?:\\{1,63}"[\s\S]*?(?:\\{1,63}"|$)|"(?:[^"\\]|\\.)*(?:"|$)|[^\r\n]+)/gi,
    `$1${removed}`,
  ],
  [
    /((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|credential)s?[\\"']*\s*[:=]\s*)(?:\\{1,63}"[\s\S]*?(?:\\{1,63}"|$)|"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s"'\\&,;]+)/gi,
    `$1${removed}`,
  ],
]

/**
 * A text without what looks like a secret: tokens, keys, passwords in URLs, credentials of headers, and values that
 * stand behind the name of a secret.
 */
export function redactText(text: string): string {
  if (text.length < 6 || !suspicious.test(text)) return text
  let clean = text
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement)
  return clean
}
