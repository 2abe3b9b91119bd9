import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { MailSettings, SmtpSettings } from '#vault'
import type { Problems } from './language/index.ts'
import { schema } from './settings/schema.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { Choice } from './values.ts'

const { vault } = schema

const DEFAULT_PORTS = { starttls: 587, force_tls: 465, off: 25 } as const

/** How mail leaves; `undefined` when none does. The rules are Vaultwarden's. */
export function assembleMail(
  choose: Choice,
  { dataFolder, surroundings, problems }: { dataFolder: string; surroundings: Surroundings; problems: Problems },
): MailSettings | undefined {
  const { cwd } = surroundings
  const host = choose(vault.smtpHost)
  const from = choose(vault.smtpFrom)
  const usesSendmail = choose(vault.useSendmail)
  if (!choose(vault.enableSmtp)) return undefined
  if (!usesSendmail && (host === undefined) !== (from === undefined)) {
    problems.error('SMTP_HOST and SMTP_FROM must be set together')
    return undefined
  }
  if (host === undefined && !usesSendmail) return undefined
  if (from === undefined) {
    problems.error('SMTP_FROM must be set when USE_SENDMAIL is true')
    return undefined
  }
  return {
    transport: usesSendmail ? { kind: 'sendmail', command: sendmailCommand() } : smtp(host!),
    from,
    fromName: choose(vault.smtpFromName),
    templatesFolder: resolve(cwd, choose(vault.templatesFolder) ?? join(dataFolder, 'templates')),
    reloadsTemplates: choose(vault.reloadTemplates),
    embedsImages: choose(vault.smtpEmbedImages),
    timeZone: choose(vault.timeZone),
  }

  function smtp(host: string): SmtpSettings {
    const username = choose(vault.smtpUsername)
    const password = choose(vault.smtpPassword)
    if ((username === undefined) !== (password === undefined)) {
      problems.error('SMTP_USERNAME and SMTP_PASSWORD must be set together')
    }
    const security = choose(vault.smtpSecurity) ?? oldSecurity()
    return {
      kind: 'smtp',
      host,
      port: choose(vault.smtpPort) ?? DEFAULT_PORTS[security],
      security,
      username,
      password,
      authMechanisms: choose(vault.smtpAuthMechanism),
      timeoutMs: choose(vault.smtpTimeout) * 1000,
      heloName: choose(vault.heloName),
      debug: choose(vault.smtpDebug),
      acceptsInvalidCertificates: choose(vault.smtpAcceptInvalidCerts),
      acceptsInvalidHostnames: choose(vault.smtpAcceptInvalidHostnames),
    }
  }

  /** What two older variables mean together. */
  function oldSecurity(): SmtpSettings['security'] {
    const ssl = choose(vault.smtpSsl)
    const explicitTls = choose(vault.smtpExplicitTls)
    if (ssl !== undefined || explicitTls !== undefined) {
      problems.warning('SMTP_SSL and SMTP_EXPLICIT_TLS are old names: set SMTP_SECURITY instead')
    }
    if (explicitTls) return 'force_tls'
    return ssl === false ? 'off' : 'starttls'
  }

  function sendmailCommand(): string {
    const command = choose(vault.sendmailCommand) ?? 'sendmail'
    const searched = (surroundings.environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
    const places = isAbsolute(command) ? [command] : [...searched, ...(command.includes('/') ? [cwd] : [])]
    const found = places.map((place) => resolve(cwd, place, isAbsolute(command) ? '' : command)).find(isProgram)
    if (found === undefined) problems.error(`SENDMAIL_COMMAND: there is no program "${command}"`)
    return found ?? command
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
