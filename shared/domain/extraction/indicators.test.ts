import { describe, expect, it } from 'vitest'
import { findIndicators } from './indicators.ts'

/** Found values as `type value`, hosts inside larger mentions left out. */
function outer(text: string): string[] {
  let end = -1
  const out: string[] = []
  for (const mention of findIndicators(text)) {
    if (mention.end <= end) continue
    end = mention.end
    out.push(`${mention.type} ${mention.value}`)
  }
  return out
}

function all(text: string): string[] {
  return findIndicators(text).map((mention) => `${mention.type} ${mention.value}`)
}

const HASH_32 = '9ef725ba7881049e72f7a92c924403b0'

describe('addresses', () => {
  it.each<[string, string[]]>([
    ['C2 at 5.39.222.150.', ['ipv4 5.39.222.150']],
    ['5.39.222.150:8080', ['ipv4-port 5.39.222.150:8080']],
    ['5.39.222.0/24', ['ipv4-cidr 5.39.222.0/24']],
    ['5.39.222.150-5.39.222.160', ['ipv4 5.39.222.150', 'ipv4 5.39.222.160']],
    ['8.8.8.8/8.8.4.4', ['ipv4 8.8.8.8']],
    ['(5.39.222.150)', ['ipv4 5.39.222.150']],
    ['2a02:6b8:0:1::feed:0ff', ['ipv6 2a02:6b8:0:1::feed:ff']],
    ['[2a02:6b8::1]:443', ['ipv6-port [2a02:6b8::1]:443']],
    ['2a02:6b8::/32', ['ipv6-cidr 2a02:6b8::/32']],
    ['2A02:6B8:0:0:0:0:0:1', ['ipv6 2a02:6b8::1']],
    ['00:1A:2B:3C:4D:5E', ['mac 00:1a:2b:3c:4d:5e']],
    ['00-1a-2b-3c-4d-5e', ['mac 00:1a:2b:3c:4d:5e']],
    ['001a.2b3c.4d5e', ['mac 00:1a:2b:3c:4d:5e']],
    ['AS12345 and ASN 15169', ['asn AS12345', 'asn AS15169']],
  ])('%s', (text, expected) => {
    expect(outer(text)).toEqual(expected)
  })

  it.each([
    '999.10.10.1',
    '1.2.3.4.5',
    '10.0.0.256',
    '01.02.03.04',
    'v1.2.3.4',
    '1.3.6.1.4.1.6449',
    'setup_1.2.3.4.exe',
    'std::vector',
    'x[1::2]',
    'abc::def',
    '12:34:56',
    '2021-03-04T12:34:56.789Z',
    'f0:fb:13:90:f5:34:0c:d2:57:24:51:d9:5d:b1:d9:2d',
    'AS-REP',
  ])('nothing is cut out of %s', (text) => {
    expect(all(text)).toEqual([])
  })
})

