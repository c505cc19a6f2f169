import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyEntry, auditEntry } from '../../../tests/fixtures/audit.ts'
import { newId } from '../ids.ts'
import type { Json } from '../sql.ts'
import { canonicalize } from './canonical.ts'
import { type ChainEntry, ChainVerifier, genesis, type Link, linkOf, type Verdict } from './chain.ts'
import { entryText, exportLine, fieldsOf } from './entry.ts'
import { verifyExport } from './export.ts'

function chainOf(texts: readonly string[]): ChainEntry[] {
  let last: Link = genesis
  return texts.map((text) => {
    last = linkOf(last, last.sequence + 1, text)
    return { ...last, text }
  })
}

function verify(entries: readonly ChainEntry[], head: Link | null, options: { anchor?: Link; pageSize?: number } = {}) {
  const verifier = new ChainVerifier(genesis, options.anchor)
  const pageSize = options.pageSize ?? 1000
  for (let at = 0; at < entries.length; at += pageSize) verifier.accept(entries.slice(at, at + pageSize))
  return verifier.isBroken ? verifier.soFar(head) : verifier.finish(head)
}

const headOf = (entries: readonly ChainEntry[]): Link | null => {
  const last = entries.at(-1)
  return last ? { sequence: last.sequence, hash: last.hash } : null
}

/** A chain of at least two entries that differ, and two different places in it. */
const chainWithTwoPlaces = fc
  .uniqueArray(fc.string(), { minLength: 2, maxLength: 20 })
  .chain((texts) => {
    const place = fc.nat(texts.length - 1)
    return fc.tuple(fc.constant(chainOf(texts)), place, place, fc.integer({ min: 1, max: 25 }))
  })
  .filter(([, one, other]) => one !== other)
  .map(([entries, one, other, pageSize]) => ({
    entries,
    first: Math.min(one, other),
    second: Math.max(one, other),
    pageSize,
  }))

const brokenAt = (verdict: Verdict) => [verdict.valid, verdict.broken_at, verdict.reason]

describe('a chain', () => {
  test('is the documented hash: over the hash before, the number and the hash of the text', async () => {
    const { createHash } = await import('node:crypto')
    const before = { sequence: 6, hash: 'ab'.repeat(32) }
    const digest = createHash('sha256').update('{"a":"ü"}').digest('hex')
    const bytes = Buffer.from(`${before.hash}0000000000000007${digest}`, 'hex')
    expect(linkOf(before, 7, '{"a":"ü"}')).toEqual({
      sequence: 7,
      hash: createHash('sha256').update(bytes).digest('hex'),
    })
  })

  test('that nobody touched is valid, whatever the pages it is read in', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 30 }), (texts, pageSize) => {
        const entries = chainOf(texts)
        const verdict = verify(entries, headOf(entries), { pageSize })
        expect(verdict).toEqual({
          valid: true,
          entries: texts.length,
          head: headOf(entries),
          verified: headOf(entries) ?? genesis,
          broken_at: null,
          reason: null,
        })
      }),
    )
  })

  test('with an edited entry is broken there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, fc.string(), ({ entries, first, pageSize }, text) => {
        fc.pre(entries.every((entry) => entry.text !== text))
        const edited = entries.with(first, { ...entries[first]!, text })
        expect(brokenAt(verify(edited, headOf(entries), { pageSize }))).toEqual([false, first + 1, 'edited'])
      }),
    )
  })

  test('with an entry edited together with its hash is broken at the next one, or at the head', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, fc.string(), ({ entries, first, pageSize }, text) => {
        fc.pre(entries.every((entry) => entry.text !== text))
        const forged = { ...linkOf(entries[first - 1] ?? genesis, first + 1, text), text }
        const verdict = verify(entries.with(first, forged), headOf(entries), { pageSize })
        expect(brokenAt(verdict)).toEqual([false, first + 2, 'edited'])
        const last = entries.length
        const forgedLast = { ...linkOf(entries.at(-2)!, last, text), text }
        expect(brokenAt(verify(entries.with(-1, forgedLast), headOf(entries)))).toEqual([false, last, 'head_mismatch'])
      }),
    )
  })

  test('with an entry left out is broken there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, ({ entries, first, pageSize }) => {
        const verdict = verify(entries.toSpliced(first, 1), headOf(entries), { pageSize })
        expect(brokenAt(verdict)).toEqual([false, first + 1, 'missing'])
      }),
    )
  })

  test('whose numbers were closed up after one was left out is broken there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, ({ entries, first, pageSize }) => {
        const closed = entries.toSpliced(first, 1).map((entry, index) => ({ ...entry, sequence: index + 1 }))
        expect(brokenAt(verify(closed, headOf(entries), { pageSize }))).toEqual([false, first + 1, 'edited'])
      }),
    )
  })

  test('with two entries in each other’s place is out of order at the first, whether their hashes went along or not', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, ({ entries, first, second }) => {
        const [a, b] = [entries[first]!, entries[second]!]
        const head = headOf(entries)
        const expected = [false, first + 1, 'out_of_order']
        const renumbered = entries
          .with(first, { ...b, sequence: a.sequence })
          .with(second, { ...a, sequence: b.sequence })
        expect(brokenAt(verify(renumbered, head))).toEqual(expected)
        const sameHashes = entries.with(first, { ...a, text: b.text }).with(second, { ...b, text: a.text })
        expect(brokenAt(verify(sameHashes, head))).toEqual(expected)
        expect(brokenAt(verify(entries.with(first, b).with(second, a), head))).toEqual(expected)
      }),
    )
  })

  test('with an entry put in between is broken there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, fc.string(), ({ entries, first }, text) => {
        const before = entries[first - 1] ?? genesis
        const inserted = { ...linkOf(before, first + 1, text), text }
        fc.pre(text !== entries[first]!.text)
        expect(brokenAt(verify(entries.toSpliced(first, 0, inserted), headOf(entries)))).toEqual([
          false,
          first + 1,
          'out_of_order',
        ])
        expect(verify(entries.toSpliced(first + 1, 0, entries[first]!), headOf(entries)).reason).toBe('out_of_order')
      }),
    )
  })

  test('cut off at the end is truncated against its head, and unanchored when the head was cut off too', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, ({ entries, first, pageSize }) => {
        const cut = entries.slice(0, first)
        const anchor = headOf(entries)!
        expect(brokenAt(verify(cut, anchor, { pageSize }))).toEqual([false, first + 1, 'truncated'])
        expect(verify(cut, headOf(cut), { pageSize }).valid).toBe(true)
        expect(brokenAt(verify(cut, headOf(cut), { pageSize, anchor }))).toEqual([false, first + 1, 'unanchored'])
      }),
    )
  })

  test('written anew from somewhere on is unanchored there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, fc.string(), ({ entries, first, second }, text) => {
        fc.pre(text !== entries[first]!.text)
        const texts = entries.map((entry) => entry.text)
        const rewritten = chainOf(texts.with(first, text))
        expect(verify(rewritten, headOf(rewritten)).valid).toBe(true)
        const anchor = { sequence: second + 1, hash: entries[second]!.hash }
        expect(brokenAt(verify(rewritten, headOf(rewritten), { anchor }))).toEqual([false, second + 1, 'unanchored'])
        expect(verify(entries, headOf(entries), { anchor }).valid).toBe(true)
      }),
    )
  })

  test('with entries after its head, or without a head, is broken there', () => {
    fc.assert(
      fc.property(chainWithTwoPlaces, ({ entries, first }) => {
        const head = headOf(entries.slice(0, first + 1))
        expect(brokenAt(verify(entries, head)).slice(0, 2)).toEqual([false, first + 2 > entries.length ? 1 : first + 2])
        expect(brokenAt(verify(entries, null))).toEqual([false, 1, 'head_mismatch'])
      }),
    )
  })
})

