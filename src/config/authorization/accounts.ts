import { isPublicKey } from '#auth'
import { type AccountDefinition, checkDefinitions, DEFAULT_ACCOUNT, emptyAccount, type Permissions } from '#core'
import {
  type ConfigArray,
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
import type { ConfigSource, Surroundings } from '../types/setting-type.ts'
import { checkMessageTrace, jetstreamIn } from './account-features.ts'
import { deepType } from './deep-type.ts'
import { exportsIn } from './exports.ts'
import { importsIn } from './imports.ts'
import { limitsIn } from './limits.ts'
import { mappingsIn } from './mappings.ts'
import { permissionsIn } from './permissions.ts'
import { shownKey } from './shown-key.ts'
import { type NatsUser, usersIn } from './users.ts'

/** What `accounts {}` says. */
export interface ConfiguredAccounts {
  readonly definitions: readonly AccountDefinition[]
  readonly users: readonly NatsUser[]
  /** Where the `users` of an account stand, by its name; only those of a config file stand anywhere. */
  readonly usersPositions: ReadonlyMap<string, Position>
}

/** What a program has to give; the rest is empty. Its users stand beside it. */
export type GivenAccount = Pick<AccountDefinition, 'name'> & Partial<AccountDefinition>

/** `accounts`: by name, or only a list of names. (`spec/nats.md` §2.8) */
export const accounts = deepType<ConfiguredAccounts, readonly GivenAccount[]>({
  description: 'map of names and accounts, see below',
  fromConfig(value, source) {
    switch (value.kind) {
      case 'array':
        return listedAccounts(value, source)
      case 'map':
        return mappedAccounts(value, source)
      default:
        // nats-server takes it for no accounts.
        throw new InvalidValue(`Expected accounts to be a map or a list of names, got ${goType(value)}`)
    }
  },
  fromProgram(given, { name, surroundings }) {
    if (!Array.isArray(given)) throw new InvalidValue(`${name} must be a list of accounts`)
    const names = new Set<string>()
    const definitions = given.map((account) => {
      if (typeof account?.name !== 'string') throw new InvalidValue(`${name} must be accounts with names`)
      const wrong = problemOfName(account.name, names, surroundings)
      if (wrong !== undefined) throw new InvalidValue(`${name}: ${wrong}`)
      names.add(account.name)
      return { ...emptyAccount(account.name), ...account }
    })
    return { definitions, users: [], usersPositions: new Map() }
  },
})

/** nats-server's words; of accounts that only we have, with what can be done instead. */
function reservedAccount(name: string, { accounts }: Surroundings): string {
  const isOurs = accounts.some((account) => account.name === name)
  const instead = ": it is the server's own and there by itself; define another, which can import from it"
  return `${JSON.stringify(name)} is a Reserved Account${isOurs ? instead : ''}`
}

function problemOfName(name: string, others: ReadonlySet<string>, surroundings: Surroundings): string | undefined {
  if (isReserved(name, surroundings)) return reservedAccount(name, surroundings)
  return others.has(name) ? `Duplicate Account Entry: ${name}` : undefined
}

function isReserved(name: string, { accounts }: Surroundings): boolean {
  return name === DEFAULT_ACCOUNT || accounts.some((account) => account.name === name)
}

function listedAccounts({ items }: ConfigArray, { problems, surroundings }: ConfigSource): ConfiguredAccounts {
  const names = new Set<string>()
  for (const item of items) {
    const name = stringIn(item, item.position)
    const wrong = problemOfName(name, names, surroundings)
    if (wrong === undefined) names.add(name)
    else problems.errorAt(item.position, wrong)
  }
  return { definitions: [...names].map(emptyAccount), users: [], usersPositions: new Map() }
}

function mappedAccounts({ entries }: ConfigMap, source: ConfigSource): ConfiguredAccounts {
  const { problems, surroundings, position } = source
  const definitions: AccountDefinition[] = []
  const users: NatsUser[] = []
  const usersPositions = new Map<string, Position>()
  for (const { key: name, keyPosition, value, isUsedAsVariable } of entries.values()) {
    if (isUsedAsVariable) continue
    if (value.kind !== 'map') problems.errorAt(keyPosition, 'Expected map entries for accounts')
    else if (isReserved(name, surroundings)) problems.errorAt(keyPosition, reservedAccount(name, surroundings))
    else {
      const account = new AccountBlock(name, { problems, accountsPosition: position })
      readMap(value, account.fields, problems)
      definitions.push(account.definition)
      users.push(...account.users)
      if (account.usersPosition !== undefined) usersPositions.set(name, account.usersPosition)
    }
  }
  // As in nats-server: who links accounts that are wrong finds mistakes that are none.
  if (problems.errors.length === 0) {
    for (const { text } of checkDefinitions([...surroundings.accounts, ...definitions])) {
      problems.errorAt(position, text)
    }
  }
  return { definitions, users, usersPositions }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One account while it is read. */
class AccountBlock {
  readonly definition: Writable<AccountDefinition>
  usersPosition: Position | undefined
  #users: readonly NatsUser[] = []
  #defaultPermissions: Permissions | undefined
  readonly #problems: Problems
  readonly #accountsPosition: Position

  constructor(name: string, { problems, accountsPosition }: { problems: Problems; accountsPosition: Position }) {
    this.definition = emptyAccount(name)
    this.#problems = problems
    this.#accountsPosition = accountsPosition
  }

  get users(): readonly NatsUser[] {
    return withDefaults(this.#users, this.#defaultPermissions)
  }

  readonly fields = {
    users: (entry: ConfigEntry) => {
      this.usersPosition = entry.keyPosition
      this.#users = usersIn(entry.value, { problems: this.#problems, account: this.definition.name })
    },
    nkey: ({ value }: ConfigEntry) => {
      // Nobody asks for it, in nats-server neither.
      if (value.kind === 'string' && isPublicKey(value.value, 'account')) return
      const text = value.kind === 'string' ? shownKey(value.value) : goFormat(value)
      throw new InvalidValue(`Not a valid public nkey for an account: ${text}`)
    },
    imports: (entry: ConfigEntry) => {
      this.definition.imports = importsIn(entry, {
        problems: this.#problems,
        accountsPosition: this.#accountsPosition,
      })
    },
    exports: (entry: ConfigEntry) => {
      this.definition.exports = exportsIn(entry, this.#problems)
    },
    mappings: (entry: ConfigEntry) => this.#mappings(entry),
    maps: (entry: ConfigEntry) => this.#mappings(entry),
    limits: (entry: ConfigEntry) => {
      this.definition.limits = limitsIn(entry, this.#problems)
    },
    default_permissions: (entry: ConfigEntry) => {
      this.#defaultPermissions = permissionsIn(entry, this.#problems)
    },
    jetstream: (entry: ConfigEntry) => {
      if (jetstreamIn(entry, this.#problems)) this.#withoutEffect(entry)
    },
    msg_trace: (entry: ConfigEntry) => this.#messageTrace(entry),
    trace_dest: (entry: ConfigEntry) => this.#messageTrace(entry),
  }

  #mappings(entry: ConfigEntry): void {
    this.definition.mappings = mappingsIn(entry, this.#problems)
  }

  #messageTrace(entry: ConfigEntry): void {
    checkMessageTrace(entry, this.#problems)
    this.#withoutEffect(entry)
  }

  #withoutEffect({ key, keyPosition }: ConfigEntry): void {
    this.#problems.remarkAt(keyPosition, `${key} has no effect here`)
  }
}

/** The users, where those without permissions have the default ones. */
export function withDefaults(users: readonly NatsUser[], permissions: Permissions | undefined): readonly NatsUser[] {
  return users.map((user) => ({ ...user, permissions: user.permissions ?? permissions }))
}
