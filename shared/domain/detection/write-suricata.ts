import { formatNetwork, readNetwork } from '../blocklists/render-address.ts'
import type { IndicatorType } from '../extraction/types.ts'
import { isHostName } from '../indicators/host-name.ts'
import { readEndpoint } from '../stix/values.ts'
import { strictest } from '../tlp.ts'
import { isEverybodysHost } from './host-values.ts'
import { factsOf, type RuleFacts, usableIndicators } from './select.ts'
import { type Sight, sights } from './sight.ts'
import { contentOf, signatureId, signatureIds } from './suricata-text.ts'
import { asHarmless, chunksOf, harmlessUrls, isPlainLine } from './texts.ts'
import type { RuleIndicator, RuleMaterial, WrittenRule } from './types.ts'

/** Addresses of one rule. */
const maximumAddresses = 200
/** Signatures of one file. */
const maximumSignatures = 2000
/** Hashes of one list. */
const maximumHashes = 5000

/** One rule before it is given its id and what all rules have. */
interface Signature {
  /** What it matches, in words that never change: its id is made from this. */
  match: string
  header: string
  message: string
  options: string[]
  /** Lines in front of it. */
  lists?: string[]
  indicators: readonly RuleIndicator[]
  sight: Sight
}

const toOutside = '$HOME_NET any -> $EXTERNAL_NET any'

type Write = (indicators: readonly RuleIndicator[], material: RuleMaterial) => Signature[]

const each =
  (write: (indicator: RuleIndicator) => Signature[]): Write =>
  (indicators) =>
    indicators.flatMap(write)

/** A name and all below it, asked of the DNS or named when TLS begins. */
const domainSignatures = each((indicator) => {
  if (!isHostName(indicator.value) || isEverybodysHost(indicator.value)) return []
  const { content } = contentOf(`.${indicator.value.toLowerCase()}`)
  const options = ['dotprefix', `content:${content}`, 'nocase', 'endswith']
  return [
    {
      match: `dns ${indicator.value}`,
      // Whoever asks, also through a resolver inside.
      sight: sights.dns,
      header: 'alert dns $HOME_NET any -> any any',
      message: `DNS query for ${indicator.value}`,
      options: ['dns.query', ...options],
      indicators: [indicator],
    },
    {
      match: `tls ${indicator.value}`,
      sight: sights.proxy,
      header: `alert tls ${toOutside}`,
      message: `TLS to ${indicator.value}`,
      options: ['flow:established,to_server', 'tls.sni', ...options],
      indicators: [indicator],
    },
  ]
})

