import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layOutLines, type PageRun } from './pdf-layout.ts'
import { pageText, Vocabulary } from './pdf-text.ts'

function textOf(runs: PageRun[]): string {
  const segments = layOutLines(runs)
  const vocabulary = new Vocabulary()
  vocabulary.add(segments)
  return pageText(segments, vocabulary)
}

const run = (text: string, x: number, y: number, more: Partial<PageRun> = {}): PageRun => ({
  text,
  x,
  y,
  width: text.length * 5,
  size: 10,
  angle: 0,
  ...more,
})

const lines = (x: number, top: number, texts: string[]) => texts.map((text, i) => run(text, x, top - i * 12))

test('no character of a page is lost or doubled, wherever its runs stand', () => {
  const place = fc.record({
    x: fc.integer({ min: 0, max: 600 }),
    y: fc.integer({ min: 0, max: 800 }),
    size: fc.integer({ min: 6, max: 14 }),
    angle: fc.constantFrom(0, 0, 0, 90),
    letters: fc.stringMatching(/^[a-z]{0,9}$/),
  })
  fc.assert(
    fc.property(fc.array(place, { maxLength: 60 }), (places) => {
      const runs = places.map(({ letters, x, y, ...more }, i) => run(`${letters}${i}`, x, y, more))
      const characters = (text: string) => [...text.replace(/\s/g, '')].sort().join('')
      expect(characters(textOf(runs))).toBe(characters(runs.map(({ text }) => text).join('')))
    }),
    { numRuns: 500 },
  )
})

test('a paragraph’s first line is not taken for the end of the one before it', () => {
  const above = run('name: a field of the node', 60, 500)
  const paragraph = [run('Creates a copy of the whole node and of every-', 60, 484), run('thing below it', 60, 472)]
  expect(textOf([above, ...paragraph])).toBe(
    'name: a field of the node\nCreates a copy of the whole node and of everything below it',
  )
})

test('bullets and numbered headings begin lines of their own', () => {
  const texts = ['• first point of a list of words', '• second', '2.1 A heading', '192.0.2.1 was seen']
  expect(
    textOf(lines(60, 500, texts))
      .split('\n')
      .slice(0, 3),
  ).toEqual(texts.slice(0, 3))
})

test('a bullet drawn apart from its words stays with them', () => {
  expect(textOf([run('•', 60, 500), run('evil.example', 90, 500)])).toBe('• evil.example')
})

test('a cell that begins at the column’s edge is a cell of its own, however narrow the gap', () => {
  const rows = [500, 460, 420].flatMap((y) => [run('left cell', 60, y), run('right', 200, y)])
  const tight = [run('a left cell that is long 123', 60, 380, { width: 132 }), run('right', 200, 380)]
  expect(
    textOf([...rows, ...tight])
      .split('\n')
      .at(-1),
  ).toBe('a left cell that is long 123\tright')
})

test('a table cell that wraps flows, whichever cell of the row is drawn first', () => {
  const left = lines(60, 500, ['Command and Scripting', 'Interpreter [T1059]'])
  const right = lines(200, 500, ['used to start the loader', 'and to stop it'])
  expect(textOf([...left, ...right])).toBe(
    'Command and Scripting Interpreter [T1059]\tused to start the loader and to stop it',
  )
})

test('text that runs up the margin is not mixed into the lines', () => {
  const margin = run('TLP:AMBER', 60, 500, { angle: 90 })
  expect(textOf([...lines(60, 500, ['one']), margin, ...lines(60, 488, ['two'])])).toContain('TLP:AMBER')
})

test.each([
  ['twenty thousand runs at one height', (i: number) => run(`w${i}`, (i * 37) % 600, 400)],
  ['twenty thousand lines', (i: number) => run(`word${i}-`, 60, 100_000 - i * 12)],
  ['twenty thousand blocks', (i: number) => run(`word${i}`, 60, 1_000_000 - i * 40)],
  ['twenty thousand fragments of hashes', (i: number) => run('deadbeefcafe', 60, 1_000_000 - i * 12)],
  ['one run of a million letters', (i: number) => run(i === 0 ? 'a'.repeat(1_000_000) : '', 60, 400)],
])('%s are laid out in less than five seconds', (_name, make) => {
  const runs = Array.from({ length: 20_000 }, (_, i) => make(i))
  const start = performance.now()
  expect(textOf(runs).length).toBeGreaterThan(0)
  expect(performance.now() - start).toBeLessThan(5_000)
})
