/** What the statements of the steps must say differently on each engine. */
export interface OwnTypes {
  /** A type that keeps `formatTimestamp`'s text or what equals it. */
  readonly timestamp: string
  /** Put behind a table whose rows are looked up by nothing but their primary key. */
  readonly keyedByPrimaryKey: string
  /** A primary key that numbers rows in the order of their insertion. */
  readonly numbered: string
}

/**
 * What Belfry keeps beside Vaultwarden's tables, which Vaultwarden never looks at. No foreign keys into its tables:
 * they would stand in the way of its deletes. `belfry_schema` has one row for each of these steps that was taken;
 * a step is never edited, a change is a further step.
 */
export const ownSteps = (types: OwnTypes): readonly (readonly string[])[] => [
  [
    `CREATE TABLE belfry_schema (version INTEGER NOT NULL PRIMARY KEY)`,
    `CREATE TABLE belfry_user_keys (user_uuid TEXT NOT NULL PRIMARY KEY, key_id TEXT NOT NULL)`,
  ],
  // Ids from before say nothing of their key, and none has this digest: clients tell them again.
  [`ALTER TABLE belfry_user_keys ADD COLUMN private_key_digest TEXT NOT NULL DEFAULT ''`],
  [
    `CREATE TABLE belfry_relayed_devices (
      installation_id TEXT NOT NULL,
      device_id TEXT NOT NULL,
      user_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      type INTEGER NOT NULL,
      push_token TEXT NOT NULL,
      registered_at TEXT NOT NULL,
      PRIMARY KEY (installation_id, device_id)
    )`,
    `CREATE INDEX belfry_relayed_devices_user ON belfry_relayed_devices (installation_id, user_id, identifier)`,
    `CREATE INDEX belfry_relayed_devices_age ON belfry_relayed_devices (installation_id, registered_at)`,
    `CREATE TABLE belfry_relayed_memberships (
      installation_id TEXT NOT NULL,
      device_id TEXT NOT NULL,
      organization_id TEXT NOT NULL,
      PRIMARY KEY (installation_id, device_id, organization_id)
    )`,
  ],
  [
    `CREATE TABLE belfry_heard (
  user_uuid TEXT NOT NULL,
  device_uuid TEXT NOT NULL,
  heard_at ${types.timestamp} NOT NULL,
  PRIMARY KEY (user_uuid, device_uuid)
) ${types.keyedByPrimaryKey}`,
  ],
  [`CREATE TABLE belfry_jobs (name TEXT NOT NULL PRIMARY KEY, last_due ${types.timestamp} NOT NULL)`],
  // At most one row.
  [`CREATE TABLE belfry_signing_key (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), fingerprint TEXT NOT NULL)`],
  [
    `CREATE TABLE belfry_announced_attachments (
  id TEXT NOT NULL PRIMARY KEY,
  cipher_uuid TEXT NOT NULL,
  user_uuid TEXT NOT NULL,
  file_name TEXT NOT NULL,
  file_size BIGINT NOT NULL,
  akey TEXT,
  announced_at ${types.timestamp} NOT NULL,
  revision_date ${types.timestamp} NOT NULL
)`,
    `CREATE INDEX belfry_announced_attachments_user ON belfry_announced_attachments (user_uuid)`,
    `CREATE INDEX belfry_announced_attachments_cipher ON belfry_announced_attachments (cipher_uuid)`,
    `CREATE TABLE belfry_awaited_send_files (send_uuid TEXT NOT NULL PRIMARY KEY, since ${types.timestamp} NOT NULL)`,
  ],
  [
    `ALTER TABLE belfry_announced_attachments ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0`,
    // Without an `id` it is all files of that owner.
    `CREATE TABLE belfry_doomed_files (
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (owner, id)
) ${types.keyedByPrimaryKey}`,
  ],
  [`ALTER TABLE belfry_awaited_send_files ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0`],
  [
    // These two outlive their device and its user, who have yet to be told that they are logged out.
    `CREATE TABLE belfry_web_push (
  user_uuid TEXT NOT NULL,
  device_uuid TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  p256dh TEXT NOT NULL,
  auth TEXT NOT NULL,
  seen_at ${types.timestamp} NOT NULL,
  PRIMARY KEY (user_uuid, device_uuid)
)`,
    `CREATE TABLE belfry_push_registrations (
  user_uuid TEXT NOT NULL,
  device_uuid TEXT NOT NULL,
  push_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  is_refused INTEGER NOT NULL,
  PRIMARY KEY (user_uuid, device_uuid)
) ${types.keyedByPrimaryKey}`,
    `CREATE TABLE belfry_push_journal (
  number ${types.numbered},
  instance TEXT NOT NULL,
  id TEXT NOT NULL,
  content TEXT NOT NULL,
  queued_at ${types.timestamp} NOT NULL
)`,
    `CREATE UNIQUE INDEX belfry_push_journal_id ON belfry_push_journal (instance, id)`,
    `CREATE TABLE belfry_push_marks (instance TEXT NOT NULL PRIMARY KEY, whole_until ${types.timestamp} NOT NULL)`,
  ],
  // At most one row.
  [`CREATE TABLE belfry_vapid_key (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), private_key TEXT NOT NULL)`],
]

/**
 * Rows of ours whose subject Vaultwarden has deleted while it had the database. Run at every start: a device that logs in
 * anew must not find what was remembered of another by its name.
 */
export const ownCleanups: readonly string[] = [
  `DELETE FROM belfry_heard WHERE NOT EXISTS (
  SELECT * FROM devices WHERE devices.uuid = belfry_heard.device_uuid AND devices.user_uuid = belfry_heard.user_uuid
)`,
]

/**
 * Indexes on Vaultwarden's tables for what is looked up all the time, and for the foreign keys that are checked when a
 * cipher or folder goes. They change nothing that Vaultwarden sees. Made again at every start if they are not there,
 * because they vanish with a table that one of Vaultwarden's later migrations builds anew.
 */
export const ownIndexes: readonly { readonly name: string; readonly columns: string }[] = [
  ['belfry_ciphers_user', 'ciphers (user_uuid, uuid)'],
  ['belfry_folders_user', 'folders (user_uuid)'],
  ['belfry_folders_ciphers_folder', 'folders_ciphers (folder_uuid)'],
  ['belfry_favorites_cipher', 'favorites (cipher_uuid)'],
  ['belfry_archives_cipher', 'archives (cipher_uuid)'],
  ['belfry_attachments_cipher', 'attachments (cipher_uuid)'],
  ['belfry_ciphers_trash', 'ciphers (deleted_at) WHERE deleted_at IS NOT NULL'],
  ['belfry_sends_user', 'sends (user_uuid)'],
  ['belfry_sends_deletion', 'sends (deletion_date)'],
  ['belfry_auth_requests_user', 'auth_requests (user_uuid)'],
  ['belfry_devices_user', 'devices (user_uuid)'],
  ['belfry_devices_phones', "devices (user_uuid) WHERE push_token <> ''"],
  ['belfry_users_organizations_org', 'users_organizations (org_uuid)'],
  ['belfry_devices_refresh_token', 'devices (refresh_token)'],
  // The beginning of it: PostgreSQL refuses what is too long for an index.
  ['belfry_devices_push_token', 'devices (substr(push_token, 1, 64)) WHERE push_token IS NOT NULL'],
].map(([name = '', columns = '']) => ({ name, columns }))
