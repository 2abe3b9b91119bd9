import { DecryptionError, type SymmetricKey } from '../crypto/symmetric-key.ts'

/** What was to be written cannot be: something of it was not read, and would be lost. */
export class DamagedError extends Error {
  override name = 'DamagedError'
}

/** Reads the encrypted values of one object. Nothing rejects: what cannot be read is null, and `damaged` says so. */
export class Reader {
  /** Where the values stand that could not be read: `login.password`, `fields[2].name`. */
  readonly damaged: string[] = []
  readonly #key: SymmetricKey | undefined

  private constructor(key: SymmetricKey | undefined) {
    this.#key = key
  }

  /** With the object's own key, when it has one (`protectedKey`, an EncString), or else with `outer`. */
  static async of(outer: SymmetricKey, protectedKey?: unknown): Promise<Reader> {
    if (isNothing(protectedKey)) return new Reader(outer)
    try {
      return new Reader(await outer.unwrap(String(protectedKey)))
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error
      return Reader.withoutKey()
    }
  }

  /** That of an object whose key cannot be read, which is damaged everywhere. */
  static withoutKey(): Reader {
    const reader = new Reader(undefined)
    reader.damaged.push('key')
    return reader
  }

  /** Null for nothing, and for what is damaged. */
  async text(encString: unknown, place: string): Promise<string | null> {
    if (isNothing(encString)) return null
    try {
      if (typeof encString === 'string' && this.#key) return await this.#key.decryptText(encString)
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error
    }
    this.damaged.push(place)
    return null
  }
}

/** Empty texts are stored as nothing, as the apps do. */
export async function encryptOrNull(text: string | null, key: SymmetricKey): Promise<string | null> {
  return text === null || text === '' ? null : key.encrypt(text)
}

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === ''
