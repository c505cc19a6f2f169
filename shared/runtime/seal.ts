// Where the runtime and its users look for it; the embedded issuer, below the runtime, seals with the same.
export { createSealer } from '#shared/platform/seal.ts'
