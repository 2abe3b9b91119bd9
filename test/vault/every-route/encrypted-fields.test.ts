/** Texts that clients must have encrypted: wherever one stands in a body, nothing else is let in. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Ajv } from 'ajv'
import type { Json } from '../../helpers/account.ts'
import { startVault } from '../harness.ts'
import { form } from '../sends/send-requests.ts'
import { bodyFor } from './everything.ts'
import { HostileClient, nameOf } from './hostile-client.ts'
import type { Route } from './routes.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)
const ajv = new Ajv({ strict: false, allowUnionTypes: true })

const MALFORMED = ['2', '2.', 'x', '2.ä', '2.a b', '2.a\n', '123.a', ' 2.a', '2.a\u0000', '../2.a', '<b>2.a']

/** A step for each member on the way: a name, `0` for any place of a list, `*` for any name. */
type Steps = readonly string[]

/** The places of encrypted texts in a body, by its JSON Schema. */
function encryptedPlaces(schema: Json, steps: Steps = []): { steps: Steps; schema: Json }[] {
  if (typeof schema.pattern === 'string' && schema.pattern.includes('\\d{1,2}\\.')) return [{ steps, schema }]
  const members: [string, Json][] = Object.entries(schema.properties ?? {})
  if (schema.items !== undefined) members.push(['0', schema.items])
  if (typeof schema.additionalProperties === 'object') members.push(['*', schema.additionalProperties])
  return members.flatMap(([name, member]) => encryptedPlaces(member, [...steps, name]))
}

/** Something that a JSON Schema lets through, with all members that it names. */
function sampleOf(schema: Json): unknown {
  const [type] = [schema.type].flat()
  if (type === 'integer') return schema.minimum ?? 0
  if (type === 'boolean') return false
  if (type === 'array') return schema.items === undefined ? [] : [sampleOf(schema.items)]
  if (type !== 'object') return ['2.a', '0'.repeat(32)].find((text) => new RegExp(schema.pattern ?? '').test(text))
  const members = Object.entries<Json>(schema.properties ?? {})
  return Object.fromEntries(members.map(([name, member]) => [name, sampleOf(member)]))
}

/** A copy of `body` with `text` at a place of it. What is not there on the way is made up. */
function withText(body: unknown, schema: Json, [step, ...rest]: Steps, text: string): unknown {
  if (step === undefined) return text
  const whole = (body ?? sampleOf(schema)) as Json
  if (schema.items !== undefined) return [withText(whole[0], schema.items, rest, text)]
  const name = step === '*' ? (Object.keys(whole)[0] ?? 'anything') : step
  const member = step === '*' ? schema.additionalProperties : schema.properties[step]
  return { ...whole, [name]: withText(whole[name], member, rest, text) }
}

async function assertNoneMalformed(
  route: Route,
  schema: Json,
  toRequest: (body: unknown) => Promise<{ payload: string | Buffer; type?: string }>,
): Promise<void> {
  const isValid = ajv.compile(schema)
  const { device, ids } = await client.owner()
  const body = await bodyFor(route, device, ids)
  const requests = []
  for (const { steps, schema: place } of encryptedPlaces(schema)) {
    // Or it is refused for something else.
    assert.ok(isValid(withText(body, schema, steps, '2.abc')), `${steps.join('.')}: ${ajv.errorsText(isValid.errors)}`)
    for (const text of place.minLength === undefined ? MALFORMED : ['', ...MALFORMED]) {
      const what = `${steps.join('.')}: ${JSON.stringify(text)}`
      requests.push([what, await toRequest(withText(body, schema, steps, text))] as const)
    }
  }
  await client.assertRefused(route, [400], requests)
}

const toJson = async (body: unknown) => ({ payload: JSON.stringify(body) })

for (const route of vault.routes) {
  if (route.body === undefined || encryptedPlaces(route.body).length === 0) continue
  test(`${nameOf(route)} takes nothing where an encrypted text belongs that is none`, async () => {
    await client.owner()
    vault.takeReached()
    await assertNoneMalformed(route, route.body!, toJson)
    assert.ok(!vault.takeReached().includes(nameOf(route)))
  })
}

const routeNamed = (name: string) => vault.routes.find((route) => nameOf(route) === name)!
const placesOf = (name: string) => encryptedPlaces(routeNamed(name).body!).map(({ steps }) => steps.join('.'))

test('an import takes no item or folder with a text that should be encrypted', async () => {
  const items = { type: 'array', items: routeNamed('POST /api/ciphers').body! }
  const folders = { type: 'array', items: routeNamed('POST /api/folders').body! }
  const schema = { type: 'object', properties: { ciphers: items, folders } }
  await assertNoneMalformed(routeNamed('POST /api/ciphers/import'), schema, async (body) => {
    const { ciphers = [], folders = [] } = body as Json
    return toJson({ ciphers, folders, folderRelationships: [] })
  })
})

test('a Send in one form with its file has no text that should be encrypted', async () => {
  const { body: schema } = routeNamed('POST /api/sends')
  await assertNoneMalformed(routeNamed('POST /api/sends/file'), schema!, (body) =>
    inForm({ model: JSON.stringify(body) }),
  )
})

async function inForm(fields: Record<string, string>) {
  const request = new Request('https://localhost', { method: 'POST', body: form(Uint8Array.of(1), fields) })
  return { type: request.headers.get('content-type')!, payload: Buffer.from(await request.arrayBuffer()) }
}

test('an attachment of old clients has an encrypted name and key', async () => {
  const route = routeNamed('POST /api/ciphers/:id/attachment')
  const requests = MALFORMED.map(async (key) => [`key: ${key}`, await inForm({ key })] as const)
  await client.assertRefused(route, [400], await Promise.all(requests))
})

test('the places are all that there are', () => {
  const item = placesOf('POST /api/ciphers')
  for (const place of [
    ...[
      'name',
      'notes',
      'key',
      'card.*',
      'identity.*',
      'fields.0.name',
      'fields.0.value',
      'passwordHistory.0.password',
    ],
    ...['uri', 'username', 'password', 'totp', 'uris.0.uri', 'uris.0.uriChecksum'].map((name) => `login.${name}`),
    ...['credentialId', 'keyValue', 'rpId', 'userName', 'counter'].map((name) => `login.fido2Credentials.0.${name}`),
    ...['sshKey.privateKey', 'sshKey.publicKey', 'sshKey.keyFingerprint'],
    ...['attachments2.*.fileName', 'attachments2.*.key'],
  ]) {
    assert.ok(item.includes(place), place)
  }
  assert.deepEqual(placesOf('POST /api/folders'), ['name'])
  assert.deepEqual(placesOf('POST /api/sends').sort(), ['file.fileName', 'key', 'name', 'notes', 'text.text'])
  const rotation = placesOf('POST /api/accounts/key-management/rotate-user-account-keys')
  for (const place of item) assert.ok(rotation.includes(`accountData.ciphers.0.${place}`), place)
  for (const place of [
    'accountUnlockData.masterPasswordUnlockData.masterKeyEncryptedUserKey',
    'accountKeys.userKeyEncryptedAccountPrivateKey',
    'accountData.folders.0.name',
    'accountData.sends.0.key',
  ]) {
    assert.ok(rotation.includes(place), place)
  }
  assert.deepEqual(placesOf('POST /identity/accounts/register/finish').sort(), [
    'key',
    'keys.encryptedPrivateKey',
    'masterPasswordUnlock.masterKeyWrappedUserKey',
    'userAsymmetricKeys.encryptedPrivateKey',
    'userSymmetricKey',
  ])
})