describe('hosts, URLs and e-mail addresses', () => {
  it.each<[string, string[]]>([
    ['evil-host.com.', ['domain evil-host.com']],
    ['Evil-Host.COM', ['domain evil-host.com']],
    ['(http://evil-host.com/a)', ['url http://evil-host.com/a']],
    ['<http://evil-host.com/a>', ['url http://evil-host.com/a']],
    ['"http://evil-host.com/a"', ['url http://evil-host.com/a']],
    ["'http://evil-host.com/a'", ['url http://evil-host.com/a']],
    ['`http://evil-host.com/a`', ['url http://evil-host.com/a']],
    ['|http://evil-host.com/a|', ['url http://evil-host.com/a']],
    ['`+http://evil-host.com/a.php+`', ['url http://evil-host.com/a.php']],
    ['**http://evil-host.com/a**', ['url http://evil-host.com/a']],
    ['http://evil-host.com/a,', ['url http://evil-host.com/a']],
    ['http://evil-host.com/a...', ['url http://evil-host.com/a']],
    ['http://evil-host.com/a_(b)', ['url http://evil-host.com/a_(b)']],
    ['http://evil-host.com/a?x[]=1&y=2', ['url http://evil-host.com/a?x[]=1&y=2']],
    [
      'http://a.evil-host.com/x,http://b.evil-host.com/y',
      ['url http://a.evil-host.com/x', 'url http://b.evil-host.com/y'],
    ],
    ['hXXps://evil-host.com/A', ['url https://evil-host.com/A']],
    ['ftp://evil-host.com/a', ['url ftp://evil-host.com/a']],
    ['tcp://evil-host.com:443', ['url tcp://evil-host.com:443']],
    ['http://5.39.222.150:8080/x', ['url http://5.39.222.150:8080/x']],
    ['http://[2a02:6b8::1]/x', ['url http://[2a02:6b8::1]/x']],
    ['https://user:pass@evil-host.com/', ['url https://user:pass@evil-host.com/']],
    ['5.39.222.150/payload.sh', ['url 5.39.222.150/payload.sh']],
    ['www.evil-host.com/a', ['url www.evil-host.com/a']],
    ['Accesshttps://evil-host.com/a', ['url https://evil-host.com/a']],
    ['{"u":"http:\\/\\/evil-host.com\\/a\\/b"}', ['url http://evil-host.com/a/b']],
    ['First.Last+tag@evil-host.com', ['email first.last+tag@evil-host.com']],
    ['пример.рф', ['domain xn--e1afmkfd.xn--p1ai']],
    ['访问evil-host.com下载', ['domain evil-host.com']],
    ['abcdefghijklmnop.onion', ['onion abcdefghijklmnop.onion']],
    [
      'hghsfkrat5dd7ikqzk3d3h5jattjxlru6zmxzxd7y3wib6goodmq.b32.i2p',
      ['i2p hghsfkrat5dd7ikqzk3d3h5jattjxlru6zmxzxd7y3wib6goodmq.b32.i2p'],
    ],
  ])('%s', (text, expected) => {
    expect(outer(text)).toEqual(expected)
  })

  it.each(['U.S.A.', 'e.g.this', 'Ph.D.', 'a.m.', '10.30.The', 'file.exe', 'kernel32.dll', 'co.uk', 'node.js', '-.-'])(
    '%s is no host',
    (text) => {
      expect(all(text)).toEqual([])
    },
  )

  it('reports the host of a URL, an e-mail address and an address with port inside their span', () => {
    expect(all('http://evil-host.com/a')).toEqual(['url http://evil-host.com/a', 'domain evil-host.com'])
    expect(all('a@evil-host.com')).toEqual(['email a@evil-host.com', 'domain evil-host.com'])
    expect(all('5.39.222.150:80')).toEqual(['ipv4-port 5.39.222.150:80', 'ipv4 5.39.222.150'])
  })

  it('reports hashes and CVE ids in the path of a URL', () => {
    expect(all(`http://evil-host.com/${HASH_32}/CVE-2021-44228`)).toEqual([
      `url http://evil-host.com/${HASH_32}/CVE-2021-44228`,
      'domain evil-host.com',
      `md5 ${HASH_32}`,
      'cve CVE-2021-44228',
    ])
  })
})

