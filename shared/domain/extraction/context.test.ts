import { describe, expect, it } from 'vitest'
import {
  Context,
  SECTION_FILES,
  SECTION_INDICATORS,
  SECTION_KEYS,
  SECTION_NETWORK,
  SECTION_REFERENCES,
} from './context.ts'

function sectionOf(text: string): number {
  return new Context(text).sectionAt(text.indexOf('HERE'))
}

describe('sections', () => {
  it.each<[string, number]>([
    ['== C&C servers\nHERE', SECTION_NETWORK],
    ['# Indicators of compromise\n\n## Details\n\nHERE', SECTION_INDICATORS],
    ['= Threat IoCs\n\n== Files\nHERE', SECTION_INDICATORS | SECTION_FILES],
    ['== Network\n\n== Cryptographic keys\nHERE', SECTION_KEYS],
    ['Network indicators\n\nHERE', SECTION_NETWORK | SECTION_INDICATORS],
    ['IOCs\n\nConclusion\n\nHERE', 0],
    ['C2 domains:\nHERE', SECTION_NETWORK],
    ['References\nHERE', SECTION_REFERENCES],
    ['We saw the domains in the network of one victim only.\nHERE', 0],
    ['HERE\n== Network', 0],
  ])('%j', (text, expected) => {
    expect(sectionOf(text)).toBe(expected)
  })

  it('a marked section ends where one of its level begins', () => {
    expect(sectionOf('== Network\n=== Servers\n== Other\nHERE')).toBe(0)
  })

  it('answers in any order of offsets', () => {
    const text = '== Network\nA\n== Other\nB\n== Files\nC'
    const context = new Context(text)
    const answers = [35, 11, 23].map((offset) => context.sectionAt(offset))
    expect(answers).toEqual([SECTION_FILES, SECTION_NETWORK, 0])
  })
})

describe('items', () => {
  it.each([
    '* `HERE`',
    '- HERE',
    '1. HERE',
    '| HERE | other',
    '|`HERE`|',
    'HERE',
    '  HERE  ',
    'HERE (note)',
    'HERE - note',
    'used `HERE` once',
  ])('%j is an item', (text) => {
    const start = text.indexOf('HERE')
    expect(new Context(text).isItem(start, start + 4)).toBe(true)
  })

  it.each(['they used HERE once', 'HERE is a site', 'a patch is provided here:\nHERE', 'x(HERE)'])(
    '%j is none',
    (text) => {
      const start = text.indexOf('HERE')
      expect(new Context(text).isItem(start, start + 4)).toBe(false)
    },
  )
})
