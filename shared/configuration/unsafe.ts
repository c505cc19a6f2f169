/** What is given of the settings, by name: present and not empty, not yet parsed. */
type Given = Readonly<Record<string, string | undefined>>

const webAddresses = [
  'PUBLIC_URL',
  'FUNCTIONS_URL',
  'SUPABASE_URL',
  'PUSH_ISSUER',
  'PUSH_JWKS_URL',
  'RAZORPAY_BASE_URL',
]
const googleIssuer = 'https://accounts.google.com'
const googleKeys = 'https://www.googleapis.com/oauth2/v3/certs'
const leastDifferentCharacters = 10
const leastPasswordCharacters = 12

/**
 * Finds what a schema of single settings can't see and what must not take traffic: addresses without TLS, origins that
 * are none, secrets that anybody could guess, settings of drivers that are not in use.
 *
 * Addresses of this machine may go without TLS, as in browsers (W3C Secure Contexts): nothing leaves it.
 * @param secrets names of settings that are random secrets of ours
 * @param foreign what is wrong with settings, by name, that belong to drivers which are not in use; null on one machine
 * @returns sentences that name the setting and show no value
 */
export function findUnsafeSettings(
  given: Given,
  secrets: readonly string[],
  foreign: Readonly<Record<string, string>> | null,
): string[] {
  return [
    ...webAddresses.flatMap((name) => problemOfAddress(name, given[name])),
    ...problemsOfOrigins(given.CORS_ORIGINS),
    ...problemsOfDatabase(given.DATABASE_URL),
    ...secrets.flatMap((name) => problemOfSecret(name, given[name])),
    ...repeatedSecrets(given, secrets),
    ...problemsOfSupabaseKey(given),
    ...problemsOfPushers(given),
    ...problemsOfMail(given),
    ...problemsOfPayments(given),
    ...(foreign ? [...problemsOfProxies(given), ...problemsOfIssuer(given)] : []),
    ...Object.entries(foreign ?? {})
      .filter(([name]) => given[name])
      .map(([name, problem]) => `${name}: ${problem}`),
  ]
}

/** What Google's clients go by themselves. */
const unsafeVariables: Readonly<Record<string, string>> = {
  GOOGLE_SDK_NODE_LOGGING: "makes Google's clients log what they receive, values of secrets included; remove it",
  STORAGE_EMULATOR_HOST: 'leads to an emulator; remove it',
}

/** Finds what in the environment, beside the settings, makes Google's clients unsafe. */
export function findUnsafeEnvironment(environment: Given): string[] {
  return Object.entries(unsafeVariables)
    .filter(([name]) => environment[name])
    .map(([name, problem]) => `${name}: ${problem}`)
}

function problemOfAddress(name: string, value: string | undefined): string[] {
  const url = value === undefined ? null : URL.parse(value)
  if (!url) return []
  if (url.protocol !== 'https:' && !isThisMachine(url.hostname)) return [`${name}: must be https`]
  if (url.username !== '' || url.password !== '') return [`${name}: must not hold a user or a password`]
  if (url.search !== '' || url.hash !== '') return [`${name}: must end with its path`]
  return []
}

function problemsOfOrigins(value = ''): string[] {
  const wrong = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '' && !(item.startsWith('https://') && URL.parse(item)?.origin === item))
  if (wrong.length === 0) return []
  return ['CORS_ORIGINS: each must be an https origin without a path, as in https://console.example.org; * is none']
}

function problemsOfDatabase(value: string | undefined): string[] {
  const url = value === undefined ? null : URL.parse(value)
  if (!url) return []
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return ['DATABASE_URL: must be a postgres:// URL']
  const problems: string[] = []
  if (url.username === '' || url.username === 'postgres') {
    problems.push('DATABASE_URL: must name the role adapt_app; an owner of the tables passes their walls')
  }
  const socket = url.hostname === '' || url.searchParams.get('host')?.startsWith('/')
  if (url.password === '' && !socket) problems.push('DATABASE_URL: must hold a password')
  else if (url.password !== '' && (url.password.length < leastPasswordCharacters || isCommon(url.password)))
    problems.push('DATABASE_URL: its password is short or a common one')
  const tls = url.searchParams.get('sslmode') ?? url.searchParams.get('ssl')
  const isEncrypted = tls !== null && ['require', 'verify-ca', 'verify-full', 'true'].includes(tls)
  if (!isEncrypted && !socket && !isThisMachine(url.hostname)) {
    problems.push('DATABASE_URL: must demand TLS (?sslmode=verify-full, or require), or lead to a socket')
  }
  return problems
}

