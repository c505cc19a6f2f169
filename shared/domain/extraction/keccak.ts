/**
 * Keccak-256 over short inputs, in its two paddings: the original one (0x01: Ethereum and Monero checksums) and that of
 * SHA3-256 (0x06, FIPS 202: Tor v3 onion addresses).
 */

const RATE_BYTES = 136
const ROUNDS = 24

/** Round constants as pairs of 32-bit words (low, high), from the degree-8 LFSR of FIPS 202 section 3.2.5. */
const ROUND_CONSTANTS = roundConstants()
const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
] as const
/** Where the lane at each index goes in the pi step (twice the lane's index: lanes are pairs of words). */
const PI = Uint8Array.from(
  { length: 25 },
  (_, lane) => 2 * (Math.floor(lane / 5) + 5 * ((2 * lane + 3 * Math.floor(lane / 5)) % 5)),
)

function roundConstants(): Int32Array {
  const constants = new Int32Array(ROUNDS * 2)
  let register = 1
  for (let round = 0; round < ROUNDS; round++) {
    for (let j = 0; j <= 6; j++) {
      if ((register & 1) !== 0) {
        const bit = (1 << j) - 1
        const word = round * 2 + (bit >> 5)
        constants[word] = constants[word]! | (1 << (bit & 31))
      }
      register <<= 1
      if ((register & 0x100) !== 0) register ^= 0x171
    }
  }
  return constants
}

const column = new Int32Array(10)
const moved = new Int32Array(50)

function permute(state: Int32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    // theta
    for (let x = 0; x < 10; x++) {
      column[x] = state[x]! ^ state[x + 10]! ^ state[x + 20]! ^ state[x + 30]! ^ state[x + 40]!
    }
    for (let x = 0; x < 10; x += 2) {
      const left = x === 0 ? 8 : x - 2
      const right = x === 8 ? 0 : x + 2
      const low = column[right]!
      const high = column[right + 1]!
      const mixLow = column[left]! ^ ((low << 1) | (high >>> 31))
      const mixHigh = column[left + 1]! ^ ((high << 1) | (low >>> 31))
      for (let y = x; y < 50; y += 10) {
        state[y]! ^= mixLow
        state[y + 1]! ^= mixHigh
      }
    }
    // rho and pi
    for (let lane = 0; lane < 25; lane++) {
      const to = PI[lane]!
      const shift = ROTATIONS[lane]!
      const isLong = shift >= 32
      const low = state[lane * 2 + (isLong ? 1 : 0)]!
      const high = state[lane * 2 + (isLong ? 0 : 1)]!
      const by = shift & 31
      moved[to] = by === 0 ? low : (low << by) | (high >>> (32 - by))
      moved[to + 1] = by === 0 ? high : (high << by) | (low >>> (32 - by))
    }
    // chi
    for (let y = 0; y < 50; y += 10) {
      for (let x = 0; x < 10; x++) {
        const one = x < 8 ? x + 2 : x - 8
        const two = x < 6 ? x + 4 : x - 6
        state[y + x] = moved[y + x]! ^ (~moved[y + one]! & moved[y + two]!)
      }
    }
    // iota
    state[0]! ^= ROUND_CONSTANTS[round * 2]!
    state[1]! ^= ROUND_CONSTANTS[round * 2 + 1]!
  }
}

/**
 * Hashes bytes with Keccak[512] to 32 bytes.
 *
 * @param input bytes, any length
 * @param padding domain byte: 0x01 for Keccak-256 as first submitted, 0x06 for SHA3-256
 * @returns 32 bytes
 */
export function keccak256(input: Uint8Array, padding: 0x01 | 0x06): Uint8Array {
  const padded = new Uint8Array(Math.ceil((input.length + 1) / RATE_BYTES) * RATE_BYTES)
  padded.set(input)
  padded[input.length] = padding
  padded[padded.length - 1]! |= 0x80
  const state = new Int32Array(50)
  for (let block = 0; block < padded.length; block += RATE_BYTES) {
    for (let i = 0; i < RATE_BYTES; i++) state[i >> 2]! ^= padded[block + i]! << ((i & 3) * 8)
    permute(state)
  }
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i++) out[i] = (state[i >> 2]! >>> ((i & 3) * 8)) & 0xff
  return out
}
