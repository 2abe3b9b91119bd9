import { randomUUID } from 'node:crypto'
import { domainToASCII } from 'node:url'
import MailComposer from 'nodemailer/lib/mail-composer'
import { parseEmail } from '../email-address.ts'
import { IMAGES } from './images.ts'
import type { RenderedLetter } from './templates.ts'

/** A letter as it travels, and between whom. */
export interface Message {
  readonly from: string
  readonly to: string
  readonly bytes: Buffer
}

/** Takes one message away. Rejects when it cannot, and as soon as `signal` is aborted. */
export type Carrier = (message: Message, signal: AbortSignal) => Promise<void>

export interface MessageOptions {
  readonly from: string
  readonly fromName: string
  readonly to: string
  readonly letter: RenderedLetter
  readonly embedsImages: boolean
}

/** Makes the letter a message, in plain text and HTML. Rejects when an address is none. */
export async function composeMessage(options: MessageOptions): Promise<Message> {
  const { letter, fromName, embedsImages } = options
  const from = wireAddress(options.from)
  const to = wireAddress(options.to)
  const composer = new MailComposer({
    from: { name: fromName, address: from },
    to: { name: '', address: to },
    messageId: `<${randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // RFC 3834 §5: nobody's answering machine needs to reply.
    headers: { 'Auto-Submitted': 'auto-generated' },
    ...letter,
    attachments: embedsImages ? imagesOf(letter.html) : [],
    // Whatever a template says: a letter is made of nothing but itself.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { from, to, bytes: await composer.compile().build() }
}

/** The address with its domain in ASCII. Throws for what could be more than one address, or none. */
function wireAddress(text: string): string {
  const address = parseEmail(text)
  const at = address.lastIndexOf('@')
  return `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1))}`
}

/** Those that the HTML shows by `cid:`. */
const imagesOf = (html: string) =>
  Object.entries(IMAGES)
    .filter(([name]) => html.includes(`cid:${name}`))
    .map(([filename, content]) => ({
      filename,
      cid: filename,
      content,
      contentType: 'image/png',
      contentDisposition: 'inline',
    }))
