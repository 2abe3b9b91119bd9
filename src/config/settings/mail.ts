import type { SmtpSettings } from '#vault'
import { boolean } from '../types/boolean.ts'
import { smtpSecurity } from '../types/choices.ts'
import { integer } from '../types/integer.ts'
import { smtpMechanisms } from '../types/lists.ts'
import { line, mailAddress, timeZone } from '../types/mail.ts'
import { secret } from '../types/secret.ts'
import { host, path } from '../types/text.ts'
import { optional, setting } from './setting.ts'

/** How mail leaves; a part of the settings of the vault. */
export const mailSettings = {
  enableSmtp: setting({
    key: 'vault.enable_smtp',
    variable: '_ENABLE_SMTP',
    type: boolean,
    default: true,
    help: 'Whether mail is sent at all. It also takes `smtp_host` or `use_sendmail`.',
  }),
  smtpHost: optional({
    key: 'vault.smtp_host',
    variable: 'SMTP_HOST',
    type: host,
    defaultText: 'none: no mail is sent',
    help: 'The mail server. `smtp_from` must be set as well.',
  }),
  smtpFrom: optional({
    key: 'vault.smtp_from',
    variable: 'SMTP_FROM',
    type: mailAddress,
    defaultText: 'none',
    help: 'Address of the sender.',
  }),
  smtpFromName: setting({
    key: 'vault.smtp_from_name',
    variable: 'SMTP_FROM_NAME',
    type: line('name'),
    default: 'Belfry',
    help: 'Name of the sender.',
  }),
  smtpSecurity: optional({
    key: 'vault.smtp_security',
    variable: 'SMTP_SECURITY',
    type: smtpSecurity,
    defaultText: '`starttls`',
    help: 'How the connection to the mail server is encrypted: by STARTTLS, without which no mail is sent; from its beginning; not at all.',
  }),
  smtpSsl: optional({
    key: 'vault.smtp_ssl',
    variable: 'SMTP_SSL',
    type: boolean,
    defaultText: 'none',
    help: 'Old name: `false` means `smtp_security: "off"`.',
  }),
  smtpExplicitTls: optional({
    key: 'vault.smtp_explicit_tls',
    variable: 'SMTP_EXPLICIT_TLS',
    type: boolean,
    defaultText: 'none',
    help: 'Old name: `true` means `smtp_security: "force_tls"`.',
  }),
  smtpPort: optional({
    key: 'vault.smtp_port',
    variable: 'SMTP_PORT',
    type: integer({ min: 1, max: 65_535 }),
    defaultText: '`587` with `starttls`, `465` with `force_tls`, `25` with `off`',
    help: 'Port of the mail server.',
  }),
  smtpUsername: optional({
    key: 'vault.smtp_username',
    variable: 'SMTP_USERNAME',
    type: line('text'),
    defaultText: 'none: no login',
    help: 'User at the mail server. `smtp_password` must be set as well.',
  }),
  smtpPassword: optional({
    key: 'vault.smtp_password',
    variable: 'SMTP_PASSWORD',
    type: secret('password'),
    defaultText: 'none',
    help: 'Password of that user.',
  }),
  smtpAuthMechanism: setting<SmtpSettings['authMechanisms']>({
    key: 'vault.smtp_auth_mechanism',
    variable: 'SMTP_AUTH_MECHANISM',
    type: smtpMechanisms,
    default: [],
    defaultText: 'what the server offers',
    help: 'How to log in to the mail server, in the order of preference.',
  }),
  smtpTimeout: setting({
    key: 'vault.smtp_timeout',
    variable: 'SMTP_TIMEOUT',
    type: integer({ min: 1, max: 3600, unit: 'seconds' }),
    default: 15,
    help: 'How long the mail server may take to answer.',
  }),
  heloName: optional({
    key: 'vault.helo_name',
    variable: 'HELO_NAME',
    type: host,
    defaultText: 'the name of this machine',
    help: 'What Belfry calls itself when it greets the mail server.',
  }),
  smtpEmbedImages: setting({
    key: 'vault.smtp_embed_images',
    variable: 'SMTP_EMBED_IMAGES',
    type: boolean,
    default: true,
    help: 'Whether images come with the mail, and are not fetched from `domain` by whoever reads it.',
  }),
  smtpDebug: setting({
    key: 'vault.smtp_debug',
    variable: 'SMTP_DEBUG',
    type: boolean,
    default: false,
    help: 'Whether the talk with the mail server is logged.',
  }),
  smtpAcceptInvalidCerts: setting({
    key: 'vault.smtp_accept_invalid_certs',
    variable: 'SMTP_ACCEPT_INVALID_CERTS',
    type: boolean,
    default: false,
    help: 'Whether any certificate of the mail server will do. Whoever sits between can then read and change what is sent.',
  }),
  smtpAcceptInvalidHostnames: setting({
    key: 'vault.smtp_accept_invalid_hostnames',
    variable: 'SMTP_ACCEPT_INVALID_HOSTNAMES',
    type: boolean,
    default: false,
    help: 'Whether the certificate of the mail server may be for another name.',
  }),
  useSendmail: setting({
    key: 'vault.use_sendmail',
    variable: 'USE_SENDMAIL',
    type: boolean,
    default: false,
    help: 'Whether mail is handed to a program on this machine instead of `smtp_host`.',
  }),
  sendmailCommand: optional({
    key: 'vault.sendmail_command',
    variable: 'SENDMAIL_COMMAND',
    type: path('name or path of a program'),
    defaultText: '`sendmail`',
    help: 'That program. Without a path it is looked for in `PATH`.',
  }),
  templatesFolder: optional({
    key: 'vault.templates_folder',
    variable: 'TEMPLATES_FOLDER',
    type: path(),
    defaultText: '`<data_folder>/templates`',
    help: "Where the operator's own texts of mails are looked for. See [Mail](mail.md).",
  }),
  reloadTemplates: setting({
    key: 'vault.reload_templates',
    variable: 'RELOAD_TEMPLATES',
    type: boolean,
    default: false,
    help: 'Whether these are read again for every mail.',
  }),
  timeZone: optional({
    key: 'vault.time_zone',
    variable: 'TZ',
    type: timeZone,
    defaultText: 'UTC',
    help: 'For the times in mails.',
  }),
}
