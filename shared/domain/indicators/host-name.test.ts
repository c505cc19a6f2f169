import { expect, it } from 'vitest'
import { isHostName } from './host-name.ts'

it.each(['evil.example', 'xn--80ak6aa92e.com', '_dmarc.evil.example', 'A.B', `${'a'.repeat(63)}.example`])(
  '%s is the name of a host',
  (value) => expect(isHostName(value)).toBe(true),
)

it.each([
  '',
  'localhost',
  'evil..example',
  '.example',
  'evil.example.',
  '-a.example',
  'a-.example',
  '*.example',
  'a b.example',
  'a\n.example',
  'evil.example\n',
  'é.example',
  '1.2.3.4',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(126)}ab`,
])('%j is none', (value) => expect(isHostName(value)).toBe(false))
