import { isPublicKey } from '#auth'
import { DEFAULT_ACCOUNT } from '#core'
import { deepType } from '../authorization/deep-type.ts'
import { refuseProxyRequired } from '../authorization/users.ts'
import {
  type ConfigEntry,
  type ConfigMap,
  goFormat,
  InvalidValue,
  type Problems,
  readMap,
  stringIn,
} from '../language/index.ts'
import { remarkUnusable } from '../types/secret.ts'
import type { SettingType } from '../types/setting-type.ts'
import { text } from '../types/text.ts'
import type { LeafUser } from './options.ts'

/** What a program may write for one: without a password that is empty, and without an account it is `$G`. */
export type GivenLeafUser = Pick<LeafUser, 'user'> & Partial<LeafUser>

/** `users` of the `authorization {}` of leaf nodes. */
export const leafUsers = deepType<readonly LeafUser[], readonly GivenLeafUser[]>({
  description: 'list of `{ user, password, account }`',
  fromConfig(value, { problems, position }) {
    if (value.kind !== 'array') throw new InvalidValue(`Expected users field to be an array, got ${goFormat(value)}`)
    if (value.items.length === 0) problems.remarkAt(position, 'users is empty, which is as good as none')
    return value.items.flatMap((item) => {
      if (item.kind === 'map') return userIn(item, problems)
      problems.errorAt(item.position, `Expected user entry to be a map/struct, got ${goFormat(item)}`)
      return []
    })
  },
  fromProgram(given, source) {
    if (!Array.isArray(given)) throw new InvalidValue(`${source.name} must be a list of users`)
    return given.map(({ user, password = '', account = DEFAULT_ACCOUNT }: GivenLeafUser, index) => {
      if (typeof user === 'string' && typeof password === 'string' && typeof account === 'string') {
        return { user, password, account }
      }
      throw new InvalidValue(`${source.name}[${index}] must have texts for user, password and account`)
    })
  },
})

function userIn(map: ConfigMap, problems: Problems): LeafUser {
  const found = { user: '', password: '', account: '' }
  const user = ({ value }: ConfigEntry) => {
    found.user = stringIn(value)
  }
  const password = ({ value, keyPosition }: ConfigEntry) => {
    found.password = stringIn(value)
    remarkUnusable(found.password, { problems, position: keyPosition })
  }
  readMap(
    map,
    {
      user,
      username: user,
      pass: password,
      password,
      account: ({ value }) => {
        found.account = stringIn(value)
      },
      proxy_required: (entry) => refuseProxyRequired(entry, problems),
    },
    problems,
  )
  if (found.user === '') {
    // It is right for nats-server, where such a user is anybody who names none.
    problems.remarkAt(map.position, 'a user of leaf nodes without a name: who names no user comes in as this one')
  }
  return { ...found, account: found.account || DEFAULT_ACCOUNT }
}

/** Of a user, as one that leaf nodes may come in by. */
export const leafNkey: SettingType<string> = text('public nkey of a user', (key) => {
  if (isPublicKey(key, 'user')) return key
  throw new InvalidValue('Not a valid public nkey for leafnode authorization')
})

/** What of the block does not go together, in nats-server's words; `undefined` when all does. */
export function problemOfLeafUsers(
  users: readonly LeafUser[] | undefined,
  { user, nkey }: { user: string | undefined; nkey: string | undefined },
): string | undefined {
  if (users === undefined || users.length === 0) return undefined
  if (user !== undefined) return 'can not have a single user/pass and a users array'
  if (nkey !== undefined) return 'can not have a single nkey and a users array'
  const names = users.map((one) => one.user)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  return twice === undefined ? undefined : `duplicate user ${JSON.stringify(twice)} detected in leafnode authorization`
}
