/** Whatever users send and get, right or wrong: at the most detailed level the log has nothing of it that is secret. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { createLogger } from '#ops'
import { type Json, PASSWORD, postForm, type TestDevice } from '../../helpers/account.ts'
import { CLIENT, startValidationServer } from '../../helpers/validation-server.ts'
import { SETTINGS, startVault } from '../harness.ts'
import { askToken } from '../sends/send-requests.ts'
import { appCode, logInAgain, setUpApp, toFreshStep, withCode } from '../two-factor/second-factor.ts'
import { bodyFor, clientHeaders, pathOf, requestTo, SEND_PASSWORD, takesFiles } from './everything.ts'
import { HostileClient, nameOf, type Sent } from './hostile-client.ts'
import type { Route } from './routes.ts'

const validation = await startValidationServer()
const twoFactor = { ...SETTINGS.twoFactor, yubico: { ...CLIENT, server: validation.url } }
const vault = await startVault({ sendsMail: true, twoFactor })
after(async () => {
  await vault[Symbol.asyncDispose]()
  await validation[Symbol.asyncDispose]()
})
const client = new HostileClient(vault)

const secrets = new Set<string>([PASSWORD, SEND_PASSWORD, CLIENT.secretKey])

/** A text that stands nowhere else, as the value of something secret. */
function marked(): string {
  const secret = `c${randomBytes(20).toString('hex')}`
  secrets.add(secret)
  return secret
}

const NO_SECRET = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^\d{4}-\d\d-\d\dT|@example\.com$|^https?:\/\/[^?]*$|\s|^sync$/

/** Remembers all texts of a request or an answer that are no ids, dates, addresses or words. */
function keepSecret(value: unknown): void {
  if (typeof value === 'string' && value.length >= 16 && !NO_SECRET.test(value)) secrets.add(value)
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) keepSecret(inner)
}

function keepAll({ token, passwordHash, userKey }: TestDevice): void {
  keepSecret([
    token,
    passwordHash,
    Object.values(userKey).map((part) => Buffer.from(part as Uint8Array).toString('base64')),
  ])
}

/** The log as text, as it was handed over and as it is written; both are looked through. */
function assertNothingSecretIn(lines: typeof vault.logged, atLeast: number): void {
  assert.ok(lines.length >= atLeast, `${lines.length} lines`)
  const written: string[] = []
  const logger = createLogger({ level: 'trace', destination: { write: (line) => void written.push(line) } })
  for (const { level, fields, event } of lines) logger[level](fields, event)
  assert.equal(written.length, lines.length)
  const handed = inspect(lines, { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: Infinity })
  for (const [which, log] of [
    ['handed over', handed],
    ['written', written.join('')],
  ] as const) {
    for (const secret of secrets) assert.ok(!log.includes(secret), `${secret} stands in the log as it is ${which}`)
    for (const code of codes())
      assert.doesNotMatch(log, new RegExp(`(?<![\\d.-])${code}(?![\\d.-])`), `${code}, ${which}`)
  }
}

/** Of the letters, and of apps. */
const usedCodes = new Set<string>()
function codes(): string[] {
  const mailed = vault.letters.map(({ data }) => String(data.token ?? ''))
  for (const token of mailed) if (token.length >= 16) secrets.add(token)
  return [...usedCodes, ...mailed.filter((token) => /^\d{6,8}$/.test(token))]
}

const QUERY = ['token', 't', 'code', 'access_token', 'api_key', 'id_token', 'x']
const queryOfSecrets = () => QUERY.map((name) => `${name}=${marked()}`).join('&')
const headersOfSecrets = () => ({ cookie: `session=${marked()}`, 'x-device-identifier': marked(), referer: marked() })

/** Right and wrong in every part that may hold something secret. */
async function callInAllManners(route: Route): Promise<void> {
  const owner = await client.owner()
  keepAll(owner.device)
  const { type, payload } = await requestTo(route, owner.device, owner.ids)
  const url = `${pathOf(route, owner.ids)}?${queryOfSecrets()}`
  const headers = headersOfSecrets()
  const wrong: Sent[] = [
    { url, headers: { ...headers, authorization: `Bearer ${marked()}` } },
    { url, headers: { ...headers, authorization: `Basic ${marked()}` } },
    { url: `${pathOf(route, owner.ids)}/${marked()}?${queryOfSecrets()}`, headers },
  ]
  if (route.method !== 'GET') {
    wrong.push({ url, headers, payload: `{"masterPasswordHash":"${marked()}` })
    wrong.push({ url, headers, type, payload: Buffer.from(payload).subarray(0, -30) })
    const body = takesFiles(route) ? {} : await bodyFor(route, owner.device, owner.ids)
    for (const field of Object.keys(route.body?.properties ?? {})) {
      wrong.push({ url, headers, payload: JSON.stringify({ ...body, [field]: marked() }) })
      wrong.push({ url, headers, payload: JSON.stringify({ ...body, [field]: [{ [marked()]: marked() }] }) })
    }
  }
  for (const sent of wrong) await client.send(route, await client.owner(), sent)
  const right = await client.owner()
  keepAll(right.device)
  const request = await requestTo(route, right.device, right.ids)
  if (request.type === 'application/json') keepSecret(JSON.parse(String(request.payload)))
  const sent = { ...request, headers: { ...headersOfSecrets(), ...clientHeaders(right.device) } }
  const { text, status } = await client.send(route, right, route.method === 'GET' ? { headers: sent.headers } : sent)
  if (status < 400 && text.startsWith('{')) keepSecret(secretPartOf(route, JSON.parse(text)))
}

