import type { LetterName } from './letters.ts'

/** Where a template's subject ends and its body begins, as in Vaultwarden's. */
export const DIVIDER = '<!---------------->'

/** Sources of templates by their names, without `.hbs`. */
export type TemplateSources = ReadonlyMap<string, string>

interface OwnLetter {
  readonly subject: string
  readonly body: readonly Block[]
}

/** A paragraph, a link that stands alone, a code to be typed in, or facts with their names. */
type Block =
  | string
  | { readonly link: string; readonly to: string }
  | { readonly code: string }
  | { readonly facts: Readonly<Record<string, string>> }

const UNASKED = 'If this was not you, you need not do anything: without this message nothing will happen.'
const LOGIN_FACTS = {
  When: '{{datetime}}',
  'IP address': '{{ip}}',
  Device: '{{device_name}} ({{device_type}})',
}
const VERIFY_LINK = '{{url}}/#/verify-email/?userId={{user_id}}&token={{token}}'
const START_OVER =
  'Without the master password nobody can read your vault, not even we. If you cannot remember it, all that is left is to delete the account with everything in it, and to start anew.'
const START_OVER_LINK = { link: 'Delete the account', to: '{{url}}/#/recover-delete' }

const LETTERS: Record<LetterName, OwnLetter> = {
  welcome: {
    subject: 'Welcome to your vault',
    body: ['Your account is there, and you can log in.', { link: 'Log in', to: '{{url}}/' }],
  },
  welcome_must_verify: {
    subject: 'Welcome to your vault',
    body: [
      'Your account is there. Before you can log in, show us that this address is yours.',
      { link: 'This is my address', to: VERIFY_LINK },
      'If you have not created an account, do not follow the link.',
    ],
  },
  verify_email: {
    subject: 'Is this your address?',
    body: [
      'Your account has this address. Show us that it is yours.',
      { link: 'This is my address', to: VERIFY_LINK },
      UNASKED,
    ],
  },
  register_verify_email: {
    subject: 'Go on with your registration',
    body: [
      'Somebody, probably you, wants an account for this address. The link is good for half an hour.',
      { link: 'Create my account', to: '{{url}}' },
      UNASKED,
    ],
  },
  change_email: {
    subject: 'Your new address',
    body: [
      'To make this the address of your account, enter this code in your settings:',
      { code: '{{token}}' },
      UNASKED,
    ],
  },
  change_email_existing: {
    subject: 'Your address is in use',
    body: [
      'The user {{acting_address}} wanted to change to this address, {{existing_address}}. There is an account of this address, so that was refused.',
      'If you have two accounts and this was you, delete the one that you do not need first. If it was not you, you need not do anything.',
    ],
  },
  change_email_invited: {
    subject: 'Your address is invited',
    body: [
      'The user {{acting_address}} wanted to change to this address, {{existing_address}}. That was refused, because this address has been invited.',
      'If this was you, delete the invited account first. You will have to be invited again.',
      START_OVER_LINK,
      'If it was not you, you need not do anything.',
    ],
  },
  delete_account: {
    subject: 'Delete your account?',
    body: [
      'This link leads to the end of your account. Everything in it will be deleted, and nothing brings it back.',
      {
        link: 'Delete my account',
        to: '{{url}}/#/verify-recover-delete?userId={{user_id}}&token={{token}}&email={{email}}',
      },
      UNASKED,
    ],
  },
  pw_hint_none: {
    subject: 'Your password hint',
    body: [
      'Somebody, probably you, asked for the hint to your master password. There is none.',
      START_OVER,
      START_OVER_LINK,
    ],
  },
  pw_hint_some: {
    subject: 'Your password hint',
    body: [
      'Somebody, probably you, asked for the hint to your master password. It is:',
      { code: '{{hint}}' },
      { link: 'Log in', to: '{{url}}/' },
      START_OVER,
      START_OVER_LINK,
    ],
  },
  twofactor_email: {
    subject: 'Your login code',
    body: [
      'To log in, enter this code:',
      { code: '{{token}}' },
      'If you are not logging in, somebody knows your master password. Change it.',
    ],
  },
  protected_action: {
    subject: 'Your confirmation code',
    body: [
      'To confirm that it is you, enter this code:',
      { code: '{{token}}' },
      'If you have not asked for it, somebody has one of your devices. End its session in your settings.',
    ],
  },
  new_device_logged_in: {
    subject: 'New login from {{{device_name}}}',
    body: [
      'Your account was opened on a device that had not opened it before.',
      { facts: LOGIN_FACTS },
      'If this was not you, change your master password at once and deauthorize all sessions in your settings.',
      { link: 'Open the settings', to: '{{url}}/' },
    ],
  },
  incomplete_2fa_login: {
    subject: 'Unfinished login from {{{device_name}}}',
    body: [
      'Somebody had the right master password, but did not bring the second factor within {{time_limit}} minutes.',
      { facts: LOGIN_FACTS },
      'If this was not you, your master password is known to somebody. Change it at once.',
    ],
  },
}

const PARAGRAPH = 'margin:0 0 16px'
const BUTTON =
  'display:inline-block;padding:10px 20px;border-radius:6px;background:#2f5d8a;color:#ffffff;text-decoration:none'
const CODE = 'font-family:monospace;font-size:22px;letter-spacing:2px'

/** What stands around every body. The names are those by which an operator's templates ask for them. */
const PARTS: Record<string, string> = {
  'email/email_header': `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px 12px;background:#f4f4f2;color:#222222;font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:24px">
<div style="max-width:560px;margin:0 auto">
<p style="${PARAGRAPH};text-align:center"><img src="{{img_src}}logo-gray.png" alt="Belfry" width="190" height="39"></p>
<div style="padding:24px;background:#ffffff;border:1px solid #e2e2de;border-radius:6px">
`,
  'email/email_footer': `</div>
<p style="margin:16px 0;text-align:center;color:#777777;font-size:13px">Sent by Belfry, because of what was done with an account of this address.</p>
</div>
</body>
</html>`,
  'email/email_footer_text': `
--
Sent by Belfry, because of what was done with an account of this address.`,
}

/** Our own templates: each letter as `email/<name>` and `email/<name>.html`, and the parts they share. */
export function ownTemplates(): TemplateSources {
  const sources = new Map(Object.entries(PARTS))
  for (const [name, { subject, body }] of Object.entries(LETTERS)) {
    const text = `${body.map(textOf).join('\n\n')}\n{{> email/email_footer_text}}`
    const html = `{{> email/email_header}}\n${body.map(htmlOf).join('\n')}\n{{> email/email_footer}}`
    sources.set(`email/${name}`, `${subject}\n${DIVIDER}\n${text}`)
    sources.set(`email/${name}.html`, `${subject}\n${DIVIDER}\n${html}`)
  }
  return sources
}

function textOf(block: Block): string {
  if (typeof block === 'string') return block
  if ('link' in block) return `${block.link}: ${block.to}`
  if ('code' in block) return block.code
  return Object.entries(block.facts)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

function htmlOf(block: Block): string {
  if (typeof block === 'string') return `<p style="${PARAGRAPH}">${block}</p>`
  if ('link' in block) {
    const to = block.to.replaceAll('&', '&amp;')
    return `<p style="${PARAGRAPH}"><a href="${to}" style="${BUTTON}">${block.link}</a></p>`
  }
  if ('code' in block) return `<p style="${PARAGRAPH}"><b style="${CODE}">${block.code}</b></p>`
  const facts = Object.entries(block.facts).map(([name, value]) => `${name}: ${value}`)
  return `<p style="${PARAGRAPH}">${facts.join('<br>')}</p>`
}