describe('refanging', () => {
  it.each([
    'evil-host[.]com',
    'evil-host(.)com',
    'evil-host{.}com',
    'evil-host<.>com',
    'evil-host[dot]com',
    'evil-host(DOT)com',
    'evil-host[d0t]com',
    'evil-host [.] com',
    'evil-host [dot] com',
    'evil-host[.] com',
    'evil-host[.]\ncom',
    'evil-host[.com',
    'evil-host.]com',
    'evil-host[[.]]com',
    'evil-host\\.com',
    'evil-host\\[.\\]com',
    'evil-host．com',
    'evil-host。com',
    'evil-host dot com',
    'evil-host . com',
  ])('%s', (text) => {
    expect(findIndicators(text)).toMatchObject([
      { type: 'domain', value: 'evil-host.com', start: 0, end: text.length, defanged: true, suppressed: null },
    ])
  })

  it.each([
    'ev\u200bil-host.com',
    'evil\u00ad-host.com',
    'evil-host\u2060.com',
    'evil\u2010host.com',
    'evil\u2011host.com',
  ])('sees through invisible characters and typographic hyphens: %j', (text) => {
    expect(findIndicators(text)).toMatchObject([{ type: 'domain', value: 'evil-host.com', start: 0, end: text.length }])
  })

  it.each([
    'hxxp://evil-host.com/a',
    'hXXp://evil-host[.]com/a',
    'hxxp[:]//evil-host.com/a',
    'hxxp[://]evil-host.com/a',
    'hxxp:\\\\evil-host.com/a',
    'http[:]//evil-host[.]com[/]a',
    'meow://evil-host.com/a',
    'h**p://evil-host.com/a',
    'htxp://evil-host.com/a',
  ])('%s', (text) => {
    expect(findIndicators(text)[0]).toMatchObject({
      type: 'url',
      value: 'http://evil-host.com/a',
      end: text.length,
      defanged: true,
    })
  })

  it.each([
    'http[s]://evil-host.com/a',
    'hxxps://evil-host.com/a',
    'hxxp(s)://evil-host.com/a',
    'h**ps://evil-host.com/a',
  ])('%s', (text) => {
    expect(findIndicators(text)[0]).toMatchObject({ type: 'url', value: 'https://evil-host.com/a', defanged: true })
  })

  it('fxp is ftp, and a dot in the path is refanged too', () => {
    expect(outer('fxp://evil-host[.]com/it[.]php?x=1')).toEqual(['url ftp://evil-host.com/it.php?x=1'])
  })

  it.each([
    'joe[at]evil-host[.]com',
    'joe(at)evil-host(.)com',
    'joe[@]evil-host.com',
    'joe{at}evil-host{dot}com',
    'joe @ evil-host[.]com',
    'joe [at] evil-host [dot] com',
  ])('%s', (text) => {
    expect(findIndicators(text)[0]).toMatchObject({
      type: 'email',
      value: 'joe@evil-host.com',
      start: 0,
      end: text.length,
      defanged: true,
    })
  })

  it.each([
    '5.39.222[.]150',
    '5[.]39[.]222[.]150',
    '5.39.222(.)150',
    '5.39.222 [.] 150',
    '5.39.222[.150',
    '5[dot]39[dot]222[dot]150',
  ])('%s', (text) => {
    expect(findIndicators(text)).toMatchObject([
      { type: 'ipv4', value: '5.39.222.150', start: 0, end: text.length, defanged: true },
    ])
  })

  it('joins what is set apart by spaces only where prose would not', () => {
    expect(all('5 . 39 . 222 . 150')).toEqual(['ipv4 5.39.222.150'])
    expect(all('www.evil-host .com')).toEqual(['domain www.evil-host.com'])
    expect(outer('joe [at] evil-host . com')).toEqual(['email joe@evil-host.com'])
    expect(all('a .com domain, the .NET framework, Windows10 .net, by the end . The next, U . S . A')).toEqual([])
  })

  it('takes words for what they are in prose', () => {
    expect(all('the dot com bubble, a polka dot com, the dot product, meet at noon, look at this dot')).toEqual([])
    expect(outer('write to admin at evil-host dot com')).toEqual(['email admin@evil-host.com'])
  })

  it('cuts a defanged host out of the table cells that stuck to it', () => {
    expect(outer('control104.194.222[.]219Command')).toEqual(['ipv4 104.194.222.219'])
    expect(outer('server43.254.216[.]1042020-06Delivery')).toEqual(['ipv4 43.254.216.104'])
    expect(outer('ffca.evil-host[.]comQuasarRAT')).toEqual(['domain ffca.evil-host.com'])
  })
})

describe('hashes and ids', () => {
  it.each<[string, string[]]>([
    [HASH_32.toUpperCase(), [`md5 ${HASH_32}`]],
    [`|\`${'ab12cd34'.repeat(5)}\`|`, [`sha1 ${'ab12cd34'.repeat(5)}`]],
    [`sha256:${'ab12cd34'.repeat(8)}`, [`sha256 ${'ab12cd34'.repeat(8)}`]],
    ['ab12cd34'.repeat(16), [`sha512 ${'ab12cd34'.repeat(16)}`]],
    [`${'ab12cd34'.repeat(8)}.php`, [`sha256 ${'ab12cd34'.repeat(8)}`]],
    [`imphash: ${HASH_32}`, [`imphash ${HASH_32}`]],
    [`pe.imphash() == "${HASH_32}"`, [`imphash ${HASH_32}`]],
    [`JA3 ${HASH_32}`, [`ja3 ${HASH_32}`]],
    [`Imphash\n${HASH_32}`, [`imphash ${HASH_32}`]],
    [`MD5: ${HASH_32}`, [`md5 ${HASH_32}`]],
    ['1536:yB+A8bMtMeRlbIzvDqZL4QzNxVDm+5gt:N8dE', ['ssdeep 1536:yB+A8bMtMeRlbIzvDqZL4QzNxVDm+5gt:N8dE']],
    [`T1${'0A1B2C3D4E'.repeat(7)}`, [`tlsh T1${'0A1B2C3D4E'.repeat(7)}`]],
    ['cve-2021-44228', ['cve CVE-2021-44228']],
    ['CVE‑2020‑0601 and CVE–2019–0708', ['cve CVE-2020-0601', 'cve CVE-2019-0708']],
    ['Win32/Exploit.CVE-2017-11882.CP', ['cve CVE-2017-11882']],
    ['34Ca8UwUxKcbddicUBt2SMkGQThKJ161gg', ['bitcoin 34Ca8UwUxKcbddicUBt2SMkGQThKJ161gg']],
    ['bc1q8rmdq7k3yfpupadvvkd430vdjwva72hua0gst4', ['bitcoin bc1q8rmdq7k3yfpupadvvkd430vdjwva72hua0gst4']],
    ['0x19539A179DDF8A02B772557D5036BDD0AC0B0FA7', ['ethereum 0x19539a179ddf8a02b772557d5036bdd0ac0b0fa7']],
    [
      'Serial Number:\n    f0:fb:13:90:f5:34:0c:d2:57:24:51:d9:5d:b1:d9:2d',
      ['x509-serial f0fb1390f5340cd2572451d95db1d92d'],
    ],
    ['Serial Number: 10557282746731470350 (0x928300b9284a1e0e)', ['x509-serial 928300b9284a1e0e']],
    ['rule Evil_Rule : apt { strings:', ['yara-rule Evil_Rule']],
    ['private rule x\n{\n  meta:', ['yara-rule x']],
  ])('%s', (text, expected) => {
    expect(outer(text)).toEqual(expected)
  })

  it.each([
    `a${HASH_32}`,
    `${HASH_32}0f`,
    '550e8400-e29b-41d4-a716-446655440000',
    'CVE-1998-0001',
    'CVE-2021-123',
    'XCVE-2021-44228',
    '34Ca8UwUxKcbddicUBt2SMkGQThKJ161gh',
    '10:20:30',
    'the rule of thumb { }',
    'rule: foo',
  ])('nothing is found in %s', (text) => {
    expect(all(text)).toEqual([])
  })
})