describe('an exported file', () => {
  const orgId = newId()
  const anyLog = fc.array(anyEntry(orgId), { minLength: 1, maxLength: 8 }).map((entries) => {
    let last: Link = genesis
    const lines = entries.map((entry) => {
      const fields = fieldsOf(entry)
      last = linkOf(last, last.sequence + 1, entryText(fields))
      return exportLine(fields, last)
    })
    return { lines: [...lines, canonicalize({ head: { org_id: orgId, ...last } })], head: last as Link }
  })
  async function* streamOf(lines: readonly string[]) {
    yield* lines
  }
  const check = (lines: readonly string[], anchor?: Link) => verifyExport(streamOf(lines), anchor)

  test('is canonical JSON, line by line, and verifies without anything else', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, async ({ lines, head }) => {
        for (const line of lines) expect(canonicalize(JSON.parse(line))).toBe(line)
        const verdict = await check([...lines, ''], head)
        expect(verdict).toMatchObject({ valid: true, entries: lines.length - 1, head, verified: head })
      }),
    )
  })

  test('with any one character changed is broken', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.nat(), fc.nat(), fc.constantFrom(' ', '1', 'x', '"'), async (log, at, where, by) => {
        const line = log.lines[at % log.lines.length]!
        const index = where % line.length
        const changed = line.slice(0, index) + by + line.slice(index + 1)
        fc.pre(changed !== line)
        expect((await check(log.lines.with(at % log.lines.length, changed))).valid).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('that says the same in another way is edited: other white space, other digits, another order of members', async () => {
    const fields = fieldsOf(auditEntry(orgId, { details: { n: 100 } }))
    const link = linkOf(genesis, 1, entryText(fields))
    const line = exportLine(fields, link)
    const head = canonicalize({ head: { org_id: orgId, ...link } })
    expect((await check([line, head])).valid).toBe(true)
    const members = Object.entries(JSON.parse(line) as Record<string, Json>)
    const others = [
      line.replace('"n":100', '"n":1e2'),
      line.replace('"n":100', '"n":100.00000000000000000001'),
      line.replace('"n":100', '"n": 100'),
      JSON.stringify(Object.fromEntries(members.toReversed())),
    ]
    for (const other of others) {
      expect(other).not.toBe(line)
      expect(await check([other, head])).toMatchObject({ valid: false, broken_at: 1, reason: 'edited' })
    }
  })

  test('that ends before its last line is truncated, and nothing may follow that line', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.nat(), async ({ lines, head }, at) => {
        const kept = at % lines.length
        expect(await check(lines.slice(0, kept))).toMatchObject({
          valid: false,
          entries: kept,
          broken_at: kept + 1,
          reason: 'truncated',
        })
        expect(await check([...lines, lines[0]!])).toMatchObject({
          broken_at: head.sequence + 1,
          reason: 'head_mismatch',
        })
      }),
    )
  })

  test('that is none is broken at its first line', async () => {
    for (const line of [
      '{',
      'null',
      '[]',
      '{"sequence":1}',
      '{"sequence":"1","hash":""}',
      '{"sequence":1.5,"hash":""}',
    ]) {
      expect(await check([line])).toMatchObject({ valid: false, entries: 0, broken_at: 1 })
    }
    expect(await check([])).toMatchObject({ valid: false, broken_at: 1, reason: 'truncated' })
  })
})

test('the text of an entry is the canonical form of its fields', () => {
  fc.assert(
    fc.property(anyEntry(newId()), (entry) => {
      const fields = fieldsOf(entry)
      expect(entryText(fields)).toBe(canonicalize({ ...fields, details: JSON.parse(fields.details) }))
    }),
  )
})
