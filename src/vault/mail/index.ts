import type { MailSettings } from '../settings.ts'
import type { Mailer } from './letters.ts'
import type { MailTools } from './mailer.ts'

export type { LetterName, Letters, Mailer } from './letters.ts'
export type { MailTools } from './mailer.ts'

/** A mailer that loads what it needs, SMTP and templates, with its first letter. */
export function createMailer(settings: MailSettings, tools: MailTools): Mailer {
  let office: Promise<Mailer> | undefined
  const open = async () => new (await import('./mailer.ts')).PostOffice(settings, tools)
  return {
    async send(...letter) {
      office ??= open()
      await (await office).send(...letter)
    },
    giveUp() {
      void office?.then((opened) => opened.giveUp())
    },
    async close() {
      await (await office)?.close()
    },
  }
}
