import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readEventStream, type StreamEvent } from './event-stream.ts'

async function read(chunks: Uint8Array[]): Promise<StreamEvent[]> {
  const source = (async function* () {
    yield* chunks
  })()
  return Array.fromAsync(readEventStream(source))
}

const bytes = (text: string) => [new TextEncoder().encode(text)]

test('events are read as the standard says', async () => {
  const text = [
    '\uFEFF: a comment\n',
    'data: first\ndata:second\ndata:  third\n\n',
    'event: named\r\ndata\r\nid: 7\r\n\r\n',
    'event: without data\n\n',
    'data: {"a": "b: c"}\r\r',
    'data: cut off\n',
  ].join('')
  expect(await read(bytes(text))).toEqual([
    { event: 'message', data: 'first\nsecond\n third' },
    { event: 'named', data: '' },
    { event: 'message', data: '{"a": "b: c"}' },
  ])
})

test('wherever the bytes are cut, the events are the same', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ' '))
  const event = fc.record({
    name: fc.constantFrom('', 'ping', 'delta'),
    data: fc.array(line, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('\n', '\r\n', '\r'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 40 }), async (events, cuts) => {
      const text = events
        .map(({ name, data, end }) => {
          const lines = [...(name === '' ? [] : [`event: ${name}`]), ...data.map((one) => `data: ${one}`)]
          return `${lines.join(end)}${end}${end}`
        })
        .join('')
      const whole = new TextEncoder().encode(text)
      const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b)
      const chunks = [...places, whole.length].map((place, at) => whole.subarray(places[at - 1] ?? 0, place))
      expect(await read(chunks)).toEqual(
        events.map(({ name, data }) => ({ event: name || 'message', data: data.join('\n') })),
      )
    }),
    { numRuns: 500 },
  )
})
