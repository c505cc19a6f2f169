import { describe, expect, test } from 'vitest'
import { allTechniques } from './catalogue.ts'
import { PHRASE_CLASSES, PHRASES } from './data/phrases.ts'
import { findAttack } from './find.ts'
import { inflect } from './inflect.ts'
import { createLexicon } from './lexicon.ts'
import { phraseReader } from './phrase-syntax.ts'
import { buildPhraseTable, ENDS_PHRASE, matchPhrases } from './phrases.ts'
import { createWindow, scanWords } from './scan.ts'

const LEVELS = ['certain', 'strong', 'weak', 'hint'] as const

describe('the notation', () => {
  const read = phraseReader({ collect: 'gather~ list' })

  test('words, inflections, alternatives, classes and gaps', () => {
    expect(read('(drop~|run) ..3 file')).toEqual([
      { words: ['drop', 'drops', 'dropped', 'dropping', 'droped', 'droping', 'run'], gap: 0 },
      { words: ['file'], gap: 3 },
    ])
    expect(read('<collect> files').at(0)?.words).toEqual(['gather', 'gathers', 'gathered', 'gathering', 'list'])
  })

  test('a function word stands for one word in between', () => {
    expect(read('pass the hash')).toEqual([
      { words: ['pass'], gap: 0 },
      { words: ['hash'], gap: 1 },
    ])
  })

  test.each(['', 'file ..3', '<unknown> file', '(a b|c) file', 'file ..x name', 'UPPER'])('%j is refused', (source) => {
    expect(() => read(source)).toThrow()
  })

  test.each([
    ['steal', 'stole'],
    ['copy', 'copied'],
    ['drop', 'dropping'],
    ['encode', 'encoding'],
    ['process', 'processes'],
    ['run', 'ran'],
    ['write', 'written'],
  ])('%s also appears as %s', (base, form) => {
    expect(inflect(base)).toContain(form)
  })
})

describe('matching', () => {
  const matches = (source: string, text: string) => {
    const lexicon = createLexicon()
    const table = buildPhraseTable(lexicon, [{ id: 'T1105', certain: [source] }])
    const window = createWindow()
    const spans: string[] = []
    scanWords(text, lexicon.freeze(), window, (_, flags) => {
      if ((flags & ENDS_PHRASE) === 0) return
      matchPhrases(table, window, (__, first) => {
        spans.push(text.slice(window.starts[first & 63], window.ends[(window.count - 1) & 63]))
      })
    })
    return spans
  }

  test('neighbours must be neighbours', () => {
    expect(matches('batch file', 'a batch file')).toEqual(['batch file'])
    expect(matches('batch file', 'a batch of a file')).toEqual([])
    expect(matches('batch file', 'batch, file')).toEqual([])
  })

  test('a gap allows so many words in between and no more', () => {
    expect(matches('inject ..2 process', 'inject into a process')).toEqual(['inject into a process'])
    expect(matches('inject ..2 process', 'inject it into a process')).toEqual([])
  })

  test('a sentence or a paragraph ends every phrase, one line break does not', () => {
    expect(matches('inject ..6 process', 'inject. A process')).toEqual([])
    expect(matches('inject ..6 process', 'inject\n\nprocess')).toEqual([])
    expect(matches('inject ..6 process', 'inject\nprocess')).toEqual(['inject\nprocess'])
  })

  test('places are tried further back when the nearest one leads nowhere', () => {
    expect(matches('send ..1 data ..4 server', 'send data of data to server')).toEqual(['send data of data to server'])
  })
})

describe('the table', () => {
  test('every rule belongs to a technique of the catalogue and no technique has two rules', () => {
    const known = new Set([...allTechniques()].map(({ id }) => id))
    expect(PHRASES.filter(({ id }) => !known.has(id))).toEqual([])
    expect(new Set(PHRASES.map(({ id }) => id)).size).toBe(PHRASES.length)
  })

  test('no technique has the same phrase twice', () => {
    const twice = PHRASES.filter((rule) => {
      const sources = LEVELS.flatMap((level) => rule[level] ?? [])
      return new Set(sources).size !== sources.length
    })
    expect(twice).toEqual([])
  })

  test('every certain phrase, said once, is believed', () => {
    const read = phraseReader(PHRASE_CLASSES)
    const missed: string[] = []
    for (const { id, certain = [] } of PHRASES) {
      for (const source of certain) {
        const text = read(source)
          .map(({ words }) => words[0])
          .join(' ')
        const found = findAttack(text).techniques.map((technique) => technique.id)
        if (!found.some((other) => other === id || other.startsWith(`${id}.`)))
          missed.push(`${id}: ${source} (${text})`)
      }
    }
    expect(missed).toEqual([])
  })
})
