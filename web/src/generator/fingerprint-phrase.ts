import { fromBase64 } from '../crypto/bytes.ts'
import { expand } from '../crypto/kdf.ts'
import { loadWords } from './words.ts'

/** 64 bits: 12.9 for each word. */
const WORDS = 5

/**
 * Five words that two people, or two devices, compare to be sure that they have the same public key (SPKI, base64).
 * `material` says whose it is: the address for a login that is to be approved, the user's id for an account's key. The
 * same as in all Bitwarden clients.
 */
export async function fingerprintPhrase(material: string, publicKey: string): Promise<string> {
  // The public key in the place of the pseudorandom one.
  const hash = await expand(fromBase64(publicKey), material)
  let number = hash.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const words = await loadWords()
  const count = BigInt(words.length)
  const phrase: string[] = []
  for (let i = 0; i < WORDS; i++) {
    phrase.push(words[Number(number % count)]!)
    number /= count
  }
  return phrase.join('-')
}
