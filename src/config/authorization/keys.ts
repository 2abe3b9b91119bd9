import { isPublicKey } from '#auth'
import { InvalidValue, stringsIn } from '../language/index.ts'
import { deepType } from './deep-type.ts'
import { shownKey } from './shown-key.ts'

/** `trusted_keys`: public nkeys of operators. */
export const trustedKeys = deepType<readonly string[]>({
  description: 'public nkey of an operator, or a list of them',
  fromConfig(value, { problems, position }) {
    const items = value.kind === 'array' ? value.items : [value]
    const keys = stringsIn(value, 'trusted')
    for (const [index, key] of keys.entries()) {
      const wrong = problemOfTrustedKey(key)
      if (wrong !== undefined) problems.errorAt(value.kind === 'array' ? items[index]!.position : position, wrong)
    }
    return keys
  },
  fromProgram(given, source) {
    for (const key of texts(given, source.name)) {
      const wrong = problemOfTrustedKey(key)
      if (wrong !== undefined) throw new InvalidValue(wrong)
    }
    return given
  },
})

function problemOfTrustedKey(key: string): string | undefined {
  return isPublicKey(key, 'operator')
    ? undefined
    : `trust key ${shownKey(key)} required to be a valid public operator nkey`
}

/** `resolver_pinned_accounts`: public nkeys of accounts. What is none is found at the start. */
export const pinnedAccounts = deepType<readonly string[]>({
  description: 'public nkey of an account, or a list of them',
  fromConfig: (value) => stringsIn(value, 'resolver_pinned_accounts'),
  fromProgram: (given, source) => texts(given, source.name),
})

function texts(given: readonly string[], name: string): readonly string[] {
  if (Array.isArray(given) && given.every((text) => typeof text === 'string')) return given
  throw new InvalidValue(`${name} must be a list of texts`)
}
