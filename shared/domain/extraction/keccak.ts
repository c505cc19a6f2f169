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

function permute(state: Int32Array): void {
  const column = new Int32Array(10)
  const moved = new Int32Array(50)
  for (let round = 0; round < ROUNDS; round++) {
    // theta
    for (let x = 0; x < 10; x++) {
      column[x] = state[x]! ^ state[x + 10]! ^ state[x + 20]! ^ state[x + 30]! ^ state[x + 40]!
    }
    for (let x = 0; x < 5; x++) {
      const left = ((x + 4) % 5) * 2
      const right = ((x + 1) % 5) * 2
      const low = column[right]!
      const high = column[right + 1]!
      const mixLow = column[left]! ^ ((low << 1) | (high >>> 31))
      const mixHigh = column[left + 1]! ^ ((high << 1) | (low >>> 31))
      for (let y = 0; y < 50; y += 10) {
        state[x * 2 + y]! ^= mixLow
        state[x * 2 + y + 1]! ^= mixHigh
      }
    }
    // rho and pi
    for (let x = 0; x < 5; x++) {
      for (let y = 0; y < 5; y++) {
        const from = x + 5 * y
        const to = y + 5 * ((2 * x + 3 * y) % 5)
        const shift = ROTATIONS[from]!
        let low = state[from * 2]!
        let high = state[from * 2 + 1]!
        if (shift >= 32) [low, high] = [high, low]
        const by = shift & 31
        moved[to * 2] = by === 0 ? low : (low << by) | (high >>> (32 - by))
        moved[to * 2 + 1] = by === 0 ? high : (high << by) | (low >>> (32 - by))
      }
    }
    // chi
    for (let y = 0; y < 50; y += 10) {
      for (let x = 0; x < 5; x++) {
        const one = y + ((x + 1) % 5) * 2
        const two = y + ((x + 2) % 5) * 2
        state[y + x * 2] = moved[y + x * 2]! ^ (~moved[one]! & moved[two]!)
        state[y + x * 2 + 1] = moved[y + x * 2 + 1]! ^ (~moved[one + 1]! & moved[two + 1]!)
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
