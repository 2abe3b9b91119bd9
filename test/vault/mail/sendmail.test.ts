import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import PostalMime from 'postal-mime'
import { silentLogger } from '#kit'
import { createMailer } from '#vault'
import { temporaryFolder } from '../../helpers/temp.ts'
import { mailSettings } from './mail-server.ts'

/** A program in place of sendmail, and a mailer that uses it. */
async function startPost(script: string) {
  const folder = await temporaryFolder()
  const command = folder.join('sendmail')
  await writeFile(command, `#!/bin/sh\ncd '${folder.path}'\n${script}\n`)
  await chmod(command, 0o755)
  const settings = mailSettings({ port: 0 }, { transport: { kind: 'sendmail', command } })
  const mailer = createMailer(settings, { url: 'https://v.example', logger: silentLogger })
  return {
    send: () => mailer.send('alice@example.org', 'twofactor_email', { token: '123456' }),
    read: (name: string) => readFile(folder.join(name), 'latin1'),
    async [Symbol.asyncDispose]() {
      await mailer.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('the program gets the message on its input, and from and to as arguments', async () => {
  await using post = await startPost('echo "$@" > arguments; cat > message')
  await post.send()
  assert.equal(await post.read('arguments'), '-i -f vault@example.com -- alice@example.org\n')
  const source = await post.read('message')
  assert.ok(!source.includes('\r'))
  const { subject, text } = await PostalMime.parse(source)
  assert.equal(subject, 'Your login code')
  assert.match(text ?? '', /123456/)
})

test('what the program complains about is in the error', async () => {
  await using post = await startPost('cat > /dev/null; echo "no route to example.org" >&2; exit 69')
  await assert.rejects(post.send(), /ended with 69: no route to example\.org/)
})

test('a program that reads nothing is asked only how it ended', async () => {
  await using refusing = await startPost('exec 0<&-; exit 1')
  await assert.rejects(refusing.send(), /ended with 1/)
  await using taking = await startPost('exec 0<&-; exit 0')
  await taking.send()
})

test('a program that is not there is an error with its name', async () => {
  const settings = mailSettings({ port: 0 }, { transport: { kind: 'sendmail', command: '/nonexistent/sendmail' } })
  const mailer = createMailer(settings, { url: 'https://v.example', logger: silentLogger })
  await assert.rejects(mailer.send('alice@example.org', 'welcome', {}), /\/nonexistent\/sendmail/)
})
