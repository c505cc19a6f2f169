import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientAddress, networkOf } from './client-address.ts'

const socketAddress = '192.0.2.1'
const request = (forwarded?: string | string[], remoteAddress: string | undefined = socketAddress) => ({
  headers: forwarded === undefined ? {} : ({ 'x-forwarded-for': forwarded } as Record<string, string>),
  socket: { remoteAddress },
})

describe('the address of a client', () => {
  test('is the socket’s when no proxy is trusted, whatever the client claims', () => {
    expect(clientAddress(request('203.0.113.9'), 0)).toBe(socketAddress)
  })

  test('is the n-th from the right behind n proxies; what the client wrote before it is not looked at', () => {
    const list = '6.6.6.6, evil, 203.0.113.9,198.51.100.7'
    expect(clientAddress(request(list), 1)).toBe('198.51.100.7')
    expect(clientAddress(request(list), 2)).toBe('203.0.113.9')
    expect(clientAddress(request(['6.6.6.6', '203.0.113.9', '198.51.100.7']), 2)).toBe('203.0.113.9')
  })

  test('is the socket’s when the entry is none or the list is too short', () => {
    for (const list of ['', ',', ' ', 'evil', '203.0.113.9:80', '[2001:db8::1]', '1.2.3', '::g', 'a,b,c', '1.2.3.4,']) {
      expect(clientAddress(request(list), 1), list).toBe(socketAddress)
    }
    for (const list of [undefined, '203.0.113.9', ',203.0.113.9', 'evil,203.0.113.9']) {
      expect(clientAddress(request(list), 2), String(list)).toBe(socketAddress)
    }
  })

  test('is the same however an address is written', () => {
    const same: Record<string, string[]> = {
      '203.0.113.9': ['::ffff:203.0.113.9', '::FFFF:cb00:7109', '0:0:0:0:0:ffff:cb00:7109'],
      '2001:db8::1': ['2001:DB8:0:0:0:0:0:1', '2001:0db8::0001', '2001:db8::0:1'],
      '2001:db8:0:1:1:1:1:1': ['2001:0db8:0000:0001:0001:0001:0001:0001'],
      '::': ['0:0:0:0:0:0:0:0', '0::0'],
      '::1': ['::0001', '0:0:0:0:0:0:0:1'],
      '1::': ['1:0:0:0:0:0:0:0'],
      'fe80::1': ['fe80::1%eth0', 'fe80:0::1%1'],
      '64:ff9b::c000:221': ['64:ff9b::192.0.2.33'],
      '2001:0:0:1::1': ['2001:0:0:1:0:0:0:1'],
    }
    for (const [canonical, forms] of Object.entries(same)) {
      for (const form of [canonical, ...forms]) {
        expect(clientAddress(request(undefined, form), 0), form).toBe(canonical)
        expect(clientAddress(request(form), 1), form).toBe(canonical)
      }
    }
  })

  test('is always an address, or known to be unknown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 5 }), (list, hops) => {
        const address = clientAddress(request(list), hops)
        expect(isIPv4(address) || isIPv6(address)).toBe(true)
        expect(clientAddress(request(address), 1)).toBe(address)
      }),
    )
    expect(clientAddress({ headers: {}, socket: {} }, 0)).toBe('unknown')
  })

  test('agrees with the URL standard on the form of IPv6', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = clientAddress(request(text), 1)
        fc.pre(!isIPv4(address))
        expect(`[${address}]`).toBe(new URL(`http://[${text}]/`).hostname)
      }),
    )
  })
})

describe('the network of an address', () => {
  test('is the address itself for IPv4, and the /64 for IPv6', () => {
    expect(networkOf('203.0.113.9')).toBe('203.0.113.9')
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:db8::ffff:1'))
    expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'))
    expect(networkOf('unknown')).toBe('unknown')
  })
})
