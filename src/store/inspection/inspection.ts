/** What a database is found to be. */
export interface Inspection extends DescribedSchema {
  readonly engine: 'SQLite' | 'PostgreSQL'
  /** What the engine says is damaged; empty: nothing. */
  readonly damage: readonly string[]
  /** `undefined` when there is an objection. */
  readonly content: InspectedContent | undefined
}

/** Whose a database is, and whether this Belfry would open it. */
export interface DescribedSchema {
  /** Why this Belfry would not open it; undefined: it would. */
  readonly objection: string | undefined
  /** Whether Vaultwarden or Belfry has made it; else there is an objection. */
  readonly isVaultwardens: boolean
  /** The last of Vaultwarden's migrations that this Belfry knows. */
  readonly latestVaultwardenVersion: string
  /** How many changes of its own Belfry has made to it, and how many this one makes; 0: only Vaultwarden had it. */
  readonly ownSteps: number
  readonly knownOwnSteps: number
}

export interface InspectedContent {
  readonly users: number
  readonly items: number
  readonly folders: number
  readonly organizations: number
  readonly sends: number
  readonly attachments: readonly ExpectedFile[]
  readonly sendFiles: readonly ExpectedFile[]
  /** SHA-256 of the public key (SubjectPublicKeyInfo) that instances on it sign by, in hex; undefined: none has said. */
  readonly signingKey: string | undefined
  /** Browsers that take Web Push. */
  readonly webPushSubscriptions: number
  /** Whether it has the key that they subscribed with, as it does where instances share it. */
  readonly hasVapidKey: boolean
}

/** What should lie in a `FileFolder`. */
export interface ExpectedFile {
  readonly owner: string
  readonly id: string
  /** Bytes; undefined when the database does not say. */
  readonly size: number | undefined
}
