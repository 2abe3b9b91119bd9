import { boolean } from '../types/boolean.ts'
import { integer } from '../types/integer.ts'
import { mailDomains } from '../types/lists.ts'
import { setting } from './setting.ts'

const MAX_UINT32 = 2 ** 32 - 1

/** Who may have an account, and what its owner may do with it; a part of the settings of the vault. */
export const signUpSettings = {
  signupsAllowed: setting({
    key: 'vault.signups_allowed',
    variable: 'SIGNUPS_ALLOWED',
    type: boolean,
    default: true,
    help: 'Whether anybody may create an account.',
  }),
  signupsDomainsWhitelist: setting<readonly string[]>({
    key: 'vault.signups_domains_whitelist',
    variable: 'SIGNUPS_DOMAINS_WHITELIST',
    type: mailDomains,
    default: [],
    help: 'When set, who has an e-mail address in one of these domains may create an account, and `signups_allowed` is not asked.',
  }),
  signupsVerify: setting({
    key: 'vault.signups_verify',
    variable: 'SIGNUPS_VERIFY',
    type: boolean,
    default: false,
    help: 'Whether e-mail addresses must be proven: before there is an account, and before an older one can be used. Needs mail.',
  }),
  signupsVerifyResendTime: setting({
    key: 'vault.signups_verify_resend_time',
    variable: 'SIGNUPS_VERIFY_RESEND_TIME',
    type: integer({ min: 0, max: MAX_UINT32, unit: 'seconds' }),
    default: 3600,
    help: 'How long to wait before the mail that proves an address is sent again at a login.',
  }),
  signupsVerifyResendLimit: setting({
    key: 'vault.signups_verify_resend_limit',
    variable: 'SIGNUPS_VERIFY_RESEND_LIMIT',
    type: integer({ min: 0, max: MAX_UINT32 }),
    default: 6,
    help: 'How often that mail is sent again. 0: without end.',
  }),
  invitationsAllowed: setting({
    key: 'vault.invitations_allowed',
    variable: 'INVITATIONS_ALLOWED',
    type: boolean,
    default: true,
    help: 'Whether invited people may create an account although sign-up is closed.',
  }),
  invitationExpirationHours: setting({
    key: 'vault.invitation_expiration_hours',
    variable: 'INVITATION_EXPIRATION_HOURS',
    type: integer({ min: 1, max: 876_000, unit: 'hours' }),
    default: 120,
    help: 'How long what is sent by mail is good: links that prove an address or delete an account.',
  }),
  passwordHintsAllowed: setting({
    key: 'vault.password_hints_allowed',
    variable: 'PASSWORD_HINTS_ALLOWED',
    type: boolean,
    default: true,
    help: 'Whether users may have a password hint, which is sent to them by mail when they ask for it.',
  }),
  showPasswordHint: setting({
    key: 'vault.show_password_hint',
    variable: 'SHOW_PASSWORD_HINT',
    type: boolean,
    default: false,
    help: 'Whether hints are shown to everybody who asks for one, where they cannot be sent by mail. Do not set this on a server that others can reach.',
  }),
  emailChangeAllowed: setting({
    key: 'vault.email_change_allowed',
    variable: 'EMAIL_CHANGE_ALLOWED',
    type: boolean,
    default: true,
    help: 'Whether users may change the e-mail address of their account.',
  }),
  requireDeviceEmail: setting({
    key: 'vault.require_device_email',
    variable: 'REQUIRE_DEVICE_EMAIL',
    type: boolean,
    default: false,
    help: 'Whether a login from a new device fails when its user cannot be told of it by mail. Needs mail.',
  }),
}