/** Requests that the sensor can read: of plain HTTP, or behind something that decrypts. */
const urlSignatures = each((indicator) => {
  const parts = /^https?:\/\/(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:]+)(?::\d+)?([^#]*)/i.exec(indicator.value)
  const [host, rest] = [parts?.[1]?.toLowerCase(), parts?.[2] ?? '']
  if (host === undefined || !/^[\x21-\x7e]+$/.test(indicator.value)) return []
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const hostContent = contentOf(host)
  const pathContent = contentOf(path)
  if (!hostContent.whole) return []
  return [
    {
      match: `http ${host}${path}`,
      sight: sights.proxy,
      header: `alert http ${toOutside}`,
      message: `HTTP request to ${host}`,
      options: [
        'flow:established,to_server',
        // This buffer is in small letters, and says so when asked to ignore case.
        'http.host',
        `content:${hostContent.content}`,
        `bsize:${Buffer.byteLength(host)}`,
        // What is encoded, or leads elsewhere, is compared as it was sent.
        /%|\/\.|\/\//.test(path) ? 'http.uri.raw' : 'http.uri',
        `content:${pathContent.content}`,
        'startswith',
        ...(pathContent.whole ? ['endswith'] : []),
      ],
      indicators: [indicator],
    },
  ]
})

const agentSignatures = each((indicator) => {
  if (!isPlainLine(indicator.value) || indicator.value.length < 8) return []
  const { content, whole } = contentOf(indicator.value)
  return [
    {
      match: `user-agent ${indicator.value}`,
      sight: sights.proxy,
      header: `alert http ${toOutside}`,
      message: `HTTP user agent ${indicator.value}`,
      options: [
        'flow:established,to_server',
        'http.user_agent',
        `content:${content}`,
        'startswith',
        ...(whole ? ['endswith'] : []),
      ],
      indicators: [indicator],
    },
  ]
})

const ja3Signatures = each((indicator) => {
  if (!/^[0-9a-f]{32}$/i.test(indicator.value)) return []
  const value = indicator.value.toLowerCase()
  return [
    {
      match: `ja3 ${value}`,
      sight: sights.proxy,
      header: `alert tls ${toOutside}`,
      message: `TLS client ${value}`,
      options: ['flow:established,to_server', 'ja3.hash', `content:"${value}"`],
      indicators: [indicator],
    },
  ]
})

/** Once an hour for each client: a beacon would alert every minute. */
const seldom = 'threshold:type limit,track by_src,count 1,seconds 3600'

const addressSignatures: Write = (indicators, material) => {
  const networks = indicators.flatMap((indicator) => {
    const network = indicator.type.endsWith('-port') ? null : readNetwork(indicator.value)
    return network === null ? [] : [{ indicator, text: formatNetwork(network) }]
  })
  const lists = chunksOf(networks, maximumAddresses).map(
    (chunk, at): Signature => ({
      match: `addresses ${material.key} ${at}`,
      sight: sights.firewall,
      header: `alert ip $HOME_NET any -> [${[...new Set(chunk.map(({ text }) => text))].join(',')}] any`,
      message: `traffic to ${chunk.length} reported addresses`,
      options: [seldom],
      indicators: chunk.map(({ indicator }) => indicator),
    }),
  )
  const endpoints = indicators.flatMap((indicator) => {
    const endpoint = indicator.type.endsWith('-port') ? readEndpoint(indicator.value) : null
    const network = endpoint === null ? null : readNetwork(endpoint.address)
    return endpoint === null || network === null
      ? []
      : [{ indicator, port: endpoint.port, text: formatNetwork(network) }]
  })
  const byPort = [...Map.groupBy(endpoints, ({ port }) => port)].sort(([a], [b]) => a - b)
  const ports = byPort.flatMap(([port, all]) =>
    chunksOf(all, maximumAddresses).flatMap((chunk, at) =>
      (['tcp', 'udp'] as const).map(
        (protocol): Signature => ({
          match: `${protocol} ${port} ${material.key} ${at}`,
          sight: sights.firewall,
          header: `alert ${protocol} $HOME_NET any -> [${[...new Set(chunk.map(({ text }) => text))].join(',')}] ${port}`,
          message: `traffic to ${chunk.length} reported addresses at port ${port}`,
          options: [seldom],
          indicators: chunk.map(({ indicator }) => indicator),
        }),
      ),
    ),
  )
  return [...lists, ...ports]
}

/** Files on their way, by hash. The language takes hashes from a file only; it is written in comments above the rule. */
const fileSignatures: Write = (indicators, material) =>
  (['md5', 'sha1', 'sha256'] as const).flatMap((type) => {
    const hashes = indicators
      .filter((indicator) => indicator.type === type && /^[0-9a-f]+$/i.test(indicator.value))
      .slice(0, maximumHashes)
    if (hashes.length === 0) return []
    const list = `adapt-${signatureId(`${material.key} ${type}`)}.${type}`
    return (['http', 'smtp', 'smb', 'ftp-data'] as const).map(
      (protocol, at): Signature => ({
        match: `file ${type} ${protocol} ${material.key}`,
        sight: sights.transfer,
        header: `alert ${protocol} any any -> any any`,
        message: `${hashes.length} reported files over ${protocol}`,
        options: [`file${type}:${list}`],
        lists: at > 0 ? [] : [`# list ${list}`, ...hashes.map(({ value }) => `# hash ${value.toLowerCase()}`)],
        indicators: hashes,
      }),
    )
  })

const writers: readonly (readonly [types: readonly IndicatorType[], write: Write])[] = [
  [['domain', 'onion', 'i2p'], domainSignatures],
  [['url'], urlSignatures],
  [['user-agent'], agentSignatures],
  [['ja3'], ja3Signatures],
  [['ipv4', 'ipv6', 'ipv4-cidr', 'ipv6-cidr', 'ipv4-port', 'ipv6-port'], addressSignatures],
  [['md5', 'sha1', 'sha256'], fileSignatures],
]

/**
 * Writes one file of Suricata rules (version 6 and later) with all that a network sensor can see: names in DNS and TLS,
 * HTTP requests, TLS clients, addresses, and files by hash.
 *
 * The id of a rule is made from what it matches, within `signatureIds`. Lists of hashes stand in comments,
 * `# list NAME` and `# hash …`, to be put beside the rules as the files that they name.
 *
 * @returns one rule file, or none when there is nothing that a sensor can see
 */
export function writeSuricata(material: RuleMaterial): WrittenRule[] {
  const signatures = writers
    .flatMap(([types, write]) => write(usableIndicators(material, types), material))
    .slice(0, maximumSignatures)
  if (signatures.length === 0) return []
  const facts = signatures.map((signature) => factsOf(material, signature.indicators, signature.sight))
  const tlp = strictest(facts.map((one) => one.tlp)) ?? material.subjectTlp
  const subject = asHarmless(material.subject, 80) || 'Report'
  const taken = new Set<number>()
  const lines = signatures.flatMap((signature, at) => {
    let id = signatureId(signature.match)
    while (taken.has(id)) id = id + 1 < signatureIds.first + signatureIds.count ? id + 1 : signatureIds.first
    taken.add(id)
    return [...(signature.lists ?? []), lineOf(signature, subject, facts[at]!, id, material)]
  })
  const head = [`# ${subject}`, `# TLP:${tlp}, ${signatures.length} rules, written by RaptorFlow ADAPT`]
  return [
    {
      kind: 'suricata',
      name: `${subject}: network traffic`,
      content: `${[...head, ...lines].join('\n')}\n`,
      techniques: [...new Set(facts.flatMap(({ techniques }) => techniques))].sort(),
      tlp,
      evidenceIds: [...new Set(facts.flatMap(({ evidenceIds }) => evidenceIds))].sort(),
    },
  ]
}

function lineOf(signature: Signature, subject: string, facts: RuleFacts, id: number, material: RuleMaterial): string {
  const date = facts.date.replaceAll('-', '_')
  const metadata = [
    `created_at ${date}`,
    `tlp ${facts.tlp.toLowerCase().replace('+', '_')}`,
    `confidence ${facts.confidence}`,
    ...facts.techniques.map((technique) => `mitre_technique_id ${technique}`),
  ]
  // Semicolons end options, and a reference can't be in quotes.
  const references = harmlessUrls(material.references).map((url) => `reference:url,${url.replace(/^https?:\/\//, '')}`)
  const options = [
    `msg:"ADAPT ${asHarmless(signature.message, 120)} - ${subject}"`,
    ...signature.options,
    ...references.slice(0, 5),
    'classtype:trojan-activity',
    `metadata:${metadata.join(', ')}`,
    `sid:${id}`,
    // Lists grow with the report; revisions must too.
    `rev:${facts.date.replaceAll('-', '')}`,
  ]
  return `${signature.header} (${options.join('; ')};)`
}
