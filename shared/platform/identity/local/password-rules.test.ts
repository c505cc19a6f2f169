import { describe, expect, it } from 'vitest'
import { requireStrongPassword } from './password-rules.ts'

const check = (password: string, email = 'ada.lovelace@example.org') =>
  requireStrongPassword(password, email).then(
    () => null,
    (error: { extra: { weak_password?: { reasons: string[] } }; code: string }) =>
      error.extra.weak_password?.reasons[0] ?? error.code,
  )

describe('a password', () => {
  it.each(['password1', '12345678', 'Password123', 'QWERTYUIOP', 'iloveyou1', 'liverpool', '\uff50assword1'])(
    'that is among the most used, as %s is, is refused in every spelling',
    async (password) => {
      expect(await check(password)).toBe('pwned')
    },
  )

  it.each(['ada.lovelace', 'Ada.Lovelace1815', '!ada.lovelace!', 'ada.lovelace@example.org', 'my ADA.LOVELACE'])(
    'that is little more than the own address, as %s is, is refused',
    async (password) => {
      expect(await check(password)).toBe('email')
    },
  )

  it('may hold the own name when the rest would do alone', async () => {
    expect(await check('ada.lovelace likes engines')).toBeNull()
    expect(await check('a long enough password', 'a@example.org')).toBeNull()
  })

  it('is 8 characters to 72 bytes long', async () => {
    expect(await check('')).toBe('validation_failed')
    expect(await check('7 chars')).toBe('length')
    expect(await check('8 chars!')).toBeNull()
    expect(await check('é'.repeat(37))).toBe('validation_failed')
    expect(await check('é'.repeat(36))).toBeNull()
  })
})
