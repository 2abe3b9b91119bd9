import { createHmac, randomBytes, type X509Certificate } from 'node:crypto'
import type { ConnectionType } from './authenticator.ts'
import { CertificateUsers } from './certificates/certificate-users.ts'
import type { NkeyUser, PasswordUser } from './users.ts'

/** The `users` of a configuration, those of all accounts, by what they are known by. */
export class UsersTable {
  readonly #byName: ReadonlyMap<string, PasswordUser>
  readonly #byNkey: ReadonlyMap<string, NkeyUser>
  readonly #users: readonly PasswordUser[]
  readonly #pretenceKey = randomBytes(32)
  #certificates: CertificateUsers | undefined

  constructor(users: readonly PasswordUser[] = [], nkeyUsers: readonly NkeyUser[] = []) {
    this.#users = users
    this.#byName = new Map(users.map((user) => [user.user, user]))
    this.#byNkey = new Map(nkeyUsers.map((user) => [user.nkey, user]))
  }

  get hasUsers(): boolean {
    return this.#byName.size > 0
  }

  get hasNkeys(): boolean {
    return this.#byNkey.size > 0
  }

  byName(name: string): PasswordUser | undefined {
    return this.#byName.get(name)
  }

  byNkey(nkey: string): NkeyUser | undefined {
    return this.#byNkey.get(nkey)
  }

  /** Users that may not come in this way are passed over. */
  byCertificate(certificate: X509Certificate, type: ConnectionType): PasswordUser | undefined {
    this.#certificates ??= new CertificateUsers(this.#byName)
    return this.#certificates.find(certificate, (user) => mayComeBy(user, type))
  }

  /**
   * Somebody whose password is as laborious to check as that of the user would be, if there were one of this name: always
   * the same for the same name, and each as often as any other, so that the time tells no names.
   */
  standInFor(name: string): PasswordUser | undefined {
    if (this.#users.length === 0) return undefined
    const digest = createHmac('sha256', this.#pretenceKey).update(name).digest()
    return this.#users[digest.readUInt32BE() % this.#users.length]
  }
}

export function mayComeBy({ connectionTypes }: PasswordUser | NkeyUser, type: ConnectionType): boolean {
  return connectionTypes === undefined || connectionTypes.length === 0 || connectionTypes.includes(type)
}
