import { parseApiKey } from '../api-keys/key.ts'
import { readings } from './decoded.ts'

const kinds: readonly (readonly [string, RegExp])[] = [
  ['private key', /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/],
  ['PuTTY key', /PuTTY-User-Key-File-\d/],
  ['JSON web token', /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/],
  ['AWS access key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/],
  ['Google API key', /\bAIza[A-Za-z0-9_-]{35}/],
  ['Google OAuth token', /\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}|\b1\/\/0[A-Za-z0-9_-]{30,}/],
  ['GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})/],
  ['GitLab token', /\bglpat-[A-Za-z0-9_-]{20,}/],
  [
    'Slack token',
    /\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/[A-Za-z0-9]{16,}/,
  ],
  ['Stripe or Razorpay key', /\b(?:(?:sk|rk)_(?:live|test)|rzp_(?:live|test))_[A-Za-z0-9]{12,}/],
  ['OpenAI or Anthropic key', /\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}/],
  ['npm token', /\bnpm_[A-Za-z0-9]{36}/],
  ['SendGrid key', /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/],
  ['Telegram bot token', /\b\d{8,10}:AA[A-Za-z0-9_-]{32,}/],
  ['Discord token', /\b[MNO][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,}/],
  ['Azure storage key', /AccountKey=[A-Za-z0-9+/]{60,}={0,2}/i],
  ['bearer token', /\bbearer (?=[A-Za-z+/._~-]{0,60}\d)[A-Za-z0-9+/._~-]{24,}={0,2}/i],
  ['connection string', /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#]{1,100}:[^\s:@/?#]{1,200}@[^\s@/]/i],
  ['connection string', /\b(?:password|pwd)=[^;\s]{3,};|;\s?(?:password|pwd)=[^;\s]{3,}/i],
  ['database URL', /\b(?:DATABASE|REDIS|MONGO(?:DB)?)_URL ?= ?\S{8,}/],
]

/** A name of a secret and the value behind it: looked at when the value is random enough to be one. */
const assignment =
  /\b(?:api[_ -]?keys?|secret(?:[_ -]?(?:access[_ -]?)?key)?|client[_ -]secret|access[_ -]token|auth[_ -]token|refresh[_ -]token|passw(?:or)?d|pwd|passphrase)["']? ?(?:[:=]|\bis\b) ?["'`]?([^\s"'`,;]{8,200})/gi

/** The kind of secret that a text holds, e.g. "JSON web token", or null. What it is never gets into the answer. */
export function findSecret(text: string): string | null {
  for (const reading of readings(text)) {
    for (const [candidate] of reading.matchAll(/rfa_[0-9A-Za-z]{33}/g)) {
      if (parseApiKey(candidate) !== null) return 'API key of this product'
    }
    for (const [kind, pattern] of kinds) if (pattern.test(reading)) return kind
    for (const [, value = ''] of reading.matchAll(assignment)) {
      if (/\d/.test(value) && /[A-Za-z]/.test(value) && entropyBits(value) >= 3) return 'password or key'
    }
  }
  return null
}

/** Shannon entropy per character. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
