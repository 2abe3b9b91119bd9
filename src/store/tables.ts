import type { ColumnType, Generated } from 'kysely'
import type { Timestamp } from './timestamps.ts'

/**
 * The tables that the queries use, by Vaultwarden's names. What an engine's driver gives and takes: timestamps are
 * text (timestamps.ts), flags are booleans going in and booleans or 0/1 coming out, bytes are Uint8Arrays.
 */
export interface Database {
  users: UserTable
  devices: DeviceTable
  folders: FolderTable
  folders_ciphers: { cipher_uuid: string; folder_uuid: string }
  ciphers: CipherTable
  ciphers_collections: { cipher_uuid: string; collection_uuid: string }
  attachments: AttachmentTable
  sends: SendTable
  favorites: { user_uuid: string; cipher_uuid: string }
  archives: { user_uuid: string; cipher_uuid: string; archived_at: Timestamp }
  invitations: { email: string }
  organizations: { uuid: string; name: string; public_key: string | null }
  users_organizations: MembershipTable
  users_collections: { user_uuid: string; collection_uuid: string }
  groups_users: { groups_uuid: string; users_organizations_uuid: string }
  emergency_access: EmergencyAccessTable
  auth_requests: AuthRequestTable
  twofactor: TwoFactorTable
  twofactor_incomplete: IncompleteLoginTable
  sso_users: { user_uuid: string; identifier: string }
  belfry_user_keys: { user_uuid: string; key_id: string; private_key_digest: string }
  belfry_relayed_devices: RelayedDeviceTable
  belfry_relayed_memberships: { installation_id: string; device_id: string; organization_id: string }
  belfry_jobs: { name: string; last_due: Timestamp }
  belfry_signing_key: { id: number; fingerprint: string }
  belfry_announced_attachments: AnnouncedAttachmentTable
  belfry_doomed_files: { kind: string; owner: string; id: string }
  belfry_awaited_send_files: { send_uuid: string; since: Timestamp; claimed: Generated<number> }
  belfry_web_push: WebPushTable
  belfry_push_registrations: PushRegistrationTable
  belfry_push_journal: PushJournalTable
  belfry_vapid_key: { id: number; private_key: string }
  belfry_push_marks: { instance: string; whole_until: Timestamp }
  belfry_heard: { user_uuid: string; device_uuid: string; heard_at: Timestamp }
}

type Flag = ColumnType<boolean | number, boolean, boolean>

export interface UserTable {
  uuid: string
  created_at: Timestamp
  updated_at: Timestamp
  email: string
  name: string
  password_hash: Uint8Array
  salt: Uint8Array
  password_iterations: number
  password_hint: string | null
  akey: string
  private_key: string | null
  public_key: string | null
  totp_recover: string | null
  security_stamp: string
  equivalent_domains: string
  excluded_globals: string
  client_kdf_type: number
  client_kdf_iter: number
  verified_at: Timestamp | null
  last_verifying_at: Timestamp | null
  login_verify_count: number
  email_new: string | null
  email_new_token: string | null
  enabled: Flag
  stamp_exception: string | null
  api_key: string | null
  avatar_color: string | null
  client_kdf_memory: number | null
  client_kdf_parallelism: number | null
}

export interface DeviceTable {
  uuid: string
  created_at: Timestamp
  updated_at: Timestamp
  user_uuid: string
  name: string
  atype: number
  push_token: string | null
  refresh_token: string
  twofactor_remember: string | null
  push_uuid: string | null
}

export interface FolderTable {
  uuid: string
  created_at: Timestamp
  updated_at: Timestamp
  user_uuid: string
  name: string
}

export interface CipherTable {
  uuid: string
  created_at: Timestamp
  updated_at: Timestamp
  user_uuid: string | null
  organization_uuid: string | null
  atype: number
  name: string
  notes: string | null
  fields: string | null
  data: string
  password_history: string | null
  deleted_at: Timestamp | null
  reprompt: number | null
  key: string | null
}

export interface AttachmentTable {
  id: string
  cipher_uuid: string
  file_name: string
  file_size: number
  akey: string | null
}

export interface AnnouncedAttachmentTable extends AttachmentTable {
  user_uuid: string
  announced_at: Timestamp
  /** 1: an upload of it has begun. */
  claimed: Generated<number>
  revision_date: Timestamp
}

export interface SendTable {
  uuid: string
  user_uuid: string | null
  organization_uuid: string | null
  name: string
  notes: string | null
  atype: number
  data: string
  akey: string
  password_hash: Uint8Array | null
  password_salt: Uint8Array | null
  password_iter: number | null
  max_access_count: number | null
  access_count: number
  creation_date: Timestamp
  revision_date: Timestamp
  expiration_date: Timestamp | null
  deletion_date: Timestamp
  disabled: Flag
  hide_email: ColumnType<boolean | number | null, boolean | null, boolean | null>
}

export interface MembershipTable {
  uuid: string
  user_uuid: string
  org_uuid: string
  status: number
  atype: number
  reset_password_key: string | null
}

export interface EmergencyAccessTable {
  uuid: string
  grantor_uuid: string | null
  grantee_uuid: string | null
  email: string | null
  atype: number
  status: number
  wait_time_days: number
  key_encrypted: string | null
}

export interface AuthRequestTable {
  uuid: string
  user_uuid: string
  organization_uuid: string | null
  request_device_identifier: string
  device_type: number
  request_ip: string
  response_device_id: string | null
  access_code: string
  public_key: string
  enc_key: string | null
  master_password_hash: string | null
  approved: ColumnType<boolean | number | null, boolean | null, boolean | null>
  creation_date: Timestamp
  response_date: Timestamp | null
  authentication_date: Timestamp | null
}

export interface TwoFactorTable {
  uuid: string
  user_uuid: string
  atype: number
  enabled: Flag
  data: string
  last_used: number
}

export interface IncompleteLoginTable {
  user_uuid: string
  device_uuid: string
  device_name: string
  login_time: Timestamp
  ip_address: string
  device_type: number
}

export interface RelayedDeviceTable {
  installation_id: string
  device_id: string
  user_id: string
  identifier: string
  type: number
  push_token: string
  registered_at: Timestamp
}

export interface WebPushTable {
  user_uuid: string
  device_uuid: string
  endpoint: string
  p256dh: string
  auth: string
  /** When the device was last known to have a session. */
  seen_at: Timestamp
}

export interface PushRegistrationTable {
  user_uuid: string
  device_uuid: string
  push_id: string
  digest: string
  /** 0 or 1. */
  is_refused: number
}

export interface PushJournalTable {
  /** In the order in which they were saved. */
  number: Generated<number>
  instance: string
  id: string
  content: string
  queued_at: Timestamp
}
