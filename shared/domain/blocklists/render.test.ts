import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IndicatorType } from '../extraction/types.ts'
import { indicatorTypes } from '../intelligence/schemas.ts'
import { type BlocklistFormat, blocklistFormats, mediaTypeOf, renderBlocklist, typesOfFormat } from './render.ts'

const header = {
  id: '01960d4e-3b7a-7cc1-8f6e-0f4b1e0d9a11',
  name: 'C2 of November',
  generatedAt: new Date('2026-11-20T12:00:00Z'),
}

const entries: { type: IndicatorType; value: string }[] = [
  { type: 'domain', value: 'evil.example' },
  { type: 'ipv4', value: '192.0.2.1' },
  { type: 'ipv4-cidr', value: '198.51.100.0/24' },
  { type: 'ipv4-port', value: '203.0.113.5:443' },
  { type: 'ipv4-port', value: '203.0.113.5:8443' },
  { type: 'ipv6', value: '2001:db8::1' },
  { type: 'ipv6-cidr', value: '2001:db8:1::/48' },
  { type: 'url', value: 'https://user@Evil.example:8443/a?b=c#d' },
  { type: 'url', value: 'http://evil.example' },
  { type: 'sha256', value: 'ab'.repeat(32) },
]

async function render(format: BlocklistFormat, list = entries, head = header) {
  const rendered = renderBlocklist(format, list, head)
  let text = ''
  for await (const piece of rendered) text += piece
  return { text, counts: rendered.counts }
}

const head = '# Blocklist: C2 of November\n# Generated: 2026-11-20T12:00:00.000Z\n'
const addresses = '192.0.2.1\n198.51.100.0/24\n203.0.113.5\n2001:db8::1\n2001:db8:1::/48\n'

describe('a list in each format', () => {
  it('plain has one value a line', async () => {
    const { text, counts } = await render('plain')
    expect(text).toBe(`${entries.map(({ value }) => value).join('\n')}\n`)
    expect(counts).toEqual({ written: 10, skipped: 0 })
  })

  it('edl-ip has addresses and networks and no comment line', async () => {
    const { text, counts } = await render('edl-ip')
    expect(text).toBe(addresses)
    expect(counts).toEqual({ written: 5, skipped: 4 })
  })

  it('edl-domain has domains', async () => {
    expect((await render('edl-domain')).text).toBe('evil.example\n')
  })

  it('edl-url has URLs without scheme, user, port and fragment, and with a path', async () => {
    expect((await render('edl-url')).text).toBe('evil.example/a?b=c\nevil.example/\n')
  })

  it('hosts sends names to nowhere', async () => {
    expect((await render('hosts')).text).toBe(`${head}0.0.0.0 evil.example\n# Entries: 1, left out: 9\n`)
  })

  it('rpz is a zone that denies names, what is below them, and answers with addresses', async () => {
    expect((await render('rpz')).text).toBe(
      '; Blocklist: C2 of November\n; Generated: 2026-11-20T12:00:00.000Z\n' +
        '$TTL 300\n@ SOA localhost. hostmaster.localhost. 1795176000 3600 600 604800 300\n@ NS localhost.\n' +
        'evil.example CNAME .\n*.evil.example CNAME .\n' +
        '32.1.2.0.192.rpz-ip CNAME .\n24.0.100.51.198.rpz-ip CNAME .\n32.5.113.0.203.rpz-ip CNAME .\n' +
        '128.1.zz.db8.2001.rpz-ip CNAME .\n48.zz.1.db8.2001.rpz-ip CNAME .\n' +
        '; Entries: 6, left out: 3\n',
    )
  })

  it('nftables fills two sets of a table of its own, which it empties first', async () => {
    expect((await render('nftables')).text).toBe(
      `${head}add table inet adapt_0f4b1e0d9a11\n` +
        'add set inet adapt_0f4b1e0d9a11 blocklist_ipv4 { type ipv4_addr; flags interval; auto-merge; }\n' +
        'flush set inet adapt_0f4b1e0d9a11 blocklist_ipv4\n' +
        'add set inet adapt_0f4b1e0d9a11 blocklist_ipv6 { type ipv6_addr; flags interval; auto-merge; }\n' +
        'flush set inet adapt_0f4b1e0d9a11 blocklist_ipv6\n' +
        'add element inet adapt_0f4b1e0d9a11 blocklist_ipv4 { 192.0.2.1,\n198.51.100.0/24,\n203.0.113.5 }\n' +
        'add element inet adapt_0f4b1e0d9a11 blocklist_ipv6 { 2001:db8::1,\n2001:db8:1::/48 }\n' +
        '# Entries: 5, left out: 4\n',
    )
  })

  it('pf is a table file', async () => {
    expect((await render('pf')).text).toBe(`${head}${addresses}# Entries: 5, left out: 4\n`)
  })

  it('csv has type and value', async () => {
    const { text } = await render('csv', entries.slice(0, 2))
    expect(text).toBe('type,value\r\ndomain,evil.example\r\nipv4,192.0.2.1\r\n')
  })

  it('an empty list is still a list', async () => {
    expect((await render('nftables', [])).text).not.toContain('add element')
    expect((await render('rpz', [])).text).toContain('@ SOA ')
    expect((await render('edl-ip', [])).text).toBe('')
  })
})

