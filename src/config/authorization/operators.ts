import { resolve } from 'node:path'
import { decodeJwt, type OperatorClaims } from '#auth'
import { ConfigError } from '#kit'
import { type ConfigValue, goType, InvalidValue, readTextFile } from '../language/index.ts'
import type { Surroundings } from '../types/setting-type.ts'
import { deepType } from './deep-type.ts'

/** Whom the server trusts with its accounts. */
export interface Operator {
  readonly jwt: string
  readonly claims: OperatorClaims
}

/** `operator`: one JWT or several, each as text or as the name of a file. A program may write the same. */
export const operators = deepType<readonly Operator[], readonly string[]>({
  description: 'JWT, file with a JWT, or a list of them',
  fromConfig(value, { problems, position, surroundings }) {
    const found: Operator[] = []
    for (const text of textsIn(value)) {
      try {
        found.push(operatorOf(text, surroundings))
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error
        problems.errorAt(position, error.message)
      }
    }
    return found
  },
  fromProgram: (given, { surroundings }) => given.map((text) => operatorOf(text, surroundings)),
})

function textsIn(value: ConfigValue): readonly string[] {
  if (value.kind === 'string') return [value.value]
  if (value.kind !== 'array') throw new InvalidValue(`error parsing operators: unsupported type ${goType(value)}`)
  return value.items.map((item) => {
    if (item.kind === 'string') return item.value
    throw new InvalidValue(`error parsing operators: unsupported type ${goType(item)} where string is expected`)
  })
}

function operatorOf(text: string, surroundings: Surroundings): Operator {
  const jwt = undecorated(jwtOf(text, surroundings))
  const decoded = decodeJwt(jwt, 'operator')
  if (!decoded.ok) throw new InvalidValue(`error parsing operator JWT: ${decoded.reason}`)
  return { jwt, claims: decoded.claims }
}

/** The text of the file of that name, or the very text, which then begins as all JWTs do. */
function jwtOf(text: string, { cwd }: Surroundings): string {
  try {
    return readTextFile(resolve(cwd, text), text)
  } catch (error) {
    if (text.startsWith('eyJ')) return text
    if (!(error instanceof ConfigError)) throw error
    throw new InvalidValue(`error parsing operator JWT: ${error.message}`)
  }
}

/** A JWT as the tools of NATS write it to a file: between two lines with dashes, or alone. */
function undecorated(text: string): string {
  const [, jwt] = /-{3,}.*-{3,}\r?\n([\w.=-]+)\r?\n-{3,}.*-{3,}/.exec(text) ?? []
  return jwt ?? text.trim()
}