/** What `GET /config` and the like answer is for everybody. */
const secretPartOf = ({ path }: Route, answer: Json): unknown =>
  path.endsWith('/config') || path.endsWith('/domains') ? [] : answer

test('no secret of any route gets into the log, be it called rightly or wrongly', async () => {
  for (const route of vault.routes) await callInAllManners(route)
  assertNothingSecretIn(vault.logged, 50)
})

test('no secret of a login in any manner gets into the log', async () => {
  const device = (await client.owner()).device
  keepAll(device)
  const { passwordHash: masterPasswordHash, email } = device
  const token = (form: Record<string, string>) => postForm(vault.fetch, `${vault.server}/identity/connect/token`, form)
  const { json: apiKey } = await device.post('/api/accounts/api-key', { masterPasswordHash })
  keepSecret(apiKey.apiKey)
  const described = { deviceType: '9', deviceIdentifier: device.deviceId, deviceName: 'x', scope: 'api' }
  for (const secret of [apiKey.apiKey, marked()]) {
    const form = { ...described, grant_type: 'client_credentials', client_id: `user.${device.userId}` }
    keepSecret((await token({ ...form, client_secret: secret })).json)
  }
  for (const refresh_token of [device.token.refresh_token, marked()]) {
    keepSecret((await token({ grant_type: 'refresh_token', client_id: 'web', refresh_token })).json)
  }
  keepSecret((await token({ grant_type: marked(), username: marked(), password: marked() })).json)
  await logInAgain(vault, device, { fields: { password: marked(), authRequest: marked() } })

  const key = await setUpApp(vault, device)
  secrets.add(key)
  const { json: recovery } = await device.post('/api/two-factor/get-recover', { masterPasswordHash })
  secrets.add(recovery.code)
  await logInAgain(vault, device)
  toFreshStep(vault)
  for (const code of ['918273', appCode(vault, key)]) {
    usedCodes.add(code)
    keepSecret((await logInAgain(vault, device, withCode(0, code, { twoFactorRemember: 1 }))).json)
  }
  await logInAgain(vault, device, withCode(5, marked()))
  await device.post('/api/two-factor/send-email', { masterPasswordHash, email })
  const code = String(vault.letters.at(-1)?.data.token)
  assert.equal((await device.put('/api/two-factor/email', { masterPasswordHash, email, token: code })).status, 200)
  const otp = 'ccccccbcgujhingjrdejhgfnuetrgigvejhhgbkugded'
  secrets.add(otp)
  for (const lie of ['unsigned', 'status 500', undefined] as const) {
    validation.lieAbout(lie)
    await device.put('/api/two-factor/yubikey', { masterPasswordHash, key1: otp, nfc: true })
    await logInAgain(vault, device, withCode(3, otp))
  }
  await logInAgain(vault, device, withCode(7, JSON.stringify({ id: marked(), response: { signature: marked() } })))
  await logInAgain(vault, device, withCode(8, recovery.code))
  assertNothingSecretIn(vault.logged, 50)
})

test('no password of a Send gets into the log, nor the tokens and tickets that open one', async () => {
  const { ids } = await client.owner()
  for (const password of [Buffer.from(SEND_PASSWORD).toString('base64'), marked()]) {
    secrets.add(password)
    keepSecret((await askToken(vault, ids.sendAccess, password)).json)
  }
  assertNothingSecretIn(vault.logged, 50)
})

test('no secret gets into the log when letters cannot be sent, or when the database fails', async () => {
  const { device } = await client.owner()
  vault.context.mailer!.send = async () => {
    throw new Error('no route to host')
  }
  await device.post('/api/accounts/request-otp')
  await device.post('/api/accounts/verify-email')
  await device.post('/api/accounts/email-token', { newEmail: 'x@example.com', masterPasswordHash: device.passwordHash })
  const lost = ['ciphers', 'folders', 'sends', 'twofactor', 'auth_requests', 'belfry_announced_attachments']
  for (const table of lost) await vault.sql(`ALTER TABLE ${table} RENAME TO lost_${table}`)
  const failed = []
  const owner = { device, ids: Object.create(null) }
  for (const route of vault.routes) {
    if (route.path.includes(':') || takesFiles(route)) continue
    const { type, payload } = await requestTo(route, device, {
      ...owner.ids,
      user: device.userId,
      attachment: 'x',
    }).catch(() => ({ type: 'application/json', payload: JSON.stringify({ masterPasswordHash: device.passwordHash }) }))
    const sent = route.method === 'GET' ? {} : { type, payload }
    const { status } = await client.send(route, owner, { ...sent, url: `${route.path}?${queryOfSecrets()}` })
    if (status === 500) failed.push(nameOf(route))
  }
  assert.ok(failed.length > 10, failed.join(', '))
  assertNothingSecretIn(vault.logged, failed.length)
})

test('a secret that stood in the log would be found', () => {
  const line = { level: 'debug', fields: { error: new Error(`of ${marked()}`) }, event: 'x' } as const
  assert.throws(() => assertNothingSecretIn([line], 1), /stands in the log as it is handed over/)
})
