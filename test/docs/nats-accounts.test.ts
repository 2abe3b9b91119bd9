import assert from 'node:assert/strict'
import { encodeJwt, KeyPair } from '#auth'
import { freePort } from '../helpers/processes.ts'
import type { Place } from './place.ts'
import { testPage } from './test-page.ts'

testPage('docs/nats-accounts.md', async (page) => {
  const { place } = page
  await place.file('nats.conf', page.block('user: sensor, password: "$argon2id'))
  await place.program('pass', '[ "$*" = "show nats/ada" ] && echo secret')
  const password = { input: 'secret\n' }
  assert.match((await page.runLine('# asks for the password', password)).stdout, /^\$2[aby]\$\d\d\$\S{53}$/m)
  assert.match((await page.runLine('--argon2', password)).stdout, /^\$argon2id\$v=19\$/m)
  assert.match((await page.runLine('pass show')).stdout, /^\$2[aby]\$/m)

  const anyKey = (text: string) => text.replaceAll(/\b(S?U)[A-Z2-7]{55,56}\b/g, '$1…')
  await page.console('belfry admin nkey', { mask: anyKey })
  const seed = KeyPair.create('user').seed
  assert.match((await page.run('belfry admin nkey --public', { input: `${seed}\n` })).stdout, /^U[A-Z2-7]{55}$/m)
  await page.console('belfry admin permissions sensor')

  const signal = page.page.commands.find(({ text }) => text === 'belfry nats-server --signal reload')
  assert.ok(signal)
  await place.file('pid.conf', `listen: "127.0.0.1:${await freePort()}", pid_file: "nats.pid"`)
  const server = await place.start('belfry nats-server -c pid.conf', /Server is ready/)
  place.replace(/--signal reload$/, '--signal reload -c pid.conf')
  await page.run(signal.text)
  await server.saying(/Reloaded server configuration/)

  for (const words of ['nsc add operator', 'nsc edit', 'nsc generate', 'nsc add account', 'nsc add user', 'nsc push']) {
    await page.lineNotHere(words)
  }
  const { userKey, port } = await writeWhatNscWrites(place)
  await page.startLine('nats-server -c resolver.conf', /Server is ready/)
  await place.start(`nats -s 127.0.0.1:${port} --creds ada.creds sub news`, /^/)
  for (const words of ["# what the user's JWT says", '# with what its account adds']) {
    const { stdout } = await page.runLine(words)
    assert.match(stdout, new RegExp(`^${userKey} \\(ada\\), who has a JWT\\n`))
    assert.equal(/7 connections in the account/.test(stdout), words.includes('account'))
  }
})

/** resolver.conf and ada.creds, with an account that has been pushed. */
async function writeWhatNscWrites(place: Place) {
  const [operator, system, account, user] = ['operator', 'account', 'account', 'user'].map((kind) =>
    KeyPair.create(kind as 'user'),
  ) as [KeyPair, KeyPair, KeyPair, KeyPair]
  const now = Date.now()
  const accountJwt = (key: KeyPair, conn: number) =>
    encodeJwt(
      { sub: key.publicKey, name: 'APP', nats: { type: 'account', limits: { conn, subs: -1, data: -1, payload: -1 } } },
      operator,
      now,
    )
  const claims = { type: 'operator', system_account: system.publicKey } as const
  const port = await freePort()
  await place.file(
    'resolver.conf',
    [
      `listen: "127.0.0.1:${port}"`,
      `operator: ${encodeJwt({ sub: operator.publicKey, nats: claims }, operator, now)}`,
      `system_account: ${system.publicKey}`,
      'resolver: { type: full, dir: "./jwt" }',
      `resolver_preload: { ${system.publicKey}: ${accountJwt(system, -1)} }`,
    ].join('\n'),
  )
  await place.file(`jwt/${account.publicKey}.jwt`, accountJwt(account, 7))
  const userJwt = encodeJwt({ sub: user.publicKey, name: 'ada', nats: { type: 'user' } }, account, now)
  const parts = `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n`
  const seed = `-----BEGIN USER NKEY SEED-----\n${user.seed}\n------END USER NKEY SEED------\n`
  await place.file('ada.creds', parts + seed)
  return { port, userKey: user.publicKey }
}
