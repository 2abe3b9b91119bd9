import type { AccountDefinition } from '#core'
import type { NotificationName } from './notification.ts'

/**
 * The account all notifications live in. It exists by itself and nobody else sees it unless the configuration imports it.
 */
export const VAULT_ACCOUNT = 'VAULT'

/** What it offers: who imports `vault.user.>` can audit, bridge or automate. */
export const VAULT_ACCOUNT_DEFINITION: AccountDefinition = {
  name: VAULT_ACCOUNT,
  exports: ['vault.user.>', 'vault.org.>', 'relay.>'].map((subject) => ({
    kind: 'stream',
    subject,
    access: { kind: 'public' },
  })),
  imports: [],
  mappings: [],
  limits: {},
}

// Ids are UUIDs in lower case, so they are always a single token. Who takes one from a client has to check that first.
// A last token, where there is one, names the type of client that it is for: `Web`, `Browser`, `Desktop`, `Mobile`, `Cli`.

/** Whom a notification is for. `clientType`: only the clients of that type; absent: all of them. */
export type Audience = (
  | { readonly kind: 'user' | 'organization' | 'installation'; readonly id: string }
  /** Whoever waits for the answer to an auth request, on the anonymous hub. */
  | { readonly kind: 'anonymous'; readonly id: string }
) & { readonly clientType?: ClientType | undefined }

/** Kinds of clients, by Bitwarden's names. spec: hub §2.4 */
export type ClientType = 'Web' | 'Browser' | 'Desktop' | 'Mobile' | 'Cli'

/** By number; the first is all of them. spec: hub §2.4 */
export const CLIENT_TYPES: readonly (ClientType | undefined)[] = [
  undefined,
  'Web',
  'Browser',
  'Desktop',
  'Mobile',
  'Cli',
]

const ROOTS = { user: 'vault.user', organization: 'vault.org', installation: 'vault.installation' } as const

/** `vault.user.<id>.SyncVault`, `vault.org.<id>.PolicyChanged`, `vault.user.<id>.Notification.Web`, `vault.anonymous.<id>`. */
export function subjectFor({ kind, id, clientType }: Audience, name: NotificationName): string {
  if (kind === 'anonymous') return `vault.anonymous.${id}`
  const subject = `${ROOTS[kind]}.${id}.${name}`
  return clientType === undefined ? subject : `${subject}.${clientType}`
}

/** What one user's devices are told. */
export const userSubject = (userId: string, name: NotificationName) => subjectFor({ kind: 'user', id: userId }, name)

/** All that an audience is told, whatever the type of its clients. */
export function allFor({ kind, id }: Pick<Audience, 'kind' | 'id'>): string {
  return kind === 'anonymous' ? `vault.anonymous.${id}` : `${ROOTS[kind]}.${id}.>`
}

/** The client type that a message on `subject` is for. */
export function clientTypeOf(subject: string): string | undefined {
  // One token more in front: of which installation.
  return subject.startsWith('relay.') ? subject.split('.', 6)[5] : subject.split('.', 5)[4]
}

/** The name of what is told on the `subject` of a user, an organization or an installation: `SyncVault`. */
export function nameIn(subject: string): string {
  // One token more in front: of which installation.
  return subject.split('.', 5)[subject.startsWith('relay.') ? 4 : 3] ?? ''
}

/**
 * The same subjects for whom another server vouches for, the installation `installationId`: what it sends must never
 * reach the users of this one, or of another. `relay.<installation>.user.<id>.SyncVault`
 */
export function relayedSubject(installationId: string, vaultSubject: string): string {
  return `relay.${installationId}.${vaultSubject.slice('vault.'.length)}`
}

/** Between instances of Belfry: what they have to do, and no device is told. */
export const CONTROL_REVOKE = 'vault.control.revoke'

/** That an instance is there, and how much it has said. */
export const CONTROL_PULSE = 'vault.control.pulse'

/** That the database was away, so that more than what was not heard may have been missed. */
export const CONTROL_OUTAGE = 'vault.control.outage'

/** What was taken from a rate limit, which holds for all of them together. */
export const CONTROL_TAKEN = 'vault.control.taken'

/**
 * That a user's devices are others now, or have another push token: `encodeDevicesChanged`. It is for the instance that says
 * it, and not among what all are told: each login would be a message to all machines.
 */
export const CONTROL_DEVICES = 'here.devices'

/** What an instance says to itself: no link between instances may carry it. */
export const ONLY_HERE = 'here.>'

/** Which of a user's devices hear: asked (`encodeHearingQuestion`), and answered for each device (`encodeHearingAnswer`). */
export const CONTROL_WHO_HEARS = 'vault.control.who_hears'
export const CONTROL_HEARS = 'vault.control.hears'

/** All that instances say to each other, and what devices on others are told. */
export const ALL_INSTANCES_SAY: readonly string[] = ['vault.>', 'relay.>']

/** Whether other instances hear what is said on `subject`. */
export const isForAllInstances = (subject: string) => !subject.startsWith('here.')
