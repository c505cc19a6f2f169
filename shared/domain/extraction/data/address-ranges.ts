/**
 * Addresses that are no host of an adversary, each with the reason an analyst reads. Facts from the IANA special-purpose
 * address registries (RFC 6890 and the RFCs named) and from the operators' own documentation of their resolvers.
 */

export interface AddressRange {
  /** First address, dotted decimal. */
  from: string
  prefix: number
  reason: string
  list: string
}

export const IPV4_RANGES: readonly AddressRange[] = [
  { from: '0.0.0.0', prefix: 8, reason: '"this network" range (RFC 791)', list: 'reserved-address' },
  { from: '10.0.0.0', prefix: 8, reason: 'private address range (RFC 1918)', list: 'private-address' },
  { from: '100.64.0.0', prefix: 10, reason: 'carrier-grade NAT range (RFC 6598)', list: 'private-address' },
  { from: '127.0.0.0', prefix: 8, reason: 'loopback range (RFC 1122)', list: 'loopback-address' },
  { from: '169.254.0.0', prefix: 16, reason: 'link-local range (RFC 3927)', list: 'private-address' },
  { from: '172.16.0.0', prefix: 12, reason: 'private address range (RFC 1918)', list: 'private-address' },
  { from: '192.0.0.0', prefix: 24, reason: 'IETF protocol assignments (RFC 6890)', list: 'reserved-address' },
  { from: '192.0.2.0', prefix: 24, reason: 'documentation range (RFC 5737)', list: 'documentation-address' },
  { from: '192.88.99.0', prefix: 24, reason: '6to4 relay anycast range (RFC 7526)', list: 'reserved-address' },
  { from: '192.168.0.0', prefix: 16, reason: 'private address range (RFC 1918)', list: 'private-address' },
  { from: '198.18.0.0', prefix: 15, reason: 'benchmarking range (RFC 2544)', list: 'reserved-address' },
  { from: '198.51.100.0', prefix: 24, reason: 'documentation range (RFC 5737)', list: 'documentation-address' },
  { from: '203.0.113.0', prefix: 24, reason: 'documentation range (RFC 5737)', list: 'documentation-address' },
  { from: '224.0.0.0', prefix: 4, reason: 'multicast range (RFC 5771)', list: 'reserved-address' },
  { from: '240.0.0.0', prefix: 4, reason: 'reserved or broadcast range (RFC 1112)', list: 'reserved-address' },
]

/** IPv6 ranges by their leading groups; `bits` of them are compared. */
export const IPV6_RANGES: readonly { groups: readonly number[]; bits: number; reason: string; list: string }[] = [
  { groups: [0, 0, 0, 0, 0, 0, 0, 1], bits: 128, reason: 'loopback address (RFC 4291)', list: 'loopback-address' },
  { groups: [0, 0, 0, 0, 0, 0, 0, 0], bits: 128, reason: 'unspecified address (RFC 4291)', list: 'reserved-address' },
  { groups: [0, 0, 0, 0, 0, 0xffff], bits: 96, reason: 'IPv4-mapped address (RFC 4291)', list: 'reserved-address' },
  { groups: [0x64, 0xff9b], bits: 32, reason: 'NAT64 prefix (RFC 6052)', list: 'reserved-address' },
  { groups: [0x100], bits: 64, reason: 'discard-only prefix (RFC 6666)', list: 'reserved-address' },
  { groups: [0x2001, 0xdb8], bits: 32, reason: 'documentation prefix (RFC 3849)', list: 'documentation-address' },
  { groups: [0x3fff], bits: 20, reason: 'documentation prefix (RFC 9637)', list: 'documentation-address' },
  { groups: [0xfc00], bits: 7, reason: 'unique local prefix (RFC 4193)', list: 'private-address' },
  { groups: [0xfe80], bits: 10, reason: 'link-local prefix (RFC 4291)', list: 'private-address' },
  { groups: [0xff00], bits: 8, reason: 'multicast prefix (RFC 4291)', list: 'reserved-address' },
]

/** Public DNS resolvers by operator. */
export const PUBLIC_RESOLVERS: readonly { operator: string; addresses: readonly string[] }[] = [
  { operator: 'Google', addresses: ['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844'] },
  {
    operator: 'Cloudflare',
    addresses: [
      '1.1.1.1',
      '1.0.0.1',
      '1.1.1.2',
      '1.0.0.2',
      '1.1.1.3',
      '1.0.0.3',
      '2606:4700:4700::1111',
      '2606:4700:4700::1001',
      '2606:4700:4700::1112',
      '2606:4700:4700::1002',
      '2606:4700:4700::1113',
      '2606:4700:4700::1003',
    ],
  },
  {
    operator: 'Quad9',
    addresses: ['9.9.9.9', '149.112.112.112', '9.9.9.10', '149.112.112.10', '9.9.9.11', '2620:fe::fe', '2620:fe::9'],
  },
  {
    operator: 'OpenDNS',
    addresses: [
      '208.67.222.222',
      '208.67.220.220',
      '208.67.222.123',
      '208.67.220.123',
      '2620:119:35::35',
      '2620:119:53::53',
    ],
  },
  { operator: 'Level 3', addresses: ['4.2.2.1', '4.2.2.2', '4.2.2.3', '4.2.2.4', '4.2.2.5', '4.2.2.6'] },
  { operator: 'AdGuard', addresses: ['94.140.14.14', '94.140.15.15', '94.140.14.15', '94.140.15.16'] },
  { operator: 'CleanBrowsing', addresses: ['185.228.168.9', '185.228.169.9', '185.228.168.168', '185.228.169.168'] },
  { operator: 'Comodo', addresses: ['8.26.56.26', '8.20.247.20'] },
  { operator: 'Verisign', addresses: ['64.6.64.6', '64.6.65.6'] },
  { operator: 'Yandex', addresses: ['77.88.8.8', '77.88.8.1', '77.88.8.88', '77.88.8.2', '77.88.8.7', '77.88.8.3'] },
  { operator: 'AliDNS', addresses: ['223.5.5.5', '223.6.6.6'] },
  { operator: '114DNS', addresses: ['114.114.114.114', '114.114.115.115', '114.114.114.119', '114.114.115.119'] },
  { operator: 'DNSPod', addresses: ['119.29.29.29', '119.28.28.28', '182.254.116.116'] },
  { operator: 'Baidu', addresses: ['180.76.76.76'] },
  { operator: 'Control D', addresses: ['76.76.2.0', '76.76.10.0', '76.76.2.1', '76.76.2.2'] },
  { operator: 'Alternate DNS', addresses: ['76.76.19.19', '76.223.122.150'] },
  { operator: 'Hurricane Electric', addresses: ['74.82.42.42'] },
  { operator: 'Norton ConnectSafe', addresses: ['199.85.126.10', '199.85.127.10'] },
  { operator: 'Neustar', addresses: ['156.154.70.1', '156.154.71.1', '156.154.70.5', '156.154.71.5'] },
  { operator: 'SafeDNS', addresses: ['195.46.39.39', '195.46.39.40'] },
]