describe('what a format cannot hold', () => {
  it.each<[BlocklistFormat, IndicatorType, string]>([
    ['hosts', 'domain', 'localhost'],
    ['hosts', 'domain', 'evil.example\n127.0.0.1 bank.example'],
    ['hosts', 'domain', '*.evil.example'],
    ['rpz', 'domain', `${'a'.repeat(64)}.example`],
    ['rpz', 'domain', `${'a.'.repeat(100)}example`],
    ['rpz', 'domain', '32.1.2.0.192.rpz-ip'],
    ['edl-domain', 'domain', 'bücher.example'],
    ['edl-url', 'url', 'https://evil.example/a b'],
    ['edl-url', 'url', 'https://evil.example/*'],
    ['edl-url', 'url', `https://evil.example/${'a'.repeat(255)}`],
    ['edl-url', 'url', 'ftp://evil.example/'],
    ['edl-ip', 'ipv4', '0.0.0.0/0'],
    ['nftables', 'ipv4', '192.0.2.1 }; flush ruleset; {'],
    ['pf', 'ipv6', '!2001:db8::1'],
    ['plain', 'mutex', 'two\nlines'],
    ['plain', 'mutex', 'two\u2028lines'],
    ['plain', 'mutex', ''],
    ['csv', 'mutex', 'two\r\nlines'],
  ])('%s leaves out %s %j and counts it', async (format, type, value) => {
    const empty = await render(format, [])
    const { text, counts } = await render(format, [{ type, value }])
    expect(counts).toEqual({ written: 0, skipped: 1 })
    expect(text).toBe(empty.text.replace('left out: 0', 'left out: 1'))
  })

  it('a name with line ends stays in its comment', async () => {
    const { text } = await render('hosts', [], { ...header, name: 'x\n0.0.0.0 bank.example\u2028y' })
    expect(text.split('\n')[0]).toBe('# Blocklist: x 0.0.0.0 bank.example y')
  })
})

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?'
const name = `${label}(?:\\.${label})+`
const address = '(?:\\d+\\.\\d+\\.\\d+\\.\\d+|[0-9a-f:]*:[0-9a-f:]*)(?:/\\d+)?'

/** What every line of a format must be, if the format's reader is to see entries and nothing else. */
const lineOf: Record<BlocklistFormat, RegExp> = {
  plain: /^\S(?:.*\S)?$/,
  'edl-ip': new RegExp(`^${address}$`),
  'edl-domain': new RegExp(`^${name}$`),
  'edl-url': /^[A-Za-z0-9_.:[\]-]+\/[!-)+-\]_-~]*$/,
  hosts: new RegExp(`^(?:#.*|0\\.0\\.0\\.0 ${name})$`),
  rpz: new RegExp(
    `^(?:;.*|\\$TTL 300|@ SOA [a-z. 0-9]+|@ NS localhost\\.|(?:\\*\\.)?${name} CNAME \\.|[0-9a-fz.]+\\.rpz-ip CNAME \\.)$`,
  ),
  nftables: new RegExp(
    `^(?:#.*|add table inet \\w+|(?:add|flush) set inet \\w+ blocklist_ipv[46](?: \\{ type ipv[46]_addr; flags interval; auto-merge; \\})?|(?:add element inet \\w+ blocklist_ipv[46] \\{ )?${address}(?:,| \\}))$`,
  ),
  pf: new RegExp(`^(?:#.*|${address})$`),
  csv: /^(?:type,value|[a-z0-9-]+,(?:[^",\r\n]*|"(?:[^"]|"")*"))\r$/,
}

describe('no value can be more than one entry', () => {
  const pieces = fc.constantFrom(
    '\n',
    '\r',
    '\u2028',
    '\u0085',
    ' ',
    '#',
    ';',
    '}',
    '{',
    '"',
    ',',
    '*',
    '/',
    '.',
    ':',
    '[',
    ']',
    '@',
    '$',
    '\\',
    'a',
    '1',
    '192.0.2.1',
    'evil.example',
    'http://',
  )
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: pieces }),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.domain(),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
  )
  const list = fc.array(fc.record({ type: fc.constantFrom(...indicatorTypes), value }), { maxLength: 30 })

  it.each(blocklistFormats)('in %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(list, fc.string({ unit: pieces }), async (given, listName) => {
        const { text, counts } = await render(format, given, { ...header, name: listName })
        const lines = text.split('\n')
        expect(lines.pop()).toBe('')
        for (const line of lines) expect(line).toMatch(lineOf[format])
        const empty = (await render(format, [], header)).text.split('\n').length - 1
        const linesOfEntries =
          format === 'rpz'
            ? lines.filter((line) => line.endsWith(' CNAME .') && !line.startsWith('*')).length
            : lines.length - empty
        expect(linesOfEntries).toBe(counts.written)
      }),
      { numRuns: 200 },
    )
  })
})

it('every format says which types it carries and how it is served', () => {
  expect(typesOfFormat('plain')).toBeNull()
  expect(typesOfFormat('edl-url')).toEqual(['url'])
  expect(blocklistFormats.map(mediaTypeOf).filter((type) => !/^text\/[a-z]+; charset=/.test(type))).toEqual([])
})

it('entries are read as the text is read', async () => {
  let read = 0
  async function* endless() {
    for (;;) yield { type: 'ipv4' as const, value: `192.0.2.${read++ % 256}` }
  }
  const iterator = renderBlocklist('pf', endless(), header)[Symbol.asyncIterator]()
  expect(read).toBe(0)
  await iterator.next()
  expect(read).toBeLessThan(5000)
  await iterator.return?.()
})
