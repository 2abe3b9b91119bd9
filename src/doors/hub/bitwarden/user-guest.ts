import { allFor } from '#notify'
import type { HubConnection } from '../connection/connection.ts'
import type { Guest } from '../hub.ts'

/** Whom a token stands for on the hub of the users. */
export interface HubSession {
  readonly user: { readonly id: string }
  /** By its own name for itself. */
  readonly device: { readonly id: string }
  /** `Web`, `Browser`, `Desktop`, `Mobile` or `Cli`. */
  readonly clientType?: string | undefined
  /** Ids of the organizations that the user belongs to. */
  readonly organizations?: readonly string[] | undefined
  /** In place of all others: what somebody hears whom another server vouches for. */
  readonly subjects?: readonly string[] | undefined
  /** That server. Absent: this one, or the one whose hub this is. */
  readonly realm?: string | undefined
  /** That the session holds for, where it is one of our database: it is looked at again once the device hears. */
  readonly securityStamp?: string | undefined
}

const ORGANIZATIONS = allFor({ kind: 'organization', id: '' }).slice(0, -'.>'.length)

/** A device on the hub of the users. */
export class UserGuest implements Guest {
  /** Of users of other servers with their realm: they may have any id, also one of ours. */
  readonly userId: string
  /** As its app knows the user. */
  readonly accountId: string
  readonly deviceId: string
  readonly clientType: string | undefined
  /** Whether its user is one of ours, and not of a server that we speak for. */
  readonly isOwn: boolean
  /** Whether its session is in our database. */
  readonly isKept: boolean
  /** Of its session; `undefined` where that is not kept. */
  readonly securityStamp: string | undefined
  /**
   * What it was told up to then does not count as heard by having heard something before. Infinity: it is not known yet
   * what it missed. Milliseconds since the Unix epoch.
   */
  missedUntilMs = Number.POSITIVE_INFINITY
  /** The mark that is written, or will be. Milliseconds since the Unix epoch. */
  markedMs = 0
  /** The last change of its account that was found in the database. Milliseconds since the Unix epoch. */
  changeMs = 0
  #subjects: readonly string[]

  constructor(session: HubSession, installationId: string | undefined) {
    const { user, device, clientType, organizations = [], subjects, realm, securityStamp } = session
    this.userId = realm === undefined ? user.id : `${realm}/${user.id}`
    this.accountId = user.id
    this.deviceId = device.id
    this.clientType = clientType
    this.isOwn = subjects === undefined
    this.isKept = securityStamp !== undefined
    this.securityStamp = securityStamp
    this.#subjects = subjects ?? [
      allFor({ kind: 'user', id: user.id }),
      ...organizationSubjects(organizations),
      ...(installationId === undefined ? [] : [allFor({ kind: 'installation', id: installationId })]),
    ]
  }

  get subjects(): readonly string[] {
    return this.#subjects
  }

  /** Of the organizations that it hears of. */
  get organizationSubjects(): readonly string[] {
    return this.#subjects.filter((subject) => subject.startsWith(ORGANIZATIONS))
  }

  /** From now on it hears of these, and of everything else as before. */
  set organizationSubjects(subjects: readonly string[]) {
    this.#subjects = [...this.#subjects.filter((subject) => !subject.startsWith(ORGANIZATIONS)), ...subjects]
  }
}

export const organizationSubjects = (ids: readonly string[]): string[] =>
  ids.map((id) => allFor({ kind: 'organization', id }))

/** Nobody else is admitted to the hub of the users. */
export const userGuestOf = ({ guest }: HubConnection): UserGuest => guest as UserGuest

/** Those who are in, as the hub's endpoint knows them. */
export interface Attendance {
  readonly connections: Iterable<HubConnection> & {
    /** Those that have not begun to end. */
    ofUser(userId: string): Iterable<HubConnection>
  }
  readonly groups: {
    join(connection: HubConnection, subject: string): void
    leave(connection: HubConnection, subject: string): void
  }
}
