import { describe, expect, it } from 'vitest'
import { findIndicators } from './indicators.ts'

/** Values that are kept, and `list: value` for those that are suppressed. */
function judge(text: string): { kept: string[]; held: string[] } {
  const mentions = findIndicators(text)
  return {
    kept: mentions.filter((mention) => mention.suppressed === null).map((mention) => mention.value),
    held: mentions.flatMap(({ value, suppressed }) => (suppressed === null ? [] : [`${suppressed.list}: ${value}`])),
  }
}

describe('lists that always hold', () => {
  it.each([
    ['192.168.1.1', 'private-address'],
    ['10.0.0.0/8', 'private-address'],
    ['172.16.9[.]9', 'private-address'],
    ['127.0.0[.]1', 'loopback-address'],
    ['169.254.169.254', 'private-address'],
    ['203.0.113.5', 'documentation-address'],
    ['224.0.0.251', 'reserved-address'],
    ['255.255.255.255', 'reserved-address'],
    ['8.8.8[.]8', 'public-resolver'],
    ['1.1.1.1', 'public-resolver'],
    ['2001:4860:4860::8888', 'public-resolver'],
    ['2001:db8::1', 'documentation-address'],
    ['fe80::1', 'private-address'],
    ['http://192.168.0.1/a', 'private-address'],
    ['welivesecurity[.]com', 'security-vendor'],
    ['https://www.kaspersky.com/blog/x', 'security-vendor'],
    ['threatintel@eset.com', 'security-vendor'],
    ['bleepingcomputer.com', 'security-vendor'],
    ['www.nytimes.com', 'news-media'],
    ['report@cisa.gov', 'government-cert'],
    ['http://www.w3.org/2001/XMLSchema', 'standards-body'],
    ['http://example.com/a', 'example-domain'],
    ['http://foo.test/a', 'example-domain'],
    ['http://intranet/a', 'local-host'],
    ['google[.]com', 'top-site'],
    ['1.0.0.127.in-addr.arpa', 'standards-body'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'empty-file-hash'],
    ['DA39A3EE5E6B4B0D3255BFEF95601890AFD80709', 'empty-file-hash'],
    ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'empty-file-hash'],
    ['00000000000000000000000000000000', 'example-value'],
    ['0123456789abcdef0123456789abcdef', 'example-value'],
    ['00:00:00:00:00:00', 'reserved-address'],
    ['AS64512', 'reserved-asn'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'known-wallet'],
    ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD', 'checksum'],
    [`${'a'.repeat(55)}b.onion`, 'checksum'],
    ['C:\\Windows\\System32\\cmd.exe', 'common-path'],
    ['/bin/sh', 'common-path'],
  ])('%s is held back by %s', (text, list) => {
    const { kept, held } = judge(text)
    expect(kept).toEqual([])
    expect(held[0]).toMatch(new RegExp(`^${list}: `))
  })
})

describe('names that look like domains', () => {
  it.each([
    ['README.md', 'product-name'],
    ['see notes.md', 'file-name'],
    ['run x.sh now', 'file-name'],
    ['get.py', 'file-name'],
    ['archive.zip', 'file-name'],
    ['libkeyutils.so', 'file-name'],
    ['Licatrade.app/Contents/MacOS/x', 'file-name'],
    ['command.com', 'file-name'],
    ['end of a sentence.next one', 'word-suffix'],
    ['of the campaign.In 2023', 'missing-space'],
    ['use self.name here', 'code-identifier'],
    ['call os.system.run(x)', 'code-identifier'],
    ['com.example.app', 'code-identifier'],
    ['Trojan.Win32.Agent.DE', 'detection-name'],
    ['ASP.NET', 'top-site'],
    ['Visual Basic.NET', 'product-name'],
  ])('%s is held back by %s', (text, list) => {
    const { kept, held } = judge(text)
    expect(kept).toEqual([])
    expect(held[0]).toMatch(new RegExp(`^${list}: `))
  })

  it('is a domain after all when it is defanged, a URL, or among network indicators', () => {
    expect(judge('get[.]sh').kept).toEqual(['get.sh'])
    expect(judge('http://get.sh/x').kept).toEqual(['http://get.sh/x', 'get.sh'])
    expect(judge('www.get.sh').kept).toEqual(['www.get.sh'])
    expect(judge('== C&C servers\n\n* `get.sh`\n* `evil.next`\n').kept).toEqual(['get.sh', 'evil.next'])
    expect(judge('The domain evil.next resolved to it').kept).toEqual(['evil.next'])
  })

  it('is a file again among file names', () => {
    expect(judge('== File names\n\n* `get.sh`\n').kept).toEqual([])
  })
})