function problemOfSecret(name: string, value: string | undefined): string[] {
  if (value === undefined || value.length === 0) return []
  const isVaried = new Set(value).size >= leastDifferentCharacters
  if (isVaried && !isCommon(value)) return []
  return [`${name}: is no secret (an example, a default or too plain); make one with: openssl rand -hex 32`]
}

/** Words of examples and templates; a random value does not hold them by chance. */
function isCommon(value: string): boolean {
  return /change.?me|example|placeholder|password|default|insecure|your[-_ ]|^(postgres|secret|admin|root|local|demo|test)([-_ ]|\d*$)|^0?123456/i.test(
    value,
  )
}

function repeatedSecrets(given: Given, secrets: readonly string[]): string[] {
  const passwordOfDatabase = URL.parse(given.DATABASE_URL ?? '')?.password || undefined
  const values = [
    ...[...secrets, 'SUPABASE_ANON_KEY'].map((name) => [name, given[name]] as const),
    ['the password of DATABASE_URL', passwordOfDatabase] as const,
  ]
  return values.flatMap(([name, value], index) => {
    const earlier = value && values.slice(0, index).find(([, other]) => other === value)
    return earlier ? [`${name}: must be another value than ${earlier[0]}`] : []
  })
}

function problemsOfSupabaseKey({ SUPABASE_URL, SUPABASE_ANON_KEY }: Given): string[] {
  const url = URL.parse(SUPABASE_URL ?? '')
  if (!url || isThisMachine(url.hostname) || SUPABASE_ANON_KEY !== 'local') return []
  return ['SUPABASE_ANON_KEY: is the one of the embedded issuer, which SUPABASE_URL is not']
}

function problemsOfPushers({ PUSH_ISSUER = googleIssuer, PUSH_SERVICE_ACCOUNTS = '' }: Given): string[] {
  if (PUSH_ISSUER !== googleIssuer) return []
  const accounts = PUSH_SERVICE_ACCOUNTS.split(',').map((item) => item.trim())
  if (accounts.every((account) => /^[^@\s]+@[a-z0-9.-]+\.gserviceaccount\.com$/.test(account))) return []
  // Google signs such tokens for anybody's account: only service accounts of ours may be named.
  return ['PUSH_SERVICE_ACCOUNTS: each must be a service account (…gserviceaccount.com)']
}

/** With a user the mailer encrypts by STARTTLS or sends nothing. */
function problemsOfMail({ SMTP_URL }: Given): string[] {
  const url = URL.parse(SMTP_URL ?? '')
  if (url?.protocol !== 'smtp:' || url.username !== '' || isThisMachine(url.hostname)) return []
  return ['SMTP_URL: must be smtps, or hold a user: mails and invoices are not for everybody on their way']
}

/** With a test key anybody pays with the numbers of test cards. */
function problemsOfPayments({ APP_ENV, RAZORPAY_KEY_ID }: Given): string[] {
  if (APP_ENV !== 'production' || !RAZORPAY_KEY_ID?.startsWith('rzp_test_')) return []
  return ['RAZORPAY_KEY_ID: is a test key, by which plans are given for nothing; production wants rzp_live_…']
}

/** Whoever may choose the issuer or its keys may call every function of the pipeline. */
function problemsOfIssuer({ PUSH_ISSUER = googleIssuer, PUSH_JWKS_URL = googleKeys }: Given): string[] {
  return [
    ...(PUSH_ISSUER === googleIssuer ? [] : [`PUSH_ISSUER: must be ${googleIssuer}, who signs the pushes`]),
    ...(PUSH_JWKS_URL === googleKeys ? [] : [`PUSH_JWKS_URL: must be ${googleKeys}, the keys of that issuer`]),
  ]
}

/** Functions have Google's front end before them: not counted, it is the one address that everybody comes from. */
function problemsOfProxies({ TRUSTED_PROXY_HOPS = '0' }: Given): string[] {
  if (Number(TRUSTED_PROXY_HOPS) !== 0) return []
  return ['TRUSTED_PROXY_HOPS: must count the proxies before the functions, else all callers share one rate limit']
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
