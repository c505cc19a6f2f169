import { expect, it } from 'vitest'
import type { IndicatorType } from '../extraction/types.ts'
import { defang } from './defang.ts'

it.each<[IndicatorType, string, string]>([
  ['ipv4', '198.51.100.3', '198[.]51[.]100[.]3'],
  ['ipv4-cidr', '198.51.100.0/24', '198[.]51[.]100[.]0/24'],
  ['ipv4-port', '198.51.100.3:443', '198[.]51[.]100[.]3:443'],
  ['ipv6', '2001:db8::1', '2001[:]db8[:][:]1'],
  ['domain', 'a.evil.example', 'a[.]evil[.]example'],
  ['onion', 'abc.onion', 'abc[.]onion'],
  ['email', 'a.b@evil.example', 'a[.]b[@]evil[.]example'],
  ['url', 'https://evil.example/a.php?x=1.2', 'hxxps://evil[.]example/a.php?x=1.2'],
  ['url', 'http://u@evil.example:8080', 'hxxp://u[@]evil[.]example:8080'],
  ['url', 'ftp://evil.example/x', 'fxp://evil[.]example/x'],
  ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['file-path', 'C:\\a.exe', 'C:\\a.exe'],
])('%s %s is passed on as %s', (type, value, broken) => {
  expect(defang(type, value)).toBe(broken)
})
