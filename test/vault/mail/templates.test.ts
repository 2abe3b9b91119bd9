import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { createMailer, type LetterName, type Letters, type MailSettings } from '#vault'
import { lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { mailSettings, startMailServer } from './mail-server.ts'

const LOGIN = { ip: '192.0.2.1', device_name: 'firefox', device_type: 'Firefox', datetime: new Date(1_795_306_536_000) }
const LINK = { user_id: 'u-1', token: 't-1' }

/** Every letter there is, with what must be in it, in both its forms. */
const LETTERS: { readonly [Name in LetterName]: readonly [Letters[Name], readonly string[]] } = {
  welcome: [{}, ['https://v.example/']],
  welcome_must_verify: [LINK, ['https://v.example/#/verify-email/?userId=u-1&token=t-1']],
  verify_email: [{ ...LINK, email: 'e' }, ['https://v.example/#/verify-email/?userId=u-1&token=t-1']],
  register_verify_email: [
    { url: 'https://v.example/#/finish-signup/?email=a&token=t', email: 'a' },
    ['?email=a&token=t'],
  ],
  change_email: [{ token: '123456' }, ['123456']],
  change_email_existing: [{ existing_address: 'a@b', acting_address: 'c@d' }, ['a@b', 'c@d']],
  change_email_invited: [{ existing_address: 'a@b', acting_address: 'c@d' }, ['a@b', 'c@d', '/#/recover-delete']],
  delete_account: [
    { ...LINK, email: 'a%40b' },
    ['https://v.example/#/verify-recover-delete?userId=u-1&token=t-1&email=a%40b'],
  ],
  pw_hint_none: [{}, ['https://v.example/#/recover-delete']],
  pw_hint_some: [{ hint: 'a < b & "c"' }, ['a < b & "c"', 'https://v.example/#/recover-delete']],
  twofactor_email: [{ token: '123456' }, ['123456']],
  protected_action: [{ token: '123456' }, ['123456']],
  new_device_logged_in: [LOGIN, ['192.0.2.1', 'Firefox', 'Sunday, November 22, 2026 at 12:15:36']],
  incomplete_2fa_login: [{ ...LOGIN, time_limit: 3 }, ['192.0.2.1', 'within 3 minutes']],
}

/** A mailer whose letters and log the test reads, and a folder for templates of the operator. */
async function startPost(settings: Partial<MailSettings> = {}) {
  const folder = await temporaryFolder()
  const server = await startMailServer()
  const lines: string[] = []
  const mailer = createMailer(mailSettings({ port: server.port }, { templatesFolder: folder.path, ...settings }), {
    url: 'https://v.example',
    logger: recordingLogger((line) => lines.push(lineOf(line))),
  })
  return {
    lines,
    write: async (name: string, source: string) => {
      const file = folder.join(name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, source)
    },
    /** What the letter looks like at its reader. */
    async send<Name extends LetterName>(name: Name, data: Letters[Name]) {
      await mailer.send('alice@example.org', name, data)
      const { subject = '', text = '', html = '' } = server.delivered.at(-1)!.message
      return { subject, text, html, shown: htmlText(html) }
    },
    async [Symbol.asyncDispose]() {
      await mailer.close()
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** What references in HTML stand for. */
const htmlText = (html: string) =>
  html
    .replaceAll(/&#x([0-9A-F]+);/gi, (_all, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

test('every letter says what it has to say, in plain text and in HTML', async () => {
  await using post = await startPost()
  for (const [name, [data, contents]] of Object.entries(LETTERS)) {
    const { subject, text, html, shown } = await post.send(name as LetterName, data as never)
    assert.ok(subject.length > 5, name)
    for (const content of contents) {
      assert.ok(text.includes(content), `${name}: ${content} is not in the text:\n${text}`)
      assert.ok(shown.includes(content), `${name}: ${content} is not in the HTML:\n${shown}`)
    }
    assert.ok(!`${subject}${text}${html}`.includes('{{'), name)
    assert.match(html, /^<!DOCTYPE html>[\s\S]*<\/html>\s*$/, name)
  }
  assert.deepEqual(post.lines, [])
})

test('what users write is shown as they wrote it, and is never markup or another header', async () => {
  await using post = await startPost()
  const device_name = '<img src=x>\r\nBcc: eve@example.com'
  const { subject, text, html } = await post.send('new_device_logged_in', { ...LOGIN, device_name })
  assert.equal(subject, 'New login from <img src=x> Bcc: eve@example.com')
  assert.ok(text.includes('<img src=x>'))
  assert.ok(!html.includes('<img src=x>') && html.includes('&lt;img src&#x3D;x&gt;'))
})

test('times are told in the time zone of the setting, device names begin with a capital', async () => {
  await using post = await startPost({ timeZone: 'Asia/Kolkata' })
  const { subject, text } = await post.send('new_device_logged_in', LOGIN)
  assert.equal(subject, 'New login from Firefox')
  assert.match(text, /Sunday, November 22, 2026 at 05:45:36 AM GMT\+5:30/)
})

const OWN_TEXT = `Hallo {{{token}}}
<!---------------->
Code: {{token}} von {{url}}, Bilder {{img_src}}
{{> email/email_footer_text }}`
const OWN_HTML = `Hallo {{{token}}}
<!---------------->
{{> email/email_header }}<i>{{token}}</i>{{> email/our_part }}{{> email/email_footer }}`

test("an operator's templates, header and parts take the place of ours", async () => {
  await using post = await startPost()
  await post.write('email/change_email.hbs', OWN_TEXT)
  await post.write('email/change_email.html.hbs', OWN_HTML)
  await post.write('email/our_part.hbs', '<p>Anstalt</p>')
  await post.write('email/email_header.hbs', '<html><body class="ours">')
  await post.write('admin/base.hbs', '{{#if this is not closed')
  const { subject, text, html } = await post.send('change_email', { token: '42' })
  assert.equal(subject, 'Hallo 42')
  assert.match(text, /^Code: 42 von https:\/\/v\.example, Bilder cid:\s+--\s+Sent by Belfry/)
  assert.match(html, /^<html><body class="ours"><i>42<\/i><p>Anstalt<\/p><\/div>/)
  // Ours take the operator's header, too.
  assert.match((await post.send('welcome', {})).html, /^<html><body class="ours">/)
  assert.deepEqual(post.lines, [])
})

test("the helpers that Vaultwarden's handlebars knows are there", async () => {
  await using post = await startPost()
  const body = `{{#case token "41" "42"}}yes{{/case}}{{#case token "43"}}no{{/case}}
{{#if (eq token "42")}}equal{{/if}}{{#if (and (not (ne token "42")) (gt (len token) 1))}} both{{/if}} {{to_json token}}`
  await post.write('email/change_email.hbs', `S\n<!---------------->\n${body}`)
  assert.match((await post.send('change_email', { token: '42' })).text, /^yes\s+equal both "42"/)
})

for (const [fault, source] of [
  ['cannot be read', 'S\n<!---------------->\n{{#if token}}'],
  ['asks for what is not there', 'S\n<!---------------->\n{{no_such_thing}}'],
  ['includes what is not there', 'S\n<!---------------->\n{{> email/nothing }}'],
  ['has no subject', 'Code: {{token}}'],
  ['has two bodies', 'S\n<!---------------->\n1\n<!---------------->\n2'],
  ['uses a helper that is not there', 'S\n<!---------------->\n{{frobnicate token}}'],
] as const) {
  test(`a template that ${fault} is named in the log, and ours is used`, async () => {
    await using post = await startPost()
    await post.write('email/change_email.hbs', source)
    await post.write('email/welcome.hbs', 'Hallo\n<!---------------->\nWillkommen')
    const { subject, text } = await post.send('change_email', { token: '424242' })
    assert.equal(subject, 'Your new address')
    assert.match(text, /^To make this the address of your account/)
    assert.equal(post.lines.length, 1)
    assert.match(post.lines[0]!, /email\/change_email\.hbs/)
    assert.ok(!post.lines[0]!.includes('424242'))
    assert.match((await post.send('welcome', {})).text, /^Willkommen/)
  })
}

test("a part of the operator's that cannot be read leaves ours in its place", async () => {
  await using post = await startPost()
  await post.write('email/email_header.hbs', '{{#if')
  assert.match((await post.send('welcome', {})).html, /^<!DOCTYPE html>/)
  assert.match(post.lines.join(), /email_header\.hbs/)
})

test("into an operator's templates users bring no tags, as in Vaultwarden", async () => {
  await using post = await startPost()
  await post.write('email/pw_hint_some.html.hbs', 'S {{{hint}}}\n<!---------------->\n<p>{{{hint}}}</p>')
  const { subject, html } = await post.send('pw_hint_some', { hint: 'a<script>b</script>' })
  assert.deepEqual([subject, html.trim()], ['S ab', '<p>ab</p>'])
})

test('templates are read once, or where that is asked for, again for each letter', async () => {
  for (const reloadsTemplates of [false, true]) {
    await using post = await startPost({ reloadsTemplates })
    const write = (text: string) => post.write('email/welcome.hbs', `S\n<!---------------->\n${text}`)
    await write('one')
    assert.match((await post.send('welcome', {})).text, /^one/)
    await write('two')
    assert.match((await post.send('welcome', {})).text, reloadsTemplates ? /^two/ : /^one/)
  }
})

test('the name of a device takes no letter apart, and adds no lines to it', async () => {
  await using post = await startPost()
  const device_name = 'x<!---------------->y\r\n\r\nCall 555 at once\u2028z'
  for (const name of ['new_device_logged_in', 'incomplete_2fa_login'] as const) {
    const { subject, text, shown } = await post.send(name, { ...LOGIN, device_name, time_limit: 3 })
    assert.match(subject, / login from X y Call 555 at once z$/)
    for (const body of [text, shown]) assert.ok(body.includes('X y Call 555 at once z (Firefox)'), body)
  }
  assert.deepEqual(post.lines, [])
})
