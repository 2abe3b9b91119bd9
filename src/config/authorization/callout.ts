import { type CalloutOptions, isPublicKey } from '#auth'
import { DEFAULT_ACCOUNT } from '#core'
import {
  type ConfigEntry,
  type ConfigMap,
  goFormat,
  goType,
  InvalidValue,
  type Position,
  type Problems,
  readMap,
  stringIn,
} from '../language/index.ts'
import { deepType } from './deep-type.ts'
import { shownKey } from './shown-key.ts'

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What a program has to give; the rest has defaults. */
export type GivenCallout = Pick<CalloutOptions, 'issuer' | 'authUsers'> & Partial<CalloutOptions>

const DEFAULTS = { account: DEFAULT_ACCOUNT, xkey: undefined, allowedAccounts: [] }

/** `auth_callout {}`. (`spec/nats.md` §4.8) */
export const callout = deepType<CalloutOptions, GivenCallout>({
  description: '`{ issuer, auth_users, account, xkey, allowed_accounts }`, see below',
  fromConfig(value, { problems, position }) {
    if (value.kind !== 'map') {
      throw new InvalidValue(`Expected authorization callout to be a map/struct, got ${goFormat(value)}`)
    }
    return calloutIn(value, { problems, position })
  },
  fromProgram(given, source) {
    const callout = { ...DEFAULTS, ...given }
    const lack = problemOfLack(callout)
    if (lack !== undefined) throw new InvalidValue(`${source.name}: ${lack}`)
    issuerIn(callout.issuer)
    if (callout.xkey !== undefined) xkeyIn(callout.xkey)
    return callout
  },
})

function calloutIn(
  map: ConfigMap,
  { problems, position }: { problems: Problems; position: Position },
): CalloutOptions | undefined {
  const errorsBefore = problems.errors.length
  const callout: Writable<CalloutOptions> = { issuer: '', authUsers: [], ...DEFAULTS }
  const account = ({ value }: ConfigEntry) => {
    callout.account = stringIn(value) || DEFAULT_ACCOUNT
  }
  const authUsers = (entry: ConfigEntry) => {
    callout.authUsers = textsIn(entry, 'auth_users field')
  }
  const xkey = ({ value }: ConfigEntry) => {
    callout.xkey = xkeyIn(stringIn(value))
  }
  readMap(
    map,
    {
      issuer: ({ value }) => {
        callout.issuer = issuerIn(stringIn(value))
      },
      account,
      acc: account,
      auth_users: authUsers,
      users: authUsers,
      xkey,
      key: xkey,
      allowed_accounts: (entry) => {
        callout.allowedAccounts = textsIn(entry, 'allowed accounts field')
      },
    },
    problems,
    (key) => `Unknown field ${key} parsing authorization callout`,
  )
  if (problems.errors.length > errorsBefore) return undefined
  const lack = problemOfLack(callout)
  if (lack === undefined) return callout
  const last = [...map.entries.values()].at(-1)
  throw new InvalidValue(lack, last?.keyPosition ?? position)
}

function issuerIn(key: string): string {
  if (isPublicKey(key, 'account')) return key
  throw new InvalidValue(`Expected callout user to be a valid public account nkey, got ${shownKey(key)}`)
}

function xkeyIn(key: string): string {
  if (isPublicKey(key, 'curve')) return key
  throw new InvalidValue(`Expected callout xkey to be a valid public xkey, got ${shownKey(key)}`)
}

function problemOfLack({ issuer, authUsers }: CalloutOptions): string | undefined {
  if (!issuer) return 'Authorization callouts require an issuer to be specified'
  if (!(authUsers?.length > 0)) return 'Authorization callouts require authorized users to be specified'
  return undefined
}

/** nats-server names a type of its own where the value is no list. */
function textsIn({ value }: ConfigEntry, what: string): readonly string[] {
  if (value.kind !== 'array') throw new InvalidValue(`Expected ${what} to be an array, got ${goType(value)}`)
  return value.items.map((item) => stringIn(item, item.position))
}
