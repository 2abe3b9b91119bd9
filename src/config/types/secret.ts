import { secretProblem } from '#auth'
import { InvalidValue, type Position, type Problems } from '../language/index.ts'
import type { SettingType } from './setting-type.ts'
import { plainText } from './text.ts'

/** A password or token, or a hash of it. Messages never show it. */
export function secret(description: string): SettingType<string> {
  const type = plainText(description)
  return {
    ...type,
    isSecret: true,
    fromConfig(value, source) {
      const secret = type.fromConfig(value, source)
      if (secret !== undefined) remarkUnusable(secret, source)
      return secret
    },
    fromProgram(value, source) {
      if (typeof value !== 'string') throw new InvalidValue(`${source.name} must be a text`)
      return value || undefined
    },
  }
}

/** A hash that was cut off or mistyped is right for nats-server too, but nobody has the password to it. */
export function remarkUnusable(
  secret: string,
  { problems, position }: { readonly problems: Problems; readonly position: Position },
): void {
  const problem = secretProblem(secret)
  if (problem !== undefined) problems.remarkAt(position, `nobody can log in with this: ${problem}`)
}