describe('versions', () => {
  it.each([
    'version 12.2.3.4',
    'v. 5.39.22.10',
    'before 5.39.22.10',
    '5.39.22.10 or later',
    'Section 5.4.9.44',
    'build 5.39.22.10',
  ])('%s is a version', (text) => {
    expect(judge(text).kept).toEqual([])
    expect(judge(text).held[0]).toMatch(/^version-string: /)
  })

  it.each(['C2 server 5.39.222.150', 'IP: 5.2.1.14', '5.2.1[.]14', '5.2.1.14:443', '| `5.2.1.14` | C&C |'])(
    '%s is an address',
    (text) => {
      expect(judge(text).kept[0]).toMatch(/^5\./)
    },
  )
})

it('a version behind a product and a slash is not even found', () => {
  expect(findIndicators('Chrome/91.0.44.12')).toEqual([])
})

describe('services that anybody uses', () => {
  it('holds the service back, keeps what is defanged on it', () => {
    expect(judge('github.com').kept).toEqual([])
    expect(judge('https://github.com/someone/tool').kept).toEqual([])
    expect(judge('hxxps://github[.]com/someone/payload').kept).toEqual(['https://github.com/someone/payload'])
    expect(judge('hxxps://pastebin[.]com/raw/abcd').kept).toEqual(['https://pastebin.com/raw/abcd'])
    expect(judge('cdn[.]discordapp[.]com/attachments/1/2/x.exe').kept).toEqual([
      'cdn.discordapp.com/attachments/1/2/x.exe',
    ])
  })

  it('keeps a URL on it that stands among indicators, but not the service', () => {
    const { kept, held } = judge('== Network indicators\n\n* `https://pastebin.com/raw/abcd`\n')
    expect(kept).toEqual(['https://pastebin.com/raw/abcd'])
    expect(held).toEqual(['shared-service: pastebin.com'])
  })

  it('keeps what lies below a domain that is rented out', () => {
    expect(judge('C2: evil-1.azureedge.net and evil-1.duckdns.org').kept).toEqual([
      'evil-1.azureedge.net',
      'evil-1.duckdns.org',
    ])
    expect(judge('duckdns.org').kept).toEqual([])
  })

  it('keeps an interface of a service only among indicators', () => {
    expect(judge('We call api.telegram.org from the bot.').kept).toEqual([])
    expect(judge('=== Servers abused by malware\n\n- `api.telegram.org` (IP: `149.154.167.200`)\n').kept).toEqual([
      'api.telegram.org',
      '149.154.167.200',
    ])
  })

  it('keeps the account at a mail service, not the service', () => {
    const { kept, held } = judge('ransom note: pay to evil-1@protonmail.com')
    expect(kept).toEqual(['evil-1@protonmail.com'])
    expect(held).toEqual(['mail-provider: protonmail.com'])
  })
})

