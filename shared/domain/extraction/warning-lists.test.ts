import { describe, expect, it } from 'vitest'
import { formatIpv6, parseIpv6 } from './addresses.ts'
import { IPV4_RANGES, PUBLIC_RESOLVERS } from './data/address-ranges.ts'
import * as publishers from './data/publishers.ts'
import * as services from './data/services.ts'
import { KNOWN_VALUES } from './data/values.ts'
import { hostFacts } from './hosts.ts'
import { addressVerdict, type DomainList, hostVerdict } from './warning-lists.ts'

const lists = [...Object.values(publishers), ...Object.values(services)].filter(
  (value): value is DomainList => typeof value === 'object' && 'domains' in value,
)

describe('the warning lists', () => {
  it('hold valid domains only, none twice in one list', () => {
    for (const { list, domains } of lists) {
      const words = domains.split(/\s+/).filter((word) => word !== '')
      expect(words.length, list).toBeGreaterThan(0)
      expect(new Set(words).size, list).toBe(words.length)
      for (const word of words) {
        const domain = word.replace(/^=/, '')
        expect(hostFacts(domain)?.host, `${list}: ${domain}`).toBe(domain)
      }
    }
  })

  it('have a reason and an id each', () => {
    for (const { list, reason } of lists) {
      expect(list).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
      expect(reason.length).toBeGreaterThan(10)
    }
    for (const { reason, list } of [...KNOWN_VALUES.values(), ...IPV4_RANGES]) {
      expect(list).toMatch(/^[a-z0-9-]+$/)
      expect(reason.length).toBeGreaterThan(5)
    }
  })

  it('hold canonical resolver addresses', () => {
    for (const { addresses } of PUBLIC_RESOLVERS) {
      for (const address of addresses) {
        if (address.includes(':')) expect(formatIpv6(parseIpv6(address)!)).toBe(address)
        expect(addressVerdict(address)?.list).toBe('public-resolver')
      }
    }
  })

  it('cover subdomains, unless an entry is for itself alone', () => {
    expect(hostVerdict(hostFacts('a.b.welivesecurity.com')!).always?.list).toBe('security-vendor')
    expect(hostVerdict(hostFacts('welivesecurity.com.evil-1.net')!).always).toBeNull()
    expect(hostVerdict(hostFacts('notwelivesecurity.com')!).always).toBeNull()
    expect(hostVerdict(hostFacts('www.github.com')!).hostAlways?.list).toBe('top-site')
    expect(hostVerdict(hostFacts('x.duckdns.org')!).unlessDefanged).toBeNull()
    expect(hostVerdict(hostFacts('duckdns.org')!).unlessDefanged?.list).toBe('shared-service')
  })

  it('hold every address at both ends of a reserved range, and none beyond', () => {
    for (const [inside, outside] of [
      ['10.0.0.0', '9.255.255.255'],
      ['10.255.255.255', '11.0.0.0'],
      ['172.16.0.0', '172.15.255.255'],
      ['172.31.255.255', '172.32.0.0'],
      ['192.168.255.255', '192.169.0.0'],
      ['100.127.255.255', '100.128.0.0'],
      ['224.0.0.0', '223.255.255.255'],
    ] as const) {
      expect(addressVerdict(inside)).not.toBeNull()
      expect(addressVerdict(outside)).toBeNull()
    }
    expect(addressVerdict('2a02:6b8::1')).toBeNull()
    expect(addressVerdict('fdff::1')?.list).toBe('private-address')
  })
})
