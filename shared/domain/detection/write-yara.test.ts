import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { hostileText } from '../../../tests/setup/hostile-text.ts'
import { ruleIndicator, ruleMaterial } from './fixtures.ts'
import type { RuleIndicator } from './types.ts'
import { inspectYara } from './validate-yara.ts'
import { writeYara } from './write-yara.ts'
import { utf16Hex, yaraText } from './yara-text.ts'
import { yaraTokens } from './yara-tokens.ts'

// Hundreds of cases, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

const write = (indicators: RuleIndicator[], overrides = {}) => writeYara(ruleMaterial({ indicators, ...overrides }))

/** The bytes of a text as YARA reads it, without the code that writes it. */
function bytesOf(text: string): Buffer {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') bytes.push(text.charCodeAt(at))
    else if (text[++at] === 'x') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16))
      at += 2
    } else bytes.push(text.charCodeAt(at))
  }
  return Buffer.from(bytes)
}

it('hashes whole files by the modules that can, and looks for names inside of them', () => {
  const [file] = writeYara(ruleMaterial())
  expect(inspectYara(file!.content)).toMatchObject({
    problems: [],
    names: ['ADAPT_Anchor_backdoor_Ryuk_8f6decfb_files', 'ADAPT_Anchor_backdoor_Ryuk_8f6decfb_strings'],
  })
  expect(file!.content).toMatch(/^import "hash"\nimport "pe"\n/)
  expect(file!.content).toContain('hash.md5(0, filesize) == "d41d8cd98f00b204e9800998ecf8427a" or')
  expect(file!.content).toContain('pe.imphash() == "f34d5f2d4577ed6d9ceec516c1f5a744"')
  expect(file!.content).toContain('$mutex_1 = "Global\\\\{8C9B0D1E-52f1}" ascii wide\n')
  expect(file!.content).toContain('$path_3 = "\\\\AppData\\\\Roaming\\\\anchor_x64.exe" ascii wide nocase\n')
  expect(file!.content).toContain('any of ($mutex_*) or 2 of ($path_*, $key_*, $agent_*)')
})

it('finds a name outside of ASCII in both encodings that programs keep it in', () => {
  const [file] = write([ruleIndicator('mutex', 'мьютекс_17')])
  expect(file!.content).toContain(`$mutex_1 = "${yaraText('мьютекс_17')}" ascii\n`)
  expect(file!.content).toContain('$mutex_1w = { 3C 04 4C 04 4E 04 42 04 35 04 3A 04 41 04 5F 00 31 00 37 00 }')
  expect(Buffer.from(utf16Hex('é😀').replaceAll(' ', ''), 'hex').toString('utf16le')).toBe('é😀')
})

it.each([
  ['a hash that no module computes', ruleIndicator('sha512', 'a'.repeat(128))],
  ['a hash that is none', ruleIndicator('md5', 'a'.repeat(31))],
  ['a name of few letters', ruleIndicator('mutex', 'abc')],
  ['what is suppressed', ruleIndicator('md5', 'a'.repeat(32), { suppressed: true })],
  ['what is not sure enough', ruleIndicator('md5', 'a'.repeat(32), { confidence: 49 })],
  ['what is above the TLP', ruleIndicator('md5', 'a'.repeat(32), { tlp: 'RED' })],
  ['what has expired', ruleIndicator('md5', 'a'.repeat(32), { valid_until: '2026-05-01T00:00:00Z' })],
])('writes no rule for %s', (_, indicator) => {
  expect(write([indicator])).toEqual([])
})

it('one path alone is looked for alone, and written twice it is one', () => {
  const [file] = write([
    ruleIndicator('file-path', '%TEMP%\\Dropper.exe'),
    ruleIndicator('file-path', '%APPDATA%\\dropper.EXE'),
  ])
  expect(file!.content).toContain('(1 of ($path_*))')
  expect(file!.content.match(/\$path_\d+ =/g)).toHaveLength(1)
})

it('two reports with one title have rules with two names', () => {
  const names = ['a', 'b'].flatMap((key) => inspectYara(writeYara(ruleMaterial({ key }))[0]!.content).names)
  expect(new Set(names).size).toBe(4)
})

it('a text stands for exactly its bytes, and ends where it ends', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const written = yaraText(text)
      expect(bytesOf(written)).toEqual(Buffer.from(text.toWellFormed()))
      expect(yaraTokens(`"${written}"`)).toMatchObject([{ kind: 'text', text: `"${written}"` }])
    }),
  )
})

it('no value and no title becomes more than a text', () => {
  fc.assert(
    fc.property(hostileText, hostileText, (value, subject) => {
      const files = write(
        [
          ruleIndicator('mutex', `mutex ${value}`),
          ruleIndicator('user-agent', `agent ${value}`),
          ruleIndicator('file-path', `C:\\temp\\dir\\${value}`),
          ruleIndicator('registry-key', `HKLM\\Software\\x\\${value}`),
          ruleIndicator('sha1', value),
        ],
        { subject, references: [value] },
      )
      for (const { content } of files) {
        const { problems, names } = inspectYara(content)
        expect(problems).toEqual([])
        expect(names).toHaveLength(1)
        expect(content).toMatch(/^[\x20-\x7e\n]*$/)
        const texts = yaraTokens(content).flatMap(({ kind, text }) =>
          kind === 'text' ? [bytesOf(text.slice(1, -1))] : [],
        )
        const mutex = Buffer.from(`mutex ${value}`)
        if (/\$mutex_1 /.test(content)) expect(texts.some((text) => text.equals(mutex))).toBe(true)
      }
    }),
  )
})