describe('the publisher of the document', () => {
  const indicators = '\n\nC2: evil-1[.]com, evil-2[.]com, evil-3[.]com\n'

  it('is known by the header of the document, whoever it is', () => {
    const { kept } = judge(`title: X\nurl: https://blog.small-vendor.io/x\n\nMore at small-vendor.io.${indicators}`)
    expect(kept).toEqual(['evil-1.com', 'evil-2.com', 'evil-3.com'])
  })

  it('is known by what the document says of its own publication', () => {
    const { kept } = judge(
      `The blog post about it is available at\nhttps://small-vendor.io/blog/x.\n\nWrite to lab@small-vendor.io.${indicators}`,
    )
    expect(kept).toEqual(['evil-1.com', 'evil-2.com', 'evil-3.com'])
  })

  it('is known by the running foot of the pages', () => {
    const page = (number: number) => `Page text ${number} about malware.\n\nwww.small-vendor.io\n`
    const text = [1, 2, 3, 4].map(page).join('')
    const pages = [1, 2, 3, 4].map((number) => ({
      number,
      start: (number - 1) * page(1).length,
      end: number * page(1).length,
    }))
    const mentions = findIndicators(text, { pages })
    expect(mentions).toHaveLength(4)
    expect(mentions.every((mention) => mention.suppressed?.list === 'document-publisher')).toBe(true)
  })

  it('is never a site that the document defangs', () => {
    const { kept } = judge('The report is available at https://evil-1.com/report.\n\nIoC: evil-1[.]com')
    expect(kept).toContain('evil-1.com')
  })
})

describe('links and live names', () => {
  it.each([
    'https://some-site.org/a[a label]',
    '[a label](https://some-site.org/a)',
    '[1]: https://some-site.org/a',
    '<a href="https://some-site.org/a">x</a>',
    '  reference = "https://some-site.org/a"',
    'Please see https://some-site.org/a for it.',
    '## References\n\n- https://some-site.org/a\n',
    'References\n\nhttps://some-site.org/a\n',
  ])('%j is a reference', (text) => {
    expect(judge(text).kept).toEqual([])
    expect(judge(text).held[0]).toMatch(/^reference-link: /)
  })

  it.each(['http://evil-1.com/[id].php', 'http://evil-1.com/[random]', 'http://evil-1.com/gate/[[X]]/a'])(
    '%s has a placeholder, no label',
    (text) => {
      expect(judge(text).kept[0]).toMatch(/^http:\/\/evil-1\.com\//)
    },
  )

  it('holds back what is left live in the text of a document that defangs', () => {
    const text = 'It used evil-1[.]com, evil-2[.]com and evil-3[.]com. The group posts on some-site.org about it.\n'
    expect(judge(text).kept).toEqual(['evil-1.com', 'evil-2.com', 'evil-3.com'])
    expect(judge(text).held).toEqual(['left-live: some-site.org'])
  })

  it('keeps a live name in the lists of such a document', () => {
    const text = '== C&C servers\n\n* `evil-1[.]com`\n* `evil-2[.]com`\n* `evil-3[.]com`\n* `evil-4.com`\n'
    expect(judge(text).kept).toEqual(['evil-1.com', 'evil-2.com', 'evil-3.com', 'evil-4.com'])
  })

  it('holds links back in a longer text without any sign of a threat', () => {
    const prose =
      'We baked bread all morning and sold most of it before noon, which nobody had thought possible. '.repeat(8)
    expect(judge(`${prose} Come to https://www.our-bakery.org/menu or write to info@our-bakery.org.`).kept).toEqual([])
    expect(judge(`${prose} The malware called https://www.our-bakery.org/menu twice.`).kept[0]).toBe(
      'https://www.our-bakery.org/menu',
    )
  })
})

describe('hashes that are none of a malicious file', () => {
  const sha1 = '957fbceb0f3166e41b76fdb54075ab3b9cc84cba'

  it.each([
    [`commit ${sha1}`, 'commit-id'],
    [`https://github.com/a/b/commit/${sha1}`, 'shared-service'],
    [`https://git.some-site.org/a/b/commit/${sha1}`, 'commit-id'],
    [`nginx@sha256:${'ab12cd34'.repeat(8)}`, 'package-digest'],
    [`== Cryptographic keys\n\n=== AES keys\n\n${'AB12CD34'.repeat(8)}\n`, 'key-material'],
  ])('%j: %s', (text, list) => {
    const held = judge(text).held.filter((line) => /: [0-9a-f]{40,64}$/.test(line))
    expect(held).toHaveLength(1)
    expect(held[0]).toMatch(new RegExp(`^${list}: `))
  })

  it('keeps a hash in the list of a report', () => {
    expect(judge(`== Samples\n\n----\n${sha1}\n----\n`).kept).toEqual([sha1])
  })
})