describe('paths, keys and names on a host', () => {
  it.each<[string, string[]]>([
    ['C:\\Users\\Public\\evil.exe -arg', ['file-path C:\\Users\\Public\\evil.exe']],
    ['C:\\Program Files (x86)\\Foo Bar\\evil.exe', ['file-path C:\\Program Files (x86)\\Foo Bar\\evil.exe']],
    ['dropped as %TEMP%\\Usermode COM Manager.exe and run', ['file-path %TEMP%\\Usermode COM Manager.exe']],
    [
      'copied to C:\\Windows\\Temp\\a1 and then to D:\\b2\\c3',
      ['file-path C:\\Windows\\Temp\\a1', 'file-path D:\\b2\\c3'],
    ],
    ['"C:\\\\Users\\\\x y\\\\evil.dll"', ['file-path C:\\Users\\x y\\evil.dll']],
    ['C:\\Users\\<user>\\AppData\\Local\\x.dat', ['file-path C:\\Users\\<user>\\AppData\\Local\\x.dat']],
    ['\\\\server01\\share\\x.dll', ['file-path \\\\server01\\share\\x.dll']],
    ['\\\\.\\pipe\\evil_pipe', ['file-path \\\\.\\pipe\\evil_pipe']],
    ['`/tmp/.x/evil.sh`', ['file-path /tmp/.x/evil.sh']],
    ['$HOME/Library/LaunchAgents/x.plist', ['file-path $HOME/Library/LaunchAgents/x.plist']],
    ['HKLM\\Software\\Foo\\Run', ['registry-key HKEY_LOCAL_MACHINE\\Software\\Foo\\Run']],
    ['HKCU:\\Software\\Foo', ['registry-key HKEY_CURRENT_USER\\Software\\Foo']],
    ['[HKEY_LOCAL_MACHINE\\SYSTEM\\Bad Svc Name]', ['registry-key HKEY_LOCAL_MACHINE\\SYSTEM\\Bad Svc Name']],
    [
      'HKCU\\Control Panel\\Cursors\\AppStarting = "x"',
      ['registry-key HKEY_CURRENT_USER\\Control Panel\\Cursors\\AppStarting'],
    ],
    ['a mutex named "Global\\\\evil_1" is created', ['mutex Global\\evil_1']],
    ['Global\\{6A2B597F-1C2F-4f78-AC94-7E1C8F136B0F}', ['mutex Global\\{6A2B597F-1C2F-4f78-AC94-7E1C8F136B0F}']],
    ['CreateMutexA(0, 1, "Evil99")', ['mutex Evil99']],
    ['=== Mutexes\n\n- `ZxWin64`\n- `Zw_&one@43`\n\n=== Files', ['mutex ZxWin64', 'mutex Zw_&one@43']],
    ['User-Agent: EvilBot/1.0\r\nHost: x', ['user-agent EvilBot/1.0']],
    [
      'Mozilla/5.0 (Windows NT 6.1; rv:47.0) Gecko/20100101 Firefox/47.0 was sent',
      ['user-agent Mozilla/5.0 (Windows NT 6.1; rv:47.0) Gecko/20100101 Firefox/47.0'],
    ],
  ])('%s', (text, expected) => {
    expect(outer(text)).toEqual(expected)
  })

  it.each(['and/or', 'w:\\s', '\\\\?\\d', 'the mutex is a lock', 'User-Agent strings', '%s-%d', 'a\\b'])(
    'nothing is found in %s',
    (text) => {
      expect(all(text)).toEqual([])
    },
  )
})
