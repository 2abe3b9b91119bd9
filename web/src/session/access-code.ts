import { randomBytes } from '../crypto/bytes.ts'

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** What the official server takes at most. */
const LENGTH = 25
/** Above, the first characters of the alphabet would be likelier. */
const ACCEPTED = 256 - (256 % CHARACTERS.length)

/** What proves that a login request is this browser's: 149 bits of chance. */
export function accessCode(): string {
  let code = ''
  while (code.length < LENGTH) {
    for (const byte of randomBytes(LENGTH - code.length)) {
      if (byte < ACCEPTED) code += CHARACTERS[byte % CHARACTERS.length]
    }
  }
  return code
}
