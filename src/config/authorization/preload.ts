import { decodeJwt } from '#auth'
import { InvalidValue } from '../language/index.ts'
import { deepType } from './deep-type.ts'

/** `resolver_preload {}`: account JWTs by public key. */
export const preload = deepType<Readonly<Record<string, string>>>({
  description: 'map of public nkeys and account JWTs',
  fromConfig(value, { problems }) {
    if (value.kind !== 'map') throw new InvalidValue('preload should be a map of account_public_key:account_jwt')
    const jwts: Record<string, string> = {}
    for (const { key, keyPosition, value: jwt } of value.entries.values()) {
      if (jwt.kind !== 'string') problems.errorAt(keyPosition, 'preload map value should be a string JWT')
      else if (!isAccountJwt(jwt.value)) problems.errorAt(keyPosition, 'invalid account JWT')
      else jwts[key] = jwt.value
    }
    return jwts
  },
  fromProgram(given, source) {
    for (const [key, jwt] of Object.entries(given)) {
      if (!isAccountJwt(jwt)) throw new InvalidValue(`${source.name}.${key}: invalid account JWT`)
    }
    return given
  },
})

function isAccountJwt(text: string): boolean {
  return decodeJwt(text, 'account').ok
}
