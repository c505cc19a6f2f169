/** Small shared, short-lived values: counters, leases, flags of a moment. Losing it all must never lose a user's data. */
export interface StateStore {
  /**
   * Makes ready what the first operation would wait for, e.g. loads a client; absent where there is nothing of the kind.
   * @throws PlatformError when that failed; the next operation tries again
   */
  prepare?(): Promise<void>
  read(key: string): Promise<{ value: unknown; version: string } | null>
  /** Writes; with `ifVersion` only when that is still the version (null: only when absent). Returns whether it was written. */
  write(key: string, value: unknown, options: { ttlSeconds: number; ifVersion?: string | null }): Promise<boolean>
  /** Adds to a counter and returns the new sum; a counter that is absent or expired starts at 0 with this time to live. */
  add(key: string, amount: number, options: { ttlSeconds: number }): Promise<number>
  remove(key: string): Promise<void>
}
