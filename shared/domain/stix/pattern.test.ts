import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { IndicatorType } from '../extraction/types.ts'
import { indicatorPattern } from './pattern.ts'

const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'

const expected: [IndicatorType, string, string | null][] = [
  ['ipv4', '198.51.100.3', "[ipv4-addr:value = '198.51.100.3']"],
  ['ipv6', '2001:db8::1', "[ipv6-addr:value = '2001:db8::1']"],
  ['ipv4-cidr', '198.51.100.0/24', "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"],
  ['ipv6-cidr', '2001:db8::/32', "[ipv6-addr:value ISSUBSET '2001:db8::/32']"],
  [
    'ipv4-port',
    '198.51.100.3:443',
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.3' AND network-traffic:dst_port = 443]",
  ],
  [
    'ipv6-port',
    '[2001:db8::1]:8443',
    "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 8443]",
  ],
  ['ipv4-port', '198.51.100.3:65536', null],
  ['domain', 'evil.example', "[domain-name:value = 'evil.example']"],
  ['url', "https://evil.example/it's", "[url:value = 'https://evil.example/it\\'s']"],
  ['email', 'a@evil.example', "[email-addr:value = 'a@evil.example']"],
  ['md5', 'd41d8cd98f00b204e9800998ecf8427e', "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"],
  ['sha1', sha1, `[file:hashes.'SHA-1' = '${sha1}']`],
  ['sha256', 'ab'.repeat(32), `[file:hashes.'SHA-256' = '${'ab'.repeat(32)}']`],
  ['sha512', 'ab'.repeat(64), `[file:hashes.'SHA-512' = '${'ab'.repeat(64)}']`],
  [
    'ssdeep',
    '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C',
    "[file:hashes.SSDEEP = '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C']",
  ],
  ['tlsh', `T1${'0A'.repeat(35)}`, `[file:hashes.TLSH = '${'0A'.repeat(35)}']`],
  [
    'imphash',
    'f34d5f2d4577ed6d9ceec516c1f5a744',
    "[file:extensions.'windows-pebinary-ext'.imphash = 'f34d5f2d4577ed6d9ceec516c1f5a744']",
  ],
  [
    'ja3',
    '769b1f6c1a1f0d0c0a0b0c0d0e0f0a0b',
    "[network-traffic:extensions.'tls-ext'.ja3 = '769b1f6c1a1f0d0c0a0b0c0d0e0f0a0b']",
  ],
  [
    'file-path',
    'C:\\Windows\\Temp\\a.exe',
    "[file:name = 'a.exe' AND file:parent_directory_ref.path = 'C:\\\\Windows\\\\Temp']",
  ],
  ['file-path', 'C:\\a.exe', "[file:name = 'a.exe' AND file:parent_directory_ref.path = 'C:\\\\']"],
  ['file-path', '/tmp/.x', "[file:name = '.x' AND file:parent_directory_ref.path = '/tmp']"],
  ['file-path', '/x', "[file:name = 'x' AND file:parent_directory_ref.path = '/']"],
  ['file-path', '%APPDATA%\\evil\\', "[directory:path = '%APPDATA%\\\\evil']"],
  ['file-path', 'dropper.exe', "[file:name = 'dropper.exe']"],
  ['registry-key', 'HKLM\\Software\\Evil', "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Evil']"],
  ['registry-key', 'hkcu:\\Run', "[windows-registry-key:key = 'HKEY_CURRENT_USER\\\\Run']"],
  ['registry-key', 'HKEY_USERS\\S-1-5', "[windows-registry-key:key = 'HKEY_USERS\\\\S-1-5']"],
  ['mutex', 'Global\\x', "[mutex:name = 'Global\\\\x']"],
  [
    'user-agent',
    'Mozilla/4.0 (evil)',
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Mozilla/4.0 (evil)']",
  ],
  ['asn', 'AS64496', '[autonomous-system:number = 64496]'],
  ['asn', 'AS99999999999', null],
  ['mac', '00:00:5e:00:53:01', "[mac-addr:value = '00:00:5e:00:53:01']"],
  ['cve', 'CVE-2021-44228', null],
  [
    'bitcoin',
    '1BoatSLRHtKNngkdXEeobR76b53LETtpyT',
    "[cryptocurrency-wallet:value = '1BoatSLRHtKNngkdXEeobR76b53LETtpyT']",
  ],
  ['ethereum', '0x00', "[cryptocurrency-wallet:value = '0x00']"],
  ['monero', '4A', "[cryptocurrency-wallet:value = '4A']"],
  ['onion', 'abc.onion', "[domain-name:value = 'abc.onion']"],
  ['i2p', 'abc.i2p', "[domain-name:value = 'abc.i2p']"],
  ['x509-serial', '0a1b', "[x509-certificate:serial_number = '0a1b']"],
  ['yara-rule', 'APT_Evil', null],
]

describe('the pattern of an indicator', () => {
  it.each(expected)('%s %s', (type, value, pattern) => {
    expect(indicatorPattern(type, value)).toBe(pattern)
  })

  /** Reads the string constants of a pattern by the grammar of section 9.2; a stray quote or backslash is an error. */
  function constants(pattern: string): string[] {
    const found: string[] = []
    for (let at = 0; at < pattern.length; at++) {
      if (pattern[at] !== "'") continue
      let text = ''
      for (at++; pattern[at] !== "'"; at++) {
        if (at >= pattern.length) throw new Error('unclosed string')
        if (pattern[at] === '\\') {
          at++
          if (pattern[at] !== "'" && pattern[at] !== '\\') throw new Error('bad escape')
        }
        text += pattern[at]
      }
      found.push(text)
    }
    return found
  }

  const anyValue = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '\\', '\n', ']', 'é', ' ', 'x') }),
  )

  it.each(['domain', 'url', 'md5', 'mutex', 'user-agent', 'bitcoin', 'ipv4-cidr'] as const)(
    'holds any %s as one string constant that reads back as the value',
    (type) => {
      fc.assert(
        fc.property(anyValue, (value) => {
          const pattern = indicatorPattern(type, value)!
          expect(constants(pattern).at(-1)).toBe(value)
          expect(pattern.endsWith("']")).toBe(true)
        }),
      )
    },
  )

  it('holds any path in parts that join to the path', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const parts = constants(indicatorPattern('file-path', value)!)
        const joined =
          parts.length === 1
            ? [parts[0]!, `${parts[0]}/`, `${parts[0]}\\`]
            : ['', '/', '\\'].map((s) => parts[1] + s + parts[0])
        expect(joined).toContain(value)
      }),
    )
  })
})
