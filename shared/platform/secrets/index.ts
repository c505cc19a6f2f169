/** Reads secrets by name. */
export interface SecretStore {
  /** The secret's current value; throws `PlatformError` NOT_FOUND when there is none. */
  read(name: string): Promise<string>
}
