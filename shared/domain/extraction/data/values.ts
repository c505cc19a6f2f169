/** Single values that are known to be of no use as indicators, with the reason. */

import type { Suppression } from '../types.ts'

const EMPTY: Suppression = { reason: 'hash of the empty file', list: 'empty-file-hash' }
const TRIVIAL: Suppression = {
  reason: 'hash of a trivial file (line feed, null byte, test string)',
  list: 'trivial-hash',
}
const EICAR: Suppression = { reason: 'hash of the EICAR test file', list: 'test-file-hash' }
const BURN: Suppression = {
  reason: 'well-known address that nobody holds or that everybody cites',
  list: 'known-wallet',
}

/** Hashes (lower case) and wallet addresses by value. */
export const KNOWN_VALUES: ReadonlyMap<string, Suppression> = new Map([
  ['d41d8cd98f00b204e9800998ecf8427e', EMPTY],
  ['da39a3ee5e6b4b0d3255bfef95601890afd80709', EMPTY],
  ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', EMPTY],
  [
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
    EMPTY,
  ],
  // One line feed
  ['68b329da9893e34099c7d8ad5cb9c940', TRIVIAL],
  ['adc83b19e793491b1c6ea0fd8b46cd9f32e592fc', TRIVIAL],
  ['01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b', TRIVIAL],
  // One null byte
  ['93b885adfe0da089cdf634904fd59f71', TRIVIAL],
  ['5ba93c9db0cff93f52b521d7420e43f6eda2784f', TRIVIAL],
  ['6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', TRIVIAL],
  // "test", "hello", "password", "hello world"
  ['098f6bcd4621d373cade4e832627b4f6', TRIVIAL],
  ['a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', TRIVIAL],
  ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', TRIVIAL],
  ['5d41402abc4b2a76b9719d911017c592', TRIVIAL],
  ['5f4dcc3b5aa765d61d8327deb882cf99', TRIVIAL],
  ['5eb63bbbe01eeed093cb22bb8f5acdc3', TRIVIAL],
  ['2aae6c35c94fcfb415dbe95f408b9ce91ee846ed', TRIVIAL],
  ['b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9', TRIVIAL],
  // Hashes that Windows stores for empty passwords
  ['31d6cfe0d16ae931b73c59d7e0c089c0', { reason: 'NT hash of the empty password', list: 'empty-file-hash' }],
  ['aad3b435b51404eeaad3b435b51404ee', { reason: 'LM hash of the empty password', list: 'empty-file-hash' }],
  ['44d88612fea8a8f36de82e1278abb02f', EICAR],
  ['3395856ce81f2b7382dee72602f798b642f14140', EICAR],
  ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f', EICAR],
  ['131f95c51cc819465fa1797f6ccacf9d494aaaff46fa3eac73ae63ffbdfd8267', EICAR],
  ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', BURN],
  ['1BitcoinEaterAddressDontSendf59kuE', BURN],
  ['1111111111111111111114oLvT2', BURN],
  ['0x0000000000000000000000000000000000000000', BURN],
  ['0x000000000000000000000000000000000000dead', BURN],
  ['0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead', BURN],
  ['00:00:00:00:00:00', { reason: 'null address', list: 'reserved-address' }],
  ['ff:ff:ff:ff:ff:ff', { reason: 'broadcast address', list: 'reserved-address' }],
  ['3::', { reason: 'ssdeep hash of the empty file', list: 'empty-file-hash' }],
])

/** AS numbers that are not assigned to anybody (RFC 5398, RFC 6996, RFC 7300, RFC 7607). */
export const RESERVED_AS_NUMBERS: readonly { from: number; to: number; reason: string }[] = [
  { from: 0, to: 0, reason: 'AS number 0 (RFC 7607)' },
  { from: 23456, to: 23456, reason: 'AS_TRANS (RFC 6793)' },
  { from: 64496, to: 64511, reason: 'AS number for documentation (RFC 5398)' },
  { from: 64512, to: 65534, reason: 'private AS number (RFC 6996)' },
  { from: 65535, to: 65535, reason: 'reserved AS number (RFC 7300)' },
  { from: 65536, to: 65551, reason: 'AS number for documentation (RFC 5398)' },
  { from: 4_200_000_000, to: 4_294_967_295, reason: 'private or reserved AS number (RFC 6996, RFC 7300)' },
]
