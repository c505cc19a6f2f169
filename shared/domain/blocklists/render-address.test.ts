import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatNetwork, formatReversed, readNetwork } from './render-address.ts'

describe('an address or network', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', '32.1.2.0.192'],
    ['10.1.2.3/8', '10.0.0.0/8', '8.0.0.0.10'],
    ['192.0.2.1/32', '192.0.2.1', '32.1.2.0.192'],
    ['192.0.2.1:443', '192.0.2.1', '32.1.2.0.192'],
    ['[2001:db8::1]:443', '2001:db8::1', '128.1.zz.db8.2001'],
    ['2001:DB8:ffff::/33', '2001:db8:8000::/33', '33.zz.8000.db8.2001'],
    ['::1', '::1', '128.1.zz'],
    ['1::', '1::', '128.zz.1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '128.1.0.0.1.zz.db8.2001'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', '128.1.1.1.1.1.0.db8.2001'],
    ['::ffff:192.0.2.1', '192.0.2.1', '32.1.2.0.192'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24', '24.0.2.0.192'],
  ])('%s is written %s, and %s below rpz-ip', (value, written, reversed) => {
    const network = readNetwork(value)!
    expect(formatNetwork(network)).toBe(written)
    expect(formatReversed(network)).toBe(reversed)
  })

  it.each([
    '',
    '0.0.0.0/0',
    '::/0',
    '::ffff:0:0/96',
    '192.0.2.1/33',
    '2001:db8::/129',
    '192.0.2.1/-1',
    '192.0.2.1/1e1',
    '192.0.2.1/',
    '192.0.2.01',
    '192.0.2.256',
    '192.0.2',
    '1.2.3.4.5',
    'fe80::1%eth0',
    '2001:db8::1::',
    '192.0.2.1\n',
    '192.0.2.1 #',
    'evil.example',
  ])('%j is none that a list may block', (value) => expect(readNetwork(value)).toBeNull())

  it('reads back as it was written', () => {
    const networks = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 97, max: 128 })),
    )
    fc.assert(
      fc.property(networks, ([address, length]) => {
        const network = readNetwork(`${address}/${length}`)
        if (network === null) return
        expect(readNetwork(formatNetwork(network))).toEqual(network)
      }),
    )
  })
})
