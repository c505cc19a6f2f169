import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBase58CheckBitcoin, isEthereumCase, isMonero, isOnionV3, isSegwitBitcoin } from './checksums.ts'
import { keccak256 } from './keccak.ts'

function replaceAt(value: string, index: number, character: string): string {
  return value.slice(0, index) + character + value.slice(index + 1)
}

const MONERO = '46h7prr8CobGASRYKx36a7FNpQefBua6m7zHjLchodtjdahrZYmCiCuDK7g4CYiDnFBawFsDffMpFinwRYLMwd7QVV891GB'
const ONION = 'rlwryismmgjijryr55u5rqlbqghqvrwxe5qgxupuviyysxkky5wah6yd'

describe('keccak256', () => {
  it('is SHA3-256 with its padding, for any input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(Buffer.from(keccak256(bytes, 0x06)).toString('hex')).toBe(
          createHash('sha3-256').update(bytes).digest('hex'),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('is the original Keccak-256 with the other', () => {
    const empty = Buffer.from(keccak256(new Uint8Array(), 0x01)).toString('hex')
    expect(empty).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  })
})

describe('addresses', () => {
  it.each<[(value: string) => boolean, string]>([
    [isBase58CheckBitcoin, '1B8QtVGktfjBfNptp1Ay1DVt5C47rq3yWY'],
    [isBase58CheckBitcoin, '3ATq2KXvPw9TEv6w8ED1ig8A71gB8ZcZpw'],
    [isSegwitBitcoin, 'bc1q8rmdq7k3yfpupadvvkd430vdjwva72hua0gst4'],
    [isSegwitBitcoin, 'bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297'],
    [isMonero, MONERO],
    [isOnionV3, ONION],
    [isEthereumCase, '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'],
  ])('%o accepts %s and rejects it with one character changed', (check, address) => {
    expect(check(address)).toBe(true)
    const index = 9
    const other = address[index] === 'F' ? 'f' : address[index] === '3' ? '4' : address[index] === 'q' ? 'p' : 'q'
    expect(check(replaceAt(address, index, other))).toBe(false)
  })

  it('an Ethereum address in one case carries no checksum', () => {
    expect(isEthereumCase('5aaeb6053f3e94c9b9a09f33669435e7ef1beaed')).toBe(true)
    expect(isEthereumCase('5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED')).toBe(true)
  })

  it('a segwit address is in one case and of a length its version allows', () => {
    expect(isSegwitBitcoin('BC1Q8RMDQ7K3YFPUPADVVKD430VDJWVA72HUA0GST4')).toBe(true)
    expect(isSegwitBitcoin('bc1Q8rmdq7k3yfpupadvvkd430vdjwva72hua0gst4')).toBe(false)
    expect(isSegwitBitcoin('bc1q')).toBe(false)
  })
})
