import * as v from 'valibot'

/** Whole paise; a hundred are a rupee. More than a few trillion rupees are a mistake. */
export const Paise = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** A share in basis points of an amount, halves rounded away from zero: the one rounding rule of all money here. */
export function shareOf(paise: number, basisPoints: number): number {
  return divideRounded(BigInt(paise) * BigInt(basisPoints), 10_000n)
}

/** `paise × numerator ÷ denominator`, rounded in the same way; for parts of a period. */
export function partOf(paise: number, numerator: number, denominator: number): number {
  return divideRounded(BigInt(paise) * BigInt(numerator), BigInt(denominator))
}

function divideRounded(dividend: bigint, divisor: bigint): number {
  const sign = dividend < 0n ? -1n : 1n
  const result = sign * ((2n * sign * dividend + divisor) / (2n * divisor))
  if (result > BigInt(Number.MAX_SAFE_INTEGER) || result < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new RangeError('more money than can be counted')
  }
  return Number(result)
}

/** `₹1,23,456.05`, with the Indian grouping; below zero with a minus sign in front. */
export function formatRupees(paise: number): string {
  return rupees.format(paise / 100)
}
const rupees = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR', minimumFractionDigits: 2 })
