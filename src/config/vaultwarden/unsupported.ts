/** Settings of Vaultwarden that Belfry lacks for the same reason. */
export interface UnsupportedGroup {
  /** Goes on from "this version of Belfry". */
  readonly lack: string
  /** By variable, what Vaultwarden does when nobody sets it; `undefined` when there is no such value. */
  readonly defaults: Readonly<Record<string, Default | readonly Default[]>>
}

export type Default = string | number | boolean | undefined

/**
 * Everything that Vaultwarden reads and Belfry does not. (`spec/vault.md` §6) Left out are names with an underscore in
 * front, which switch off what is not here or are written by Vaultwarden itself, and names it works out of others.
 */
export const UNSUPPORTED: readonly UnsupportedGroup[] = [
  {
    lack: 'has no Duo',
    defaults: {
      DUO_USE_IFRAME: false,
      DUO_IKEY: undefined,
      DUO_SKEY: undefined,
      DUO_HOST: undefined,
      DUO_CONTEXT_PURGE_SCHEDULE: '30 * * * * *',
    },
  },
  {
    lack: 'has no single sign-on',
    defaults: {
      SSO_ENABLED: false,
      SSO_SIGNUPS_MATCH_EMAIL: true,
      SSO_ALLOW_UNKNOWN_EMAIL_VERIFICATION: false,
      SSO_CLIENT_ID: undefined,
      SSO_CLIENT_SECRET: undefined,
      SSO_AUTHORITY: undefined,
      SSO_SCOPES: 'email profile',
      SSO_AUTHORIZE_EXTRA_PARAMS: undefined,
      SSO_PKCE: true,
      SSO_AUDIENCE_TRUSTED: undefined,
      SSO_MASTER_PASSWORD_POLICY: undefined,
      SSO_AUTH_ONLY_NOT_SESSION: false,
      SSO_CLIENT_CACHE_EXPIRATION: 0,
      SSO_DEBUG_TOKENS: false,
      PURGE_INCOMPLETE_SSO_AUTH: '0 20 0 * * *',
    },
  },
  {
    lack: 'has no organizations',
    defaults: {
      ORG_CREATION_USERS: [undefined, 'all'],
      ORG_EVENTS_ENABLED: false,
      EVENTS_DAYS_RETAIN: undefined,
      EVENT_CLEANUP_SCHEDULE: '0 10 0 * * *',
      ORG_GROUPS_ENABLED: false,
      ENFORCE_SINGLE_ORG_WITH_RESET_PW_POLICY: false,
      ORG_ATTACHMENT_LIMIT: undefined,
      INVITATION_ORG_NAME: 'Vaultwarden',
      EMAIL_2FA_ENFORCE_ON_VERIFIED_INVITE: false,
      // Of members whom a policy of theirs would send away for want of a second factor.
      EMAIL_2FA_AUTO_FALLBACK: false,
    },
  },
  {
    lack: 'has no emergency access',
    defaults: {
      EMERGENCY_ACCESS_ALLOWED: true,
      EMERGENCY_NOTIFICATION_REMINDER_SCHEDULE: '0 3 * * * *',
      EMERGENCY_REQUEST_TIMEOUT_SCHEDULE: '0 7 * * * *',
    },
  },
  { lack: 'asks nobody about passwords that have leaked', defaults: { HIBP_API_KEY: undefined } },
  {
    lack: 'logs to standard error only, in a form of its own',
    defaults: {
      LOG_FILE: undefined,
      LOG_TIMESTAMP_FORMAT: '%Y-%m-%d %H:%M:%S.%3f',
      EXTENDED_LOGGING: true,
      USE_SYSLOG: false,
    },
  },
  { lack: 'keeps what is uploaded beside the files that are there', defaults: { TMP_FOLDER: undefined } },
  { lack: 'opens its SQLite database in a way of its own', defaults: { ENABLE_DB_WAL: true } },
  { lack: 'is not built on Rocket', defaults: { ROCKET_WORKERS: undefined, ROCKET_LIMITS: undefined } },
]
