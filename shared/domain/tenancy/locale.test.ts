import * as v from 'valibot'
import { expect, test } from 'vitest'
import { Locale, TimeZone } from './locale.ts'

test('a language tag is kept in its canonical spelling', () => {
  expect(v.parse(Locale, 'pt-br')).toBe('pt-BR')
  expect(v.parse(Locale, 'ZH-hans-cn')).toBe('zh-Hans-CN')
})

test('what is no language tag is refused', () => {
  for (const text of ['', 'english please', 'en_US', 'x', '-', 'e'.repeat(36), 'en\0']) {
    expect(v.safeParse(Locale, text).success, text).toBe(false)
  }
})

test('time zones of the IANA database are taken as they are named', () => {
  for (const name of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5']) {
    expect(v.parse(TimeZone, name)).toBe(name)
  }
})

test('offsets and invented zones are none', () => {
  for (const name of ['', '+05:30', '-08', 'Mars/Olympus', 'Europe/', 'Europe/Berlin\0', '../etc/passwd']) {
    expect(v.safeParse(TimeZone, name).success, name).toBe(false)
  }
})
