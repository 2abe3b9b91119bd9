import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TOTP } from 'otpauth'
import { PASSWORD } from '../helpers/account.ts'
import type { TestServer } from '../helpers/server.ts'
import { BitwardenCli } from './devices.ts'
import { arrive, type Traveller } from './vault-tour.ts'

/** Every way in that the CLI knows, and out again. */
export function tourOfLogins(server: () => TestServer): void {
  let alice: Traveller
  let program: BitwardenCli
  before(async () => {
    alice = await arrive(server(), { email: 'alice@example.com' })
    program = await BitwardenCli.install(server().certificateAuthorityFile)
  })
  after(async () => {
    await alice?.[Symbol.asyncDispose]()
    await program?.[Symbol.asyncDispose]()
  })

  test('logged in by the password, the CLI knows where and who it is', async () => {
    const status = await alice.cli.json('status')
    assert.equal(status.status, 'unlocked')
    assert.equal(status.userEmail, alice.email)
    assert.equal(status.userId, alice.phone.userId)
    assert.equal(status.serverUrl, server().secureUrl)
  })

  test('a wrong password is not let in', async () => {
    await assert.rejects(program.login(server().secureUrl, alice.email, 'wrong'), /password is incorrect/)
  })

  test('a program logs in by API key, and is the same person', async () => {
    const { json: key } = await alice.phone.post('/api/accounts/api-key', {
      masterPasswordHash: alice.phone.passwordHash,
    })
    await program.loginByApiKey(server().secureUrl, { id: `user.${alice.phone.userId}`, secret: key.apiKey }, PASSWORD)
    const [mine, its] = await Promise.all(
      [alice, { cli: program }].map(({ cli }) => cli.run('get', 'fingerprint', 'me')),
    )
    assert.match(mine!, /^[a-z]+(-[a-z]+){4}$/)
    assert.equal(mine, its)
    await program.run('logout')
    assert.equal((await program.json('status')).status, 'unauthenticated')
  })

  test('a vault that is locked opens with the password again', async () => {
    await alice.cli.run('lock')
    await assert.rejects(alice.cli.run('list', 'items'), /locked/)
    await assert.rejects(alice.cli.unlock('wrong'), /[Ii]nvalid|decryption/)
    await alice.cli.unlock(PASSWORD)
    assert.deepEqual(await alice.cli.json('list', 'items'), [])
  })

  test('passwords and passphrases are made', async () => {
    assert.match(await alice.cli.run('generate', '-lusn', '--length', '18'), /^\S{18}$/)
    assert.match(await alice.cli.run('generate', '-p', '--words', '4', '--separator', '+'), /^\w+(\+\w+){3}$/)
  })

  test('an account with Argon2id logs in', async () => {
    const kdf = { type: 1, iterations: 2, memory: 16, parallelism: 2 } as const
    await using bob = await arrive(server(), { email: 'bob@example.com', kdf })
    await bob.phone.post('/api/ciphers', bob.phone.loginItem('Behind Argon2id'))
    await bob.cli.run('sync')
    assert.equal(await bob.cli.run('get', 'username', 'Behind Argon2id'), 'alice')
  })

  test('an account with two-step login asks for the code of the authenticator, and takes it once', async () => {
    const { phone, email } = alice
    const secret = { masterPasswordHash: phone.passwordHash }
    const { json: offer } = await phone.post('/api/two-factor/get-authenticator', secret)
    const codeAt = (steps: number) =>
      new TOTP({ secret: offer.key }).generate({ timestamp: Date.now() + steps * 30_000 })
    // The step before the present one, which is good as well: a code is taken once, and the CLI is to have its own.
    const enabled = await phone.put('/api/two-factor/authenticator', { ...secret, key: offer.key, token: codeAt(-1) })
    assert.equal(enabled.status, 200, JSON.stringify(enabled.json))

    await assert.rejects(program.login(server().secureUrl, email, PASSWORD), /[Tt]wo.?step|Login failed|[Cc]ode/)
    await assert.rejects(program.login(server().secureUrl, email, PASSWORD, '--method', '0', '--code', '000000'))
    const code = codeAt(0)
    await program.login(server().secureUrl, email, PASSWORD, '--method', '0', '--code', code)
    assert.equal((await program.json('status')).status, 'unlocked')
    await program.run('logout')
    await assert.rejects(program.login(server().secureUrl, email, PASSWORD, '--method', '0', '--code', code))
  })
}
