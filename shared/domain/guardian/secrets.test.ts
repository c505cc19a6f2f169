import { expect, test } from 'vitest'
import { newApiKey } from '../api-keys/key.ts'
import { findSecret } from './secrets.ts'

/** Put together here, so that nothing in this file looks like a secret to those who scan it. */
const made = (...parts: string[]): string => parts.join('')

test.each([
  ['private key', made('-----BEGIN RSA PRIV', 'ATE KEY-----')],
  ['private key', made('-----BEGIN PRIV', 'ATE KEY-----')],
  ['private key', made('-----BEGIN PGP PRIV', 'ATE KEY BLOCK-----')],
  ['JSON web token', made('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxIn0', '.c2lnbmF0dXJl')],
  ['AWS access key', made('AKIA', 'IOSFODNN7EXAMPLE')],
  ['Google API key', made('AIza', 'B'.repeat(35))],
  ['GitHub token', made('ghp_', 'a1B2'.repeat(9))],
  ['Slack token', made('xoxb-', '123456789012-abcdefghijkl')],
  ['Stripe or Razorpay key', made('rzp_live_', 'A1b2C3d4E5f6G7')],
  ['OpenAI or Anthropic key', made('sk-', 'proj-', 'Ab1'.repeat(10))],
  ['connection string', made('postgres://app:', 'hunter2@db.internal:5432/x')],
  ['connection string', made('Server=db;Pass', 'word=Sommer;')],
  ['bearer token', made('Authorization: Bearer ', 'a1b2c3d4e5f6a7b8c9d0e1f2g3')],
  ['password or key', made('password: ', 'Xk29vLq81zTt')],
  ['password or key', made('api_key = "', '8f3kD02mQw91xZ"')],
])('%s', (kind, text) => {
  expect(findSecret(`the text ${text} goes on`)).toBe(kind)
})

test("the product's own keys are known by their checksum", () => {
  const key = newApiKey(new Uint8Array(20).fill(7))
  expect(findSecret(`use ${key}.`)).toBe('API key of this product')
  expect(findSecret(`use ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}.`)).toBeNull()
})

test('encoding hides nothing', () => {
  expect(findSecret(made('%2D%2D%2D%2D%2DBEGIN RSA PRIV', 'ATE KEY%2D%2D%2D%2D%2D'))).toBe('private key')
  expect(findSecret(made('AKIA', 'IOSFODNN7EXAMPL&#69;'))).toBe('AWS access key')
})

test.each([
  'The password is "infected" for all archives',
  'SHA-256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'Access Token Manipulation: Token Impersonation/Theft (T1134.001)',
  'hxxps://evil[.]example/a?b=c',
  'They steal private keys, API keys and bearer tokens',
])('%j holds none', (text) => expect(findSecret(text)).toBeNull())
